//! The stack's key for summaries.

use aws_sdk_kms::{
    primitives::Blob,
    types::{MessageType, SigningAlgorithmSpec},
};
use countersign_gate::ports::{PortError, SummarySignature, SummarySigner};

use crate::{
    connection::Connection,
    error::{port_error, required},
};

/// [`SummarySigner`] over KMS.
#[derive(Debug, Clone)]
pub struct SummaryKey {
    connection: Connection,
    arn: String,
}

impl SummaryKey {
    /// The key of this ARN, on P-384.
    #[must_use]
    pub fn new(connection: Connection, arn: String) -> Self {
        Self { connection, arn }
    }
}

impl SummarySigner for SummaryKey {
    /// The digest is made here and not by KMS, which takes no message of more than 4,096 bytes.
    async fn sign_summary(&self, sha384: [u8; 48]) -> Result<SummarySignature, PortError> {
        const CALL: &str = "kms:Sign";
        let request = self.connection.kms().sign().key_id(&self.arn);
        let answer = request
            .message(Blob::new(sha384))
            .message_type(MessageType::Digest)
            .signing_algorithm(SigningAlgorithmSpec::EcdsaSha384)
            .send()
            .await
            .map_err(|error| port_error(CALL, error))?;
        Ok(SummarySignature {
            key: required(CALL, "KeyId", answer.key_id)?,
            bytes: required(CALL, "Signature", answer.signature)?.into_inner(),
        })
    }
}
