//! The documents but for `outcome.json`: the audit trail of an upload, and how a redelivered event finds how far it came.
//!
//! `docs/records.md` describes each document. All carry `schema`; readers take the schema they know
//! and refuse others. Fields may be added within a schema, never changed.

use super::{outcome::Deployed, schema::Schema, store::Document};
use crate::{
    domain::{
        AliasName, ProfileName, Refusal, SignedObject, SigningJobId, Target, Upload, Uploader,
        VersionNumber,
    },
    verdict::{ApprovalDemand, Approver, BreakGlassUse, Decision, OperatorPolicy, Verdict},
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, time::Duration};

/// `received.json`: an upload was taken in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Received {
    /// 1.
    pub schema: Schema,
    /// The upload.
    pub upload: Upload,
    /// What it is for; null when the key names nothing.
    pub target: Option<Target>,
    /// Its size; null when the version was gone before it was looked at.
    pub bytes: Option<u64>,
    /// Base64 of its SHA-256; null when it was not read.
    pub source_sha256: Option<String>,
    /// Who uploaded.
    pub uploaded_by: Uploader,
    /// User metadata of the object.
    pub metadata: BTreeMap<String, String>,
    /// Tags of the object.
    pub tags: BTreeMap<String, String>,
    /// `sequencer` of the S3 notification: orders the versions of one key that S3 took within the same
    /// second (compared as S3 says: padded with zeros on the right, by letter). Null when the event
    /// carried none.
    #[serde(default)]
    pub sequencer: Option<String>,
    /// The delivery of the event that took it in. This document is its lease on the admission.
    #[serde(default)]
    pub delivery: String,
    /// When this was written.
    pub received_at: Timestamp,
}

/// `signing.json`: a signing job was started.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signing {
    /// 1.
    pub schema: Schema,
    /// The job.
    pub job: SigningJobId,
    /// The profile it signs with.
    pub profile: ProfileName,
    /// The bucket and prefix that it writes to.
    pub bucket: String,
    /// See `bucket`.
    pub prefix: String,
    /// The client token that it was started with.
    pub token: String,
    /// When this was written.
    pub started_at: Timestamp,
    /// The whole of `received.json`, so that whoever deploys has one document to read.
    pub received: Received,
}

/// Lambda's verdict beside ours, in the form of the JSON; the verdict itself has it as a `Fact`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "answer", rename_all = "snake_case")]
pub enum LambdaVerdict {
    /// It was not asked.
    NotAsked,
    /// It would take the package.
    Takes,
    /// It would not.
    Refuses(Refusal),
    /// It gave no answer.
    Unavailable {
        /// Why.
        why: String,
    },
}

/// The configuration that a verdict was made under.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CscReport {
    /// Its ARN, if known.
    pub arn: Option<String>,
    /// `Enforce` or `Warn`.
    pub policy: crate::domain::CscPolicy,
    /// The allowed publishers.
    pub publishers: Vec<String>,
}

/// `verdict.json`: what was decided about the signed package, before anything was done about it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VerdictRecord {
    /// 1.
    pub schema: Schema,
    /// The upload.
    pub upload: Upload,
    /// What it is for.
    pub target: Target,
    /// The signing job.
    pub job: SigningJobId,
    /// The object version that was judged; null when none could be read.
    pub signed: Option<SignedObject>,
    /// Base64 of the SHA-256 of the upload.
    pub source_sha256: Option<String>,
    /// What was decided. `inconclusive` only when the queue's patience was at its end, or when the upload
    /// ends for a reason that is not in a verdict: it was replaced, or its alias tag names no alias.
    pub decision: Decision,
    /// Our verdict with all findings; null when none was made.
    pub verdict: Option<Verdict>,
    /// Lambda's verdict.
    pub lambda: LambdaVerdict,
    /// The code signing configuration; null when there is none or it could not be read.
    pub code_signing_config: Option<CscReport>,
    /// The stack's own settings that it was decided by; null when no verdict was made, and in older records.
    #[serde(default)]
    pub operator_policy: Option<OperatorPolicy>,
    /// Whose approvals counted; empty when none was demanded.
    #[serde(default)]
    pub approved_by: Vec<Approver>,
    /// The alias that the deployment is to move, as the function's tag named it; null when there is no
    /// tag, or the verdict is about no function.
    #[serde(default)]
    pub alias: Option<AliasName>,
    /// Whether an update or publication may have been begun under this verdict.
    #[serde(default)]
    pub effect: Effect,
    /// The delivery that judged. An accepting verdict is its lease on the deployment.
    #[serde(default)]
    pub delivery: String,
    /// When this was decided.
    pub judged_at: Timestamp,
}

/// Whether an effect on Lambda may have been begun.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// No: Lambda was not asked, or refused.
    None,
    /// Perhaps: the call was about to be made, and its answer is not on record.
    #[default]
    Begun,
}

/// `announced.json`: the outcome was put on the event bus.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Announced {
    /// 1.
    pub schema: Schema,
    /// When.
    pub announced_at: Timestamp,
}

/// `live.json` of a target: what its last deployment was. For people and for `sweep`; no deployment
/// rests on it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Live {
    /// 1.
    pub schema: Schema,
    /// The upload that was deployed.
    pub upload: Upload,
    /// Base64 of the SHA-256 of the upload.
    pub source_sha256: String,
    /// The publisher that signed it.
    pub profile_version_arn: Option<String>,
    /// What was deployed.
    pub deployed: Deployed,
    /// By what a policy was passed over for it; null where none was.
    #[serde(default)]
    pub break_glass: Option<BreakGlassUse>,
}

/// `waiting.json`: the last attempt did not come to an end, and another will follow. Replaced by each
/// such attempt, and of no meaning once there is an outcome.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waiting {
    /// 1.
    pub schema: Schema,
    /// The delivery that this was: message id and receive count.
    pub delivery: String,
    /// Which attempt it was; the queue counts from 1.
    pub attempt: u32,
    /// When the first attempt began, whenever its queue first handed the event out.
    pub since: Timestamp,
    /// What the attempt waited for, or what failed.
    pub why: String,
    /// When the next attempt is due.
    pub next_try_at: Timestamp,
    /// When attempts end, if AWS answers from now on: `since`, the patience, and what is not taken off it.
    pub give_up_at: Timestamp,
    /// How long AWS throttled or did not answer, in milliseconds. It is not taken off the patience, up to half a
    /// day in all.
    #[serde(default)]
    pub for_aws_ms: u64,
    /// How long an attempt was due and nobody made it, in milliseconds: Lambda throttled the function, or the
    /// message lay in the dead-letter queue. It is not taken off the patience.
    #[serde(default)]
    pub unattended_ms: u64,
    /// How long it waited for people, in milliseconds: for approvals, or for the end of a freeze. It is not taken off the
    /// patience.
    #[serde(default)]
    pub for_people_ms: u64,
    /// Whether people are what it waits for now.
    #[serde(default)]
    pub waits_for_people: bool,
    /// What is demanded of approvals; null where none are, or where that was not known.
    #[serde(default)]
    pub approvals: Option<ApprovalDemand>,
    /// When approvers were told that it waits for them; null when they were not.
    #[serde(default)]
    pub approvers_told_at: Option<Timestamp>,
    /// What was applied already; null when nothing was.
    pub applied: Option<Deployed>,
    /// When this was written.
    pub at: Timestamp,
}

impl Waiting {
    /// See [`Self::for_people_ms`].
    #[must_use]
    pub fn for_people(&self) -> Duration {
        Duration::from_millis(self.for_people_ms)
    }
}

/// `functions/<name>/pruned.json`: the old versions that were deleted after the last deployment that found some.
/// Written before the first is deleted, and again when all are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pruned {
    /// 1.
    pub schema: Schema,
    /// The upload after whose deployment it was.
    pub upload: Upload,
    /// The versions that were chosen, the oldest first.
    pub chosen: Vec<VersionNumber>,
    /// Those of them that were deleted.
    pub deleted: Vec<VersionNumber>,
    /// Those of them that Lambda kept, because something uses them.
    pub in_use: Vec<VersionNumber>,
    /// When this was written.
    pub at: Timestamp,
}

macro_rules! documents {
    ($($document:ty = $file:literal,)*) => {
        $(impl Document for $document {
            const FILE: &'static str = $file;
        })*
    };
}

documents! {
    Received = "received.json",
    Signing = "signing.json",
    VerdictRecord = "verdict.json",
    Announced = "announced.json",
    Waiting = "waiting.json",
    Live = "live.json",
    Pruned = "pruned.json",
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_schema_is_refused() {
        assert!(
            serde_json::from_str::<Announced>(
                r#"{"schema":2,"announced_at":"2026-11-21T21:44:00Z"}"#
            )
            .is_err()
        );
        assert!(
            serde_json::from_str::<Announced>(
                r#"{"schema":1,"announced_at":"2026-11-21T21:44:00Z","later":"field"}"#
            )
            .is_ok()
        );
    }
}
