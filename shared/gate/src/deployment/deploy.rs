//! From a signing job that ended to the end of its upload.
//!
//! ```text
//! job event ─ describe ─ ours? ─ records ─┬─ failed ─────────────────► rejected
//!                                         └─ signed ─► function, layer ─► deployed, prepared, rejected,
//!                                                                         superseded, failed
//! ```
//!
//! Idempotent and safe under any interleaving (no race condition between two uploads, no TOCTOU between
//! verdict and update):
//! - The terminal record is written by condition.
//! - One delivery at a time works under a lease (`records/lease.rs`).
//! - An accepting verdict is on record before anything is changed, and one that accepts nothing before an
//!   upload ends for any other reason: both are the same object, created by condition, so that no delivery
//!   deploys what another has refused.
//! - Lambda's own revision guards every change of a function. Whether the upload is still current is
//!   asked after the revision was read, so an older upload cannot overwrite a newer one.
//! - What was applied is looked at before what is current, and never called rejected or superseded.

use jiff::Timestamp;

use super::{
    function::FunctionDeployment,
    judge::{outcome_of_record, take_lease},
    layer::LayerDeployment,
    pending_deployment::{
        Applied, DeployContext, DeployWorld, JobLookup, PendingDeployment, check_current, find,
    },
    settings::DeploySettings,
};
use crate::{
    domain::{JobStatus, ReasonCode, SigningJobId, Target, Upload},
    outcome::{
        Attempted, DeliveryAttempt, EarlyExit, Finished, OutcomeDraft, RetryableError, Wait,
        finish, note_waiting, within,
    },
    ports::Creation,
    records::{self, Effect, LambdaVerdict, Schema, UploadState, VerdictRecord},
    verdict::{Decision, Examine, Verdict},
};

/// What became of a job event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Deployment {
    /// The upload has come to its end.
    Finished(Box<Finished>),
    /// The job is none of this stack's, for this reason; to be logged.
    NotOurs(String),
}

/// Brings the upload of a signing job to its end. Which upload that is, and for which target, is told to `found` as soon
/// as it is known: what is logged afterwards can name them.
///
/// At the end of the patience, trouble and an inconclusive verdict end the upload, too: rejected when
/// nothing was approved, failed when something may have been applied.
pub async fn deploy<W: DeployWorld, E: Examine>(
    world: &W,
    examiner: &E,
    settings: &DeploySettings,
    job: &SigningJobId,
    attempt: &DeliveryAttempt,
    found: &(dyn Fn(&Upload, &Target) + Sync),
) -> Result<Deployment, RetryableError> {
    let (began, until) = (world.now(), attempt.work_until);
    let lookup = within(world, until, find(world, settings, job, attempt, found)).await;
    let lookup = lookup.unwrap_or_else(|| Err(time_up("the upload of the job was being found")))?;
    let mut pending = match lookup {
        JobLookup::Pending(pending) => pending,
        JobLookup::Finished(finished) => return Ok(Deployment::Finished(finished)),
        JobLookup::NotOurs(why) => return Ok(Deployment::NotOurs(why)),
        JobLookup::Unreadable(context, error) => {
            let message = format!(
                "{}; whether Lambda took anything is not known",
                error.error_chain()
            );
            let draft = OutcomeDraft::new(UploadState::Failed, ReasonCode::NotCompleted, message);
            let finished = finish(world, &settings.stack, &context, draft).await?;
            return Ok(Deployment::Finished(Box::new(finished)));
        }
    };
    let context = DeployContext {
        world,
        examiner,
        settings,
    };
    let work = run(context, &mut pending);
    let end = within(world, until, work).await;
    let end = end.unwrap_or_else(|| Err(time_up("the package was being deployed").into()));
    let end = match end {
        Ok(draft) => ensure_no_other_delivery_deploys(world, &mut pending)
            .await
            .map(|()| draft),
        Err(EarlyExit::End(draft)) => ensure_no_other_delivery_deploys(world, &mut pending)
            .await
            .map(|()| *draft),
        Err(EarlyExit::Retry(error)) => Err(error),
    };
    let draft = match end {
        Ok(draft) => draft,
        Err(error) => retry_or_give_up(world, settings, &mut pending, began, error).await?,
    };
    let draft = pending.fail_if_applied(draft);
    let finished = finish(world, &settings.stack, &pending.context(), draft).await?;
    Ok(Deployment::Finished(Box::new(finished)))
}

fn time_up(what: &str) -> RetryableError {
    RetryableError::TimeUp {
        what: what.to_owned(),
    }
}

/// The way from a pending deployment to its outcome.
async fn run<W: DeployWorld, E: Examine>(
    context: DeployContext<'_, W, E>,
    pending: &mut PendingDeployment,
) -> Result<OutcomeDraft, EarlyExit> {
    check_destination(pending)?;
    match &pending.job.status {
        JobStatus::InProgress => {
            let what = format!("the job {} is in progress", pending.job.id);
            return Err(RetryableError::busy(what).into());
        }
        JobStatus::Unknown { status } => {
            let what = format!(
                "the status of the job {} is {status}, which is not known",
                pending.job.id
            );
            return Err(RetryableError::busy(what).into());
        }
        JobStatus::Failed { reason } => {
            check_current(context.world, &pending.upload).await?;
            let message = format!("the signing job {} failed: {reason}", pending.job.id);
            return Err(OutcomeDraft::rejected(ReasonCode::SigningFailed, message).into());
        }
        JobStatus::Succeeded => {}
    }
    // What was refused once stays refused, whoever finishes the work. Where nothing was judged then, the
    // reason is found anew.
    if let Some(record) = &pending.verdict {
        if record.decision.accepts() {
            take_lease(context.world, pending).await?;
        } else if record.verdict.is_some() {
            return Ok(outcome_of_record(record));
        }
    }
    match pending.target.clone() {
        Target::Function(name) => FunctionDeployment::new(context, pending, name).run().await,
        Target::Layer(name) => LayerDeployment::new(context, pending, name).run().await,
    }
}

/// The job on record writes where it was told to. One that does not was started by somebody else under
/// this upload's client token.
fn check_destination(pending: &PendingDeployment) -> Result<(), EarlyExit> {
    let signing = &pending.signing;
    let expected = format!("{}{}.zip", signing.prefix, pending.job.id);
    match &pending.signed {
        Some((bucket, key)) if *bucket != signing.bucket || *key != expected => {
            let message = format!(
                "the job {} wrote to {bucket}/{key}, and not to {}/{expected}",
                pending.job.id, signing.bucket
            );
            Err(OutcomeDraft::rejected(ReasonCode::ForeignSigningJob, message).into())
        }
        _ => Ok(()),
    }
}

/// Sends the event back, or, when this was the last attempt, ends the upload.
async fn retry_or_give_up<W: DeployWorld>(
    world: &W,
    settings: &DeploySettings,
    pending: &mut PendingDeployment,
    began: Timestamp,
    error: RetryableError,
) -> Result<OutcomeDraft, RetryableError> {
    if matches!(error, RetryableError::LeaseHeld { .. }) {
        return Err(error);
    }
    let Ok(wait) = Wait::until_now(world, &pending.upload, began, &error).await else {
        return Err(error);
    };
    pending.attempt = wait.applied_to(&pending.attempt);
    if pending.attempt.is_last(world.now()) {
        return give_up(world, pending, &error).await;
    }
    // Another attempt need not fear that something was applied when it is known that nothing was.
    if pending.lease.is_some()
        && pending.applied == Applied::No
        && let Some(record) = &mut pending.verdict
    {
        record.effect = Effect::None;
        let _stays_begun = records::replace(world, &pending.upload.folder(), record).await;
    }
    let noted = Attempted {
        upload: &pending.upload,
        attempt: &pending.attempt,
        wait,
        applied: pending.progress(),
        lease: pending.lease,
    };
    Err(note_waiting(world, &settings.stack, noted, error).await)
}

/// The outcome of an upload that could not be brought to one in all attempts.
///
/// Where an accepting verdict is on record, a change may have been begun: then it is not called
/// rejected. Where there is none, one that accepts nothing is put there first, so that no other
/// delivery begins one.
async fn give_up<W: DeployWorld>(
    world: &W,
    pending: &mut PendingDeployment,
    error: &RetryableError,
) -> Result<OutcomeDraft, RetryableError> {
    let why = error.error_chain();
    let verdict = match error {
        RetryableError::Inconclusive { verdict, .. } => Some(verdict.as_ref().clone()),
        _ => None,
    };
    let findings = verdict
        .as_ref()
        .map(OutcomeDraft::failures_of)
        .unwrap_or_default();
    if block_other_deliveries(world, pending, verdict).await? {
        let message = format!("no verdict could be reached: {why}");
        return Ok(OutcomeDraft {
            findings,
            ..OutcomeDraft::rejected(ReasonCode::Undecided, message)
        });
    }
    let message = format!(
        "it was accepted, and could not be completed: {why}; {}",
        pending.progress_sentence()
    );
    Ok(OutcomeDraft {
        findings,
        ..pending.failed(ReasonCode::NotCompleted, message)
    })
}

/// Makes sure, before an upload ends without a verdict that accepts it, that no other delivery which saw
/// things otherwise deploys it meanwhile.
async fn ensure_no_other_delivery_deploys<W: DeployWorld>(
    world: &W,
    pending: &mut PendingDeployment,
) -> Result<(), RetryableError> {
    if pending.verdict.is_some() || block_other_deliveries(world, pending, None).await? {
        return Ok(());
    }
    // Another delivery accepted it, and gave up or was cut off: the next one sees how far it came.
    Err(RetryableError::busy(
        "another delivery of this event has begun to deploy",
    ))
}

/// Makes sure that no other delivery goes on: by a verdict that accepts nothing, or by the lease. Answers
/// whether nothing was accepted.
async fn block_other_deliveries<W: DeployWorld>(
    world: &W,
    pending: &mut PendingDeployment,
    verdict: Option<Verdict>,
) -> Result<bool, RetryableError> {
    if pending.verdict.is_none() {
        let record = VerdictRecord {
            schema: Schema,
            upload: pending.upload.clone(),
            target: pending.target.clone(),
            job: pending.job.id.clone(),
            signed: None,
            source_sha256: pending.signing.received.source_sha256.clone(),
            decision: Decision::Inconclusive,
            verdict,
            lambda: LambdaVerdict::NotAsked,
            code_signing_config: None,
            operator_policy: None,
            approved_by: Vec::new(),
            alias: None,
            effect: Effect::None,
            delivery: pending.attempt.id.clone(),
            judged_at: world.now(),
        };
        let folder = pending.upload.folder();
        if records::create(world, &folder, &record).await? == Creation::Created {
            return Ok(true);
        }
        pending.verdict = records::read(world, &folder).await?;
    }
    let accepts = |record: &VerdictRecord| record.decision.accepts();
    if !pending.verdict.as_ref().is_some_and(accepts) {
        return Ok(true);
    }
    if pending.lease.is_none() {
        match take_lease(world, pending).await {
            // Who has it cannot be read, by anybody: nobody goes on.
            Ok(()) | Err(RetryableError::UnreadableRecord { .. }) => {}
            Err(error) => return Err(error),
        }
    }
    // Another delivery may have accepted it since this one began, and changed something.
    let has_begun = |record: &VerdictRecord| record.effect == Effect::Begun;
    if pending.applied == Applied::No && pending.verdict.as_ref().is_some_and(has_begun) {
        pending.applied = Applied::Unknown;
    }
    Ok(false)
}
