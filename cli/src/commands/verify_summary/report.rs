//! What a summary says, and what of it is not as it should be.

use countersign_attest::Summary;
use jiff::Timestamp;
use serde::Serialize;

/// The result; documented in docs/cli.md.
#[derive(Serialize)]
pub(super) struct Report {
    /// Whether the key signed it, it says PASSED, and all that was asked for holds.
    pub(super) holds: bool,
    /// What does not hold, in sentences.
    pub(super) faults: Vec<String>,
    /// What it says; null where the key did not sign a summary.
    pub(super) summary: Option<SummaryReport>,
    /// The files that were given, in order.
    pub(super) artifacts: Vec<ArtifactReport>,
}

/// What a summary says, once its signature was verified.
#[derive(Serialize)]
pub(super) struct SummaryReport {
    pub(super) verifier: String,
    pub(super) time_verified: Option<Timestamp>,
    pub(super) resource: String,
    pub(super) policy: String,
    pub(super) policy_sha256: Option<String>,
    pub(super) passed: bool,
    pub(super) levels: Vec<String>,
    pub(super) subjects: Vec<SubjectReport>,
}

/// An artifact that it speaks of.
#[derive(Serialize)]
pub(super) struct SubjectReport {
    pub(super) name: String,
    pub(super) sha256: Option<String>,
}

/// A file that was given.
#[derive(Serialize)]
pub(super) struct ArtifactReport {
    pub(super) path: String,
    /// As what the summary speaks of it; null where it does not.
    pub(super) name: Option<String>,
}

impl SummaryReport {
    pub(super) fn of(summary: &Summary) -> Self {
        Self {
            verifier: summary.verifier().to_owned(),
            time_verified: summary.time_verified(),
            resource: summary.resource().to_owned(),
            policy: summary.policy().to_owned(),
            policy_sha256: summary.policy_sha256().map(str::to_owned),
            passed: summary.has_passed(),
            levels: summary.levels().map(str::to_owned).collect(),
            subjects: summary
                .subjects()
                .map(|(name, sha256)| SubjectReport {
                    name: name.to_owned(),
                    sha256: sha256.map(str::to_owned),
                })
                .collect(),
        }
    }
}
