//! `countersign status TARGET`: what became of a target's uploads, by the records in S3.
//!
//! [`args`] → `run` reads the records through the gate's port and makes a [`report`] → JSON, or
//! [`text`] for people. Of one upload alone, the exit status says how it stands. Nothing is changed in AWS. Uses `io`, `aws`, `following` and the gate's
//! `history`.

mod args;
mod report;
mod run;
mod text;

pub(crate) use args::Arguments;
pub(crate) use run::run;
