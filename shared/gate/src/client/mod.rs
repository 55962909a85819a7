//! What the person at the other end of the bucket does: follow an upload, go back to an earlier one,
//! compare two packages, empty the dead-letter queues.
//!
//! Lives here: how far an upload has come, step by step (`follow.rs`), which earlier upload a rollback
//! means (`rollback.rs`), the signed summary of a deployment (`signed_summary.rs`), who approved an
//! upload and what is still demanded (`approvals.rs`), what differs between two packages (`diff.rs`), how an account stands (`audit/`),
//! what bringing a function under the gate takes (`adopt.rs`), a layer of a vendor (`vendor_layer.rs`), what a change of those who may sign does
//! (`trust.rs`), how dead letters get back into their queues (`redrive.rs`),
//! and whether a stack is whole (`doctor/`).
//!
//! May use: `domain`, `verdict`, `ports`, `records`.
//!
//! Data passes through like this: a command uploads through [`crate::ports::UploadStore`], and asks a
//! [`Follower`] again and again for what is new on record, until there is an outcome.

mod adopt;
mod approvals;
pub mod audit;
mod diff;
pub mod doctor;
mod follow;
mod redrive;
mod rollback;
mod signed_summary;
mod trust;
mod vendor_layer;

pub use adopt::{AdoptionFacts, AdoptionGoal, AdoptionPlan, CodeStep, Obstacle, plan_adoption};
pub use approvals::{
    Approval, ApprovalCount, ApprovalSubject, ApprovalsError, FoundApproval, NothingToApprove,
};
pub use diff::{EntryChange, PackageDiff, diff};
pub use follow::{Follower, Progress};
pub use redrive::{FoundLetters, StillHidden};
pub use rollback::{RollbackError, live_upload, rollback_source};
pub use signed_summary::{SignedSummary, signed_summary};
pub use trust::{
    CscUser, MAX_PUBLISHERS, Rotation, TrustChange, TrustObstacle, TrustPlan, compare_trust,
    plan_rotation, plan_trust,
};
pub use vendor_layer::{
    VendorExpectation, VendorLayer, VendorObstacle, VendorSignature, open_vendor_layer,
};
