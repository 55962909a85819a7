//! The proof that effects ask for.

use super::{
    decide::decide,
    evidence::{Evidence, Fact, Integrity, Origin, SecondOpinion, lambda_overrides_integrity},
    report::Verdict,
};
use crate::{
    deployment::Expected,
    domain::{SignedObject, Target, Upload},
};
use countersign_package::{VerifiedPackage, origin::OriginProof};

/// What a package would be deployed as.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// What it would be deployed to.
    pub target: Target,
    /// The upload that it comes from.
    pub upload: Upload,
    /// The object version that the examined bytes were read from.
    pub signed: SignedObject,
}

/// A package that was judged and may be deployed: to this target, from this object version, with
/// these bytes. Made only by [`judge`], and only with proofs that nothing but verifying can make; so an
/// effect that skips a check does not compile.
#[derive(Clone, Debug)]
pub struct Approved {
    candidate: Candidate,
    /// Absent only when Lambda's word stands for our integrity finding.
    verified: Option<VerifiedPackage>,
    origin: OriginProof,
}

/// A verdict, and what it permits.
#[derive(Clone, Debug)]
pub struct Judgement {
    /// The verdict.
    pub verdict: Verdict,
    /// There exactly when the verdict accepts and everything that a deployment needs was judged.
    pub approved: Option<Approved>,
}

/// Decides about a candidate, and makes the proof that effects ask for.
#[must_use]
pub fn judge(evidence: &Evidence, candidate: Candidate) -> Judgement {
    let verdict = decide(evidence);
    let approved = if verdict.decision.accepts() {
        approve(evidence, candidate)
    } else {
        None
    };
    Judgement { verdict, approved }
}

/// What acceptance alone does not give: an offline verdict may accept without a source, a job or a
/// second opinion; a deployment may not.
fn approve(evidence: &Evidence, candidate: Candidate) -> Option<Approved> {
    let Origin::Judged(Ok(origin)) = &evidence.package.origin else {
        return None;
    };
    let verified = match &evidence.package.integrity {
        Integrity::Verified(verified) => Some(verified.clone()),
        _ if lambda_overrides_integrity(evidence) => None,
        _ => return None,
    };
    let Fact::Known(_) = &evidence.job else {
        return None;
    };
    let is_asked = match candidate.target {
        Target::Function(_) => evidence.second_opinion == SecondOpinion::Takes,
        // Lambda has no opinion on a layer until it is attached.
        Target::Layer(_) => true,
    };
    let is_of_this_upload = Target::from_key(&candidate.upload.id.key).as_ref()
        == Ok(&candidate.target)
        && origin.signed_sha256().to_string() == evidence.package.sha256;
    (is_asked && is_of_this_upload).then(|| Approved {
        candidate,
        verified,
        origin: origin.clone(),
    })
}

impl Approved {
    /// What it may be deployed to.
    #[must_use]
    pub fn target(&self) -> &Target {
        &self.candidate.target
    }

    /// The upload that it comes from.
    #[must_use]
    pub fn upload(&self) -> &Upload {
        &self.candidate.upload
    }

    /// The object version that was read and judged: Lambda must be given this one.
    #[must_use]
    pub fn signed(&self) -> &SignedObject {
        &self.candidate.signed
    }

    /// What Lambda must report as `CodeSha256` afterwards.
    #[must_use]
    pub fn code_sha256(&self) -> String {
        self.origin.signed_sha256().to_string()
    }

    /// Base64 of the SHA-256 of the unsigned upload.
    #[must_use]
    pub fn source_sha256(&self) -> String {
        self.origin.source_sha256().to_string()
    }

    /// The verified package, unless Lambda's word stands for it.
    #[must_use]
    pub fn verified(&self) -> Option<&VerifiedPackage> {
        self.verified.as_ref()
    }

    /// What Lambda must report of it afterwards.
    #[must_use]
    pub fn expected(&self) -> Expected {
        let claims = self.verified.as_ref().map(VerifiedPackage::claims);
        Expected {
            code_sha256: self.code_sha256(),
            job_arn: claims.map(|claims| claims.job().to_string()),
            profile_version_arn: claims.map(|claims| claims.profile_version().to_string()),
        }
    }
}
