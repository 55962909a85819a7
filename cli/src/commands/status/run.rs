//! `countersign status`: what became of a target's uploads, from the records in S3.

use countersign_gate::{domain::Target, records::history};

use super::{
    args::Arguments,
    report::{Report, UploadReport},
    text,
};
use crate::{
    aws::session::{Session, ask},
    io::{
        error::CliError,
        exit_status::ExitStatus,
        output::{self, Format},
    },
};

/// Reads the records and prints.
pub(crate) fn run(arguments: &Arguments) -> Result<ExitStatus, CliError> {
    let bucket = arguments.records_bucket.name()?;
    let report = ask(
        "reading the records",
        read(&arguments.target, bucket, arguments.limit),
    )?;
    match arguments.format {
        Format::Json => output::print_json(&report)?,
        Format::Text => output::print(&text::render(&report))?,
    }
    Ok(ExitStatus::Success)
}

async fn read(target: &Target, bucket: &str, limit: u16) -> Result<Report, CliError> {
    let session = Session::connect("", bucket).await?;
    let limit = usize::from(limit);
    // One more than is shown, to know whether there is more.
    let mut uploads = history(&session.records, target, limit.saturating_add(1))
        .await
        .map_err(|error| session.unread_records(target, &error))?;
    let has_more = uploads.len() > limit;
    uploads.truncate(limit);
    Ok(Report {
        target: target.clone(),
        records_bucket: bucket.to_owned(),
        uploads: uploads.into_iter().map(UploadReport::from).collect(),
        has_more,
    })
}
