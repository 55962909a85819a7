//! `Signer Job Status Change`: a signing job ended.

use super::envelope::{Envelope, EventError, RESENT_SOURCE};
use crate::domain::SigningJobId;
use jiff::Timestamp;
use serde::Deserialize;

const STATUS_CHANGE: &str = "Signer Job Status Change";

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
        let is_known = matches!(envelope.source.as_str(), "aws.signer" | RESENT_SOURCE);
        if !is_known || envelope.detail_type != STATUS_CHANGE {
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

    /// The event of a job whose own event was lost.
    #[must_use]
    pub fn resent(job: &SigningJobId, at: Timestamp) -> String {
        serde_json::json!({
            "source": RESENT_SOURCE,
            "detail-type": STATUS_CHANGE,
            "time": at,
            "detail": {"job_id": job},
        })
        .to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resent_event_is_of_the_same_job() {
        let job = SigningJobId::parse("bbbbbbbb-3eb6-4ff0-989e-000000000000").unwrap();
        let at = "2026-11-21T21:44:00Z".parse().unwrap();
        let body = JobEvent::resent(&job, at);
        assert_eq!(JobEvent::parse(&body).unwrap().job, job);
        // The gate's own source is closed to everything else.
        let other = body.replace("Signer Job", "Signer Platform");
        assert!(JobEvent::parse(&other).is_err());
    }
}
