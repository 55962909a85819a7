//! The verdict: evidence in, findings and a proof out. Pure; nothing here waits or asks anybody.
//!
//! Lives here: [`Evidence`] (`evidence.rs`; `fact.rs` keeps no answer apart from absence), one file for each check in `checks/`, the table of what a failure does
//! and the sum of all findings (`decide.rs`, `finding.rs`, `reasons.rs`), and the only constructor of [`Approved`]
//! (`approve.rs`). What of a package decides whether it can start (`start_facts.rs`), and what would keep it from that
//! (`startable/`). What people say of an upload: approvals, freezes (`people.rs`),
//! and what passes over a policy (`break_glass.rs`). For people, without a verdict: would it be signed (`signable.rs`). `report.rs` is the verdict as
//! the records and the command line show it.
//!
//! May use: `domain`, `countersign_package`.
//!
//! Data passes through like this: `examine` reads the bytes; the use case adds what AWS says and fills
//! an [`Evidence`]; `decide` runs every check and keeps all findings; `judge` makes the [`Approved`]
//! that effects ask for in their signature.

mod approve;
mod break_glass;
mod checks;
mod decide;
mod evidence;
mod examine;
mod fact;
mod finding;
mod people;
pub mod reasons;
mod report;
mod signable;
mod start_facts;
mod startable;
mod uploader;

pub use approve::{Approved, Candidate, Judgement, Verified, judge, verify};
pub use break_glass::GlassBroken;
pub use decide::decide;
pub use evidence::{
    DryRun, Evidence, Examined, Fact, IntegrityAuthority, NoAnswer, OperatorPolicy, Unstartable,
    WithoutCsc,
};
pub use examine::{Examine, PackageExaminer, examine};
pub use finding::{Action, Check, Decision, Finding, Status};
pub use people::{ActiveFreeze, Approvals, Approver, Freezes, GivenApproval, People};
pub use report::{CertificateReport, PackageReport, SignatureReport, Verdict};
pub use signable::{Unsignable, check_signable, check_size};
pub use start_facts::StartFacts;
pub use startable::{NotJudged, StartFault, not_judged, start_faults, untrusted_layers};
