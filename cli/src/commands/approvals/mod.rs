//! `countersign approvals TARGET`: who approved an upload, what counts and why not, and what is still demanded.
//!
//! [`args`] → `run` reads both buckets by `following`'s approval, which makes the report → JSON, or text for people. Nothing
//! is changed in AWS. Uses `io`, `aws`, `following` and the gate's `ApprovalSubject`.

mod args;
mod run;

pub(crate) use args::Arguments;
pub(crate) use run::run;
