//! What can go wrong with a port, as far as the use cases care.

use std::error::Error;

/// The cause that an adapter hands up, kept for the log.
pub type Cause = Box<dyn Error + Send + Sync + 'static>;

/// A call that gave no answer. Never a verdict: what is in trouble is tried again.
///
/// "There is no such thing" is an answer, and so is "I refuse this package": both are in the
/// results of the ports, not here.
#[derive(Debug, thiserror::Error)]
pub enum PortError {
    /// Too many requests, after the SDK's own retries.
    #[error("{call} was throttled")]
    Throttled {
        /// The call as AWS names it, `lambda:GetFunction`.
        call: &'static str,
        /// What the SDK said.
        source: Cause,
    },
    /// The role may not do this. Waiting rarely helps, and yet policies do propagate late.
    #[error("{call} was denied")]
    Denied {
        /// The call as AWS names it.
        call: &'static str,
        /// What the SDK said.
        source: Cause,
    },
    /// Timeouts, connections, answers of the 5xx kind.
    #[error("{call} did not answer")]
    Unavailable {
        /// The call as AWS names it.
        call: &'static str,
        /// What the SDK said.
        source: Cause,
    },
    /// An answer that was not understood: an unknown error, a missing or unreadable field.
    #[error("{call} gave an answer that is not understood")]
    Unexpected {
        /// The call as AWS names it.
        call: &'static str,
        /// What was wrong with it.
        source: Cause,
    },
    /// The call was not made: what it was to be about does not fit together.
    #[error("{call} was not made")]
    NotMade {
        /// The call as AWS names it.
        call: &'static str,
        /// What does not fit.
        source: Cause,
    },
}

impl PortError {
    /// The call that is in trouble.
    #[must_use]
    pub fn call(&self) -> &'static str {
        match self {
            Self::Throttled { call, .. }
            | Self::Denied { call, .. }
            | Self::Unavailable { call, .. }
            | Self::Unexpected { call, .. }
            | Self::NotMade { call, .. } => call,
        }
    }

    /// Whether AWS throttled or did not answer: it passes by itself, and says nothing about what was asked.
    #[must_use]
    pub fn is_passing(&self) -> bool {
        matches!(self, Self::Throttled { .. } | Self::Unavailable { .. })
    }

    /// The whole chain in one line, for records and pages.
    #[must_use]
    pub fn error_chain(&self) -> String {
        error_chain(self)
    }
}

/// An error and its causes, separated by colons.
#[must_use]
pub fn error_chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let cause_text = cause.to_string();
        // Some libraries repeat their cause in their own text.
        if !text.ends_with(&cause_text) {
            text.push_str(": ");
            text.push_str(&cause_text);
        }
        next = cause.source();
    }
    text
}
