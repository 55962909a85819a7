//! `Signer Job Status Change`: a signing job ended.

use super::envelope::{Envelope, EventError};
use crate::domain::SigningJobId;
use serde::Deserialize;

/// A signing job changed its status. The published sample is older than the Lambda platform, so only
/// the job's id is taken from it (grade B); everything else is asked of Signer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobEvent {
    /// The job.
    pub job: SigningJobId,
}

impl JobEvent {
    /// Reads a job status event.
    pub fn parse(body: &str) -> Result<Self, EventError> {
        #[derive(Deserialize)]
        struct Detail {
            job_id: String,
        }
        let envelope: Envelope = serde_json::from_str(body)?;
        if envelope.source != "aws.signer" || envelope.detail_type != "Signer Job Status Change" {
            return Err(EventError::Kind {
                source_name: envelope.source,
                detail_type: envelope.detail_type,
            });
        }
        let detail: Detail = serde_json::from_value(envelope.detail)?;
        Ok(Self {
            job: SigningJobId::parse(detail.job_id)?,
        })
    }
}
