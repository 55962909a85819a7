//! How an upload ends: one terminal record, one event, and the errors that are retried instead.
//!
//! Lives here: the draft of an outcome and the early exits that lead to it (`ending.rs`), the errors
//! that send an event back to its queue (`retry.rs`), one delivery and its time (`delivery_attempt.rs`,
//! `backoff.rs`), how long an upload has waited (`patience.rs`), the terminal record and its event (`finish.rs`,
//! `own_events.rs`), what is on record before that (`waiting.rs`), why an upload is superseded
//! (`superseded.rs`), whether a function is the gate's to deploy to (`managed.rs`).
//!
//! May use: `domain`, `verdict`, `ports`, `records`.
//!
//! Data passes through like this: a step of a use case returns an `EarlyExit`, either an
//! `OutcomeDraft` or a [`RetryableError`]; `finish` writes `outcome.json` by condition and puts the
//! event on the bus once it is on record.

mod backoff;
mod delivery_attempt;
mod ending;
mod finish;
mod managed;
mod own_events;
mod patience;
mod retry;
mod superseded;
mod waiting;

pub(crate) use backoff::{Backoff, within};
pub use delivery_attempt::DeliveryAttempt;
pub(crate) use ending::{EarlyExit, OutcomeDraft, UploadContext};
pub use finish::Finished;
pub(crate) use finish::{finish, finished_before};
pub(crate) use managed::check_managed;
pub use own_events::{
    APPROVAL_NEEDED_DETAIL_TYPE, DECIDED_DETAIL_TYPE, DRIFT_DETAIL_TYPE, OutcomeEvent, RecordEvent,
};
pub(crate) use patience::Wait;
pub use retry::RetryableError;
pub(crate) use superseded::Superseded;
pub(crate) use waiting::{Attempted, note_waiting};
