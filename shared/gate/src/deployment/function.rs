//! Deploying to a function.
//!
//! One round reads the function and its revision, then whether the upload is still current, then
//! judges, then updates with that revision. A change by anyone in between makes Lambda refuse the
//! update, and the next round reads and judges again.

use super::{
    alias::{alias_of, point_alias},
    collect_evidence,
    collect_evidence::ExaminedPackage,
    expected::{Expected, check_deployed},
    judge::judge_on_record,
    live::{deployed_ending, note_live, unchanged, unchanged_ending},
    pending_deployment::{DeployWorld, PendingDeployment, check_current},
    publish::{Published, publish, wait_for},
    settings::DeploySettings,
};
use crate::{
    domain::{AliasName, CodeIdentity, FunctionName, ReasonCode},
    outcome::{EarlyExit, OutcomeDraft, RetryableError},
    ports::{CodeUpdate, Function, UpdateStatus},
    records::{Deployed, Live, UploadState, VerdictRecord},
    verdict::{Approved, Decision, Examine, SecondOpinion, Verdict},
};
use std::time::Duration;

/// How often a function may change under our hands before the event goes back to its queue.
pub(super) const MAX_ATTEMPTS: u32 = 6;

/// How long a function that is being updated is waited for, and how often it is looked at: a zip
/// function takes seconds, one in a VPC more. The function `deploy` itself has 150 seconds.
pub(super) const MAX_POLLS: u32 = 40;

pub(super) const POLL_INTERVAL: Duration = Duration::from_secs(1);

/// How a round ends when the upload does not.
enum Round {
    End(OutcomeDraft),
    Again,
}

/// Brings an upload to its end on a function.
pub(crate) async fn deploy<W: DeployWorld, E: Examine>(
    world: &W,
    examiner: &E,
    settings: &DeploySettings,
    case: &mut PendingDeployment,
    name: &FunctionName,
) -> Result<OutcomeDraft, EarlyExit> {
    let mut specimen = None;
    for _ in 0..MAX_ATTEMPTS {
        if let Round::End(ending) =
            attempt_update(world, examiner, settings, case, name, &mut specimen).await?
        {
            return Ok(ending);
        }
    }
    Err(RetryableError::busy(format!("the function {name} keeps changing")).into())
}

async fn attempt_update<W: DeployWorld, E: Examine>(
    world: &W,
    examiner: &E,
    settings: &DeploySettings,
    case: &mut PendingDeployment,
    name: &FunctionName,
    specimen: &mut Option<ExaminedPackage>,
) -> Result<Round, EarlyExit> {
    let function = wait_until_updated(world, case, name).await?;
    // After the revision was read, and not before: what the revision guards is this answer.
    check_current(world, &case.upload).await?;
    if let Some(resumed) = approved_earlier(case, &function.code) {
        return publish_and_point_alias(world, case, name, &function, resumed).await;
    }
    if settings.stack.owns(name) {
        let message = format!("{name} is a function of the gate itself");
        return Err(OutcomeDraft::rejected(ReasonCode::TargetIsGate, message).into());
    }
    let alias = alias_of(&function)?;
    if let Some(alias) = &alias
        && world.alias(name, alias).await?.is_none()
    {
        let message = format!("the function {name} has no alias {alias}");
        return Err(OutcomeDraft::rejected(ReasonCode::AliasTag, message).into());
    }

    let specimen = match specimen {
        Some(specimen) => specimen,
        None => specimen.insert(collect_evidence::specimen(world, examiner, case).await?),
    };
    let governance = collect_evidence::governance_of(world, name).await;
    let mut evidence =
        collect_evidence::evidence(world, settings, case, specimen, governance).await;
    if let Some(live) = unchanged(world, case, specimen, &function).await?
        && crate::verdict::decide(&evidence).decision.accepts()
    {
        let judgement = judge_on_record(world, case, specimen, &evidence).await?;
        return finish_unchanged(world, case, name, alias, live, &judgement.verdict).await;
    }
    if collect_evidence::wants_dry_run(&evidence) {
        let opinion = world
            .dry_run_update(name, &specimen.signed, &function)
            .await;
        evidence.second_opinion = match opinion {
            Ok(CodeUpdate::Accepted(())) => SecondOpinion::Takes,
            Ok(CodeUpdate::Refused(refusal)) => SecondOpinion::Refuses(refusal),
            Ok(CodeUpdate::RevisionChanged | CodeUpdate::Gone) => return Ok(Round::Again),
            Ok(CodeUpdate::Busy) => {
                world.sleep(POLL_INTERVAL).await;
                return Ok(Round::Again);
            }
            Err(trouble) => SecondOpinion::Unavailable(trouble.error_chain()),
        };
    }
    let judgement = judge_on_record(world, case, specimen, &evidence).await?;
    match (judgement.approved, judgement.verdict.decision) {
        (Some(approved), _) => {
            update(world, case, name, &function, &approved, &judgement.verdict).await
        }
        (None, Decision::Reject) => Ok(Round::End(OutcomeDraft::by_verdict(&judgement.verdict))),
        // Accepted on evidence that is enough for an opinion and not for a deployment.
        (None, _) => Err(RetryableError::Inconclusive {
            verdict: Box::new(judgement.verdict),
        }
        .into()),
    }
}

/// Hands the approved package to Lambda.
async fn update<W: DeployWorld>(
    world: &W,
    case: &PendingDeployment,
    name: &FunctionName,
    function: &Function,
    approved: &Approved,
    verdict: &Verdict,
) -> Result<Round, EarlyExit> {
    match world.update_code(name, approved, function).await? {
        CodeUpdate::Accepted(code) => {
            let expected = approved.expected();
            check_deployed(case, &expected, &code, verdict)?;
            let resumed = Resumed {
                expected,
                verdict: verdict.clone(),
            };
            let settled = wait_until_updated(world, case, name).await?;
            publish_and_point_alias(world, case, name, &settled, resumed).await
        }
        CodeUpdate::Refused(refusal) => {
            let code = if refusal.is_about_signature() {
                ReasonCode::LambdaDisagrees
            } else {
                ReasonCode::LambdaRefused
            };
            let message = format!("{}: {}", refusal.exception, refusal.message);
            Err(OutcomeDraft {
                findings: OutcomeDraft::notable(verdict),
                ..OutcomeDraft::rejected(code, message)
            }
            .into())
        }
        CodeUpdate::RevisionChanged | CodeUpdate::Gone => Ok(Round::Again),
        CodeUpdate::Busy => {
            world.sleep(POLL_INTERVAL).await;
            Ok(Round::Again)
        }
    }
}

/// What was approved and handed to Lambda, by this delivery or an earlier one.
struct Resumed {
    expected: Expected,
    verdict: Verdict,
}

/// Whether the function runs what an accepting verdict on record is about: an earlier delivery was
/// cut off after the update.
fn approved_earlier(case: &PendingDeployment, code: &CodeIdentity) -> Option<Resumed> {
    let record = case
        .verdict
        .as_ref()
        .filter(|record| record.decision.accepts())?;
    let verdict = record.verdict.as_ref()?;
    (verdict.package.sha256 == code.sha256).then(|| Resumed {
        expected: Expected::of_record(verdict),
        verdict: verdict.clone(),
    })
}

/// After Lambda took the package: compares, publishes, moves the alias.
async fn publish_and_point_alias<W: DeployWorld>(
    world: &W,
    case: &PendingDeployment,
    name: &FunctionName,
    function: &Function,
    resumed: Resumed,
) -> Result<Round, EarlyExit> {
    let Resumed { expected, verdict } = resumed;
    if function.code.sha256 != expected.code_sha256 {
        // Someone else's change came after ours: this upload is what should run.
        return Ok(Round::Again);
    }
    check_deployed(case, &expected, &function.code, &verdict)?;
    let mut deployed = Deployed {
        code_sha256: expected.code_sha256.clone(),
        ..Deployed::default()
    };
    if let UpdateStatus::Failed { reason } = &function.update {
        let message = format!("Lambda could not make it run: {reason}; no alias was moved");
        return Err(failed(ReasonCode::UpdateFailed, message, deployed, &verdict).into());
    }
    let version = match publish(world, case, name, &expected).await? {
        Published::Version(version) => version,
        Published::Again => return Ok(Round::Again),
        Published::Refused(code, message) => {
            return Err(failed(code, message, deployed, &verdict).into());
        }
    };
    let unfit = wait_for(world, name, &version).await?;
    deployed.version = Some(version);
    if let Some(message) = unfit {
        return Err(failed(ReasonCode::UpdateFailed, message, deployed, &verdict).into());
    }
    let deployed = point_alias(world, case, name, alias_of(function)?, deployed).await?;
    record_live_version(world, case, expected, deployed, &verdict).await
}

/// Ends an upload whose content the function runs already. The alias is another matter: it may have been
/// moved since, or only now be asked for.
async fn finish_unchanged<W: DeployWorld>(
    world: &W,
    case: &PendingDeployment,
    name: &FunctionName,
    alias: Option<AliasName>,
    mut live: Live,
    verdict: &Verdict,
) -> Result<Round, EarlyExit> {
    live.deployed.unchanged = true;
    live.deployed = point_alias(world, case, name, alias, live.deployed).await?;
    Ok(Round::End(unchanged_ending(live, verdict)))
}

/// Notes what is live, and ends the upload.
async fn record_live_version<W: DeployWorld>(
    world: &W,
    case: &PendingDeployment,
    expected: Expected,
    deployed: Deployed,
    verdict: &Verdict,
) -> Result<Round, EarlyExit> {
    note_live(world, case, expected.profile_version_arn, &deployed).await?;
    let version = deployed.version.as_deref().unwrap_or_default();
    let message = match &deployed.alias {
        Some(alias) => format!("version {version} is live, and {alias} points at it"),
        None => format!("version {version} is live"),
    };
    Ok(Round::End(deployed_ending(message, deployed, verdict)))
}

pub(super) fn failed(
    code: ReasonCode,
    message: String,
    deployed: Deployed,
    verdict: &Verdict,
) -> OutcomeDraft {
    OutcomeDraft {
        findings: OutcomeDraft::notable(verdict),
        deployed: Some(deployed),
        ..OutcomeDraft::new(UploadState::Failed, code, message)
    }
}

/// The function, once no update is under way.
///
/// When it is gone and an accepting verdict is on record, the update may have been taken before, by
/// this delivery or another: then the upload is not called rejected.
async fn wait_until_updated<W: DeployWorld>(
    world: &W,
    case: &PendingDeployment,
    name: &FunctionName,
) -> Result<Function, EarlyExit> {
    for _ in 0..MAX_POLLS {
        let Some(function) = world.function(name).await? else {
            let is_accepted = |record: &VerdictRecord| record.decision.accepts();
            let ending = if case.verdict.as_ref().is_some_and(is_accepted) {
                let message = format!("it was accepted, and there is no function {name} any more");
                OutcomeDraft::new(UploadState::Failed, ReasonCode::TargetNotFound, message)
            } else {
                let message = format!("there is no function {name}");
                OutcomeDraft::rejected(ReasonCode::TargetNotFound, message)
            };
            return Err(ending.into());
        };
        if function.update != UpdateStatus::InProgress {
            return Ok(function);
        }
        world.sleep(POLL_INTERVAL).await;
    }
    Err(RetryableError::busy(format!("the function {name} is being updated for long")).into())
}
