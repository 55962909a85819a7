//! `drift/<functions|layers|unrecognised>/<name>/<KIND>.json`: what runs, or stands still, against the
//! records. Found by `sweep` from state alone, told when it is found, and again when it is gone.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{documents::Schema, store::Document};
use crate::domain::{Target, Upload};

/// What is not as the records say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum DriftKind {
    /// The function's `$LATEST`, or the version behind its alias, has other code than was deployed last.
    OtherCodeRuns,
    /// The layer's newest version is not the one that was deployed last.
    OtherLayerVersion,
    /// The function has no code signing configuration any more.
    CscMissing,
    /// The signing job of what runs was revoked, or its profile from a time before it was signed.
    SignatureRevoked,
    /// The signature of what runs expires soon, or has.
    SignatureExpires,
    /// The function or layer version that was deployed last is not there.
    TargetGone,
    /// The key's current version is another than the one that was deployed last, and will not be deployed by
    /// itself: it had its turn.
    OtherVersionCurrent,
    /// An upload does not end, although its event was sent again several times.
    UploadStuck,
}

impl DriftKind {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::OtherCodeRuns,
        Self::OtherLayerVersion,
        Self::CscMissing,
        Self::SignatureRevoked,
        Self::SignatureExpires,
        Self::TargetGone,
        Self::OtherVersionCurrent,
        Self::UploadStuck,
    ];

    /// The word in records and pages.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::OtherCodeRuns => "OTHER_CODE_RUNS",
            Self::OtherLayerVersion => "OTHER_LAYER_VERSION",
            Self::CscMissing => "CSC_MISSING",
            Self::SignatureRevoked => "SIGNATURE_REVOKED",
            Self::SignatureExpires => "SIGNATURE_EXPIRES",
            Self::TargetGone => "TARGET_GONE",
            Self::OtherVersionCurrent => "OTHER_VERSION_CURRENT",
            Self::UploadStuck => "UPLOAD_STUCK",
        }
    }

    /// What it means, in a sentence.
    #[must_use]
    pub fn meaning(self) -> &'static str {
        match self {
            Self::OtherCodeRuns => {
                "The function runs other code than the gate deployed last: somebody changed it past the gate, or \
                 moved its alias."
            }
            Self::OtherLayerVersion => {
                "The newest version of the layer is not the one that the gate published last: somebody published or \
                 deleted one past the gate."
            }
            Self::CscMissing => {
                "A function that the gate deploys to has no code signing configuration any more: Lambda runs whatever \
                 it is given."
            }
            Self::SignatureRevoked => {
                "The signature of what runs was revoked after it was deployed. Lambda judges signatures when code is \
                 deployed, and lets it run on."
            }
            Self::SignatureExpires => {
                "The signature of what runs expires soon, or has expired. It runs on, and Lambda will not take this \
                 package again under Enforce."
            }
            Self::TargetGone => "What the gate deployed last is not in Lambda any more.",
            Self::OtherVersionCurrent => {
                "The current version of the upload's key is not what runs: a version was deleted for good, so that an \
                 older one became current, which S3 announces to nobody."
            }
            Self::UploadStuck => {
                "An upload has no outcome, although its event was sent again several times."
            }
        }
    }

    /// What to do, in a sentence.
    #[must_use]
    pub fn fix(self) -> &'static str {
        match self {
            Self::OtherCodeRuns => {
                "Find out in CloudTrail who changed it; upload the right package again, or roll back."
            }
            Self::OtherLayerVersion => {
                "Find out in CloudTrail who published it, and delete that version if it is not wanted; upload the \
                 layer again if its version is gone."
            }
            Self::CscMissing => {
                "Attach the code signing configuration again (output AttachCommand of the stack), and find out in \
                 CloudTrail who took it away."
            }
            Self::SignatureRevoked => {
                "If the key or the package is what was lost trust in, deploy a package that can be trusted at once; \
                 otherwise upload the same again, so that it is signed anew."
            }
            Self::SignatureExpires => {
                "Upload the package again, with a change, or copy an older version over the key and then this one: \
                 it is signed anew."
            }
            Self::TargetGone => {
                "If it was deleted on purpose, delete its key in the uploads bucket, too; otherwise create it again \
                 from current/ in the signed bucket."
            }
            Self::OtherVersionCurrent => {
                "Upload the package that is to run, or copy the version that is to run over the key."
            }
            Self::UploadStuck => {
                "Look at the function's log for this upload's version, and at the dead-letter queues; then upload the \
                 package again."
            }
        }
    }

    /// Whether someone should be woken.
    #[must_use]
    pub fn is_critical(self) -> bool {
        match self {
            Self::OtherCodeRuns
            | Self::OtherLayerVersion
            | Self::CscMissing
            | Self::SignatureRevoked
            | Self::UploadStuck => true,
            Self::SignatureExpires | Self::TargetGone | Self::OtherVersionCurrent => false,
        }
    }
}

impl fmt::Display for DriftKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One thing that is not as the records say, as long as it lasts, and how it ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Drift {
    /// 1.
    pub schema: Schema,
    /// What kind of drift it is.
    pub kind: DriftKind,
    /// `functions/<name>`, `layers/<name>`, or `unrecognised/<hash of the key>`.
    pub subject: String,
    /// The same, when it is a target.
    pub target: Option<Target>,
    /// What was found, in a sentence.
    pub message: String,
    /// What should be, as the records say: a `CodeSha256`, a version.
    pub expected: Option<String>,
    /// What is.
    pub found: Option<String>,
    /// The upload that it is about.
    pub upload: Option<Upload>,
    /// When it was found.
    pub found_at: Timestamp,
    /// When it was found gone; null while it lasts.
    pub closed_at: Option<Timestamp>,
    /// When its event was sent, of this state; null while that is still to be done.
    pub announced_at: Option<Timestamp>,
}

/// The folder of all drift.
pub(crate) const DRIFT_FOLDER: &str = "drift/";

impl Drift {
    /// Where it is on record.
    #[must_use]
    pub fn path(&self) -> String {
        drift_path(&self.subject, self.kind)
    }

    /// Whether it lasts.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.closed_at.is_none()
    }

    /// Whether both tell the same thing of the world, whenever that was found. Of a subject's uploads that are
    /// stuck one is told at a time: as long as it is, whoever looks finds the others.
    pub(crate) fn is_same_as(&self, other: &Self) -> bool {
        let is_one_subject = (self.kind, &self.subject) == (other.kind, &other.subject);
        let is_one_finding = (&self.expected, &self.found) == (&other.expected, &other.found);
        is_one_subject && (is_one_finding || self.kind == DriftKind::UploadStuck)
    }
}

pub(crate) fn drift_path(subject: &str, kind: DriftKind) -> String {
    format!("{DRIFT_FOLDER}{subject}/{kind}.json")
}

/// `resent.json`, beside an upload's documents: its event did not come to its end, and was sent again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resent {
    /// 1.
    pub schema: Schema,
    /// How often.
    pub times: u32,
    /// To which function, the last time.
    pub to: String,
    /// When, the last time.
    pub resent_at: Timestamp,
}

impl Document for Resent {
    const FILE: &'static str = "resent.json";
}
