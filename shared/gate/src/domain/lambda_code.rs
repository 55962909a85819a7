//! How Lambda identifies code, and how it refuses it.

use std::fmt;

use super::reason_code::ReasonCode;

/// A refusal in AWS's own words.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Refusal {
    /// The exception's name: `CodeVerificationFailedException`.
    pub exception: String,
    /// Its message.
    pub message: String,
}

/// The exceptions by which Lambda refuses code for its signature. AWS was seen to use the first for
/// tampering too (grade C); the model has the other two.
pub const SIGNATURE_EXCEPTIONS: [&str; 3] = [
    "CodeVerificationFailedException",
    "InvalidCodeSignatureException",
    "CodeSigningConfigNotFoundException",
];

impl Refusal {
    /// Whether Lambda refused for the signature's sake.
    #[must_use]
    pub fn is_about_signature(&self) -> bool {
        SIGNATURE_EXCEPTIONS.contains(&self.exception.as_str())
    }

    /// The reason code of a refusal of code: for its signature, or for anything else.
    #[must_use]
    pub fn reason(&self) -> ReasonCode {
        if self.is_about_signature() {
            ReasonCode::LambdaDisagrees
        } else {
            ReasonCode::LambdaRefused
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.exception, self.message)
    }
}

/// How a function's code is packed (`PackageType`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum PackageType {
    /// A zip.
    Zip,
    /// A container image, which cannot be signed this way.
    Image,
}

/// How Lambda identifies code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CodeIdentity {
    /// `CodeSha256`: base64 of the SHA-256 of the zip.
    pub sha256: String,
    /// `SigningJobArn`, when the package is signed.
    pub job_arn: Option<String>,
    /// `SigningProfileVersionArn`, when the package is signed.
    pub profile_version_arn: Option<String>,
}
