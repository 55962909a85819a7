//! `countersign doctor`: whether a stack is whole, part by part, and what mends what is not.
//!
//! [`args`] → `run` has the gate's `client` look at the stack through its port, and prints: [`text`] for people, or JSON (`report`). Nothing is
//! changed in AWS but by `--probe`, which sends a package through the gate (`probe`). Uses `io`, `aws` and the gate's `client`.

mod args;
mod probe;
mod report;
mod run;
mod text;

pub(crate) use args::Arguments;
pub(crate) use run::run;
