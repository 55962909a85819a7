//! What the functions share: main, the batches of a queue, the environment, logs, metrics.
//!
//! Lives here: `main` ([`run()`]), one batch of a queue (`batch.rs`) and its messages
//! (`message.rs`), the queues themselves (`dead_letter.rs`, `sqs.rs`), the environment and the
//! table of settings ([`environment`], [`settings`] and `setting_values.rs`, `delivery.rs`), log lines (`logs.rs`), metrics
//! ([`metrics`]) and what is told of an upload's end ([`report`]).
//!
//! May use: `adapters`, `connection` and `error`.
//!
//! Data passes through like this: `run` reads the variables once and has the function make its
//! [`Handle`]r of them; Lambda then hands out batches; each message of a batch goes to the handler.
//! A message that is not understood, or that failed in its last attempt, goes to the dead-letter
//! queue. One that failed before that is made visible again in seconds, and its id goes back to
//! Lambda.

mod batch;
#[cfg(test)]
mod batch_tests;
mod dead_letter;
mod delivery;
pub mod environment;
mod logs;
mod message;
pub mod metrics;
pub mod report;
mod run;
mod setting_values;
pub mod settings;
mod sqs;

pub use dead_letter::DeadLetterReason;
pub use message::{Failure, Handle, Message};
pub use run::run;
