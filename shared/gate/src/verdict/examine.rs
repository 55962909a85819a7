//! Examines a package: everything that its bytes say.

use super::evidence::{Contents, Examined, Fact, Integrity, Origin, SignatureFacts, size_of};
use super::start_facts::StartFacts;
use crate::domain::sha256_base64;
use countersign_package::{
    Archive, IntegrityError, Limits, OriginError, Package, Signature, TrustRoots, origin,
};
use std::sync::OnceLock;

/// Reads, verifies and compares a package: everything that can be known from bytes alone.
///
/// `source` is the unsigned upload to compare with; `Known(None)` when that version is gone. Whatever
/// is wrong is a finding inside, not an error: all of it is wanted.
#[must_use]
pub fn examine(
    package: &[u8],
    source: Fact<Option<&[u8]>>,
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
                Fact::NotAsked => Origin::NotAsked,
                Fact::Known(_) | Fact::Unavailable(_) => Origin::Unjudged,
            },
            start: None,
        },
    }
}

fn examine_sound(
    package: &Package<'_>,
    source: Fact<Option<&[u8]>>,
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
        Fact::Known(Some(bytes)) => Origin::Judged(
            Archive::parse(bytes, limits)
                .map_err(OriginError::Source)
                .and_then(|archive| origin::prove(package, &archive)),
        ),
        Fact::NotAsked => Origin::NotAsked,
        Fact::Known(None) => Origin::Absent,
        Fact::Unavailable(why) => Origin::Unavailable(why),
    };
    Examined {
        sha256: package.sha256().to_string(),
        bytes: package.bytes(),
        structure: Ok(Contents {
            entries: package.archive().entries().len(),
            unpacked_bytes: package.unpacked_bytes(),
            warnings: package.warnings().iter().map(ToString::to_string).collect(),
        }),
        integrity,
        signature: parsed.map(|signature| SignatureFacts {
            claims: signature.claims().clone(),
            certificates: signature.certificates().to_vec(),
        }),
        origin,
        start: Some(StartFacts::of(package)),
    }
}

/// How a package is examined. The use cases take it as an argument, so that a test with a hundred
/// thousand schedules need not verify the same bytes as often; there is one implementation.
pub trait Examine: Sync {
    /// Everything that can be known from bytes alone.
    fn examine(&self, package: &[u8], source: Fact<Option<&[u8]>>) -> Examined;
}

/// The core, with its limits and trust roots.
#[derive(Clone, Debug)]
pub struct PackageExaminer {
    limits: Limits,
    roots: OnceLock<TrustRoots>,
}

impl PackageExaminer {
    /// What a package may be, and whom chains may lead to: the roots of `COUNTERSIGN_TRUST_ROOTS`, or AWS's.
    /// AWS's are read when the first package is: a cold start has no time for certificates.
    #[must_use]
    pub fn new(limits: Limits, roots: Option<TrustRoots>) -> Self {
        Self {
            limits,
            roots: roots.map(OnceLock::from).unwrap_or_default(),
        }
    }

    /// Whom chains may lead to.
    #[must_use]
    pub fn roots(&self) -> &TrustRoots {
        self.roots.get_or_init(TrustRoots::aws)
    }
}

impl Examine for PackageExaminer {
    fn examine(&self, package: &[u8], source: Fact<Option<&[u8]>>) -> Examined {
        examine(package, source, &self.limits, self.roots())
    }
}
