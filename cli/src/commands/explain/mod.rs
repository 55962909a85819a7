//! `countersign explain EVENT.json`: what the gate would page for an event of CloudTrail,
//! saved or looked up.
//!
//! [`args`] → [`events`] finds the events in the file → `run` has the gate's own detections look at each →
//! [`report`] → JSON, or text for people. Uses `io` and the gate's alerts.

mod args;
mod events;
mod report;
mod run;

pub(crate) use args::Arguments;
pub(crate) use run::run;
