//! What makes a use case give up for now, and when giving up for now becomes giving up.

use crate::{
    ports::{PortError, error_chain},
    verdict::Verdict,
};

/// Why a use case did not come to its end, and should be started again with the same event.
///
/// A refusal is never here: that is an end.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RetryableError {
    /// A port gave no answer.
    #[error(transparent)]
    PortError(#[from] PortError),
    /// The verdict is inconclusive.
    #[error("the verdict is inconclusive: {}", grounds(.verdict))]
    Inconclusive {
        /// The verdict, with what could not be established.
        verdict: Box<Verdict>,
    },
    /// Another delivery of the same event is at work, and will end it.
    #[error("{what}")]
    LeaseHeld {
        /// What it is doing.
        what: String,
    },
    /// Something else has to end first.
    #[error("{what}")]
    Busy {
        /// What is under way.
        what: String,
    },
    /// A record is there that this version of the gate cannot read.
    #[error("the record {path} cannot be read")]
    UnreadableRecord {
        /// Its key in the records bucket.
        path: String,
        /// What is wrong with it.
        source: serde_json::Error,
    },
}

impl RetryableError {
    /// The whole chain in one line.
    #[must_use]
    pub fn error_chain(&self) -> String {
        error_chain(self)
    }

    pub(crate) fn busy(what: impl Into<String>) -> Self {
        Self::Busy { what: what.into() }
    }
}

fn grounds(verdict: &Verdict) -> String {
    let messages: Vec<&str> = verdict
        .grounds()
        .map(|finding| finding.message.as_str())
        .collect();
    messages.join("; ")
}

/// How often the queue has handed an event out, and how often it will.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeliveryAttempt {
    /// `ApproximateReceiveCount`: 1 the first time.
    pub attempt: u32,
    /// The queue's `maxReceiveCount`.
    pub max_attempts: u32,
}

impl DeliveryAttempt {
    /// Whether the event goes to the dead-letter queue if it fails this time.
    #[must_use]
    pub fn is_last(self) -> bool {
        self.attempt >= self.max_attempts
    }
}
