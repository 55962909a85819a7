//! From an upload to its signing job, or to the reason why there will be none.

use super::{
    eligibility::check_eligibility,
    pin::pin,
    settings::{SignSettings, SignWorld},
};
use crate::{
    domain::{ProfileName, ReasonCode, SigningJobId, Stack, Target, Upload},
    events::UploadEvent,
    outcome::{
        DeliveryAttempt, EarlyExit, Finished, OutcomeDraft, RetryableError, UploadContext, finish,
        finished_before,
    },
    ports::{Creation, JobRequest, JobStart},
    records,
    records::{Received, Schema, Signing},
};
use std::collections::BTreeMap;

/// What became of an upload event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Admission {
    /// A signing job runs for it.
    Signing {
        /// The upload.
        upload: Upload,
        /// The job.
        job: SigningJobId,
        /// Whether this call recorded it: then, and only then, it is to be counted.
        is_new: bool,
    },
    /// It has come to its end.
    Finished(Box<Finished>),
    /// It is none of this stack's, for this reason; to be logged.
    NotOurs(String),
}

/// Takes an upload in: pins its version, refuses at once what can never be deployed, has the rest
/// signed.
///
/// Idempotent: the records tell how far an earlier delivery came, and Signer answers a repeated token
/// with the first job. With its last patience, trouble ends the upload as rejected.
pub async fn admit<W: SignWorld>(
    world: &W,
    settings: &SignSettings,
    event: &UploadEvent,
    attempt: DeliveryAttempt,
) -> Result<Admission, RetryableError> {
    if event.bucket != settings.stack.uploads_bucket {
        return Ok(Admission::NotOurs(format!(
            "the bucket {} is not the uploads bucket of this stack",
            event.bucket
        )));
    }
    let mut story = None;
    match admit_once(world, settings, event, &mut story).await {
        Err(retry) if attempt.is_last(world.now()) => match &story {
            // Nothing is known of it but the event: the dead-letter queue keeps that.
            None => Err(retry),
            Some(story) => {
                let message = format!("it could not be taken in: {}", retry.error_chain());
                let ending = OutcomeDraft::rejected(ReasonCode::Undecided, message);
                end(world, &settings.stack, story, ending).await
            }
        },
        admission => admission,
    }
}

async fn admit_once<W: SignWorld>(
    world: &W,
    settings: &SignSettings,
    event: &UploadEvent,
    progress: &mut Option<UploadContext>,
) -> Result<Admission, RetryableError> {
    let pinned = pin(world, event).await?;
    let target = Target::from_key(&event.key);
    let mut story = UploadContext {
        upload: pinned.upload,
        target: target.as_ref().ok().cloned(),
        job: None,
        received: None,
    };
    if let Some(known) = resume_from_records(world, &settings.stack, &story.upload).await? {
        return Ok(known);
    }
    *progress = Some(story.clone());

    let mut received = Received {
        schema: Schema,
        upload: story.upload.clone(),
        target: story.target.clone(),
        bytes: None,
        source_sha256: None,
        uploaded_by: event.uploaded_by.clone(),
        metadata: BTreeMap::new(),
        tags: BTreeMap::new(),
        received_at: world.now(),
    };
    let considered =
        check_eligibility(world, settings, pinned.standing, target, &mut received).await;
    if let Err(EarlyExit::Retry(retry)) = considered {
        return Err(retry);
    }
    // What was received goes on record before anything comes of it.
    let path = format!("{}received.json", story.upload.folder());
    records::create(world, &path, &received).await?;
    story.received = Some(received.clone());
    *progress = Some(story.clone());
    let started = match considered {
        Ok(profile) => start(world, settings, received, profile).await,
        Err(stop) => Err(stop),
    };
    match started {
        Ok(admission) => Ok(admission),
        Err(EarlyExit::Retry(retry)) => Err(retry),
        Err(EarlyExit::End(ending)) => end(world, &settings.stack, &story, *ending).await,
    }
}

/// How far an earlier delivery came, if it came far enough.
async fn resume_from_records<W: SignWorld>(
    world: &W,
    stack: &Stack,
    upload: &Upload,
) -> Result<Option<Admission>, RetryableError> {
    let folder = upload.folder();
    let paths = world.list_records(&folder).await?;
    let has = |name: &str| {
        paths
            .iter()
            .any(|path| path.strip_prefix(&folder) == Some(name))
    };
    if has("outcome.json") {
        return Ok(finished_before(world, stack, upload)
            .await?
            .map(Box::new)
            .map(Admission::Finished));
    }
    if has("signing.json") {
        let signing: Option<Signing> =
            records::read(world, &format!("{folder}signing.json")).await?;
        return Ok(signing.map(|signing| Admission::Signing {
            upload: upload.clone(),
            job: signing.job,
            is_new: false,
        }));
    }
    Ok(None)
}

/// Starts the job, and puts it on record.
async fn start<W: SignWorld>(
    world: &W,
    settings: &SignSettings,
    received: Received,
    profile: ProfileName,
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
                "Signer refuses to sign with the profile {}: {}: {}",
                request.profile, refusal.exception, refusal.message
            );
            return Err(OutcomeDraft::rejected(ReasonCode::SignerRefused, message).into());
        }
    };
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
    let path = format!("{}signing.json", upload.folder());
    let creation = records::create(world, &path, &signing).await?;
    Ok(Admission::Signing {
        upload,
        job,
        is_new: creation == Creation::Created,
    })
}

async fn end<W: SignWorld>(
    world: &W,
    stack: &Stack,
    story: &UploadContext,
    ending: OutcomeDraft,
) -> Result<Admission, RetryableError> {
    finish(world, stack, story, ending)
        .await
        .map(Box::new)
        .map(Admission::Finished)
}
