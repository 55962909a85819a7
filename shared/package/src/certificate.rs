//! Skeleton.
use jiff::Timestamp;

/// An X.509 certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certificate {
    subject: String,
    issuer: String,
    not_before: Timestamp,
    not_after: Timestamp,
    sha256: [u8; 32],
}

impl Certificate {
    /// The subject, as RFC 4514 writes it.
    #[must_use]
    pub fn subject(&self) -> &str {
        &self.subject
    }
    /// The issuer, as RFC 4514 writes it.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.issuer
    }
    /// Start of validity.
    #[must_use]
    pub fn not_before(&self) -> Timestamp {
        self.not_before
    }
    /// End of validity, inclusive.
    #[must_use]
    pub fn not_after(&self) -> Timestamp {
        self.not_after
    }
    /// SHA-256 of the certificate's DER.
    #[must_use]
    pub fn sha256(&self) -> &[u8; 32] {
        &self.sha256
    }
    /// The same in lower-case hexadecimal.
    #[must_use]
    pub fn sha256_hex(&self) -> String {
        crate::digest::hex(&self.sha256)
    }
}
