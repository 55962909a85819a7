//! `countersign summary TARGET`: the signed summary of a deployment, from the records in S3.
//!
//! [`args`] → `run` reads it through the gate's port and makes a [`report`] → JSON, or [`text`] for people, or the
//! envelope as it is. Nothing is verified: `verify-summary` does that. Uses `io`, `aws` and the gate's `signed_summary`.

mod args;
mod report;
mod run;
mod text;

pub(crate) use args::Arguments;
pub(crate) use run::run;
