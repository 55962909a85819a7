//! Where the attestations of an upload lie in the uploads bucket: `attestations/<SHA-256>/`.

use sha2::{Digest as _, Sha256};
use std::fmt;

/// The prefix of the keys of all attestations of one package, `attestations/<SHA-256 in hexadecimal>/`.
///
/// By the digest and not by the upload: an attestation can be there before its zip, it counts for each upload of the
/// same bytes, and a rollback finds it again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttestationFolder(String);

impl AttestationFolder {
    /// The folder of the package with this SHA-256, as it was uploaded.
    #[must_use]
    pub fn of(sha256: &[u8; 32]) -> Self {
        Self(format!("attestations/{}/", hex::encode(sha256)))
    }

    /// The folder of this package, as it is to be uploaded.
    #[must_use]
    pub fn of_package(package: &[u8]) -> Self {
        Self::of(&Sha256::digest(package).into())
    }

    /// The prefix, with its final slash.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for AttestationFolder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folder_is_what_sha256sum_prints() {
        let folder = AttestationFolder::of(&[0xab; 32]).to_string();
        assert_eq!(folder, format!("attestations/{}/", "ab".repeat(32)));
        let empty = AttestationFolder::of_package(b"").to_string();
        assert!(
            empty.starts_with("attestations/e3b0c44298fc1c14"),
            "{empty}"
        );
    }
}
