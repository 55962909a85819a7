//! Attestations of builds with a certificate.
//!
//! `sigstore-verify` checks, in this order, and refuses whatever is there and does not verify:
//! - each RFC 3161 timestamp, by an authority of the trust root at its time, over the signature;
//! - each signed entry timestamp of a log, by a key of the trust root at its time; one proven time there must be;
//! - the certificate's chain at *each* of these times, up to an authority that counted then, for code signing;
//! - that a certificate transparency log of the trust root has it (the SCT in it), over the issuer that was verified;
//! - the inclusion proof of each log entry that has one, and the checkpoint that it leads to, by a key of the trust root;
//! - the signature over type and payload of the envelope, and that the statement names the artifact;
//! - that each log entry is about this statement, signature and certificate (CVE-2022-36056).
//!
//! What it leaves to us, and is done here:
//! - where the trust root has a log, every entry needs an inclusion proof;
//! - an old kind of entry (`intoto`) is compared by the certificate's key, here by the whole certificate: who watches
//!   the log for an identity would miss a signature that was logged under another one;
//! - times are held against the time that is handed in, those of timestamp authorities, too;
//! - type and size of the statement, and all digests of the artifact (`statement.rs`);
//! - who may speak of which repository, what the certificate says twice, and whether the statement agrees
//!   (`certificate.rs`, `agreement.rs`).
//!
//! What nobody checks:
//! - whether a certificate was revoked: they count for ten minutes, and Fulcio has no lists;
//! - whether the key of a log still counted when it signed a checkpoint. Promises are checked for that, but logs of the
//!   second generation make none. A log whose key was stolen has to be taken out of the trust root.

use jiff::Timestamp;
use sigstore_verify::{
    CertificateError, Error, TimestampError, TransparencyLogError,
    rekor::body::RekorEntryBody,
    types::{
        Artifact, ArtifactDigest, Bundle as SigstoreBundle, HashAlgorithm, KindVersion, Sha256Hash,
        bundle::VerificationMaterialContent,
    },
};
use x509_cert::{
    Certificate,
    der::{Decode as _, Encode as _},
};

use crate::{
    agreement,
    bundle::Bundle,
    certificate::CertificateClaims,
    error::AttestError,
    provenance::Provenance,
    statement::{Lookup, Statement},
    subject::Subject,
    text::shown,
    trust_root::TrustRoot,
};

/// Verifies that a build signed provenance for `subject`, with a certificate that leads to `root`. `now` is
/// the time that no proven time may be after.
pub fn verify(
    bundle: &Bundle,
    root: &TrustRoot,
    subject: &Subject,
    now: Timestamp,
) -> Result<Provenance, AttestError> {
    let (bundle, envelope) = bundle.with_proofs()?;
    let certificate = bundle
        .signing_certificate()
        .ok_or(AttestError::SignedByKey)?;
    let statement = Statement::parse(envelope)?;
    let artifact: Artifact<'_> = match statement.lookup(subject)? {
        Lookup::Sha256 => Sha256Hash::from(*subject.sha256()).into(),
        Lookup::Sha512(digest) => ArtifactDigest::new(HashAlgorithm::Sha2512, digest.to_vec())
            .map_err(|error| AttestError::Incomplete {
                fault: shown(&error.to_string()),
            })?
            .into(),
    };
    if root.has_log() {
        check_inclusion_proofs(bundle)?;
    }
    let verified = root
        .verifier()
        .verify(artifact, bundle, &root.policy())
        .map_err(|error| refusal(&error, &statement, subject))?;
    check_logged_certificate(bundle)?;
    let times = verified.verified_timestamps();
    let (Some(first), Some(last)) = (times.iter().min(), times.iter().max()) else {
        return Err(AttestError::NoTime {
            fault: "no time was verified".to_owned(),
        });
    };
    if *last > now {
        return Err(AttestError::SignedInFuture { time: *last, now });
    }
    let name = statement.name_of(subject)?;
    let told = statement.told()?;
    let claims = verified.certificate().ok_or(AttestError::SignedByKey)?;
    let certified = CertificateClaims::read(certificate.as_bytes(), claims)?;
    agreement::check(&certified, &told)?;
    Ok(Provenance::of_build(
        (subject, name),
        certified,
        told,
        *first,
    ))
}

/// Verifies against whichever of several roots names the authority that issued the certificate. Which instance
/// a build used is seen in nothing else: GitHub's attestations of public and of private repositories look alike.
/// Roots are tried in their order; the first refusal is told.
pub fn verify_by_any(
    bundle: &Bundle,
    roots: &[TrustRoot],
    subject: &Subject,
    now: Timestamp,
) -> Result<Provenance, AttestError> {
    let issuers = issuers(bundle)?;
    let mut refusal = None;
    for root in roots {
        if !issuers.iter().any(|issuer| root.names(issuer)) {
            continue;
        }
        match verify(bundle, root, subject, now) {
            Ok(provenance) => return Ok(provenance),
            Err(error) => refusal = refusal.or(Some(error)),
        }
    }
    Err(refusal.unwrap_or_else(|| AttestError::Certificate {
        fault: format!("none of {} trust roots names its issuer", roots.len()),
    }))
}

/// The issuers of the certificate and of intermediate ones that came along, in DER.
fn issuers(bundle: &Bundle) -> Result<Vec<Vec<u8>>, AttestError> {
    let (bundle, _) = bundle.with_proofs()?;
    let certificates: Vec<&[u8]> = match &bundle.verification_material.content {
        VerificationMaterialContent::X509CertificateChain { certificates } => certificates
            .iter()
            .map(|certificate| certificate.raw_bytes.as_bytes())
            .collect(),
        _ => vec![
            bundle
                .signing_certificate()
                .ok_or(AttestError::SignedByKey)?
                .as_bytes(),
        ],
    };
    certificates
        .into_iter()
        .map(|der| {
            let certificate = Certificate::from_der(der)?;
            certificate.tbs_certificate().issuer().to_der()
        })
        .collect::<Result<_, x509_cert::der::Error>>()
        .map_err(|error| AttestError::Certificate {
            fault: shown(&error.to_string()),
        })
}

/// The library asks bundles of the oldest version for the log's promise alone, and the others for one entry with a
/// proof. The version is the bundle's own word.
fn check_inclusion_proofs(bundle: &SigstoreBundle) -> Result<(), AttestError> {
    let mut entries = bundle.verification_material.tlog_entries.iter();
    if entries.all(|entry| entry.inclusion_proof.is_some()) {
        return Ok(());
    }
    Err(AttestError::Incomplete {
        fault: "an entry of the transparency log is without its inclusion proof".to_owned(),
    })
}

/// Entries of the kind `intoto` hold the certificate as text that the library compares by its key.
fn check_logged_certificate(bundle: &SigstoreBundle) -> Result<(), AttestError> {
    let differs = |fault: &str| AttestError::EntryOfAnother {
        fault: shown(fault),
    };
    let material = &bundle.verification_material;
    let entries = material.tlog_entries.iter();
    for entry in entries.filter(|entry| entry.kind_version == KindVersion::IntotoV002) {
        let body = RekorEntryBody::parse(&entry.canonicalized_body, entry.kind_version)
            .map_err(|error| differs(&error.to_string()))?;
        let RekorEntryBody::IntotoV002(body) = body else {
            return Err(differs("it is of another kind"));
        };
        for signature in &body.spec.content.envelope.signatures {
            let logged = signature
                .parse_certificate()
                .map_err(|error| differs(&error.to_string()))?;
            if Some(&logged) != bundle.signing_certificate() {
                return Err(differs("it was logged with another certificate"));
            }
        }
    }
    Ok(())
}

/// The library's refusal in our words.
fn refusal(error: &Error, statement: &Statement, subject: &Subject) -> AttestError {
    let fault = shown(&error.to_string());
    match error {
        Error::SignatureInvalid(_) => AttestError::Signature { fault },
        // The library says the same of a log entry over another envelope, after the statement was found to fit.
        Error::ArtifactMismatch(_) if statement.name_of(subject).is_ok() => {
            AttestError::EntryOfAnother { fault }
        }
        Error::ArtifactMismatch(_) => statement.other_subject(hex::encode(subject.sha256())),
        Error::Certificate(CertificateError::Sct(_)) => AttestError::CertificateLog { fault },
        Error::Certificate(_) => AttestError::Certificate { fault },
        Error::TransparencyLog(
            TransparencyLogError::EntryMismatch(_) | TransparencyLogError::MalformedEntry(_),
        ) => AttestError::EntryOfAnother { fault },
        Error::TransparencyLog(_) => AttestError::Log { fault },
        Error::Timestamp(TimestampError::NoVerifiedTimestamp(_)) => AttestError::NoTime { fault },
        Error::Timestamp(_) => AttestError::Timestamp { fault },
        _ => AttestError::Incomplete { fault },
    }
}
