//! What can go wrong between a test and the local AWS.

use std::{io, path::PathBuf};

/// Each variant is a sentence for whoever runs the command.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HarnessError {
    /// Something that only the machine's owner can install is not there.
    #[error("{what} is needed, and was not found. {fix}")]
    Missing {
        /// The thing.
        what: &'static str,
        /// What to do.
        fix: &'static str,
    },
    /// Somebody else listens there.
    #[error("port {port} is in use by another program. Choose one with --port N")]
    PortBusy {
        /// The port on 127.0.0.1.
        port: u16,
    },
    /// A program could not be started.
    #[error("{program} could not be started")]
    Start {
        /// Its name or path.
        program: String,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A program failed.
    #[error("{what} failed ({status}). The end of what it said:\n{tail}\nAll of it: {}", log.display())]
    Failed {
        /// What it was to do.
        what: String,
        /// Its exit status.
        status: String,
        /// Its last lines.
        tail: String,
        /// Where the rest is.
        log: PathBuf,
    },
    /// A file or a pipe could not be used.
    #[error("{what} could not be used")]
    File {
        /// The file or pipe.
        what: String,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// AWS, local or not, refused a call.
    #[error("{call} was refused with {code}: {message}")]
    Refused {
        /// Service and operation.
        call: String,
        /// The error code.
        code: String,
        /// The message.
        message: String,
    },
    /// An answer was not of the shape it should have.
    #[error("{what} has no {field}: {found}")]
    Shape {
        /// The answer.
        what: String,
        /// What was looked for in it.
        field: String,
        /// What is there.
        found: String,
    },
    /// A package could not be made or altered.
    #[error("the zip file could not be made")]
    Zip(#[from] zip::result::ZipError),
    /// What was waited for did not come.
    #[error("{what} did not come within {seconds} s. Last seen: {seen}")]
    TimedOut {
        /// What was waited for.
        what: String,
        /// How long, in seconds.
        seconds: u64,
        /// What was there instead.
        seen: String,
    },
    /// Something else than what should happen happened.
    #[error("expected {expected}, but {found}")]
    Surprise {
        /// What should have happened.
        expected: String,
        /// What did.
        found: String,
    },
    /// Whoever started this wants it to end.
    #[error("interrupted")]
    Interrupted,
}

impl HarnessError {
    /// The error code, if this is a refusal by AWS.
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        match self {
            Self::Refused { code, .. } => Some(code),
            _ => None,
        }
    }

    /// What was waited for in vain, with what the functions said meanwhile.
    #[must_use]
    pub fn with_log(self, log: impl FnOnce() -> String) -> Self {
        match self {
            Self::TimedOut {
                what,
                seconds,
                seen,
            } => Self::TimedOut {
                what,
                seconds,
                seen: format!("{seen}. The functions' log:\n{}", log()),
            },
            other => other,
        }
    }
}
