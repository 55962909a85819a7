//! Everything a verdict rests on, gathered before anything is decided.

pub(super) use super::fact::{Fact, NoAnswer};
use super::{people::People, provenance_evidence::ProvenanceEvidence, start_facts::StartFacts};
use crate::domain::{
    Csc, FunctionConfiguration, Refusal, SigningJob, SigningProfile, UploadDigest,
};
use countersign_package::{
    Certificate, Claims, IntegrityError, OriginError, ProfileVersionArn, StructureError,
    VerifiedPackage, origin::OriginProof,
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Lambda's own verdict on a package, by dry run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DryRun {
    /// Lambda would take it.
    Accepted,
    /// Lambda would not.
    Refused(Refusal),
}

/// What happens to a target that has no code signing configuration.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MissingCscPolicy {
    /// Nothing is deployed to it.
    #[default]
    Reject,
    /// What the gate itself finds sound is deployed, with a warning.
    Allow,
}

/// Whose word counts on integrity.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IntegrityAuthority {
    /// Ours: what we cannot verify is not deployed.
    #[default]
    Countersign,
    /// Lambda's dry run may stand for our finding, loudly. For the case that AWS changes the format
    /// before the gate knows it. Origin, claims of record and policy are judged all the same.
    Lambda,
}

/// What happens to a package that cannot start as the function that it is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UnstartablePolicy {
    /// It is deployed, with a warning: the gate's knowledge of runtimes is not AWS's.
    #[default]
    Warn,
    /// It is not deployed.
    Refuse,
}

/// The choices that an operator has. What a record does not say was not to be chosen when it was written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct OperatorPolicy {
    /// `COUNTERSIGN_TARGET_WITHOUT_CSC`
    pub without_csc: MissingCscPolicy,
    /// `COUNTERSIGN_INTEGRITY_AUTHORITY`
    pub integrity_authority: IntegrityAuthority,
    /// `COUNTERSIGN_PACKAGES_THAT_CANNOT_START`
    pub unstartable: UnstartablePolicy,
}

/// What a package's bytes say, and what they prove.
#[derive(Clone, Debug)]
pub struct Examined {
    pub(crate) sha256: String,
    pub(crate) bytes: u64,
    pub(crate) structure: Result<Contents, StructureError>,
    pub(crate) integrity: Integrity,
    pub(crate) signature: Option<SignatureFacts>,
    pub(crate) origin: Origin,
    /// What decides whether it can start; none when the zip is not sound.
    pub(crate) start: Option<StartFacts>,
}

/// What is in a sound zip.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Contents {
    pub(crate) entries: usize,
    pub(crate) unpacked_bytes: u64,
    /// What some programs show differently; it does no harm.
    pub(crate) warnings: Vec<String>,
}

/// What became of verifying a package.
#[derive(Clone, Debug)]
pub(crate) enum Integrity {
    Verified(VerifiedPackage),
    /// `signed_claims` is there when the signature itself verifies, and only the contents differ.
    Failed {
        error: IntegrityError,
        signed_claims: Option<Claims>,
    },
    /// The zip is not sound, so there is nothing to verify.
    Unjudged,
}

/// What the signature says, whether or not it is to be believed.
#[derive(Clone, Debug)]
pub(crate) struct SignatureFacts {
    pub(crate) claims: Claims,
    pub(crate) certificates: Vec<Certificate>,
}

/// What became of comparing a package with its source. No [`Fact`]: it may also be impossible to compare, and a source
/// that is gone is another thing than one that was not looked for.
#[derive(Clone, Debug)]
pub(crate) enum Origin {
    Judged(Result<OriginProof, OriginError>),
    NotAsked,
    Absent,
    Unavailable(NoAnswer),
    /// The signed zip is not sound, so there is nothing to compare.
    Unjudged,
}

impl Examined {
    /// SHA-256 of the upload that the package is proven to come from.
    #[must_use]
    pub fn proven_source(&self) -> Option<[u8; 32]> {
        match &self.origin {
            Origin::Judged(Ok(origin)) => Some(*origin.source_sha256().as_bytes()),
            _ => None,
        }
    }

    /// Base64 of the SHA-256 of the package, as Lambda's `CodeSha256`.
    #[must_use]
    pub fn sha256(&self) -> &str {
        &self.sha256
    }

    /// SHA-256 of the upload that the package is proven to be made of; `None` when that is not proven.
    #[must_use]
    pub fn source_sha256(&self) -> Option<UploadDigest> {
        match &self.origin {
            Origin::Judged(Ok(proof)) => {
                Some(UploadDigest::of_bytes(proof.source_sha256().as_bytes()))
            }
            Origin::Judged(Err(_))
            | Origin::NotAsked
            | Origin::Absent
            | Origin::Unavailable(_)
            | Origin::Unjudged => None,
        }
    }

    /// Whether the package carries a signature whose claims are proven: by a whole verification, or by
    /// the signature alone when only the contents differ.
    #[must_use]
    pub fn proven_claims(&self) -> Option<&Claims> {
        match &self.integrity {
            Integrity::Verified(verified) => Some(verified.claims()),
            Integrity::Failed { signed_claims, .. } => signed_claims.as_ref(),
            Integrity::Unjudged => None,
        }
    }
}

/// Everything a verdict rests on. Whoever gathers fills every field; `NotAsked` is a choice.
#[derive(Clone, Debug)]
pub struct Evidence {
    /// What the bytes say.
    pub package: Examined,
    /// When the verdict is made: expiry is judged against it.
    pub now: Timestamp,
    /// The code signing configuration of the target; `Known(None)` when it has none.
    pub csc: Fact<Option<Csc>>,
    /// The signing job that wrote the package.
    pub job: Fact<SigningJob>,
    /// The profile of that job.
    pub profile: Fact<SigningProfile>,
    /// The configuration of the function that it is for. A layer has none.
    pub function: Fact<FunctionConfiguration>,
    /// What is demanded of where it was built, and what is there to show it.
    pub provenance: ProvenanceEvidence,
    /// Lambda's own verdict. Lambda has none on a layer, nor on a function that does not exist.
    pub dry_run: Fact<DryRun>,
    /// What people say of it.
    pub people: People,
    /// The operator's choices.
    pub policy: OperatorPolicy,
}

pub(super) fn size_of(bytes: &[u8]) -> u64 {
    u64::try_from(bytes.len()).unwrap_or(u64::MAX)
}

/// Claims that policy may be applied to.
pub(super) struct JudgedClaims {
    pub(super) publisher: ProfileVersionArn,
    pub(super) signed_at: Option<Timestamp>,
    pub(super) expires_at: Option<Timestamp>,
}

impl Evidence {
    /// Whether AWS throttled or did not answer when some of it was asked for.
    #[must_use]
    pub fn waits_for_aws(&self) -> bool {
        let origin = &self.package.origin;
        self.csc.is_passing()
            || self.job.is_passing()
            || self.profile.is_passing()
            || self.dry_run.is_passing()
            || matches!(
                &self.provenance,
                ProvenanceEvidence::Demanded(demanded) if demanded.attestations.is_passing()
            )
            || self.people.is_passing()
            || matches!(origin, Origin::Unavailable(no_answer) if no_answer.is_passing())
    }

    /// The proven claims; or, when Lambda's dry run overrides our finding, what Signer itself says of
    /// the job and profile, which is as good a source and not in the package.
    pub(super) fn claims_to_judge(&self) -> Option<JudgedClaims> {
        if let Some(claims) = self.package.proven_claims() {
            return Some(JudgedClaims {
                publisher: claims.profile_version().clone(),
                signed_at: Some(claims.signed_at()),
                expires_at: Some(claims.expires_at()),
            });
        }
        if !self.lambda_overrides_integrity() {
            return None;
        }
        match (&self.job, &self.profile) {
            (Fact::Known(job), Fact::Known(profile))
                if profile.version_arn.version() == job.profile_version =>
            {
                Some(JudgedClaims {
                    publisher: profile.version_arn.clone(),
                    signed_at: None,
                    expires_at: job.expires_at,
                })
            }
            _ => None,
        }
    }

    /// Whether Lambda's dry run replaces our integrity finding: the operator says so, Lambda was asked
    /// under a code signing configuration and takes it, the package is signed, comes from the upload,
    /// and Signer itself says with which profile. Everything but our reading of the signature is then
    /// established.
    pub(super) fn lambda_overrides_integrity(&self) -> bool {
        self.policy.integrity_authority == IntegrityAuthority::Lambda
            && self.dry_run == Fact::Known(DryRun::Accepted)
            && self.has_csc()
            && matches!(self.package.origin, Origin::Judged(Ok(_)))
            && matches!(self.job, Fact::Known(_))
            && matches!(self.profile, Fact::Known(_))
            && self.integrity_failed()
    }

    /// Whether a signature is there and does not verify.
    pub(crate) fn integrity_failed(&self) -> bool {
        matches!(
            &self.package.integrity,
            Integrity::Failed { error, .. } if *error != IntegrityError::Unsigned
        )
    }

    /// Whether there is no signature.
    pub(super) fn is_unsigned(&self) -> bool {
        matches!(
            self.package.integrity,
            Integrity::Failed {
                error: IntegrityError::Unsigned,
                ..
            }
        )
    }

    /// Whether the target has a code signing configuration that could be read.
    pub(crate) fn has_csc(&self) -> bool {
        matches!(self.csc, Fact::Known(Some(_)))
    }
}
