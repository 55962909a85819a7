//! `countersign csc`: who may sign for the functions of a code signing configuration, and changing it.
//!
//! [`args`] → `run` has [`look`] read configurations, their functions and who signed what those run, lets the gate's
//! [`countersign_gate::client::plan_trust`] say what a change does, and [`change`] does it where it was asked to →
//! [`report`] → JSON, or [`text`] for people. Uses `io` and `aws`.

mod args;
mod change;
mod look;
mod report;
mod run;
mod text;

pub(crate) use args::Arguments;
pub(crate) use run::run;
