//! Skeleton.
use crate::archive::Archive;
use crate::certificate::Certificate;
use crate::claims::Claims;
use crate::digest::{CodeSha256, ContentDigest};
use crate::error::{IntegrityError, StructureError};
use crate::limits::Limits;
use crate::roots::TrustRoots;
use crate::signature::{Signature, VerifiedSignature};

/// An archive whose bodies were read.
#[derive(Debug, Clone)]
pub struct Package<'a> {
    archive: Archive<'a>,
    bytes: u64,
    unpacked_bytes: u64,
    sha256: CodeSha256,
    content_digest: ContentDigest,
    signature_entry: Option<Vec<u8>>,
}

impl<'a> Package<'a> {
    /// Reads a package.
    pub fn read(bytes: &'a [u8], limits: &Limits) -> Result<Self, StructureError> {
        let archive = Archive::parse(bytes, limits)?;
        Ok(Self {
            archive,
            bytes: 0,
            unpacked_bytes: 0,
            sha256: CodeSha256::new([0; 32]),
            content_digest: ContentDigest::new([0; 48]),
            signature_entry: None,
        })
    }
    /// The archive.
    #[must_use]
    pub fn archive(&self) -> &Archive<'a> {
        &self.archive
    }
    /// Bytes of the file.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.bytes
    }
    /// Sum of all bodies.
    #[must_use]
    pub fn unpacked_bytes(&self) -> u64 {
        self.unpacked_bytes
    }
    /// SHA-256 of the file.
    #[must_use]
    pub fn sha256(&self) -> CodeSha256 {
        self.sha256
    }
    /// Whether it has a signature entry.
    #[must_use]
    pub fn is_signed(&self) -> bool {
        self.signature_entry.is_some()
    }
    /// The signature entry's body.
    #[must_use]
    pub fn signature_entry(&self) -> Option<&[u8]> {
        self.signature_entry.as_deref()
    }
    /// The inner digest.
    #[must_use]
    pub fn content_digest(&self) -> ContentDigest {
        self.content_digest
    }
    /// Verifies.
    pub fn verify(&self, roots: &TrustRoots) -> Result<VerifiedPackage, IntegrityError> {
        let entry = self.signature_entry().ok_or(IntegrityError::Unsigned)?;
        let signature = Signature::parse(entry)?.verify(roots)?;
        Ok(VerifiedPackage {
            signature,
            sha256: self.sha256,
            bytes: self.bytes,
            entries: self.archive.entries().len(),
            unpacked_bytes: self.unpacked_bytes,
        })
    }
}

/// A verified package.
#[derive(Debug, Clone)]
pub struct VerifiedPackage {
    signature: VerifiedSignature,
    sha256: CodeSha256,
    bytes: u64,
    entries: usize,
    unpacked_bytes: u64,
}

impl VerifiedPackage {
    /// What the publisher claims.
    #[must_use]
    pub fn claims(&self) -> &Claims {
        self.signature.claims()
    }
    /// The chain, from the signer's certificate to the root.
    #[must_use]
    pub fn certificates(&self) -> &[Certificate] {
        self.signature.certificates()
    }
    /// SHA-256 of the file.
    #[must_use]
    pub fn sha256(&self) -> CodeSha256 {
        self.sha256
    }
    /// Bytes of the file.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.bytes
    }
    /// How many entries, the two of the signature included.
    #[must_use]
    pub fn entries(&self) -> usize {
        self.entries
    }
    /// Sum of all bodies.
    #[must_use]
    pub fn unpacked_bytes(&self) -> u64 {
        self.unpacked_bytes
    }
}
