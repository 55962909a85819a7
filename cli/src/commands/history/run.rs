//! `countersign history`: a line for each upload, from the records in S3.

use countersign_gate::records::history;

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
pub(crate) fn run(arguments: &Arguments) -> Result<ExitStatus, CliError> {
    let bucket = arguments.records_bucket.name()?;
    let target = &arguments.target;
    let uploads = ask("reading the records", async {
        let session = Session::connect("", bucket).await?;
        history(&session.records, target, usize::from(arguments.limit))
            .await
            .map_err(|error| session.unread_records(target, &error))
    })?;
    let report = Report::new(target.clone(), &uploads);
    match arguments.format {
        Format::Json => output::print_json(&report)?,
        Format::Text => output::print(&text::render(&report))?,
    }
    Ok(ExitStatus::Success)
}
