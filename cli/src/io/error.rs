//! The one error of the command line.

use serde::Serialize;

/// Input that cannot be used: exit status 2. A command that had done something before keeps it in its report
/// (`error`), which is printed all the same.
#[derive(Debug, Serialize)]
pub(crate) struct CliError {
    /// What is wrong, and where.
    pub(crate) what: String,
    /// What to do about it.
    pub(crate) fix: String,
}

impl CliError {
    pub(crate) fn new(what: impl Into<String>, fix: impl Into<String>) -> Self {
        Self {
            what: what.into(),
            fix: fix.into(),
        }
    }
}
