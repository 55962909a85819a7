//! The digest by which statements name an upload: what they say is about bytes, not about a version of a key.

use std::fmt;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// SHA-256 of an upload: 64 hexadecimal digits, in lower case.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct UploadDigest(String);

/// Why a text is no digest of an upload.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not a SHA-256 of 64 hexadecimal digits in lower case")]
pub struct UploadDigestError {
    text: String,
}

impl UploadDigest {
    /// The digest of these bytes, already computed.
    #[must_use]
    pub fn of_bytes(sha256: &[u8; 32]) -> Self {
        Self(hex::encode(sha256))
    }

    /// The digest of an upload's bytes.
    #[must_use]
    pub fn of_upload(bytes: &[u8]) -> Self {
        Self(hex::encode(Sha256::digest(bytes)))
    }

    /// The same digest as records have it: base64 of the SHA-256. `None` of anything else.
    #[must_use]
    pub fn of_base64(text: &str) -> Option<Self> {
        let bytes: [u8; 32] = STANDARD.decode(text).ok()?.try_into().ok()?;
        Some(Self::of_bytes(&bytes))
    }

    /// Reads the hexadecimal digits.
    ///
    /// # Errors
    ///
    /// Anything but 64 digits, upper case included: one upload has one name.
    pub fn parse(text: &str) -> Result<Self, UploadDigestError> {
        let is_digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        if text.len() == 64 && text.bytes().all(is_digit) {
            return Ok(Self(text.to_owned()));
        }
        Err(UploadDigestError {
            text: text.to_owned(),
        })
    }

    /// The digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for UploadDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<UploadDigest> for String {
    fn from(digest: UploadDigest) -> Self {
        digest.0
    }
}

impl TryFrom<String> for UploadDigest {
    type Error = UploadDigestError;

    fn try_from(text: String) -> Result<Self, UploadDigestError> {
        Self::parse(&text)
    }
}
