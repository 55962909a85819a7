//! `posture.json`: how the targets and the functions of the account and region stand, as the last complete
//! run of `sweep` found them. The bucket's versions keep the earlier ones.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{drift::DriftKind, outcome::UploadState, schema::Schema, store::Document};
use crate::domain::{CscPolicy, PackageType, Target};

/// Everything that one run found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Posture {
    /// 1.
    pub schema: Schema,
    /// The stack.
    pub stack: String,
    /// When the run began; what it found is not older.
    pub began_at: Timestamp,
    /// When it ended.
    pub ended_at: Timestamp,
    /// Uploads without an outcome, those included that wait for their next attempt, and uploads whose outcome was not
    /// announced.
    pub unfinished: u32,
    /// Each target that has a key in the uploads bucket, or had one and left records.
    pub targets: Vec<TargetPosture>,
    /// Each function of the account and region.
    pub functions: Vec<FunctionPosture>,
    /// Each code signing configuration of the account and region.
    #[serde(default)]
    pub configurations: Vec<CscPosture>,
    /// What could not be looked at, and why; the next run looks again.
    pub troubles: Vec<String>,
}

impl Document for Posture {
    const FILE: &'static str = "posture.json";
}

/// How a target stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TargetPosture {
    /// The target.
    pub target: Target,
    /// The label of the current upload; null when the key is deleted.
    pub current: Option<String>,
    /// How the current upload ended; null while it has not.
    pub state: Option<UploadState>,
    /// The label of the upload that was deployed last; null when none was.
    pub deployed: Option<String>,
    /// What was deployed as: the version's number.
    pub version: Option<String>,
    /// `CodeSha256` that Lambda tells now, of `$LATEST` or of the layer's newest version; null when there is
    /// none.
    pub runs: Option<String>,
    /// The signing job of what runs; null when it is not signed.
    pub signing_job: Option<String>,
    /// The version of the signing profile of what runs.
    pub signing_profile_version: Option<String>,
    /// What is not as it should be.
    pub drift: Vec<DriftKind>,
    /// The layers that the function uses.
    #[serde(default)]
    pub layers: Vec<LayerPosture>,
}

/// How a layer stands that a function uses.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LayerPosture {
    /// The ARN of the layer's version.
    pub arn: String,
    /// Its signing job; null when it is not signed.
    pub signing_job: Option<String>,
    /// The version of the signing profile that signed it.
    pub signing_profile_version: Option<String>,
    /// Whether its signer is a publisher of the function's code signing configuration; null when the function
    /// has none.
    pub trusted: Option<bool>,
    /// Whether its signature was revoked; null when nobody here can know: it is not signed, or Signer knows no
    /// such job in this account and region.
    pub revoked: Option<bool>,
}

/// How a function of the account stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FunctionPosture {
    /// Its name.
    pub name: String,
    /// `CodeSha256` of `$LATEST`.
    pub code_sha256: String,
    /// How its code is packed; null in a document of a gate that did not look yet.
    #[serde(default)]
    pub package_type: Option<PackageType>,
    /// The signing job of `$LATEST`; null when it is not signed.
    #[serde(default)]
    pub signing_job: Option<String>,
    /// The version of the signing profile of `$LATEST`.
    #[serde(default)]
    pub signing_profile_version: Option<String>,
    /// Its code signing configuration; null when it has none.
    pub code_signing_config: Option<String>,
    /// What that says about code that its publishers did not sign.
    pub policy: Option<CscPolicy>,
}

/// What a code signing configuration says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CscPosture {
    /// Its ARN.
    pub arn: String,
    /// What it says about code that its publishers did not sign.
    pub policy: CscPolicy,
    /// The profile versions that may sign.
    pub publishers: Vec<String>,
}

/// `sweep.json`: how far a run of `sweep` came, for the attempt that goes on with it. While it is fresh,
/// another run gives way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SweepProgress {
    /// 1.
    pub schema: Schema,
    /// When the run began. It names the run.
    pub began_at: Timestamp,
    /// When this was written.
    pub at: Timestamp,
    /// When the run ended; null while it goes on.
    pub ended_at: Option<Timestamp>,
    /// The key of the uploads bucket that was done last.
    pub done_through: Option<String>,
    /// See [`Posture`].
    pub unfinished: u32,
    /// See [`Posture`].
    pub targets: Vec<TargetPosture>,
    /// See [`Posture`].
    pub troubles: Vec<String>,
    /// The keys, and the parts of the account, that could not be looked at. They are not gone.
    #[serde(default)]
    pub failed: BTreeSet<String>,
    /// The drift that is open, by its subject.
    #[serde(default)]
    pub drift: BTreeMap<String, BTreeSet<DriftKind>>,
}

impl Document for SweepProgress {
    const FILE: &'static str = "sweep.json";
}
