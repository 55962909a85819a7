//! `countersign layer`: reads the command line's question, and prints the answer.

use jiff::Timestamp;
use serde::Serialize;

use super::{
    args::{AdoptArguments, Arguments, ListArguments, Question},
    list::list,
    take::{take, target_of},
    text,
};
use crate::{
    aws::session::{Session, block_on},
    following::reporter::Reporter,
    io::{
        error::CliError,
        exit_status::ExitStatus,
        output::{self, Format},
        trust_roots::read_trust_roots,
    },
};

/// Looks, does, reports.
pub(crate) fn run(arguments: &Arguments, now: Timestamp) -> Result<ExitStatus, CliError> {
    match &arguments.question {
        Question::List(arguments) => run_list(arguments),
        Question::Adopt(arguments) => run_adopt(arguments, now),
    }
}

fn run_list(arguments: &ListArguments) -> Result<ExitStatus, CliError> {
    let reporter = Reporter::new(Format::Text);
    let report = block_on(async {
        let session = Session::connect().await?;
        list(&session, arguments.csc.as_ref(), &reporter).await
    })?;
    print(arguments.format, &report, text::render_list)?;
    Ok(report.status())
}

fn run_adopt(arguments: &AdoptArguments, now: Timestamp) -> Result<ExitStatus, CliError> {
    let name = target_of(arguments)?;
    let roots = read_trust_roots(&arguments.trust_roots)?;
    let records_bucket = arguments.records_bucket.name()?;
    let uploads_bucket = if arguments.apply {
        Some(arguments.uploads_bucket.name()?)
    } else {
        None
    };
    // What happens on the way is for people, on standard error; JSON is the report alone.
    let reporter = Reporter::new(Format::Text);
    let report = block_on(async {
        let session = Session::connect()
            .await?
            .with_uploads(uploads_bucket)
            .with_records(records_bucket);
        take(&session, arguments, name, (&roots, now), &reporter).await
    })?;
    print(arguments.format, &report, text::render_adopt)?;
    Ok(report.status())
}

fn print<T: Serialize>(
    format: Format,
    report: &T,
    render: fn(&T) -> String,
) -> Result<(), CliError> {
    match format {
        Format::Json => output::print_json(report),
        Format::Text => output::print(&render(report)),
    }
}
