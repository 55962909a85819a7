//! `countersign inspect PACKAGE.zip|x.SF`: what is inside, without a judgement.
//!
//! [`args`] → `run` reads the file and parses it with the core → [`report`] → JSON, or [`text`] for
//! people. Nothing is verified here. Uses `io` and the core's parsers.

mod args;
mod report;
mod run;
mod text;

pub(crate) use args::Arguments;
pub(crate) use run::run;
