//! `countersign check PACKAGE.zip`: what there is to say of an unsigned package before it is uploaded.
//!
//! [`args`] → `run` reads what is meant ([`subject`]: files, zips below folders, and what `push` takes) and what the
//! function is configured to start ([`configuration`]: from AWS, a file, options), and asks the gate's own checks
//! ([`report`], with what was not looked at: [`unjudged`]) → JSON, or text for people. Folders and several files
//! become a table ([`survey`]). Uses `io`, `aws`, `builds` and the core's verdict.

mod args;
mod configuration;
mod report;
mod run;
mod subject;
mod survey;
mod unjudged;

pub(crate) use args::Arguments;
pub(crate) use run::run;
