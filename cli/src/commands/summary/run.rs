//! `countersign summary`: the signed summary of a deployment.

use countersign_gate::{
    client::{SignedSummary, signed_summary},
    ports::error_chain,
};

use super::{args::Arguments, report::Report, text};
use crate::{
    aws::session::{Session, ask},
    io::{
        error::CliError,
        exit_status::ExitStatus,
        output::{self, Format},
    },
};

/// Reads the record and prints.
pub(crate) fn run(arguments: &Arguments) -> Result<ExitStatus, CliError> {
    let bucket = arguments.records_bucket.name()?;
    let target = &arguments.target;
    let found = ask("reading the records", async {
        let session = Session::connect().await?.with_records(bucket);
        let version = arguments.version_id.as_ref();
        signed_summary(&session.records, target, version)
            .await
            .map_err(|error| session.unread_records(target, &error))
    })?;
    let summary = found.ok_or_else(|| none(arguments, bucket))?;
    if arguments.envelope {
        output::print(&envelope(&summary)?)?;
        return Ok(ExitStatus::Success);
    }
    let report = Report::new(target.clone(), bucket, summary);
    match arguments.format {
        Format::Json => output::print_json(&report)?,
        Format::Text => output::print(&text::render(&report))?,
    }
    Ok(ExitStatus::Success)
}

/// The envelope as it is on record. It is JSON, and so it is text.
fn envelope(summary: &SignedSummary) -> Result<String, CliError> {
    let text = String::from_utf8(summary.body.clone()).map_err(|error| {
        CliError::new(
            format!("{} is no text: {}", summary.path, error_chain(&error)),
            "take the earlier version of the object: the bucket keeps all",
        )
    })?;
    Ok(text)
}

fn none(arguments: &Arguments, bucket: &str) -> CliError {
    let target = &arguments.target;
    let of = match &arguments.version_id {
        Some(version) => format!("the version {version} of {target}"),
        None => target.to_string(),
    };
    CliError::new(
        format!("there is no summary of {of} in {bucket}"),
        "the stack signs one of each deployment if its parameter SummaryKey says so, some seconds after the outcome; see \
         what there is with `countersign history`",
    )
}
