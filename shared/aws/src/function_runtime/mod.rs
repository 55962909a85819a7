//! What the functions share: main, the batches of a queue, the environment, logs, metrics.
//!
//! Lives here: `main` ([`run()`]), one batch of a queue (`batch.rs`), the environment and the table of settings
//! ([`environment`], [`settings`]), log lines (`logs.rs`), metrics ([`metrics`]) and what is told of an upload's
//! end ([`report`]).
//!
//! May use: [`crate::adapters`], [`crate::connection`] and [`crate::error`].
//!
//! Data passes through like this: `run` reads the variables once and has the function make its [`Handle`]r of
//! them; Lambda then hands out batches; each message of a batch goes to the handler, and the ids of those
//! that are to be handed out again go back.

mod batch;
pub mod environment;
mod logs;
pub mod metrics;
pub mod report;
mod run;
pub mod settings;

pub use batch::{Failure, Handle, Message};
pub use run::run;
