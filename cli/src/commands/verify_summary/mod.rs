//! `countersign verify-summary FILE --key KEY.pem`: whether a verifier says of an artifact what is wanted, without AWS.
//!
//! [`args`] → `run` reads the files, verifies with the attestation core and compares → [`report`] → JSON, or [`text`] for
//! people. Uses `io`.

mod args;
mod report;
mod run;
mod text;

pub(crate) use args::Arguments;
pub(crate) use run::run;
