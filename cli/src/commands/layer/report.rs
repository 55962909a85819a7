//! What is printed, as data; documented in docs/cli.md.

use std::collections::BTreeMap;

use countersign_gate::{client::VendorSignature, domain::CscPolicy, records::UploadState};
use jiff::Timestamp;
use serde::Serialize;

use crate::io::exit_status::ExitStatus;

/// The functions that use layers.
#[derive(Serialize)]
pub(super) struct ListReport {
    pub(super) functions: Vec<UserRow>,
    /// How many functions were looked at.
    pub(super) functions_total: usize,
}

/// A function, and its layers in the order in which they are unpacked.
#[derive(Serialize)]
pub(super) struct UserRow {
    pub(super) function: String,
    /// The code signing configuration that its layers are held against; null when there is none.
    pub(super) csc: Option<String>,
    /// What that says of code that its publishers did not sign.
    pub(super) policy: Option<CscPolicy>,
    /// Whether the function has this configuration; false when it is that of `--csc`.
    pub(super) is_attached: bool,
    pub(super) layers: Vec<LayerRow>,
}

/// A layer of a function.
#[derive(Serialize)]
pub(super) struct LayerRow {
    pub(super) arn: String,
    /// The account that published it.
    pub(super) account: Option<String>,
    pub(super) signing_profile_version: Option<String>,
    pub(super) signing_job: Option<String>,
    pub(super) enforce: EnforceAnswer,
    /// Why Enforce refuses it.
    pub(super) why: Option<String>,
}

/// What Lambda says to a layer under Enforce.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum EnforceAnswer {
    /// It is taken.
    Takes,
    /// It is refused.
    Refuses,
    /// There is no configuration to hold it against.
    NoConfiguration,
}

impl ListReport {
    /// How many layers of functions have this answer.
    pub(super) fn count(&self, answer: EnforceAnswer) -> usize {
        let layers = self.functions.iter().flat_map(|row| &row.layers);
        layers.filter(|layer| layer.enforce == answer).count()
    }

    pub(super) fn status(&self) -> ExitStatus {
        if self.count(EnforceAnswer::Refuses) > 0 {
            ExitStatus::Rejected
        } else {
            ExitStatus::Success
        }
    }
}

/// Where a layer of a vendor stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum State {
    /// The gate has published this very package already.
    Adopted,
    /// It was not asked to be done.
    Planned,
    /// It was done.
    Done,
    /// Something stands against it.
    Refused,
    /// The upload did not end well.
    Failed,
    /// The upload has not ended yet.
    Pending,
}

/// What became of a layer of a vendor.
#[derive(Serialize)]
pub(super) struct AdoptReport {
    /// Whether it was to be done.
    pub(super) applied: bool,
    /// The ARN or the path.
    pub(super) source: String,
    pub(super) target: String,
    pub(super) state: State,
    /// The vendor's signature, which was verified; null when there is none, or it does not hold.
    pub(super) signature: Option<SignatureRow>,
    /// Bytes of the package without it.
    pub(super) bytes: Option<usize>,
    /// Base64 of the SHA-256 of that.
    pub(super) source_sha256: Option<String>,
    /// What goes with the upload.
    pub(super) metadata: BTreeMap<String, String>,
    pub(super) warnings: Vec<String>,
    /// The label of the upload.
    pub(super) upload: Option<String>,
    /// How that ended.
    pub(super) outcome: Option<UploadState>,
    /// The version of the layer that functions can use.
    pub(super) layer_version_arn: Option<String>,
    pub(super) message: Option<String>,
    pub(super) fix: Option<String>,
}

/// A signature that holds.
#[derive(Serialize)]
pub(super) struct SignatureRow {
    profile_version_arn: String,
    job_arn: String,
    signed_at: Timestamp,
    expires_at: Timestamp,
}

impl From<&VendorSignature> for SignatureRow {
    fn from(signature: &VendorSignature) -> Self {
        Self {
            profile_version_arn: signature.profile_version_arn.clone(),
            job_arn: signature.job_arn.clone(),
            signed_at: signature.signed_at,
            expires_at: signature.expires_at,
        }
    }
}

impl SignatureRow {
    /// Who signed, and when.
    pub(super) fn sentence(&self) -> String {
        format!("{}, {}", self.profile_version_arn, self.signed_at)
    }
}

impl AdoptReport {
    /// Nothing is known of the package yet.
    pub(super) fn new(applied: bool, source: String, target: String) -> Self {
        Self {
            applied,
            source,
            target,
            state: State::Planned,
            signature: None,
            bytes: None,
            source_sha256: None,
            metadata: BTreeMap::new(),
            warnings: Vec::new(),
            upload: None,
            outcome: None,
            layer_version_arn: None,
            message: None,
            fix: None,
        }
    }

    pub(super) fn refused(self, message: String, fix: String) -> Self {
        Self {
            state: State::Refused,
            message: Some(message),
            fix: Some(fix),
            ..self
        }
    }

    pub(super) fn status(&self) -> ExitStatus {
        match self.state {
            State::Adopted | State::Planned | State::Done => ExitStatus::Success,
            State::Refused | State::Failed => ExitStatus::Rejected,
            State::Pending => ExitStatus::Inconclusive,
        }
    }
}
