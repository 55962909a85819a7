//! `countersign redrive`: takes dead letters, and puts back those that are asked for.

use std::collections::BTreeSet;

use countersign_aws::DeadLetterQueues;
use countersign_gate::{
    client::{FoundLetters, StillHidden},
    domain::GateFunction,
    ports::{DeadLetter, PortError},
};

use super::{
    args::Arguments,
    report::{Action, HiddenReport, LetterReport, Report},
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

/// Lists, puts back, and prints.
pub(crate) fn run(arguments: &Arguments) -> Result<ExitStatus, CliError> {
    let report = ask("reading dead letters", redrive(arguments))?;
    match arguments.format {
        Format::Json => output::print_json(&report)?,
        Format::Text => output::print(&text::render(&report))?,
    }
    let Some(error) = &report.error else {
        return Ok(ExitStatus::Success);
    };
    output::print_error(error);
    Ok(ExitStatus::Unusable)
}

async fn redrive(arguments: &Arguments) -> Result<Report, CliError> {
    let session = Session::connect().await?;
    let queues = session.dead_letters(&arguments.stack.name);
    let mut report = Report {
        stack: arguments.stack.name.clone(),
        letters: Vec::new(),
        has_more: false,
        still_hidden: None,
        error: None,
    };
    let chosen = GateFunction::ALL
        .into_iter()
        .filter(|function| arguments.function.is_none_or(|only| only == *function));
    for function in chosen {
        let handled = match FoundLetters::take(&queues, function).await {
            Ok(found) => {
                report.has_more |= found.has_more;
                let handled = handle(arguments, &queues, &found, &mut report.letters).await;
                let hidden = found.release(&queues, &put_back(&report.letters)).await;
                add_hidden(&session, &mut report, hidden);
                handled
            }
            Err(error) => Err(error),
        };
        if let Err(error) = handled {
            report.error = Some(stopped(&session, &report, &error));
            return Ok(report);
        }
    }
    match &arguments.message {
        Some(id) if report.letters.is_empty() => Err(CliError::new(
            format!("there is no dead letter {id} of {}", arguments.stack.name),
            "list them without --message; one that another run looks at is hidden for five minutes",
        )),
        _ => Ok(report),
    }
}

/// The ids of those that are in their queue again.
fn put_back(letters: &[LetterReport]) -> BTreeSet<String> {
    let put_back = letters.iter().filter(|it| it.action == Action::PutBack);
    put_back.map(|it| it.message.clone()).collect()
}

fn add_hidden(session: &Session, report: &mut Report, hidden: StillHidden) {
    let Some(error) = hidden.first_error else {
        return;
    };
    let error = session.failed_dead_letters(&report.stack, &error).what;
    let told = report
        .still_hidden
        .get_or_insert(HiddenReport { letters: 0, error });
    told.letters = told.letters.saturating_add(hidden.letters);
}

/// Why it goes no further, and how far it came.
fn stopped(session: &Session, report: &Report, error: &PortError) -> CliError {
    let put_back = report.letters.iter();
    let put_back = put_back.filter(|letter| letter.action == Action::PutBack);
    let error = session.failed_dead_letters(&report.stack, error);
    CliError {
        what: format!("{}; {} were put back before", error.what, put_back.count()),
        ..error
    }
}

/// Puts back what is asked for; with `--message`, the others are not told of.
async fn handle(
    arguments: &Arguments,
    queues: &DeadLetterQueues,
    found: &FoundLetters,
    told: &mut Vec<LetterReport>,
) -> Result<(), PortError> {
    let is_meant = |letter: &DeadLetter| {
        let id = arguments.message.as_ref();
        id.is_none_or(|id| *id == letter.id)
    };
    for letter in found.letters.iter().filter(|letter| is_meant(letter)) {
        let action = match (
            arguments.all || arguments.message.is_some(),
            arguments.dry_run,
        ) {
            (false, _) => Action::Kept,
            (true, true) => Action::WouldPutBack,
            (true, false) => {
                found.put_back(queues, letter).await?;
                Action::PutBack
            }
        };
        told.push(LetterReport::of(found.of, letter, action));
    }
    Ok(())
}
