//! `countersign ci-report EVENTS`: how uploads ended, in the forms that CI systems show.
//!
//! [`args`] → `run` reads the events of `push` into an [`upload`] each, and has them written as [`annotations`] of
//! GitHub, a summary in [`markdown`], [`junit`] for the test reports of GitLab and `CodeBuild`, or [`outputs`] for
//! the steps that follow. What others wrote is escaped for each of them. Uses `io`.

mod annotations;
mod args;
mod junit;
mod markdown;
mod outputs;
mod run;
mod upload;

pub(crate) use args::Arguments;
pub(crate) use run::run;
