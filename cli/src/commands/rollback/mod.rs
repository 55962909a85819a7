//! `countersign rollback TARGET`: back to what was deployed before, by the records.
//!
//! [`args`] → `run` chooses the upload by the gate's `rollback_source`, copies its version over the key,
//! and follows the new upload like any other. Uses `following`, `aws` and `io`.

mod args;
mod run;

pub(crate) use args::Arguments;
pub(crate) use run::run;
