//! `countersign history TARGET`: a line for each upload, the newest first.
//!
//! [`args`] → `run` reads the records through the gate's port and makes a [`report`] → JSON, or a table
//! by [`text`]. `status` tells the same at length. Uses `following` for its words, `aws` and `io`.

mod args;
mod report;
mod run;
mod text;

pub(crate) use args::Arguments;
pub(crate) use run::run;
