//! Errors that send an event back to its queue.

use std::time::Duration;

use crate::{
    ports::{PortError, error_chain},
    records::RecordError,
    verdict::{ApprovalDemand, Evidence, Verdict},
};

/// Why a use case did not come to its end, and should be started again with the same event.
///
/// A refusal is never here: that is an end.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RetryableError {
    /// A port gave no answer.
    #[error(transparent)]
    Port(#[from] PortError),
    /// The verdict is inconclusive.
    #[error("the verdict is inconclusive: {}", grounds(.verdict))]
    Inconclusive {
        /// The verdict, with what could not be established.
        verdict: Box<Verdict>,
        /// AWS throttled or did not answer when some of it was asked for.
        waits_for_aws: bool,
        /// What is demanded of approvals, where some are.
        approvals: Option<Box<ApprovalDemand>>,
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
    /// The attempt used up its time.
    #[error("the time of this attempt was up: {what}")]
    TimeUp {
        /// What it was doing.
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
    /// A record or an event could not be made into JSON.
    #[error("{what} cannot be written as JSON")]
    Unwritable {
        /// The record or the event.
        what: String,
        /// What is wrong with it.
        source: serde_json::Error,
    },
    /// Why is on record in `waiting.json`: the upload ends by its own patience, however old the message is that
    /// its event came in.
    #[error(transparent)]
    Waiting(Box<RetryableError>),
    /// The same, and it is for people that it waits: for hours, so that it is looked at less often.
    #[error("{why}")]
    WaitingForPeople {
        /// What it waits for.
        why: Box<RetryableError>,
        /// How long until the next attempt.
        delay: Duration,
    },
}

impl RetryableError {
    /// The error and its causes in one line.
    #[must_use]
    pub fn error_chain(&self) -> String {
        error_chain(self)
    }

    /// Whether AWS throttled or did not answer. Such a time is not taken off the patience.
    #[must_use]
    pub fn waits_for_aws(&self) -> bool {
        match self {
            Self::Port(error) => error.is_passing(),
            Self::Inconclusive { waits_for_aws, .. } => *waits_for_aws,
            Self::Waiting(why) => why.waits_for_aws(),
            Self::WaitingForPeople { .. }
            | Self::LeaseHeld { .. }
            | Self::Busy { .. }
            | Self::TimeUp { .. }
            | Self::UnreadableRecord { .. }
            | Self::Unwritable { .. } => false,
        }
    }

    /// Whether people are all that is missing: approvals, or the end of a freeze. Such a time is not taken off the
    /// patience; the verdict says when it ends.
    #[must_use]
    pub fn waits_for_people(&self) -> bool {
        match self {
            Self::Inconclusive { verdict, .. } => verdict.waits_for_people(),
            Self::Waiting(why) => why.waits_for_people(),
            Self::WaitingForPeople { .. } => true,
            Self::Port(_)
            | Self::LeaseHeld { .. }
            | Self::Busy { .. }
            | Self::TimeUp { .. }
            | Self::UnreadableRecord { .. }
            | Self::Unwritable { .. } => false,
        }
    }

    /// Whether approvals are missing, and nothing else but the end of a freeze.
    pub(crate) fn waits_for_approvals(&self) -> bool {
        let undecided = self.undecided();
        undecided.is_some_and(|(verdict, _)| verdict.waits_for_approvals())
    }

    /// What is demanded of approvals, where that is known and some are.
    pub(crate) fn approval_demand(&self) -> Option<&ApprovalDemand> {
        self.undecided()?.1
    }

    /// The verdict that could not be made, and what it demands of approvals.
    fn undecided(&self) -> Option<(&Verdict, Option<&ApprovalDemand>)> {
        match self {
            Self::Inconclusive {
                verdict, approvals, ..
            } => Some((verdict, approvals.as_deref())),
            Self::Waiting(why) | Self::WaitingForPeople { why, .. } => why.undecided(),
            Self::Port(_)
            | Self::LeaseHeld { .. }
            | Self::Busy { .. }
            | Self::TimeUp { .. }
            | Self::UnreadableRecord { .. }
            | Self::Unwritable { .. } => None,
        }
    }

    pub(crate) fn inconclusive(verdict: Verdict, evidence: &Evidence) -> Self {
        Self::Inconclusive {
            verdict: Box::new(verdict),
            waits_for_aws: evidence.waits_for_aws(),
            approvals: evidence.people.approval_demand().map(Box::new),
        }
    }

    pub(crate) fn busy(what: impl Into<String>) -> Self {
        Self::Busy { what: what.into() }
    }
}

impl From<RecordError> for RetryableError {
    fn from(error: RecordError) -> Self {
        match error {
            RecordError::Port(error) => Self::Port(error),
            RecordError::Unreadable { path, source } => Self::UnreadableRecord { path, source },
            RecordError::Unwritable { path, source } => Self::Unwritable {
                what: format!("the record {path}"),
                source,
            },
        }
    }
}

fn grounds(verdict: &Verdict) -> String {
    let messages: Vec<&str> = verdict
        .grounds()
        .map(|finding| finding.message.as_str())
        .collect();
    if messages.is_empty() {
        "the evidence is enough for an opinion and not for a deployment".to_owned()
    } else {
        messages.join("; ")
    }
}
