//! `countersign push TARGET=PATH…`: upload, and wait for the outcome of exactly these versions.
//!
//! [`args`] → [`choose`] finds out which package is whose, by the builds' manifests and `countersign.toml` → `run`
//! reads each [`package`], checks it with the core, uploads it, after its [`attestation`]s, with what git and the CI system say of it
//! ([`metadata`]), and follows it to its outcome. Uses `builds`, `following`, `aws` and `io`.

mod args;
mod attestation;
mod choose;
mod metadata;
mod package;
mod run;

pub(crate) use args::Arguments;
pub(crate) use run::run;
