//! The proofs that effects ask for.
//!
//! An effect takes a proof in its signature, and only judging makes one; so an effect that skips a
//! check does not compile.

use countersign_package::{VerifiedPackage, origin::OriginProof};

use super::{
    decide::decide,
    evidence::{DryRun, Evidence, Fact, Integrity, Origin},
    finding::Decision,
    report::Verdict,
};
use crate::domain::{SignedObject, Target, Upload};

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

/// A package that the gate's own checks accept for this target, from this object version, with these
/// bytes. It may be offered to those who create a function from it; it may not be put on a function.
#[derive(Clone, Debug)]
pub struct Verified {
    candidate: Candidate,
    /// Absent only when Lambda's dry run overrides our integrity finding.
    package: Option<VerifiedPackage>,
    origin: OriginProof,
}

/// A verified package that may be deployed: Lambda's dry run accepts it, or it is a layer, on which
/// Lambda has no opinion until it is attached.
#[derive(Clone, Debug)]
pub struct Approved(Verified);

/// What was decided, and what that permits: `P` is the proof.
#[derive(Clone, Debug)]
pub enum Judgement<P> {
    /// It may be used as the proof says.
    Accepted(Box<P>, Verdict),
    /// It must not be.
    Rejected(Verdict),
    /// That cannot be said yet.
    Inconclusive(Verdict),
}

/// Judges without Lambda's dry run: is it fit to be offered?
#[must_use]
pub fn verify(evidence: &Evidence, candidate: Candidate) -> Judgement<Verified> {
    Judgement::new(decide(evidence), || prove(evidence, candidate))
}

/// Judges with Lambda's dry run, which is part of the evidence: may it be deployed?
#[must_use]
pub fn judge(evidence: &Evidence, candidate: Candidate) -> Judgement<Approved> {
    let is_asked = match candidate.target {
        Target::Function(_) => evidence.dry_run == Fact::Known(DryRun::Accepted),
        Target::Layer(_) => true,
    };
    Judgement::new(decide(evidence), || {
        prove(evidence, candidate)
            .filter(|_| is_asked)
            .map(Approved)
    })
}

/// What acceptance alone does not give: an offline verdict may accept without a source or a job; a
/// deployment may not.
fn prove(evidence: &Evidence, candidate: Candidate) -> Option<Verified> {
    let Origin::Judged(Ok(origin)) = &evidence.package.origin else {
        return None;
    };
    let package = match &evidence.package.integrity {
        Integrity::Verified(verified) => Some(verified.clone()),
        Integrity::Failed { .. } | Integrity::Unjudged if evidence.lambda_overrides_integrity() => {
            None
        }
        Integrity::Failed { .. } | Integrity::Unjudged => return None,
    };
    let Fact::Known(_) = &evidence.job else {
        return None;
    };
    let is_of_this_upload = Target::from_key(&candidate.upload.id.key).as_ref()
        == Ok(&candidate.target)
        && origin.signed_sha256().to_string() == evidence.package.sha256;
    is_of_this_upload.then(|| Verified {
        candidate,
        package,
        origin: origin.clone(),
    })
}

impl<P> Judgement<P> {
    /// An accepting verdict without a proof is not established: it is inconclusive.
    fn new(mut verdict: Verdict, prove: impl FnOnce() -> Option<P>) -> Self {
        match verdict.decision {
            Decision::Reject => Self::Rejected(verdict),
            Decision::Inconclusive => Self::Inconclusive(verdict),
            Decision::Accept | Decision::AcceptWithWarnings => {
                if let Some(proof) = prove() {
                    return Self::Accepted(Box::new(proof), verdict);
                }
                verdict.decision = Decision::Inconclusive;
                Self::Inconclusive(verdict)
            }
        }
    }

    /// The verdict.
    #[must_use]
    pub fn verdict(&self) -> &Verdict {
        match self {
            Self::Accepted(_, verdict) | Self::Rejected(verdict) | Self::Inconclusive(verdict) => {
                verdict
            }
        }
    }
}

impl Approved {
    /// The verified package.
    #[must_use]
    pub fn verified(&self) -> &Verified {
        &self.0
    }
}

impl Verified {
    /// What it is for.
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

    /// What Lambda must report as `CodeSha256` afterwards: base64 of the package's SHA-256.
    #[must_use]
    pub fn code_sha256(&self) -> String {
        self.origin.signed_sha256().to_string()
    }

    /// Base64 of the SHA-256 of the unsigned upload.
    #[must_use]
    pub fn source_sha256(&self) -> String {
        self.origin.source_sha256().to_string()
    }

    /// The package as the core verified it, unless Lambda's dry run overrides our integrity finding.
    #[must_use]
    pub fn package(&self) -> Option<&VerifiedPackage> {
        self.package.as_ref()
    }
}
