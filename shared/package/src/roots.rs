//! Skeleton.
use crate::certificate::Certificate;
use crate::error::TrustRootError;

/// Certificates that are trusted by themselves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrustRoots {
    roots: Vec<Certificate>,
}

impl TrustRoots {
    /// The root of AWS Signer in the commercial regions.
    #[must_use]
    pub fn aws() -> Self {
        Self { roots: Vec::new() }
    }
    /// Reads one or more PEM certificates.
    pub fn from_pem(_pem: &[u8]) -> Result<Self, TrustRootError> {
        Err(TrustRootError::Pem { fault: "skeleton" })
    }
    /// The certificates.
    #[must_use]
    pub fn certificates(&self) -> &[Certificate] {
        &self.roots
    }
}
