//! `countersign status`: what became of a target's uploads, from the records in S3.

use countersign_gate::{
    domain::Target,
    records::{history, upload_with_version},
};
use jiff::Timestamp;

use super::{
    args::Arguments,
    report::{Report, UploadReport},
    text,
};
use crate::{
    aws::session::{Session, ask},
    following::event::exit_status,
    io::{
        error::CliError,
        exit_status::ExitStatus,
        output::{self, Format},
    },
};

/// Reads the records and prints.
pub(crate) fn run(arguments: &Arguments, now: Timestamp) -> Result<ExitStatus, CliError> {
    let bucket = arguments.records_bucket.name()?;
    let report = ask("reading the records", read(arguments, bucket))?;
    let version = arguments.version_id.as_ref();
    match arguments.format {
        Format::Json => output::print_json(&report)?,
        Format::Text => output::print(&text::render(&report, version, now))?,
    }
    Ok(match version {
        Some(_) => standing(&report),
        None => ExitStatus::Success,
    })
}

/// How the one upload of the report stands.
fn standing(report: &Report) -> ExitStatus {
    let outcome = report
        .uploads
        .first()
        .and_then(|upload| upload.records.outcome.as_ref());
    outcome.map_or(ExitStatus::Inconclusive, |outcome| {
        exit_status(outcome.state)
    })
}

async fn read(arguments: &Arguments, bucket: &str) -> Result<Report, CliError> {
    let session = Session::connect().await?.with_records(bucket);
    let target = &arguments.target;
    let unread = |error| session.unread_records(target, &error);
    if let Some(version) = &arguments.version_id {
        let upload = upload_with_version(&session.records, target, version);
        let upload = upload.await.map_err(unread)?;
        let uploads = upload.into_iter().map(UploadReport::from).collect();
        return Ok(report(target, bucket, uploads, false));
    }
    let limit = usize::from(arguments.limit);
    // One more than is shown, to know whether there is more.
    let uploads = history(&session.records, target, limit.saturating_add(1)).await;
    let mut uploads = uploads.map_err(unread)?;
    let has_more = uploads.len() > limit;
    uploads.truncate(limit);
    let uploads = uploads.into_iter().map(UploadReport::from).collect();
    Ok(report(target, bucket, uploads, has_more))
}

fn report(target: &Target, bucket: &str, uploads: Vec<UploadReport>, has_more: bool) -> Report {
    Report {
        target: target.clone(),
        records_bucket: bucket.to_owned(),
        uploads,
        has_more,
    }
}
