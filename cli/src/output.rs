//! Printing: whole documents at once, in text or JSON, to a reader that may have gone away.

use std::{
    io::{self, Write},
    process::ExitCode,
};

use clap::ValueEnum;
use serde::Serialize;

use crate::{
    input::Unusable,
    paint::{BAD, paint},
    plain::plain,
};

/// Exit status of input that cannot be used; clap ends with the same for a wrong command line.
const UNUSABLE: u8 = 2;

/// How to print.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people, in colour on a terminal
    Text,
    /// For programs; the fields are documented in docs/cli.md and stable
    Json,
}

/// Prints a text to standard output.
pub(crate) fn print(text: &str) -> Result<(), Unusable> {
    let mut out = anstream::stdout().lock();
    let written = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    match written {
        // Whoever reads has seen enough (`| head`). The exit status still tells the rest.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        written => written.map_err(|error| {
            Unusable::new(
                format!("cannot write the result: {error}"),
                "check where standard output goes",
            )
        }),
    }
}

/// Prints a document as JSON to standard output.
pub(crate) fn print_json(document: &impl Serialize) -> Result<(), Unusable> {
    let json = serde_json::to_string_pretty(document).map_err(|error| {
        Unusable::new(
            format!("cannot write the result as JSON: {error}"),
            "use --format text, and report this",
        )
    })?;
    print(&(json + "\n"))
}

/// Says on standard error what is wrong and what to do.
pub(crate) fn complain(unusable: &Unusable) -> ExitCode {
    let Unusable { what, fix } = unusable;
    // Paths, and what others have to say of a file, are repeated in both.
    let (what, fix) = (plain(what), plain(fix));
    let text = format!("{} {what}\n  fix: {fix}\n", paint(BAD, "error:"));
    // When even standard error is gone, the exit status is all that is left to say it.
    let _ = anstream::stderr().lock().write_all(text.as_bytes());
    ExitCode::from(UNUSABLE)
}
