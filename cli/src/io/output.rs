//! Printing: whole documents at once, in text or JSON, to a reader that may have gone away.

use std::io::{self, Write};

use clap::ValueEnum;
use serde::Serialize;

use crate::io::{
    error::CliError,
    escape::escape,
    style::{ERROR, style},
};

/// How to print.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people, in colour on a terminal
    Text,
    /// For programs; the fields are documented in docs/cli.md and stable
    Json,
}

/// Prints a text to standard output.
pub(crate) fn print(text: &str) -> Result<(), CliError> {
    let mut out = anstream::stdout().lock();
    let written = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    match written {
        // Whoever reads has seen enough (`| head`). The exit status still tells the rest.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        written => written.map_err(|error| {
            CliError::new(
                format!("cannot write the result: {error}"),
                "check where standard output goes",
            )
        }),
    }
}

/// Prints a document as JSON to standard output.
pub(crate) fn print_json(document: &impl Serialize) -> Result<(), CliError> {
    let json = serde_json::to_string_pretty(document).map_err(|error| not_json(&error))?;
    print(&(json + "\n"))
}

/// Prints a document as one line of JSON to standard output.
pub(crate) fn print_json_line(document: &impl Serialize) -> Result<(), CliError> {
    print(&(json_line(document)? + "\n"))
}

/// A document as JSON in one line.
pub(crate) fn json_line(document: &impl Serialize) -> Result<String, CliError> {
    serde_json::to_string(document).map_err(|error| not_json(&error))
}

fn not_json(error: &serde_json::Error) -> CliError {
    CliError::new(
        format!("cannot write the result as JSON: {error}"),
        "use --format text, and report this",
    )
}

/// Says on standard error what a reader of standard output should know, and a program need not.
pub(crate) fn print_aside(text: &str) {
    // When even standard error is gone, nobody reads it.
    let _ = anstream::stderr().lock().write_all(text.as_bytes());
}

/// Says on standard error what is wrong and what to do.
pub(crate) fn print_error(error: &CliError) {
    let CliError { what, fix } = error;
    // Paths, and what others have to say of a file, are repeated in both.
    let (what, fix) = (escape(what), escape(fix));
    let text = format!("{} {what}\n  fix: {fix}\n", style(ERROR, "error:"));
    // When even standard error is gone, the exit status is all that is left to say it.
    let _ = anstream::stderr().lock().write_all(text.as_bytes());
}
