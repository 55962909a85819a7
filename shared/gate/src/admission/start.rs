//! Starts the signing job, and makes sure that it is the one that was asked for.

use super::{
    admission::Admission,
    settings::{SignSettings, SignWorld},
};
use crate::{
    domain::{JobStatus, ProfileName, ReasonCode, SigningJob, SigningJobId, Upload, UploadId},
    outcome::{Backoff, DeliveryAttempt, EarlyExit, OutcomeDraft, RetryableError, Superseded},
    ports::{Creation, JobRequest, JobStart, UploadHead},
    records::{self, Received, Schema, Signing},
};

/// Starts the job, and puts it on record.
pub(super) async fn start_signing<W: SignWorld>(
    world: &W,
    settings: &SignSettings,
    received: Received,
    profile: ProfileName,
    attempt: &DeliveryAttempt,
) -> Result<Admission, EarlyExit> {
    let upload = received.upload.clone();
    let request = JobRequest {
        profile,
        source: upload.id.clone(),
        bucket: settings.stack.signed_bucket.clone(),
        prefix: upload.folder(),
        token: upload.id.client_token(),
    };
    let job = match world.start_job(&request).await? {
        JobStart::Job(job) => job,
        JobStart::Refused(refusal) => {
            let message = format!(
                "Signer refuses to sign with the profile {}: {refusal}",
                request.profile
            );
            return Err(refused(world, &upload, ReasonCode::SignerRefused, message).await);
        }
    };
    let described = describe(world, &job, attempt).await?;
    check_is_ours(&request, &described)?;
    // Its event may have been handled already: who started it before us could not know where our records
    // are, and `deploy` found none.
    if let JobStatus::Failed { reason } = &described.status {
        let message = format!("the signing job {job} failed: {reason}");
        return Err(refused(world, &upload, ReasonCode::SigningFailed, message).await);
    }
    let signing = Signing {
        schema: Schema,
        job: job.clone(),
        profile: request.profile,
        bucket: request.bucket,
        prefix: request.prefix,
        token: request.token,
        started_at: world.now(),
        received,
    };
    let creation = records::create(world, &upload.folder(), &signing).await?;
    Ok(Admission::Signing {
        upload,
        job,
        is_new: creation == Creation::Created,
    })
}

/// Why an upload that could not be signed ends: where its version was deleted for good meanwhile, by that.
async fn refused<W: SignWorld>(
    world: &W,
    upload: &Upload,
    code: ReasonCode,
    message: String,
) -> EarlyExit {
    let UploadId { key, version, .. } = &upload.id;
    match world.head_upload(key, Some(version)).await {
        Ok(UploadHead::Object(_)) => OutcomeDraft::rejected(code, message).into(),
        Ok(UploadHead::DeleteMarker | UploadHead::Absent) => {
            Superseded::VersionDeleted.draft().into()
        }
        Err(error) => error.into(),
    }
}

/// Describes a job that was just started. Signer may not know it for a few seconds (grade C).
async fn describe<W: SignWorld>(
    world: &W,
    job: &SigningJobId,
    attempt: &DeliveryAttempt,
) -> Result<SigningJob, EarlyExit> {
    let mut backoff = Backoff::brief(world, attempt);
    loop {
        if let Some(job) = world.describe_job(job).await? {
            return Ok(job);
        }
        if !backoff.pause(world).await {
            let what = format!("Signer does not know the job {job} yet");
            return Err(RetryableError::busy(what).into());
        }
    }
}

/// Signer answers a repeated client token with the first job, whatever was asked then. Who may start
/// jobs can compute the token of an upload, so the job is compared with what was asked (what a token with
/// other parameters answers is not known).
fn check_is_ours(request: &JobRequest, job: &SigningJob) -> Result<(), EarlyExit> {
    let mut differences = Vec::new();
    if job.source.as_ref() != Some(&request.source) {
        let source = job.source.as_ref().map_or_else(
            || "no S3 object".to_owned(),
            |source| {
                format!(
                    "{}/{} version {}",
                    source.bucket, source.key, source.version
                )
            },
        );
        differences.push(format!("it signs {source}"));
    }
    if job.profile != request.profile {
        differences.push(format!(
            "it signs with the profile {}, not {}",
            job.profile, request.profile
        ));
    }
    if let Some((bucket, key)) = &job.signed
        && (*bucket != request.bucket || !key.starts_with(&request.prefix))
    {
        differences.push(format!("it writes to {bucket}/{key}"));
    }
    if differences.is_empty() {
        return Ok(());
    }
    let message = format!(
        "under this upload's client token somebody else has started the job {}: {}",
        job.id,
        differences.join("; ")
    );
    Err(OutcomeDraft::rejected(ReasonCode::ForeignSigningJob, message).into())
}
