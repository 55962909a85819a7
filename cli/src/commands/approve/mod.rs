//! `countersign approve TARGET`: agree that an upload is deployed, or take that back.
//!
//! [`args`] → `run` finds the upload and who asks, puts or deletes the approval through the gate's ports, and makes a
//! [`report`] → JSON, or text for people. Uses `io`, `aws`, `following` and the gate's `ApprovalSubject`.

mod args;
mod report;
mod run;

pub(crate) use args::Arguments;
pub(crate) use run::run;
