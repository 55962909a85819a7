//! The gate's own events: how an upload ended, that one waits for approvals, and that something is not as the records say.

use crate::records::Outcome;
use serde::{Deserialize, Serialize};

/// The `detail-type` of the event that tells an outcome.
pub const DECIDED_DETAIL_TYPE: &str = "Countersign Upload Decided";

/// The `detail` of that event: the outcome record, the stack, and where the record is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutcomeEvent {
    /// The stack's name.
    pub stack: String,
    /// `s3://…/outcome.json`
    pub record: String,
    /// The outcome.
    #[serde(flatten)]
    pub outcome: Outcome,
}

/// The `detail-type` of the event that tells of drift.
pub const DRIFT_DETAIL_TYPE: &str = "Countersign Drift";

/// The `detail-type` of the event that tells that an upload begins to wait for approvals.
pub const APPROVAL_NEEDED_DETAIL_TYPE: &str = "Countersign Approval Needed";

/// The `detail` of an event that points at a document. What it tells is there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordEvent {
    /// The stack's name.
    pub stack: String,
    /// `s3://…/drift/…json`, or `s3://…/waiting.json`
    pub record: String,
}
