//! What is taken to be AWS's behaviour, asked of AWS itself: a tiny package goes the way of every upload, for a function that is not there.
//!
//! Lives here: the facts beside those of the package's format (`facts.rs`), the package with modes, a link and an odd name
//! (`package.rs`), sending it and waiting (`send.rs`), what records, signing job and signed package say (`signing.rs`), and Lambda's dry
//! runs on a function that was made for it (`dry_run.rs`).
//!
//! May use: `domain`, `verdict`, `ports`, `records`.
//!
//! Data passes through like this: [`probe`] uploads the package, follows it to its outcome, reads the signed package, and makes an
//! answer of each fact. Nothing of the answers names an account, so that the report can be handed on.

mod dry_run;
mod facts;
mod package;
mod report;
mod send;
mod signing;
mod world;

pub use facts::{PROBE_FACTS, ProbeFact};
pub use package::probe_package;
pub use report::{ProbeReport, ProbeSummary, ProbedFact};
pub use send::probe;
pub use world::{ProbeError, ProbeSetup, ProbeWorld};
