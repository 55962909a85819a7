//! The certificate chain, from the signer to a pinned root, as it stood when the package was
//! signed.
//!
//! Signer's leaf certificates live for three days (grade A), packages for years. So all
//! certificates are checked at the signing time, which the signature itself covers. That makes the
//! signing time a claim of the signer's: whoever holds a leaf's key can date a signature back into
//! its validity, no further.

use const_oid::ObjectIdentifier;
use jiff::Timestamp;

use super::{
    certificate::Certificate,
    ecdsa::{self, VerifyingKey},
    error::SignatureError,
};
use crate::numbers::widen;

const ECDSA_SHA384: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.3");

/// Certificates between signer and root, both included. Genuine chains have four (grade A).
const MAX_CHAIN_LENGTH: usize = 8;

/// Signatures that may be verified while a path is looked for. A set of namesakes could ask for as
/// many as there are paths through them; webpki, too, counts and stops.
const MAX_SIGNATURE_CHECKS: usize = 64;

/// Builds the chain of `signer` through `pool` to one of `roots`, and returns it from signer to
/// root.
///
/// Every certificate in the pool must be part of it, be pinned, or stand above the pinned one that
/// it ends in. Both genuine samples have no others (that Signer never adds one is inferred, grade
/// D), so that one would be either a mistake or a place to hide bytes in.
pub(crate) fn verify(
    signer: &Certificate,
    pool: &[Certificate],
    roots: &[Certificate],
    at: Timestamp,
) -> Result<Vec<Certificate>, SignatureError> {
    check_signer(signer)?;
    check_certificate(signer, at)?;
    let mut search = Search {
        pool,
        roots,
        at,
        budget: MAX_SIGNATURE_CHECKS,
    };
    search
        .extend(&mut vec![signer])
        .map_err(|failure| failure.error)
}

fn check_signer(signer: &Certificate) -> Result<(), SignatureError> {
    let subject = || signer.subject().to_owned();
    let extensions = signer.extensions();
    if extensions.is_ca {
        return Err(SignatureError::SignerIsCa { subject: subject() });
    }
    if !extensions
        .key_usage
        .is_some_and(|usage| usage.digital_signature)
    {
        return Err(SignatureError::SignerKeyUsage { subject: subject() });
    }
    if extensions.code_signing != Some(true) {
        return Err(SignatureError::SignerPurpose { subject: subject() });
    }
    Ok(())
}

/// What holds for every certificate of a chain.
fn check_certificate(certificate: &Certificate, at: Timestamp) -> Result<(), SignatureError> {
    let subject = certificate.subject().to_owned();
    if let Some(oid) = certificate.extensions().unknown_critical {
        return Err(SignatureError::CriticalExtension {
            subject,
            oid: oid.to_string(),
        });
    }
    if certificate.extensions().has_name_constraints {
        return Err(SignatureError::NameConstraints { subject });
    }
    let (not_before, not_after) = (certificate.not_before(), certificate.not_after());
    if at < not_before {
        return Err(SignatureError::NotYetValid {
            subject,
            not_before,
            signed_at: at,
        });
    }
    // The last second counts as a whole; a signing time has milliseconds.
    if at.as_second() > not_after.as_second() {
        return Err(SignatureError::Expired {
            subject,
            not_after,
            signed_at: at,
        });
    }
    Ok(())
}

/// Whether `issuer` may have issued a certificate above `below` others, of which the first is the
/// signer's.
fn check_issuer(issuer: &Certificate, below: usize, at: Timestamp) -> Result<(), SignatureError> {
    let subject = || issuer.subject().to_owned();
    let extensions = issuer.extensions();
    check_certificate(issuer, at)?;
    if !extensions.is_ca
        || !extensions
            .key_usage
            .is_some_and(|usage| usage.key_cert_sign)
    {
        return Err(SignatureError::IssuerNotCa { subject: subject() });
    }
    if extensions.code_signing == Some(false) {
        return Err(SignatureError::SignerPurpose { subject: subject() });
    }
    let cas_below = widen(below.saturating_sub(1));
    match extensions.path_length {
        Some(limit) if cas_below > limit => Err(SignatureError::PathLength {
            subject: subject(),
            limit,
        }),
        _ => Ok(()),
    }
}

/// A depth-first search with a budget.
struct Search<'a> {
    pool: &'a [Certificate],
    roots: &'a [Certificate],
    at: Timestamp,
    budget: usize,
}

/// Why a way up failed.
struct Failure {
    reached: Reached,
    error: SignatureError,
}

/// How far a way up got, in ascending order: the one that got furthest has the reason that counts.
///
/// A certificate that a CA issued and may not have issued says more than a way that ends somewhere:
/// of two CAs of one name, the one that did not issue the certificate explains nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Reached {
    /// Whether it ended at a CA that issued the certificate below it.
    is_refused: bool,
    /// Certificates of the path whose signatures were verified.
    verified: usize,
    step: Step,
}

impl Reached {
    fn new(verified: usize, step: Step) -> Self {
        Self {
            is_refused: step == Step::Refused,
            verified,
            step,
        }
    }
}

/// What failed at the end of a way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Step {
    /// Nobody has the issuer's name.
    NoIssuer,
    /// Somebody has, and did not sign the certificate.
    NotIssued,
    /// He signed it, and may not, or something is left over.
    Refused,
}

impl<'a> Search<'a> {
    /// Looks for issuers of the last certificate in `path`, pinned ones first, until one leads to a
    /// root.
    fn extend(&mut self, path: &mut Vec<&'a Certificate>) -> Result<Vec<Certificate>, Failure> {
        let verified = path.len();
        let failure = |step, error| Failure {
            reached: Reached::new(verified, step),
            error,
        };
        let Some(subject) = path.last().copied() else {
            return Err(failure(Step::NoIssuer, SignatureError::NoSignerCertificate));
        };
        let mut furthest = failure(
            Step::NoIssuer,
            SignatureError::UntrustedIssuer {
                issuer: subject.issuer().to_owned(),
            },
        );
        let (roots, pool) = (self.roots, self.pool);
        let pinned = roots.iter().map(|root| (root, true));
        let carried = pool
            .iter()
            .enumerate()
            .filter(|(index, certificate)| {
                let is_repeated = pool
                    .iter()
                    .take(*index)
                    .any(|earlier| earlier == *certificate);
                !is_repeated && !roots.contains(certificate)
            })
            .map(|(_, certificate)| (certificate, false));
        for (issuer, is_pinned) in pinned.chain(carried) {
            if !subject.names_as_issuer(issuer) || path.contains(&issuer) {
                continue;
            }
            match self.step(path, subject, issuer, is_pinned) {
                Ok(chain) => return Ok(chain),
                Err(failure) if matches!(failure.error, SignatureError::ChainBudget) => {
                    return Err(failure);
                }
                Err(failure) => {
                    // Of unknown issuers the last is reported, of other reasons the first.
                    let is_last = failure.reached.step == Step::NoIssuer;
                    let is_further = failure.reached > furthest.reached;
                    if is_further || (is_last && failure.reached == furthest.reached) {
                        furthest = failure;
                    }
                }
            }
        }
        Err(furthest)
    }

    /// Tries `issuer` as the issuer of `subject`, the last certificate in `path`.
    fn step(
        &mut self,
        path: &mut Vec<&'a Certificate>,
        subject: &Certificate,
        issuer: &'a Certificate,
        is_pinned: bool,
    ) -> Result<Vec<Certificate>, Failure> {
        let verified = path.len();
        let failed = |step| {
            move |error| Failure {
                reached: Reached::new(verified, step),
                error,
            }
        };
        if path.len() >= MAX_CHAIN_LENGTH {
            return Err(failed(Step::Refused)(SignatureError::ChainBudget));
        }
        self.verify_issued(subject, issuer)
            .map_err(failed(Step::NotIssued))?;
        check_issuer(issuer, path.len(), self.at).map_err(failed(Step::Refused))?;
        path.push(issuer);
        let found = if is_pinned {
            self.complete(path, issuer).map_err(|error| Failure {
                reached: Reached::new(path.len(), Step::Refused),
                error,
            })
        } else {
            self.extend(path)
        };
        path.pop();
        found
    }

    /// The chain that `path` is, which ends in the pinned `anchor`, if it accounts for the whole
    /// pool.
    fn complete(
        &mut self,
        path: &[&'a Certificate],
        anchor: &'a Certificate,
    ) -> Result<Vec<Certificate>, SignatureError> {
        let above = self.above(anchor);
        let surplus = self.pool.iter().find(|certificate| {
            !path.contains(certificate)
                && !self.roots.contains(certificate)
                && !above.contains(certificate)
        });
        match surplus {
            Some(surplus) => Err(SignatureError::SurplusCertificate {
                subject: surplus.subject().to_owned(),
            }),
            None => Ok(path
                .iter()
                .map(|&certificate| certificate.clone())
                .collect()),
        }
    }

    /// The certificates of the pool that lead from a pinned CA up to its own root: whoever pins one
    /// in the middle has packages that go on above it. They establish nothing, so that only their
    /// signatures are looked at.
    fn above(&mut self, anchor: &'a Certificate) -> Vec<&'a Certificate> {
        let mut above: Vec<&Certificate> = Vec::new();
        let mut top = anchor;
        while !top.names_as_issuer(top) && above.len() < MAX_CHAIN_LENGTH {
            let pool = self.pool.iter();
            let mut candidates = pool.filter(|c| top.names_as_issuer(c) && !above.contains(c));
            let Some(issuer) = candidates.find(|issuer| self.verify_issued(top, issuer).is_ok())
            else {
                return Vec::new();
            };
            above.push(issuer);
            top = issuer;
        }
        let is_rooted = above.is_empty() || self.verify_issued(top, top).is_ok();
        if is_rooted { above } else { Vec::new() }
    }

    /// [`verify_issued`], while the budget lasts.
    fn verify_issued(
        &mut self,
        subject: &Certificate,
        issuer: &Certificate,
    ) -> Result<(), SignatureError> {
        self.budget = self
            .budget
            .checked_sub(1)
            .ok_or(SignatureError::ChainBudget)?;
        verify_issued(subject, issuer)
    }
}

/// Verifies that `issuer` signed `subject`, over the bytes as received.
fn verify_issued(subject: &Certificate, issuer: &Certificate) -> Result<(), SignatureError> {
    let (algorithm, value) = subject.signature();
    if algorithm != ECDSA_SHA384 {
        return Err(SignatureError::Algorithm {
            field: "certificate signature",
            oid: algorithm.to_string(),
            expected: "ecdsa-with-SHA384",
        });
    }
    ecdsa::verify(key(issuer)?, subject.tbs(), value).map_err(|_| {
        SignatureError::CertificateSignature {
            subject: subject.subject().to_owned(),
        }
    })
}

/// The key of a certificate, which must be one of P-384.
pub(crate) fn key(certificate: &Certificate) -> Result<&VerifyingKey, SignatureError> {
    certificate.key().map_err(|oid| SignatureError::Algorithm {
        field: "certificate key",
        oid: oid.to_string(),
        expected: "P-384",
    })
}
