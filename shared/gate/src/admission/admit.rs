//! From an upload to its signing job, or to the reason why there is none.

use std::collections::BTreeMap;

use super::{
    admission::Admission,
    eligibility::check_eligibility,
    pin::pin,
    settings::{SignSettings, SignWorld},
    start::start_signing,
    statement::take_statement,
};
use crate::{
    domain::{ReasonCode, Stack, StatementKey, Target, Upload},
    events::UploadEvent,
    outcome::{
        Attempted, DeliveryAttempt, EarlyExit, OutcomeDraft, RetryableError, UploadContext, Wait,
        finish, finished_before, note_waiting, within,
    },
    ports::Creation,
    records::{
        self, HeldLease, Holder, LeaseRequest, LeaseScope, Received, RecordFolder, Schema, Signing,
        UploadState,
    },
};

/// How far this delivery came: what its last words can rest on.
#[derive(Default)]
struct Progress {
    received: Option<Received>,
    lease: Option<HeldLease>,
}

/// Takes an upload in: pins its version, refuses at once what can never be deployed, has the rest
/// signed.
///
/// Idempotent: the records tell how far an earlier delivery came, and Signer answers a repeated token
/// with the first job. At the end of the patience, trouble ends the upload as rejected.
pub async fn admit<W: SignWorld>(
    world: &W,
    settings: &SignSettings,
    event: &UploadEvent,
    attempt: &DeliveryAttempt,
) -> Result<Admission, RetryableError> {
    if event.bucket != settings.stack.uploads_bucket {
        return Ok(Admission::NotOurs(format!(
            "the bucket {} is not the uploads bucket of this stack",
            event.bucket
        )));
    }
    if let Some(key) = StatementKey::parse(&event.key) {
        let work = take_statement(world, event, key);
        let taken = within(world, attempt.work_until, work).await;
        return taken.unwrap_or_else(|| {
            Err(RetryableError::TimeUp {
                what: "a statement was being taken in".to_owned(),
            })
        });
    }
    let began = world.now();
    let mut progress = Progress::default();
    let work = admit_once(world, settings, event, attempt, &mut progress);
    let error = match within(world, attempt.work_until, work).await {
        Some(Ok(admission)) => return Ok(admission),
        Some(Err(error)) => error,
        None => RetryableError::TimeUp {
            what: "the upload was being taken in".to_owned(),
        },
    };
    let Some(received) = progress.received else {
        // Nothing is known of it but the event: the queue keeps that.
        return Err(error);
    };
    if matches!(error, RetryableError::LeaseHeld { .. }) {
        return Err(error);
    }
    let Ok(wait) = Wait::until_now(world, &received.upload, began, &error).await else {
        return Err(error);
    };
    let attempt = wait.applied_to(attempt);
    if attempt.is_last(world.now()) {
        return give_up(world, settings, received, &attempt, &error).await;
    }
    let noted = Attempted {
        upload: &received.upload,
        attempt: &attempt,
        wait,
        applied: None,
        lease: progress.lease,
    };
    Err(note_waiting(world, &settings.stack, noted, error).await)
}

async fn admit_once<W: SignWorld>(
    world: &W,
    settings: &SignSettings,
    event: &UploadEvent,
    attempt: &DeliveryAttempt,
    progress: &mut Progress,
) -> Result<Admission, RetryableError> {
    let pinned = pin(world, event).await?;
    if pinned.is_console_folder() {
        return Ok(Admission::NotOurs(format!(
            "{:?} is a folder that the S3 console made, and no upload",
            event.key
        )));
    }
    let target = Target::from_key(&event.key);
    let mut received = Received {
        schema: Schema,
        upload: pinned.upload,
        target: target.as_ref().ok().cloned(),
        bytes: None,
        source_sha256: None,
        uploaded_by: event.uploaded_by.clone(),
        metadata: BTreeMap::new(),
        tags: BTreeMap::new(),
        sequencer: event.sequencer.clone(),
        delivery: attempt.id.clone(),
        received_at: world.now(),
    };
    progress.received = Some(received.clone());
    // A first delivery finds nothing on record, as a rule; if it does, `begin` sees it.
    if attempt.attempt > 1 {
        let folder = RecordFolder::list(world, &received.upload).await?;
        if let Some(known) =
            resume_from_records(world, &settings.stack, &received.upload, &folder).await?
        {
            return Ok(known);
        }
    }
    let eligible = check_eligibility(world, settings, pinned.standing, target, &mut received).await;
    // Also where it has to be tried again: should this be the last attempt, that is what is known.
    progress.received = Some(received.clone());
    if let Err(EarlyExit::Retry(error)) = eligible {
        return Err(error);
    }
    // What was received goes on record before anything comes of it.
    match begin(world, settings, &mut received, attempt).await? {
        Begun::Known(admission) => return Ok(admission),
        Begun::Holding(lease) => progress.lease = Some(lease),
    }
    let context = context_of(&received);
    let started = match eligible {
        Ok(profile) => start_signing(world, settings, received, profile, attempt).await,
        Err(exit) => Err(exit),
    };
    match started {
        Ok(admission) => Ok(admission),
        Err(EarlyExit::Retry(error)) => Err(error),
        Err(EarlyExit::End(draft)) => end(world, &settings.stack, &context, *draft).await,
    }
}

/// What `begin` found.
enum Begun {
    /// This delivery does the work.
    Holding(HeldLease),
    /// An earlier one has done it.
    Known(Admission),
}

/// Puts `received.json` on record, which is the lease on the admission; or takes over from a delivery
/// that gave up or was cut off. What the first event said of the uploader stays: a later one may be made up
/// by whoever may invoke the function.
async fn begin<W: SignWorld>(
    world: &W,
    settings: &SignSettings,
    received: &mut Received,
    attempt: &DeliveryAttempt,
) -> Result<Begun, RetryableError> {
    let upload = &received.upload;
    if records::create(world, &upload.folder(), &*received).await? == Creation::Created {
        return Ok(Begun::Holding(HeldLease::first(LeaseScope::Admission)));
    }
    let folder = RecordFolder::list(world, upload).await?;
    if let Some(known) = resume_from_records(world, &settings.stack, upload, &folder).await? {
        return Ok(Begun::Known(known));
    }
    let held = || RetryableError::LeaseHeld {
        what: format!("another delivery is taking {} in", upload.id.key),
    };
    let first: Option<Received> = records::read(world, &upload.folder()).await?;
    let first = first.ok_or_else(held)?;
    let holder = Holder {
        delivery: first.delivery,
        began_at: first.received_at,
    };
    let request = LeaseRequest {
        scope: LeaseScope::Admission,
        upload,
        folder: &folder,
        first: holder,
        delivery: &attempt.id,
    };
    let lease = HeldLease::take_over(world, request).await?;
    let lease = lease.ok_or_else(held)?;
    received.uploaded_by = first.uploaded_by;
    received.sequencer = first.sequencer;
    Ok(Begun::Holding(lease))
}

/// How far an earlier delivery came, if it came far enough.
async fn resume_from_records<W: SignWorld>(
    world: &W,
    stack: &Stack,
    upload: &Upload,
    folder: &RecordFolder,
) -> Result<Option<Admission>, RetryableError> {
    if folder.has::<records::Outcome>() {
        return Ok(finished_before(world, stack, upload)
            .await?
            .map(Box::new)
            .map(Admission::Finished));
    }
    let signing: Option<Signing> = folder.read(world, upload).await?;
    Ok(signing.map(|signing| Admission::Signing {
        upload: upload.clone(),
        job: signing.job,
        is_new: false,
    }))
}

/// The last attempt failed: the upload ends, unless another delivery is at work on it.
async fn give_up<W: SignWorld>(
    world: &W,
    settings: &SignSettings,
    mut received: Received,
    attempt: &DeliveryAttempt,
    error: &RetryableError,
) -> Result<Admission, RetryableError> {
    let draft = match begin(world, settings, &mut received, attempt).await {
        Ok(Begun::Known(admission)) => return Ok(admission),
        Ok(Begun::Holding(_)) => {
            let message = format!("it could not be taken in: {}", error.error_chain());
            OutcomeDraft::rejected(ReasonCode::Undecided, message)
        }
        // How far an earlier delivery came cannot be read, by anybody: nobody goes on.
        Err(unreadable @ RetryableError::UnreadableRecord { .. }) => {
            let why = unreadable.error_chain();
            let message = format!("{why}; whether anything was applied is not known");
            OutcomeDraft::new(UploadState::Failed, ReasonCode::NotCompleted, message)
        }
        Err(error) => return Err(error),
    };
    end(world, &settings.stack, &context_of(&received), draft).await
}

async fn end<W: SignWorld>(
    world: &W,
    stack: &Stack,
    context: &UploadContext,
    draft: OutcomeDraft,
) -> Result<Admission, RetryableError> {
    finish(world, stack, context, draft)
        .await
        .map(Box::new)
        .map(Admission::Finished)
}

fn context_of(received: &Received) -> UploadContext {
    UploadContext {
        upload: received.upload.clone(),
        target: received.target.clone(),
        job: None,
        received: Some(received.clone()),
    }
}
