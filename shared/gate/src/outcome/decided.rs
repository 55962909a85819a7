//! The event that tells an outcome.

use crate::records::Outcome;
use serde::{Deserialize, Serialize};

/// The `detail-type` of the event that tells an outcome.
pub const DECIDED: &str = "Countersign Upload Decided";

/// The `detail` of that event: the outcome record, the stack, and where the record is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decided {
    /// The stack's name.
    pub stack: String,
    /// `s3://…/outcome.json`
    pub record: String,
    /// The outcome.
    #[serde(flatten)]
    pub outcome: Outcome,
}
