//! `countersign redrive`: what is in the dead-letter queues, and its way back into the functions' own.
//!
//! [`args`] → `run` takes the messages through the gate's port, puts back those that are asked for, and makes
//! a [`report`] → JSON, or [`text`] for people. Uses `io`, `aws`, the gate's `client` and the adapters.

mod args;
mod report;
mod run;
mod text;

pub(crate) use args::Arguments;
pub(crate) use run::run;
