//! Tells events as they come: as JSON lines for programs, as progress for people.

use std::{
    fs::File,
    io::{IsTerminal as _, Write as _},
    path::{Path, PathBuf},
    time::Duration,
};

use countersign_gate::verdict::Decision;

use crate::{
    following::{
        args::FollowOptions,
        event::{Event, What},
    },
    io::{
        count::counted,
        error::CliError,
        escape::escape,
        moment::utc,
        output::{self, Format},
        progress::CLEAR_LINE,
        style::{BOLD, DIM, ERROR, WARN, style},
    },
};

/// Where events go.
pub(crate) struct Reporter {
    format: Format,
    /// Whether somebody looks: a line that changes is for a terminal only.
    is_live: bool,
    /// Where every event goes as well.
    events: Option<(PathBuf, File)>,
}

impl Reporter {
    /// For the terminal or the pipe that there is.
    pub(crate) fn new(format: Format) -> Self {
        let is_live = format == Format::Text && std::io::stderr().is_terminal();
        Self {
            format,
            is_live,
            events: None,
        }
    }

    /// As the options say. The file of events is empty from now on: it is about this run.
    pub(crate) fn of(options: &FollowOptions) -> Result<Self, CliError> {
        let mut reporter = Self::new(options.format);
        if let Some(path) = &options.events {
            let file = File::create(path).map_err(|error| unwritable(path, &error))?;
            reporter.events = Some((path.clone(), file));
        }
        Ok(reporter)
    }

    /// How to print what is not an event.
    pub(crate) fn format(&self) -> Format {
        self.format
    }

    /// Tells an event. For people, how an upload ended is not told here: it is the command's result.
    pub(crate) fn tell(&self, event: &Event<'_>) -> Result<(), CliError> {
        self.keep(event)?;
        match self.format {
            Format::Json => output::print_json_line(event),
            Format::Text => {
                if let Some(line) = line(event) {
                    self.write(&format!("{line}\n"));
                }
                Ok(())
            }
        }
    }

    /// Writes an event to the file of events, if there is one.
    fn keep(&self, event: &Event<'_>) -> Result<(), CliError> {
        let Some((path, file)) = &self.events else {
            return Ok(());
        };
        let mut line = output::json_line(event)?;
        line.push('\n');
        let mut file = file;
        file.write_all(line.as_bytes())
            .map_err(|error| unwritable(path, &error))
    }

    /// Says what is waited for, and since when, in a line that the next one replaces.
    pub(crate) fn wait(&self, what: &str, since: Duration) {
        if self.is_live {
            let line = format!("{} {}", escape(what), style(DIM, seconds(since)));
            self.write(&line);
        }
    }

    /// Takes the line of [`Self::wait`] away.
    pub(crate) fn done(&self) {
        if self.is_live {
            self.write("");
        }
    }

    fn write(&self, text: &str) {
        let mut err = anstream::stderr().lock();
        let clear = if self.is_live { CLEAR_LINE } else { "" };
        // Progress that nobody can see is no reason to stop.
        let _ = write!(err, "{clear}{text}").and_then(|()| err.flush());
    }
}

fn unwritable(path: &Path, error: &std::io::Error) -> CliError {
    CliError::new(
        format!("cannot write the events to {}: {error}", path.display()),
        "give --events a file in a folder that exists and that you may write to",
    )
}

/// The event for people.
fn line(event: &Event<'_>) -> Option<String> {
    let what = match &event.what {
        What::Refused { code, message, fix } => {
            let message = escape(message);
            return Some(format!(
                "{} {}: {code}: {message}\n  fix: {fix}",
                style(ERROR, "not uploaded:"),
                event.target
            ));
        }
        What::HeldBack => {
            return Some(format!(
                "{} {}: held back, since another package was refused",
                style(WARN, "not uploaded:"),
                event.target
            ));
        }
        What::RollingBack {
            to,
            deployed_version,
            commit,
        } => {
            let version = deployed_version.map(|version| format!(", version {version}"));
            let commit = commit.map(|commit| format!(", commit {commit}"));
            let about = [version, commit].into_iter().flatten().collect::<String>();
            format!("back to {}{}", escape(to), escape(&about))
        }
        What::Uploaded { version, bytes, .. } => {
            format!(
                "uploaded, {}, version {}",
                counted(*bytes, "byte"),
                escape(version.as_str())
            )
        }
        What::Received => "received".to_owned(),
        What::Signing { job, profile } => format!("signing with {profile}, job {job}"),
        What::Judged { decision } => match decision {
            Decision::Accept => "verified, deploying",
            Decision::AcceptWithWarnings => "verified with warnings, deploying",
            Decision::Reject => "refused",
            Decision::Inconclusive => "no verdict could be reached",
        }
        .to_owned(),
        What::Waiting {
            attempt,
            why,
            next_try_at,
            ..
        } => format!(
            "attempt {attempt} waits until {}: {}",
            utc(*next_try_at),
            escape(why)
        ),
        What::Ended { .. } | What::NotKnown { .. } => return None,
    };
    Some(format!("{} {what}", style(BOLD, event.target)))
}

fn seconds(since: Duration) -> String {
    format!("{} s", since.as_secs())
}
