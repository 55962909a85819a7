//! AWS Signer.

use super::error::PortError;
use crate::domain::{ProfileName, Refusal, SigningJob, SigningJobId, SigningProfile, UploadId};
use std::future::Future;

/// What Signer is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobRequest {
    /// The profile to sign with, in this account and region.
    pub profile: ProfileName,
    /// The upload to sign.
    pub source: UploadId,
    /// The signed bucket.
    pub bucket: String,
    /// Where in the signed bucket: the upload's folder, with its final slash.
    pub prefix: String,
    /// [`UploadId::client_token`].
    pub token: String,
}

/// Signer's answer to `StartSigningJob`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JobStart {
    /// A job with this id runs, or ran: a repeated token answers with the first job.
    Job(SigningJobId),
    /// Signer will not sign this, now or later: no such profile, a canceled one, a source it does
    /// not take (`ResourceNotFoundException`, `ValidationException`).
    Refused(Refusal),
}

/// AWS Signer.
pub trait Signer: Sync {
    /// `StartSigningJob`.
    fn start_job(
        &self,
        request: &JobRequest,
    ) -> impl Future<Output = Result<JobStart, PortError>> + Send;

    /// `DescribeSigningJob`; `None` when there is no such job.
    fn describe_job(
        &self,
        id: &SigningJobId,
    ) -> impl Future<Output = Result<Option<SigningJob>, PortError>> + Send;

    /// `GetSigningProfile`; `None` when there is no such profile. `owner` is the account of the
    /// profile. A status that is not known is [`PortError::Unexpected`].
    fn profile(
        &self,
        name: &ProfileName,
        owner: &str,
    ) -> impl Future<Output = Result<Option<SigningProfile>, PortError>> + Send;
}
