//! `countersign man FOLDER`: manual pages, made of the same definition of the command line.
//!
//! [`args`] → `run` writes a page for each command ([`page`]). Uses `io`.

mod args;
mod page;
mod run;

pub(crate) use args::Arguments;
pub(crate) use run::run;
