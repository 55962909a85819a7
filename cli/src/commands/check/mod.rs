//! `countersign check PACKAGE.zip`: what there is to say of an unsigned package before it is uploaded.
//!
//! [`args`] → `run` reads the zip and what the function is configured to start ([`configuration`]), and asks
//! the gate's own checks → [`report`] → JSON, or text for people. Uses `io` and the core's verdict.

mod args;
mod configuration;
mod report;
mod run;

pub(crate) use args::Arguments;
pub(crate) use run::run;
