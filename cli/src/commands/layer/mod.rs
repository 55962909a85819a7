//! `countersign layer`: layers that somebody else made, and the layers that functions use.
//!
//! [`args`] → `run` has `take` read a vendor's package, lets the gate's
//! [`countersign_gate::client::open_vendor_layer`] verify it and take the signature off, and follows the upload; or has
//! `list` ask Lambda which function uses which layers → [`report`] → JSON, or [`text`] for people. Uses `io`, `aws` and
//! `following`.

mod args;
mod list;
mod report;
mod run;
mod take;
mod text;

pub(crate) use args::Arguments;
pub(crate) use run::run;
