//! `countersign verify-summary`: a summary against a key, and against what is wanted.

use countersign_attest::{Bundle, PublicKey, Subject, Summary, verify_summary};

use super::{
    args::Arguments,
    report::{ArtifactReport, Report, SummaryReport},
    text,
};
use crate::io::{
    error::CliError,
    exit_status::ExitStatus,
    input,
    output::{self, Format},
};

/// Reads, verifies, compares, prints.
pub(crate) fn run(arguments: &Arguments) -> Result<ExitStatus, CliError> {
    let shown = arguments.summary.display();
    let bytes = input::read_or_standard_input(&arguments.summary, "the summary")?;
    let bundle = Bundle::parse(&bytes).map_err(|error| {
        CliError::new(
            format!("cannot read the summary {shown}: {error}"),
            "give what `countersign summary --envelope` printed, or summary.dsse.json of the records",
        )
    })?;
    let key = input::read(&arguments.key, "the key")?;
    let key = PublicKey::from_pem(&key).map_err(|error| {
        CliError::new(
            format!("cannot use the key {}: {error}", arguments.key.display()),
            "run the command in the stack's output SummaryKeyCommand, which writes it",
        )
    })?;
    let files = arguments
        .artifacts
        .iter()
        .map(|path| {
            let bytes = input::read(path, "the artifact")?;
            Ok((path.display().to_string(), Subject::of_bytes(&bytes)))
        })
        .collect::<Result<Vec<_>, CliError>>()?;
    let report = judge(arguments, verify_summary(&bundle, &key), &files);
    match arguments.format {
        Format::Json => output::print_json(&report)?,
        Format::Text => output::print(&text::render(&report))?,
    }
    Ok(if report.holds {
        ExitStatus::Success
    } else {
        ExitStatus::Rejected
    })
}

/// All that does not hold, and not only the first thing. Of a summary that the key did not sign nothing is said.
fn judge(
    arguments: &Arguments,
    verified: Result<Summary, countersign_attest::AttestError>,
    files: &[(String, Subject)],
) -> Report {
    let mut faults = Vec::new();
    let summary = match verified {
        Ok(summary) => summary,
        Err(error) => {
            let unknown = |(path, _): &(String, Subject)| ArtifactReport {
                path: path.clone(),
                name: None,
            };
            return Report {
                holds: false,
                faults: vec![error.to_string()],
                summary: None,
                artifacts: files.iter().map(unknown).collect(),
            };
        }
    };
    if !summary.has_passed() {
        faults.push("the verification did not pass".to_owned());
    }
    let mut artifacts = Vec::new();
    for (path, subject) in files {
        let name = summary.name_of(subject);
        if let Err(error) = &name {
            faults.push(format!("{path}: {error}"));
        }
        artifacts.push(ArtifactReport {
            path: path.clone(),
            name: name.ok().map(str::to_owned),
        });
    }
    for (what, wanted, found) in [
        ("it is for", &arguments.resource, summary.resource()),
        (
            "it was verified by",
            &arguments.verifier,
            summary.verifier(),
        ),
    ] {
        if let Some(wanted) = wanted.as_deref().filter(|wanted| *wanted != found) {
            faults.push(format!("{what} {found}, and not {wanted}"));
        }
    }
    if let Some(wanted) = arguments.level
        && summary.build_level().is_none_or(|found| found < wanted)
    {
        let found = match summary.build_level() {
            Some(found) => format!("says {found}"),
            None => "says no build level".to_owned(),
        };
        faults.push(format!("{wanted} is wanted, and it {found}"));
    }
    Report {
        holds: faults.is_empty(),
        faults,
        summary: Some(SummaryReport::of(&summary)),
        artifacts,
    }
}
