//! `countersign completions SHELL`: what the shell completes, made of the same definition of the command line.
//!
//! [`args`] → `run` prints the script. Uses `io`.

mod args;
mod run;

pub(crate) use args::Arguments;
pub(crate) use run::run;
