//! `countersign history`: a line for each upload, from the records in S3.

use countersign_gate::records::{history, live};
use jiff::Timestamp;

use super::{args::Arguments, report::Report, text};
use crate::{
    aws::session::{Session, ask},
    io::{
        error::CliError,
        exit_status::ExitStatus,
        output::{self, Format},
    },
};

/// Reads the records and prints.
pub(crate) fn run(arguments: &Arguments, now: Timestamp) -> Result<ExitStatus, CliError> {
    let bucket = arguments.records_bucket.name()?;
    let target = &arguments.target;
    let (uploads, live) = ask("reading the records", async {
        let session = Session::connect().await?.with_records(bucket);
        let unread = |error| session.unread_records(target, &error);
        let most = usize::from(arguments.limit);
        let uploads = history(&session.records, target, most).await;
        let live = live(&session.records, target).await;
        Ok((uploads.map_err(unread)?, live.map_err(unread)?))
    })?;
    let report = Report::new(target.clone(), &uploads, live.as_ref());
    match arguments.format {
        Format::Json => output::print_json(&report)?,
        Format::Text => output::print(&text::render(&report, now))?,
    }
    Ok(ExitStatus::Success)
}
