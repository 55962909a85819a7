//! `countersign verify`: the verdict that the gate would reach, without AWS.

use std::{
    iter,
    path::{Path, PathBuf},
};

use countersign_gate::{
    domain::Csc,
    verdict::{
        Decision, Evidence, Fact, OperatorPolicy, People, ProvenanceEvidence, decide, examine,
    },
};
use countersign_package::{Limits, Package};
use jiff::Timestamp;

use super::{args::Arguments, csc::read_csc, format_facts, text};
use crate::io::{
    error::CliError,
    exit_status::ExitStatus,
    input,
    output::{self, Format},
    trust_roots::read_trust_roots,
};

/// Reads, judges, prints.
pub(crate) fn run(arguments: &Arguments, now: Timestamp) -> Result<ExitStatus, CliError> {
    let others = [&arguments.source, &arguments.csc].into_iter().flatten();
    let paths = iter::once(&arguments.package).chain(others);
    input::one_standard_input(paths.map(PathBuf::as_path))?;
    let package = input::read_or_standard_input(&arguments.package, "the package")?;
    let source = match &arguments.source {
        Some(path) => Some(input::read_or_standard_input(path, "the source")?),
        None => None,
    };
    let roots = read_trust_roots(&arguments.trust_roots)?;
    if arguments.explain_format {
        refuse_unsigned(&package, &arguments.package)?;
        let report = format_facts::look(&package, source.as_deref(), &roots);
        match arguments.format {
            Format::Json => output::print_json(&report)?,
            Format::Text => output::print(&report.render())?,
        }
        return Ok(report.status());
    }
    let source = source
        .as_deref()
        .map_or(Fact::NotAsked, |bytes| Fact::Known(Some(bytes)));
    let evidence = Evidence {
        package: examine(&package, source, &Limits::default(), &roots),
        now: arguments.at.unwrap_or(now),
        csc: csc(arguments.csc.as_deref())?,
        job: Fact::NotAsked,
        profile: Fact::NotAsked,
        function: Fact::NotAsked,
        provenance: ProvenanceEvidence::NotDemanded,
        dry_run: Fact::NotAsked,
        people: People::not_asked(),
        policy: OperatorPolicy::default(),
    };
    let verdict = decide(&evidence);
    match arguments.format {
        Format::Json => output::print_json(&verdict)?,
        Format::Text => output::print(&text::render(&verdict, arguments))?,
    }
    Ok(exit_status(verdict.decision))
}

/// A sound zip without a signature has nothing of Signer's in it; one that cannot be read is shown as far as it goes.
fn refuse_unsigned(package: &[u8], path: &Path) -> Result<(), CliError> {
    let read = Package::read(package, &Limits::default());
    if read.is_ok_and(|package| !package.is_signed()) {
        return Err(CliError::new(
            format!(
                "{} is not signed, so it tells nothing of Signer's format",
                input::shown(path)
            ),
            "give what Signer wrote, such as the object in the stack's signed bucket, or what `aws lambda get-function` \
             names as Code.Location",
        ));
    }
    Ok(())
}

fn exit_status(decision: Decision) -> ExitStatus {
    match decision {
        Decision::Accept | Decision::AcceptWithWarnings => ExitStatus::Success,
        Decision::Reject => ExitStatus::Rejected,
        Decision::Inconclusive => ExitStatus::Inconclusive,
    }
}

fn csc(path: Option<&Path>) -> Result<Fact<Option<Csc>>, CliError> {
    path.map_or(Ok(Fact::NotAsked), |path| {
        read_csc(path).map(|csc| Fact::Known(Some(csc)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decisions_have_exit_statuses() {
        let decisions = [
            (Decision::Accept, 0),
            (Decision::AcceptWithWarnings, 0),
            (Decision::Reject, 1),
            (Decision::Inconclusive, 3),
        ];
        for (decision, status) in decisions {
            assert_eq!(exit_status(decision).code(), status);
        }
    }
}
