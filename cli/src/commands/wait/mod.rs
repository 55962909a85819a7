//! `countersign wait TARGET`: wait for the outcome of one upload, whoever made it.
//!
//! [`args`] → `run` finds out which upload is meant, and follows it. Uses `following`, `aws` and `io`.

mod args;
mod run;

pub(crate) use args::Arguments;
pub(crate) use run::run;
