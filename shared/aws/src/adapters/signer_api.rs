//! AWS Signer.

use aws_sdk_signer::{
    operation::describe_signing_job::DescribeSigningJobOutput,
    types::{Destination, S3Destination, S3Source, SigningProfileStatus, SigningStatus, Source},
};
use countersign_gate::{
    domain::{
        JobRevocation, JobStatus, ProfileName, ProfileStatus, Refusal, SigningJob, SigningJobId,
        SigningProfile, UploadId, VersionId,
    },
    ports::{JobRequest, JobStart, PortError, Signer},
};
use countersign_package::ProfileVersionArn;

use super::timestamp::timestamp;
use crate::{
    connection::Connection,
    error::{code, could_not_reach, not_made, port_error, refusal, required, unreadable},
};

const NOT_FOUND: &str = "ResourceNotFoundException";
const INVALID: &str = "ValidationException";

/// [`Signer`] over AWS Signer, in the connection's account and region.
#[derive(Debug, Clone)]
pub struct SignerApi {
    connection: Connection,
}

impl SignerApi {
    /// Signer as the connection reaches it.
    #[must_use]
    pub fn new(connection: Connection) -> Self {
        Self { connection }
    }
}

impl Signer for SignerApi {
    async fn start_job(&self, request: &JobRequest) -> Result<JobStart, PortError> {
        const CALL: &str = "signer:StartSigningJob";
        let source = S3Source::builder()
            .bucket_name(&request.source.bucket)
            .key(&request.source.key)
            .version(request.source.version.as_str())
            .build()
            .map_err(|error| not_made(CALL, error))?;
        let destination = S3Destination::builder()
            .bucket_name(&request.bucket)
            .prefix(&request.prefix)
            .build();
        let answer = self
            .connection
            .signer()
            .start_signing_job()
            .profile_name(request.profile.as_str())
            .client_request_token(&request.token)
            .source(Source::builder().s3(source).build())
            .destination(Destination::builder().s3(destination).build())
            .send()
            .await;
        match answer {
            Ok(started) => {
                let id = required(CALL, "jobId", started.job_id)?;
                let id = SigningJobId::parse(id).map_err(|e| unreadable(CALL, "jobId", &e))?;
                Ok(JobStart::Job(id))
            }
            Err(error) if is_about_access(&refusal(&error)) => Err(could_not_reach(CALL, error)),
            Err(error) if matches!(code(&error), NOT_FOUND | INVALID) => {
                Ok(JobStart::Refused(refusal(&error)))
            }
            Err(error) => Err(port_error(CALL, error)),
        }
    }

    /// A fresh job "can 404 for a few seconds" (grade C): `None` need not mean that there is no such
    /// job.
    async fn describe_job(&self, id: &SigningJobId) -> Result<Option<SigningJob>, PortError> {
        const CALL: &str = "signer:DescribeSigningJob";
        match self
            .connection
            .signer()
            .describe_signing_job()
            .job_id(id.as_str())
            .send()
            .await
        {
            Ok(job) => signing_job(CALL, id, job).map(Some),
            Err(error) if code(&error) == NOT_FOUND => Ok(None),
            Err(error) => Err(port_error(CALL, error)),
        }
    }

    async fn profile(
        &self,
        name: &ProfileName,
        owner: &str,
    ) -> Result<Option<SigningProfile>, PortError> {
        const CALL: &str = "signer:GetSigningProfile";
        let request = self
            .connection
            .signer()
            .get_signing_profile()
            .profile_name(name.as_str());
        let profile = match request.profile_owner(owner).send().await {
            Ok(profile) => profile,
            Err(error) if code(&error) == NOT_FOUND => return Ok(None),
            Err(error) => return Err(port_error(CALL, error)),
        };
        let revocation = profile.revocation_record.as_ref();
        let effective_from = revocation.and_then(|record| record.revocation_effective_from());
        let status = match required(CALL, "status", profile.status)? {
            // A revoked profile may be canceled as well. That it is revoked weighs more.
            _ if revocation.is_some() => revoked(CALL, effective_from)?,
            SigningProfileStatus::Active => ProfileStatus::Active,
            SigningProfileStatus::Canceled => ProfileStatus::Canceled,
            SigningProfileStatus::Revoked => revoked(CALL, None)?,
            unknown => return Err(unreadable(CALL, "status", &unknown)),
        };
        let arn = required(CALL, "profileVersionArn", profile.profile_version_arn)?;
        Ok(Some(SigningProfile {
            version_arn: ProfileVersionArn::parse(&arn)
                .map_err(|error| unreadable(CALL, "profileVersionArn", &error))?,
            status,
        }))
    }
}

/// Whether Signer could not reach a bucket. It looks at both when a job is started, and refuses fresh
/// IAM and bucket policies for a while in words such as "not accessible" (grade C; that it does so by
/// a `ValidationException` is grade D). Then nothing was said about the upload.
fn is_about_access(refusal: &Refusal) -> bool {
    let message = refusal.message.to_ascii_lowercase();
    refusal.exception == INVALID && message.contains("bucket") && message.contains("not accessible")
}

fn revoked(
    call: &'static str,
    effective_from: Option<&aws_sdk_signer::primitives::DateTime>,
) -> Result<ProfileStatus, PortError> {
    let field = "revocationRecord.revocationEffectiveFrom";
    Ok(ProfileStatus::Revoked {
        effective_from: timestamp(call, field, effective_from)?,
    })
}

fn signing_job(
    call: &'static str,
    id: &SigningJobId,
    job: DescribeSigningJobOutput,
) -> Result<SigningJob, PortError> {
    let reason = job.status_reason.unwrap_or_default();
    let status = match required(call, "status", job.status)? {
        SigningStatus::InProgress => JobStatus::InProgress,
        SigningStatus::Succeeded => JobStatus::Succeeded,
        SigningStatus::Failed => JobStatus::Failed { reason },
        unknown => JobStatus::Unknown {
            status: unknown.as_str().to_owned(),
        },
    };
    let profile = required(call, "profileName", job.profile_name)?;
    let revocation = match &job.revocation_record {
        None => None,
        Some(record) => Some(JobRevocation {
            at: timestamp(call, "revocationRecord.revokedAt", record.revoked_at())?,
            reason: format!(
                "{} ({})",
                record.reason().unwrap_or("no reason given"),
                record.revoked_by().unwrap_or("by whom is not said"),
            ),
        }),
    };
    let expires_at = job.signature_expires_at.as_ref();
    let completed_at = job.completed_at.as_ref();
    Ok(SigningJob {
        id: id.clone(),
        status,
        source: job.source.and_then(|source| source.s3).and_then(upload),
        signed: job
            .signed_object
            .and_then(|object| object.s3)
            .and_then(|object| Some((object.bucket_name?, object.key?))),
        profile: ProfileName::parse(profile)
            .map_err(|error| unreadable(call, "profileName", &error))?,
        profile_version: required(call, "profileVersion", job.profile_version)?,
        owner: required(call, "jobOwner", job.job_owner)?,
        completed_at: completed_at
            .map(|at| timestamp(call, "completedAt", Some(at)))
            .transpose()?,
        expires_at: expires_at
            .map(|at| timestamp(call, "signatureExpiresAt", Some(at)))
            .transpose()?,
        revocation,
    })
}

/// The object that was signed. One without a version that pins it is nothing the gate asked for.
fn upload(source: S3Source) -> Option<UploadId> {
    Some(UploadId {
        bucket: source.bucket_name,
        key: source.key,
        version: VersionId::parse(source.version).ok()?,
    })
}
