//! The dead-letter queues of the stack, for the person who empties them.

use std::{collections::BTreeMap, fmt, future::Future, time::Duration};

use jiff::Timestamp;

use super::error::PortError;

/// A function of the gate. Each has a queue, and a dead-letter queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum GateFunction {
    /// It takes uploads in.
    Sign,
    /// It deploys what was signed.
    Deploy,
    /// It pages.
    Alert,
    /// It finds what no event told.
    Sweep,
}

impl GateFunction {
    /// All of them, in the order of an upload's way.
    pub const ALL: [Self; 4] = [Self::Sign, Self::Deploy, Self::Alert, Self::Sweep];

    /// The last part of its queue's name, behind the stack's.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Sign => "sign",
            Self::Deploy => "deploy",
            Self::Alert => "alert",
            Self::Sweep => "sweep",
        }
    }
}

impl fmt::Display for GateFunction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A message in a dead-letter queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeadLetter {
    /// `MessageId`.
    pub id: String,
    /// The body, as the function's own queue had it.
    pub body: String,
    /// Its message attributes that are texts or numbers.
    pub attributes: BTreeMap<String, String>,
    /// `SentTimestamp`.
    pub sent_at: Option<Timestamp>,
    /// `ReceiptHandle`: it is ours by this until it is seen again.
    pub receipt: String,
}

/// The dead-letter queues of the stack.
pub trait DeadLetters: Sync {
    /// `ReceiveMessage`: at most ten, which nobody else sees for `hidden`. None when there are no more to be
    /// seen.
    fn take_dead_letters(
        &self,
        of: GateFunction,
        hidden: Duration,
    ) -> impl Future<Output = Result<Vec<DeadLetter>, PortError>> + Send;

    /// `ChangeMessageVisibility` to nothing: it is seen again at once.
    fn release_dead_letter(
        &self,
        of: GateFunction,
        letter: &DeadLetter,
    ) -> impl Future<Output = Result<(), PortError>> + Send;

    /// `SendMessage` to the function's own queue.
    fn send_back(
        &self,
        to: GateFunction,
        body: &str,
    ) -> impl Future<Output = Result<(), PortError>> + Send;

    /// `DeleteMessage`.
    fn delete_dead_letter(
        &self,
        of: GateFunction,
        letter: &DeadLetter,
    ) -> impl Future<Output = Result<(), PortError>> + Send;
}
