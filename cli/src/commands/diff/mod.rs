//! `countersign diff OLD NEW`: what differs between two packages: files, uploads, or what is live.
//!
//! [`args`] → `run` reads both, and compares them with the gate's `diff` → [`report`] → JSON, or text.
//! Uses `following` for its words, `aws` for what is no file, and `io`.

mod args;
mod report;
mod run;

pub(crate) use args::Arguments;
pub(crate) use run::run;
