//! Everything a verdict rests on, gathered before anything is decided.

use countersign_package::OriginError;
use countersign_package::{
    Archive, Certificate, Claims, IntegrityError, Limits, Package, Signature, StructureError,
    TrustRoots, VerifiedPackage,
    origin::{self, OriginProof},
};
use jiff::Timestamp;

use crate::{
    csc::Csc,
    ports::{Refusal, SigningJob, SigningProfile},
    upload::sha256_base64,
};

/// Something that had to be asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fact<T> {
    /// This is so.
    Known(T),
    /// Nobody asked: the check that needs it is not judged, and says so.
    NotAsked,
    /// It was asked for and there was no answer, for this reason: never a pass.
    Unavailable(String),
}

/// The unsigned upload that a signed package is compared with.
#[derive(Clone, Copy, Debug)]
pub enum Source<'a> {
    /// Its bytes.
    Present(&'a [u8]),
    /// Nobody asked for it.
    NotAsked,
    /// The version is gone.
    Absent,
    /// It could not be read.
    Unavailable(&'a str),
}

/// What governs publisher, expiry and revocation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Governance {
    /// The target's code signing configuration.
    Csc(Csc),
    /// The target has none.
    NoCsc,
    /// Nobody asked.
    NotAsked,
    /// It could not be read.
    Unavailable(String),
}

/// Lambda's own verdict, by dry run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SecondOpinion {
    /// Lambda was not asked: there is no such check.
    NotAsked,
    /// Lambda would take it.
    Takes,
    /// Lambda would not.
    Refuses(Refusal),
    /// Lambda gave no answer.
    Unavailable(String),
}

/// What happens to a target that has no code signing configuration.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum WithoutCsc {
    /// Nothing is deployed to it.
    #[default]
    Reject,
    /// What the gate itself finds sound is deployed, with a warning.
    Allow,
}

/// Whose word counts on integrity.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum IntegrityAuthority {
    /// Ours: what we cannot verify is not deployed.
    #[default]
    Countersign,
    /// Lambda's dry run may stand for our finding, loudly. For the case that AWS changes the format
    /// before the gate knows it. Origin, claims of record and policy are judged all the same.
    Lambda,
}

/// The two choices that an operator has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Policy {
    /// `COUNTERSIGN_TARGET_WITHOUT_CSC`
    pub without_csc: WithoutCsc,
    /// `COUNTERSIGN_INTEGRITY_AUTHORITY`
    pub integrity_authority: IntegrityAuthority,
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
}

/// What is in a sound zip.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Contents {
    pub(crate) entries: usize,
    pub(crate) unpacked_bytes: u64,
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

/// What became of comparing a package with its source.
#[derive(Clone, Debug)]
pub(crate) enum Origin {
    Judged(Result<OriginProof, OriginError>),
    NotAsked,
    Absent,
    Unavailable(String),
    /// The signed zip is not sound, so there is nothing to compare.
    Unjudged,
}

/// Reads, verifies and compares a package: everything that can be known from bytes alone.
///
/// Whatever is wrong is a finding inside, not an error: all of it is wanted.
#[must_use]
pub fn examine(
    package: &[u8],
    source: Source<'_>,
    limits: &Limits,
    roots: &TrustRoots,
) -> Examined {
    match Package::read(package, limits) {
        Ok(read) => examine_sound(&read, source, limits, roots),
        Err(error) => Examined {
            sha256: sha256_base64(package),
            bytes: size_of(package),
            structure: Err(error),
            integrity: Integrity::Unjudged,
            signature: None,
            origin: match source {
                Source::NotAsked => Origin::NotAsked,
                _ => Origin::Unjudged,
            },
        },
    }
}

fn examine_sound(
    package: &Package<'_>,
    source: Source<'_>,
    limits: &Limits,
    roots: &TrustRoots,
) -> Examined {
    let parsed = package
        .signature_entry()
        .and_then(|entry| Signature::parse(entry).ok());
    let integrity = match package.verify(roots) {
        Ok(verified) => Integrity::Verified(verified),
        Err(error) => {
            let signed_claims = match (&error, &parsed) {
                (IntegrityError::DigestMismatch { .. }, Some(signature)) => signature
                    .verify(roots)
                    .ok()
                    .map(|verified| verified.claims().clone()),
                _ => None,
            };
            Integrity::Failed {
                error,
                signed_claims,
            }
        }
    };
    let origin = match source {
        Source::Present(bytes) => Origin::Judged(
            Archive::parse(bytes, limits)
                .map_err(OriginError::Source)
                .and_then(|archive| origin::prove(package, &archive)),
        ),
        Source::NotAsked => Origin::NotAsked,
        Source::Absent => Origin::Absent,
        Source::Unavailable(why) => Origin::Unavailable(why.to_owned()),
    };
    Examined {
        sha256: package.sha256().to_string(),
        bytes: package.bytes(),
        structure: Ok(Contents {
            entries: package.archive().entries().len(),
            unpacked_bytes: package.unpacked_bytes(),
        }),
        integrity,
        signature: parsed.map(|signature| SignatureFacts {
            claims: signature.claims().clone(),
            certificates: signature.certificates().to_vec(),
        }),
        origin,
    }
}

impl Examined {
    /// Base64 of the SHA-256 of the package, as Lambda's `CodeSha256`.
    #[must_use]
    pub fn sha256(&self) -> &str {
        &self.sha256
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
    /// What governs the target.
    pub governance: Governance,
    /// The signing job that wrote the package.
    pub job: Fact<SigningJob>,
    /// The profile of that job.
    pub profile: Fact<SigningProfile>,
    /// Lambda's own verdict.
    pub second_opinion: SecondOpinion,
    /// The operator's choices.
    pub policy: Policy,
}

fn size_of(bytes: &[u8]) -> u64 {
    u64::try_from(bytes.len()).unwrap_or(u64::MAX)
}
