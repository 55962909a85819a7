//! The verdict: evidence in, findings and a proof out. Pure; nothing here waits or asks anybody.
//!
//! Lives here: [`Evidence`] (`evidence.rs`, of `fact.rs`), one file for each check in `checks/`, the table of what a failure does
//! and the sum of all findings (`decide.rs`, `finding.rs`, `reasons.rs`), and the only constructor of [`Approved`]
//! (`approve.rs`). What of a package decides whether it can start (`start_facts.rs`), and what would keep it from that
//! (`startable/`). What people say of an upload: approvals, freezes (`people.rs`), who uploaded
//! (`uploader.rs`), and what passes over a policy (`break_glass.rs`). What is demanded of where a package was
//! built (`provenance_demand.rs`), what its attestations prove (`attested.rs`), the two together (`provenance_evidence.rs`), and
//! what of it goes on record (`provenance_report.rs`). For people, without a verdict: would it be signed (`signable.rs`). `report.rs` is the verdict as
//! the records and the command line show it.
//!
//! May use: `domain`, `countersign_package`, `countersign_attest`.
//!
//! Data passes through like this: `examine` reads the bytes; the use case adds what AWS says and fills
//! an [`Evidence`]; `decide` runs every check and keeps all findings; `judge` makes the [`Approved`]
//! that effects ask for in their signature.

mod approve;
mod attested;
mod break_glass;
mod checks;
mod decide;
mod evidence;
mod examine;
mod fact;
mod finding;
mod people;
mod provenance_demand;
mod provenance_evidence;
mod provenance_report;
pub mod reasons;
mod report;
mod signable;
mod start_facts;
mod startable;
mod uploader;

pub use approve::{Approved, Candidate, Judgement, Verified, judge, verify};
pub use attested::{
    BuilderRoot, BuilderTrust, FoundAttestations, StoredAttestation, StoredContent,
};
pub use break_glass::{BreakGlassRequest, BreakGlassUse, Glass};
pub use countersign_attest::{
    Level, MAX_BUNDLE_BYTES, PublicKey, RefPattern, SourcePattern, WorkflowPattern,
};
pub use decide::decide;
pub use evidence::{
    DryRun, Evidence, Examined, IntegrityAuthority, MissingCscPolicy, OperatorPolicy,
    UnstartablePolicy,
};
pub use examine::{Examine, PackageExaminer, examine};
pub use fact::{Fact, NoAnswer};
pub use finding::{Action, Check, Decision, Finding, Status};
pub use people::{
    ActiveFreeze, ApprovalDemand, Approvals, Approver, Count, Freezes, GivenApproval, NotCounted,
    People,
};
pub use provenance_demand::{Builder, DemandError, DemandParts, ProvenanceDemand};
pub use provenance_evidence::{DemandedProvenance, ProvenanceEvidence};
pub use provenance_report::{AttestationReport, ProvenanceReport, SignedBy};
pub use report::{CertificateReport, PackageReport, SignatureReport, Verdict};
pub use signable::{Unsignable, check_signable, check_size};
pub use start_facts::StartFacts;
pub use startable::{NotJudged, StartFault, not_judged, start_faults, untrusted_layers};
