//! What is inside a package or a signature entry, as it is printed.

use countersign_package::{Certificate, Entry, EntryKind, Method, Signature};
use jiff::Timestamp;
use serde::Serialize;

/// What is inside; documented in docs/cli.md.
#[derive(Serialize)]
pub(super) struct Report {
    pub(super) package: Option<PackageReport>,
    pub(super) signature: Option<SignatureReport>,
    /// Why there is a signature entry and no `signature`.
    pub(super) signature_error: Option<String>,
}

#[derive(Serialize)]
pub(super) struct PackageReport {
    pub(super) bytes: usize,
    pub(super) entries: Vec<EntryReport>,
    /// Why a body cannot be read, or is not what its headers say.
    pub(super) contents_error: Option<String>,
}

#[derive(Serialize)]
pub(super) struct EntryReport {
    pub(super) name: String,
    pub(super) kind: &'static str,
    /// Octal, as `ls` and `chmod` have it, with the bits of the kind; null where none is recorded.
    pub(super) mode: Option<String>,
    pub(super) method: &'static str,
    pub(super) size: u64,
    pub(super) compressed_size: u64,
    pub(super) crc32: String,
}

#[derive(Serialize)]
pub(super) struct SignatureReport {
    pub(super) profile_version_arn: String,
    pub(super) job_arn: String,
    pub(super) signed_at: Timestamp,
    pub(super) expires_at: Timestamp,
    pub(super) digest_algorithm: String,
    pub(super) signature_algorithm: String,
    pub(super) attributes: Vec<AttributeReport>,
    pub(super) certificates: Vec<CertificateReport>,
}

#[derive(Serialize)]
pub(super) struct AttributeReport {
    pub(super) oid: String,
    pub(super) name: Option<&'static str>,
    pub(super) value: String,
}

#[derive(Serialize)]
pub(super) struct CertificateReport {
    /// Whether the signer names this one as its own.
    pub(super) is_signer: bool,
    pub(super) subject: String,
    pub(super) issuer: String,
    pub(super) not_before: Timestamp,
    pub(super) not_after: Timestamp,
    pub(super) sha256: String,
}

impl EntryReport {
    pub(super) fn of(entry: &Entry<'_>) -> Self {
        Self {
            name: entry.name().to_owned(),
            kind: match entry.kind() {
                EntryKind::File => "file",
                EntryKind::Directory => "directory",
                EntryKind::Symlink => "symlink",
            },
            mode: entry.mode().map(|mode| format!("{mode:06o}")),
            method: match entry.method() {
                Method::Stored => "stored",
                Method::Deflated => "deflated",
            },
            size: entry.size(),
            compressed_size: entry.compressed_size(),
            crc32: format!("{:08x}", entry.crc32()),
        }
    }
}

impl SignatureReport {
    pub(super) fn of(signature: &Signature) -> Self {
        let claims = signature.claims();
        let certificates = signature.certificates().iter().enumerate();
        Self {
            profile_version_arn: claims.profile_version().to_string(),
            job_arn: claims.job().to_string(),
            signed_at: claims.signed_at(),
            expires_at: claims.expires_at(),
            digest_algorithm: signature.digest_algorithm(),
            signature_algorithm: signature.signature_algorithm(),
            attributes: signature
                .attributes()
                .iter()
                .map(|attribute| AttributeReport {
                    oid: attribute.oid(),
                    name: attribute.name(),
                    value: attribute.display_value(),
                })
                .collect(),
            certificates: certificates
                .map(|(index, certificate)| {
                    CertificateReport::of(certificate, signature.signer() == Some(index))
                })
                .collect(),
        }
    }
}

impl CertificateReport {
    pub(super) fn of(certificate: &Certificate, is_signer: bool) -> Self {
        Self {
            is_signer,
            subject: certificate.subject().to_owned(),
            issuer: certificate.issuer().to_owned(),
            not_before: certificate.not_before(),
            not_after: certificate.not_after(),
            sha256: certificate.sha256_hex(),
        }
    }
}
