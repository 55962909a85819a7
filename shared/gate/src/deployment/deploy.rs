//! From a signing job that ended to the end of its upload.
//!
//! ```text
//! job event ─ describe ─ ours? ─ records ─┬─ failed ─────────────────► rejected
//!                                         └─ signed ─► function, layer ─► deployed, rejected,
//!                                                                         superseded, failed
//! ```
//!
//! Idempotent and safe under any interleaving: the terminal record is written by condition; an
//! accepting verdict is on record before anything is changed; Lambda's own revision guards every
//! change of a function, and whether the upload is still current is asked after the revision was
//! read, so an older upload cannot overwrite a newer one.

use super::{
    function,
    judge::ending_of,
    layer,
    pending_deployment::{DeployWorld, Found, PendingDeployment, check_current, find},
    settings::DeploySettings,
};
use crate::{
    domain::{JobStatus, ReasonCode, SigningJobId, Target},
    outcome::{DeliveryAttempt, EarlyExit, Finished, OutcomeDraft, RetryableError, finish},
    ports::Creation,
    records,
    records::{LambdaVerdict, Schema, UploadState, VerdictRecord},
    verdict::{Decision, Examine},
};

/// What became of a job event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Deployment {
    /// The upload has come to its end.
    Finished(Box<Finished>),
    /// The job is none of this stack's, for this reason; to be logged.
    NotOurs(String),
}

/// Brings the upload of a signing job to its end.
///
/// With its last patience, trouble and an inconclusive verdict end the upload, too: rejected when
/// nothing was approved, failed when something may have been begun.
pub async fn deploy<W: DeployWorld, E: Examine>(
    world: &W,
    examiner: &E,
    settings: &DeploySettings,
    job: &SigningJobId,
    attempt: DeliveryAttempt,
) -> Result<Deployment, RetryableError> {
    let mut case = match find(world, settings, job, attempt).await? {
        Found::PendingDeployment(case) => case,
        Found::Finished(finished) => return Ok(Deployment::Finished(finished)),
        Found::NotOurs(why) => return Ok(Deployment::NotOurs(why)),
    };
    let ending = match run(world, examiner, settings, &mut case).await {
        Ok(ending) => ending,
        Err(EarlyExit::End(ending)) => *ending,
        Err(EarlyExit::Retry(retry @ RetryableError::LeaseHeld { .. })) => {
            return Err(retry);
        }
        Err(EarlyExit::Retry(retry)) if attempt.is_last(world.now()) => {
            give_up(world, &case, &retry).await?
        }
        Err(EarlyExit::Retry(retry)) => return Err(retry),
    };
    let finished = finish(world, &settings.stack, &case.story(), ending).await?;
    Ok(Deployment::Finished(Box::new(finished)))
}

/// The way from a case to its ending.
async fn run<W: DeployWorld, E: Examine>(
    world: &W,
    examiner: &E,
    settings: &DeploySettings,
    case: &mut PendingDeployment,
) -> Result<OutcomeDraft, EarlyExit> {
    match &case.job.status {
        JobStatus::InProgress => {
            return Err(
                RetryableError::busy(format!("the job {} is in progress", case.job.id)).into(),
            );
        }
        JobStatus::Failed { reason } => {
            check_current(world, &case.upload).await?;
            let message = format!("the signing job {} failed: {reason}", case.job.id);
            return Err(OutcomeDraft::rejected(ReasonCode::SigningFailed, message).into());
        }
        JobStatus::Succeeded => {}
    }
    // What was refused once stays refused, whoever finished the work.
    if let Some(record) = &case.verdict
        && !record.decision.accepts()
    {
        return Ok(ending_of(record));
    }
    match case.target.clone() {
        Target::Function(name) => function::deploy(world, examiner, settings, case, &name).await,
        Target::Layer(name) => layer::deploy(world, examiner, settings, case, &name).await,
    }
}

/// The ending of an upload that could not be brought to one in all attempts.
///
/// Where an accepting verdict is on record, a change may have been begun, by this delivery or by
/// another: then it is not called rejected. Where there is none, one that accepts nothing is put there
/// first, so that no other delivery begins one.
async fn give_up<W: DeployWorld>(
    world: &W,
    case: &PendingDeployment,
    retry: &RetryableError,
) -> Result<OutcomeDraft, RetryableError> {
    let why = retry.error_chain();
    let verdict = match retry {
        RetryableError::Inconclusive { verdict } => Some(verdict.as_ref().clone()),
        _ => None,
    };
    let path = format!("{}verdict.json", case.upload.folder());
    let record = VerdictRecord {
        schema: Schema,
        upload: case.upload.clone(),
        target: case.target.clone(),
        job: case.job.id.clone(),
        signed: None,
        source_sha256: case.signing.received.source_sha256.clone(),
        decision: Decision::Inconclusive,
        verdict: verdict.clone(),
        lambda: LambdaVerdict::NotAsked,
        code_signing_config: None,
        judged_at: world.now(),
    };
    let on_record = match records::create(world, &path, &record).await? {
        Creation::Created => Some(record),
        Creation::Existed => records::read(world, &path).await?,
    };
    let is_accepted = on_record.is_some_and(|record| record.decision.accepts());
    let (state, message) = if is_accepted {
        (
            UploadState::Failed,
            format!("it was accepted, and could not be completed: {why}"),
        )
    } else {
        (
            UploadState::Rejected,
            format!("no verdict could be reached: {why}"),
        )
    };
    Ok(OutcomeDraft {
        findings: verdict
            .as_ref()
            .map(OutcomeDraft::notable)
            .unwrap_or_default(),
        ..OutcomeDraft::new(state, ReasonCode::Undecided, message)
    })
}
