//! `countersign approvals`: who approved, and what is still demanded.

use jiff::Timestamp;

use super::args::Arguments;
use crate::{
    aws::session::{Session, ask},
    following::approval::{ApprovalReport, Wanted, read_approvals, read_history, subject},
    io::{
        error::CliError,
        exit_status::ExitStatus,
        output::{self, Format},
    },
};

/// Reads both buckets and prints.
pub(crate) fn run(arguments: &Arguments, now: Timestamp) -> Result<ExitStatus, CliError> {
    let uploads_bucket = arguments.uploads_bucket.name()?;
    let records_bucket = arguments.records_bucket.name()?;
    let report = ask("reading the approvals", async {
        let session = Session::connect()
            .await?
            .with_uploads(uploads_bucket)
            .with_records(records_bucket);
        let uploads = read_history(&session, &arguments.target).await?;
        let wanted = match (&arguments.version_id, &arguments.package) {
            (Some(version), _) => Wanted::Version(version),
            (None, Some(path)) => Wanted::Package(path),
            (None, None) => Wanted::Newest,
        };
        let subject = subject(&arguments.target, &uploads, &wanted)?;
        let found = read_approvals(&session, &subject).await?;
        Ok(ApprovalReport::new(&subject, &found, now))
    })?;
    match arguments.format {
        Format::Json => output::print_json(&report)?,
        Format::Text => output::print(&report.render(now))?,
    }
    Ok(ExitStatus::Success)
}
