//! `countersign verify PACKAGE.zip`: the verdict that the gate would reach on a package, without AWS.
//!
//! [`args`] → `run` reads the files and the configuration ([`csc`]), calls the core's `decide`, and
//! prints the verdict: as JSON as it is, for people with [`text`]. With `--explain-format` there is no verdict: `format_facts` says what the
//! package tells of the format. Uses `io` and the core's verdict.

mod args;
mod csc;
mod format_facts;
mod run;
mod text;

pub(crate) use args::Arguments;
pub(crate) use run::run;
