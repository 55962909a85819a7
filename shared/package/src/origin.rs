//! Skeleton.
use crate::archive::Archive;
use crate::digest::CodeSha256;
use crate::error::OriginError;
use crate::package::Package;

/// Proof that a signed package is its source plus what Signer appends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OriginProof {
    signed_sha256: CodeSha256,
    source_sha256: CodeSha256,
}

impl OriginProof {
    /// SHA-256 of the signed package.
    #[must_use]
    pub fn signed_sha256(&self) -> CodeSha256 {
        self.signed_sha256
    }
    /// SHA-256 of the source.
    #[must_use]
    pub fn source_sha256(&self) -> CodeSha256 {
        self.source_sha256
    }
}

/// Proves the origin.
pub fn prove(signed: &Package<'_>, source: &Archive<'_>) -> Result<OriginProof, OriginError> {
    let _ = (signed, source);
    Err(OriginError::NotAppended)
}
