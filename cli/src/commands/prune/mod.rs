//! `countersign prune`: which old versions of functions nothing needs, by the rules of the gate's own pruning, and their
//! deletion where it is asked for.
//!
//! [`args`] → `run` has the gate's [`countersign_gate::deployment::plan_prune`] look, and deletes → [`report`] → JSON, or
//! text for people. Uses `io` and `aws`.

mod args;
mod report;
mod run;

pub(crate) use args::Arguments;
pub(crate) use run::run;
