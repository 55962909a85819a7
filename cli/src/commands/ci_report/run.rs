//! `countersign ci-report`: events in, the form of a CI system out.

use super::{
    annotations,
    args::{Arguments, Form},
    junit, markdown, outputs,
    upload::{Event, State, Upload, uploads},
};
use crate::io::{error::CliError, exit_status::ExitStatus, input, output};

/// How a run of `push` ended.
pub(super) struct Run {
    pub(super) uploads: Vec<Upload>,
    /// The worst state of all.
    pub(super) state: State,
}

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
    let bytes = input::read(&arguments.events, "the events")?;
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

impl Run {
    fn new(uploads: Vec<Upload>, status: u8) -> Self {
        let of_command = if status == ExitStatus::Unusable.code() {
            Some(State::Unusable)
        } else {
            None
        };
        let worst = uploads.iter().map(|upload| upload.state).max();
        let state = of_command.or(worst).unwrap_or(State::NotKnown);
        Self { uploads, state }
    }

    /// What there is to say when the command could not do its work.
    pub(super) fn trouble(&self) -> Option<&'static str> {
        (self.state == State::Unusable)
            .then_some("countersign could not do its work; the log of the step says why")
    }
}
