//! `countersign push TARGET=PATH…`: upload, and wait for the outcome of exactly these versions.
//!
//! [`args`] → `run` reads each [`package`], checks it with the core, uploads it with what git and the CI
//! system say of it ([`metadata`]), and follows it to its outcome. Uses `following`, `aws` and `io`.

mod args;
mod metadata;
mod package;
mod run;

pub(crate) use args::Arguments;
pub(crate) use run::run;
