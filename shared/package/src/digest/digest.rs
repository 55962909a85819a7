//! The two digests of a package: of the file as Lambda reports it, and of the contents as Signer
//! signs them.

use std::fmt;

use base64::{Engine as _, engine::general_purpose::STANDARD};

use crate::escape::hex;

/// SHA-256 of the zip file. Displayed in Base64, as Lambda's `CodeSha256` is.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct CodeSha256([u8; 32]);

impl CodeSha256 {
    pub(crate) fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The digest's bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for CodeSha256 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&STANDARD.encode(self.0))
    }
}

impl fmt::Debug for CodeSha256 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CodeSha256({self})")
    }
}

/// The inner digest of a package: SHA-384 over every entry's raw name and uncompressed body, in
/// archive order, without framing, the signature entry left out [grade C, reproduced on an
/// independent package]. These 48 bytes are the detached content that the signature's messageDigest
/// is over. Displayed in lower-case hexadecimal.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct ContentDigest([u8; 48]);

impl ContentDigest {
    pub(crate) fn new(bytes: [u8; 48]) -> Self {
        Self(bytes)
    }

    /// The digest's bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 48] {
        &self.0
    }
}

impl fmt::Display for ContentDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex(&self.0))
    }
}

impl fmt::Debug for ContentDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ContentDigest({self})")
    }
}
