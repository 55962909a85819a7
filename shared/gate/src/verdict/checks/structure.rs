//! The zip can be read in exactly one way and keeps the limits.

use crate::verdict::{evidence::Evidence, finding::CheckResult, reasons};

pub(crate) fn structure(evidence: &Evidence) -> CheckResult {
    match &evidence.package.structure {
        Ok(contents) => CheckResult::Pass(format!(
            "every byte belongs to one record; {} {}, {} bytes unpacked",
            contents.entries,
            if contents.entries == 1 {
                "entry"
            } else {
                "entries"
            },
            contents.unpacked_bytes
        )),
        Err(error) => CheckResult::Fail(reasons::of_structure(error), error.to_string()),
    }
}
