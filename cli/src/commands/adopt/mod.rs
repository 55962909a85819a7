//! `countersign adopt`: takes functions under the gate, many at once.
//!
//! [`args`] → `run` finds the functions and the goal, looks at each (`look`), and with `--apply` does what the
//! gate's `client` plans (`apply`) → [`report`] → JSON, or text for people. Nothing is kept on this machine: what
//! was done is what Lambda and the records say. Uses `following`, `aws` and `io`.

mod apply;
mod args;
mod look;
mod report;
mod run;

pub(crate) use args::Arguments;
pub(crate) use run::run;
