//! One folder a command. Each has `args` (the command line) and `run` (what it does, and how it ends); those that report have
//! `report` (what is printed, as data) and `text` (the same for people). Commands use `io`, `aws` where they
//! ask AWS, `following` where they follow an upload, and not each other.

pub(crate) mod adopt;
pub(crate) mod approvals;
pub(crate) mod approve;
pub(crate) mod audit;
pub(crate) mod check;
pub(crate) mod ci_report;
pub(crate) mod completions;
pub(crate) mod csc;
pub(crate) mod diff;
pub(crate) mod doctor;
pub(crate) mod explain;
pub(crate) mod history;
pub(crate) mod inspect;
pub(crate) mod layer;
pub(crate) mod man;
pub(crate) mod prune;
pub(crate) mod push;
pub(crate) mod redrive;
pub(crate) mod rollback;
pub(crate) mod status;
pub(crate) mod summary;
pub(crate) mod verify;
pub(crate) mod verify_summary;
pub(crate) mod wait;
