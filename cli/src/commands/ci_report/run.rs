//! `countersign ci-report`: events in, the form of a CI system out.

use super::{
    annotations,
    args::{Arguments, Form},
    junit, markdown, outputs,
    upload::{Event, Run, uploads},
};
use crate::io::{error::CliError, exit_status::ExitStatus, input, output};

/// Reads, writes.
pub(crate) fn run(arguments: &Arguments) -> Result<ExitStatus, CliError> {
    let events = read(arguments)?;
    let run = Run::new(uploads(events), arguments.status);
    output::print(&match arguments.to {
        Form::Annotations => annotations::render(&run),
        Form::Markdown => markdown::render(&run),
        Form::Outputs => outputs::render(&run)?,
        Form::Dotenv => outputs::render_dotenv(&run),
        Form::Junit => junit::render(&run),
    })?;
    Ok(ExitStatus::Success)
}

fn read(arguments: &Arguments) -> Result<Vec<Event>, CliError> {
    let bytes = input::read_or_standard_input(&arguments.events, "the events")?;
    let text = String::from_utf8_lossy(&bytes);
    text.lines()
        .enumerate()
        .filter(|(_, line)| !line.trim().is_empty())
        .map(|(index, line)| {
            serde_json::from_str(line).map_err(|error| {
                CliError::new(
                    format!(
                        "cannot use {}:{}: {error}",
                        arguments.events.display(),
                        index.saturating_add(1)
                    ),
                    "give the file that push, wait or rollback wrote with --events",
                )
            })
        })
        .collect()
}
