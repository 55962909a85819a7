//! How Lambda identifies code, and how it refuses it.

/// A refusal in AWS's own words.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Refusal {
    /// The exception's name: `CodeVerificationFailedException`.
    pub exception: String,
    /// Its message.
    pub message: String,
}

impl Refusal {
    /// Whether Lambda refused for the signature's sake. AWS was seen to use
    /// `CodeVerificationFailedException` for tampering too (grade C); the model has two more.
    #[must_use]
    pub fn is_about_signature(&self) -> bool {
        matches!(
            self.exception.as_str(),
            "CodeVerificationFailedException"
                | "InvalidCodeSignatureException"
                | "CodeSigningConfigNotFoundException"
        )
    }
}

/// By what Lambda tells code apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CodeIdentity {
    /// `CodeSha256`: base64 of the SHA-256 of the zip.
    pub sha256: String,
    /// `SigningJobArn`, when the package is signed.
    pub job_arn: Option<String>,
    /// `SigningProfileVersionArn`, when the package is signed.
    pub profile_version_arn: Option<String>,
}
