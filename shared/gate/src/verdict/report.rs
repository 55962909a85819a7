//! A verdict: what was decided, and every finding it rests on. The JSON is stable; the command line
//! prints it and the records hold it.

use super::{
    break_glass::BreakGlassUse,
    evidence::{Evidence, SignatureFacts},
    finding::{Action, Check, Decision, Finding, Status},
    provenance_report::ProvenanceReport,
};
use crate::domain::ReasonCode;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// A certificate of a signature.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CertificateReport {
    /// Its subject.
    pub subject: String,
    /// Start of its validity.
    pub not_before: Timestamp,
    /// End of its validity.
    pub not_after: Timestamp,
    /// SHA-256 of its DER bytes, hexadecimal.
    pub sha256: String,
}

/// What the signature says. To be believed only if the integrity check passed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignatureReport {
    /// The publisher.
    pub profile_version_arn: String,
    /// The signing job.
    pub job_arn: String,
    /// When it was signed.
    pub signed_at: Timestamp,
    /// When it expires.
    pub expires_at: Timestamp,
    /// The certificates it carries, in its order.
    pub certificates: Vec<CertificateReport>,
}

/// The package that was judged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PackageReport {
    /// Base64 of its SHA-256, as Lambda's `CodeSha256`.
    pub sha256: String,
    /// Its size.
    pub bytes: u64,
    /// Its entries; null when the zip is not sound.
    pub entries: Option<u64>,
    /// What it unpacks to; null when the zip is not sound.
    pub unpacked_bytes: Option<u64>,
}

/// A decision with its grounds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    /// What was decided.
    pub decision: Decision,
    /// Every check, in order.
    pub findings: Vec<Finding>,
    /// What the signature says; null when there is none that can be read.
    pub signature: Option<SignatureReport>,
    /// The package.
    pub package: PackageReport,
    /// Where it is proven to have been built; left out when nothing is demanded, or nothing that fits is proven.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provenance: Option<ProvenanceReport>,
    /// By what a policy was passed over; left out where none was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub break_glass: Option<BreakGlassUse>,
}

impl Verdict {
    /// The finding of this check, if it was made.
    #[must_use]
    pub fn finding(&self, check: Check) -> Option<&Finding> {
        self.findings.iter().find(|finding| finding.check == check)
    }

    /// What stands in the way: failures that block, in the order of the checks; for an inconclusive
    /// verdict, what could not be established.
    pub fn grounds(&self) -> impl Iterator<Item = &Finding> {
        let wanted = match self.decision {
            Decision::Inconclusive => Status::Inconclusive,
            Decision::Accept | Decision::AcceptWithWarnings | Decision::Reject => Status::Fail,
        };
        self.findings.iter().filter(move |finding| {
            finding.status == wanted
                && (finding.action == Action::Block || wanted == Status::Inconclusive)
        })
    }

    /// Whether people are all that is missing: approvals, or the end of a freeze.
    #[must_use]
    pub fn waits_for_people(&self) -> bool {
        let is_of_people = |finding: &Finding| {
            matches!(
                finding.code,
                Some(ReasonCode::ApprovalMissing | ReasonCode::Frozen)
            )
        };
        self.decision == Decision::Inconclusive
            && self.grounds().next().is_some()
            && self.grounds().all(is_of_people)
    }

    /// Whether approvals are missing, and nothing else but perhaps the end of a freeze.
    #[must_use]
    pub fn waits_for_approvals(&self) -> bool {
        let is_missing = |finding: &Finding| finding.code == Some(ReasonCode::ApprovalMissing);
        self.waits_for_people() && self.grounds().any(is_missing)
    }

    /// What is wrong and does not stand in the way.
    pub fn warnings(&self) -> impl Iterator<Item = &Finding> {
        self.findings
            .iter()
            .filter(|finding| finding.status == Status::Fail && finding.action == Action::Warn)
    }
}

impl SignatureReport {
    pub(crate) fn of(facts: &SignatureFacts) -> Self {
        Self {
            profile_version_arn: facts.claims.profile_version().to_string(),
            job_arn: facts.claims.job().to_string(),
            signed_at: facts.claims.signed_at(),
            expires_at: facts.claims.expires_at(),
            certificates: facts
                .certificates
                .iter()
                .map(|certificate| CertificateReport {
                    subject: certificate.subject().to_owned(),
                    not_before: certificate.not_before(),
                    not_after: certificate.not_after(),
                    sha256: certificate.sha256_hex(),
                })
                .collect(),
        }
    }
}

impl PackageReport {
    pub(crate) fn of(evidence: &Evidence) -> Self {
        let package = &evidence.package;
        let contents = package.structure.as_ref().ok();
        Self {
            sha256: package.sha256.clone(),
            bytes: package.bytes,
            entries: contents.and_then(|contents| u64::try_from(contents.entries).ok()),
            unpacked_bytes: contents.map(|contents| contents.unpacked_bytes),
        }
    }
}
