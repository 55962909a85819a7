//! The dead-letter queues of the stack, for the person who empties them.

use std::{collections::BTreeMap, future::Future, time::Duration};

use jiff::Timestamp;

use super::error::PortError;
use crate::domain::GateFunction;

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
