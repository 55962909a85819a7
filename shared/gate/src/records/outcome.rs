//! `outcome.json`: how an upload ended, and what it left behind.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{schema::Schema, store::Document};
use crate::{
    domain::{ReasonCode, SignedObject, SigningJobId, Target, Upload, Uploader},
    verdict::Finding,
};

/// How an upload ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UploadState {
    /// It is what the target runs.
    Deployed,
    /// It was verified for a function that does not exist yet, and waits at a key from which the
    /// function can be created.
    Prepared,
    /// It may not run.
    Rejected,
    /// It is no longer what should run.
    Superseded,
    /// It was accepted, and could not be brought to run as it should.
    Failed,
}

impl UploadState {
    /// The word in the records.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Deployed => "deployed",
            Self::Prepared => "prepared",
            Self::Rejected => "rejected",
            Self::Superseded => "superseded",
            Self::Failed => "failed",
        }
    }
}

/// What a deployment left behind.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deployed {
    /// `CodeSha256` as Lambda reports it.
    pub code_sha256: String,
    /// The function's published version, or the layer's version number; null when the update ended
    /// before one was published.
    pub version: Option<String>,
    /// The ARN of the layer version; null for a function.
    pub layer_version_arn: Option<String>,
    /// The alias that points at it; null when there is no tag for one.
    pub alias: Option<String>,
    /// The same code ran already and was left alone; the alias, if any, was made to point at it.
    pub unchanged: bool,
}

/// `outcome.json`: the one terminal state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    /// 1.
    pub schema: Schema,
    /// The upload.
    pub upload: Upload,
    /// What it is for; null when the key names nothing.
    pub target: Option<Target>,
    /// How it ended.
    pub state: UploadState,
    /// Why, except for a plain deployment.
    pub code: Option<ReasonCode>,
    /// What happened, in a sentence.
    pub message: String,
    /// What to do; null when there is nothing to do.
    pub fix: Option<String>,
    /// Whether someone should be woken.
    pub critical: bool,
    /// All findings of the verdict that failed or were inconclusive, warnings included.
    pub findings: Vec<Finding>,
    /// What is deployed, or how far a failed deployment came; null when nothing was applied.
    pub deployed: Option<Deployed>,
    /// The object under `current/` of the signed bucket that holds the verified package; null when none
    /// was written.
    #[serde(default)]
    pub package: Option<SignedObject>,
    /// The signing job; null when none was started.
    pub job: Option<SigningJobId>,
    /// Who uploaded.
    pub uploaded_by: Uploader,
    /// User metadata of the object.
    pub metadata: BTreeMap<String, String>,
    /// Tags of the object.
    pub tags: BTreeMap<String, String>,
    /// When this was decided.
    pub decided_at: Timestamp,
    /// From the upload to here, in milliseconds.
    pub took_ms: i64,
}

impl Document for Outcome {
    const FILE: &'static str = "outcome.json";
}
