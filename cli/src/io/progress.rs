//! A line on the terminal that says what is waited for, while it is waited for.

use std::{
    io::{IsTerminal as _, Write as _},
    time::Duration,
};

use crate::io::{
    escape::escape,
    style::{DIM, style},
};

/// Goes back to the start of the line and empties it.
pub(crate) const CLEAR_LINE: &str = "\r\x1b[K";

/// Such a line, on standard error. Where that is no terminal, nothing is written.
pub(crate) struct ProgressLine {
    is_live: bool,
}

impl ProgressLine {
    pub(crate) fn new() -> Self {
        Self {
            is_live: std::io::stderr().is_terminal(),
        }
    }

    /// Says what is waited for, and since when, in place of what the line said.
    pub(crate) fn show(&self, what: &str, since: Duration) {
        let since = style(DIM, format_args!("{} s", since.as_secs()));
        self.write(&format!("{CLEAR_LINE}{} {since}", escape(what)));
    }

    /// Takes the line away.
    pub(crate) fn clear(&self) {
        self.write(CLEAR_LINE);
    }

    fn write(&self, text: &str) {
        if self.is_live {
            let mut err = anstream::stderr().lock();
            // Progress that nobody can see is no reason to stop.
            let _ = err.write_all(text.as_bytes()).and_then(|()| err.flush());
        }
    }
}
