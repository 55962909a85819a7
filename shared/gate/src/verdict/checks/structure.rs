//! The zip can be read in exactly one way and keeps the limits.

use crate::verdict::{
    evidence::{Contents, Evidence},
    finding::CheckResult,
    reasons,
};

pub(crate) fn structure(evidence: &Evidence) -> CheckResult {
    match &evidence.package.structure {
        Ok(contents) => CheckResult::Pass(pass(contents)),
        Err(error) => CheckResult::FailWith(
            reasons::of_structure(error),
            error.to_string(),
            reasons::fix_of_structure(error).to_owned(),
        ),
    }
}

/// What some programs show differently is on record and is no warning: it does no harm.
fn pass(contents: &Contents) -> String {
    let entries = match contents.entries {
        1 => "1 entry".to_owned(),
        count => format!("{count} entries"),
    };
    let bytes = match contents.unpacked_bytes {
        1 => "1 byte".to_owned(),
        count => format!("{count} bytes"),
    };
    let whole = format!("every byte belongs to one record; {entries}, {bytes} unpacked");
    let told = contents.warnings.iter().map(String::as_str);
    [whole.as_str()]
        .into_iter()
        .chain(told)
        .collect::<Vec<_>>()
        .join("; ")
}
