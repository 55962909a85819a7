//! `countersign doctor`: whether a stack is whole, part by part, and what mends what is not.
//!
//! [`args`] → `run` has the gate's `client` look at the stack through its port, and prints: [`text`] for people, or JSON. Nothing is changed
//! in AWS. Uses `io`, `aws` and the gate's `client`.

mod args;
mod run;
mod text;

pub(crate) use args::Arguments;
pub(crate) use run::run;
