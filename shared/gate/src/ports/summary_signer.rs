//! The key that signs what others are told of a deployment.

use super::error::PortError;
use std::future::Future;

/// A signature by the stack's key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SummarySignature {
    /// The ARN of the key that signed.
    pub key: String,
    /// ECDSA on P-384, `SEQUENCE { r, s }` in DER (ANSI X9.62), as KMS writes it.
    pub bytes: Vec<u8>,
}

/// The stack's key for summaries.
pub trait SummarySigner: Sync {
    /// `kms:Sign` with `ECDSA_SHA_384` over a digest (SHA-384) that was made here.
    fn sign_summary(
        &self,
        sha384: [u8; 48],
    ) -> impl Future<Output = Result<SummarySignature, PortError>> + Send;
}
