//! The artifact that an attestation has to speak of.

use sigstore_verify::crypto;

/// An artifact by its digests. Countersign knows the SHA-256 of each upload; the SHA-512 is for
/// attestations of npm, which name a package by nothing else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Subject {
    sha256: [u8; 32],
    sha512: Option<[u8; 64]>,
}

impl Subject {
    /// The artifact with these bytes, by its SHA-256.
    #[must_use]
    pub fn of_bytes(bytes: &[u8]) -> Self {
        Self::of_sha256(*crypto::sha256(bytes).as_bytes())
    }

    /// The artifact with this SHA-256.
    #[must_use]
    pub const fn of_sha256(sha256: [u8; 32]) -> Self {
        Self {
            sha256,
            sha512: None,
        }
    }

    /// The same artifact, whose SHA-512 is known, too.
    #[must_use]
    pub const fn with_sha512(self, sha512: [u8; 64]) -> Self {
        Self {
            sha512: Some(sha512),
            ..self
        }
    }

    /// SHA-256 of the artifact.
    #[must_use]
    pub const fn sha256(&self) -> &[u8; 32] {
        &self.sha256
    }

    /// SHA-512 of the artifact, where it is known.
    #[must_use]
    pub const fn sha512(&self) -> Option<&[u8; 64]> {
        self.sha512.as_ref()
    }
}
