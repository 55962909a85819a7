//! Moving the alias that a tag of the function names.

use super::{
    pending_deployment::{DeployWorld, PendingDeployment, check_current},
    settings::CanaryPolicy,
};
use crate::{
    domain::{ALIAS_TAG, AliasName, FunctionName, ReasonCode},
    outcome::{Backoff, EarlyExit, OutcomeDraft, RetryableError},
    ports::{Alias, AliasMove, Function},
};

/// Reads and judges, before anything is changed, all that moving the alias depends on: the tag, whether
/// there is such an alias, whether it runs a canary.
pub(super) async fn alias_to_move<W: DeployWorld>(
    world: &W,
    canary: CanaryPolicy,
    name: &FunctionName,
    function: &Function,
) -> Result<Option<AliasName>, EarlyExit> {
    let Some(tag) = function.tags.get(ALIAS_TAG) else {
        return Ok(None);
    };
    let alias = AliasName::parse(tag.as_str())
        .map_err(|error| OutcomeDraft::rejected(ReasonCode::AliasTag, error.to_string()))?;
    let Some(found) = world.alias(name, &alias).await? else {
        let message = format!("the function {name} has no alias {alias}");
        return Err(OutcomeDraft::rejected(ReasonCode::AliasTag, message).into());
    };
    if let Some(message) = in_the_way(canary, name, &alias, &found) {
        return Err(match canary {
            CanaryPolicy::Refuse => {
                OutcomeDraft::rejected(ReasonCode::CanaryRunning, message).into()
            }
            CanaryPolicy::Wait | CanaryPolicy::TakeOver => RetryableError::busy(message).into(),
        });
    }
    Ok(Some(alias))
}

/// A canary that is not to be ended.
fn in_the_way(
    canary: CanaryPolicy,
    name: &FunctionName,
    alias: &AliasName,
    found: &Alias,
) -> Option<String> {
    (found.is_canary() && canary != CanaryPolicy::TakeOver).then(|| {
        let weights: Vec<String> = found
            .weights
            .iter()
            .map(|(version, weight)| format!("version {version} gets {weight}"))
            .collect();
        format!(
            "a canary runs on the alias {alias} of {name}: beside version {}, {}",
            found.version,
            weights.join(", ")
        )
    })
}

/// Has the alias point at the version, guarded like the update: its revision first, then whether this
/// upload is what should run.
pub(super) async fn move_alias<W: DeployWorld>(
    world: &W,
    canary: CanaryPolicy,
    pending: &PendingDeployment,
    name: &FunctionName,
    alias: &AliasName,
    version: &str,
) -> Result<(), EarlyExit> {
    let mut backoff = Backoff::new(&pending.attempt);
    loop {
        let Some(found) = world.alias(name, alias).await? else {
            let message = format!("{name} has no alias {alias}");
            return Err(pending.failed(ReasonCode::AliasTag, message).into());
        };
        if found.version == version && !found.is_canary() {
            return Ok(());
        }
        check_should_run(world, pending, name).await?;
        if let Some(message) = in_the_way(canary, name, alias, &found) {
            if canary == CanaryPolicy::Refuse {
                return Err(pending.failed(ReasonCode::CanaryRunning, message).into());
            }
            if !backoff.pause(world).await {
                return Err(RetryableError::busy(message).into());
            }
            continue;
        }
        let moved = world
            .move_alias(name, alias, version, &found.revision)
            .await?;
        match moved {
            AliasMove::Moved => return Ok(()),
            AliasMove::Gone => {
                let message =
                    format!("{name} has no alias {alias} or no version {version} any more");
                return Err(pending.failed(ReasonCode::AliasTag, message).into());
            }
            AliasMove::Refused(refusal) => {
                let message = format!("Lambda refuses to move the alias {alias}: {refusal}");
                return Err(pending.failed(ReasonCode::AliasRefused, message).into());
            }
            AliasMove::RevisionChanged | AliasMove::Busy => {
                if !backoff.pause(world).await {
                    let what = format!("the alias {alias} of {name} keeps changing");
                    return Err(RetryableError::busy(what).into());
                }
            }
        }
    }
}

/// Whether the alias may be moved to this upload's version: it is the current upload, or what was
/// uploaded since did not come to run.
async fn check_should_run<W: DeployWorld>(
    world: &W,
    pending: &PendingDeployment,
    name: &FunctionName,
) -> Result<(), EarlyExit> {
    let superseded = match check_current(world, &pending.upload).await {
        Ok(()) => return Ok(()),
        Err(EarlyExit::End(draft)) => draft,
        Err(exit) => return Err(exit),
    };
    let runs = world.function(name).await?.map(|found| found.code.sha256);
    let applied = pending.progress().map(|deployed| deployed.code_sha256);
    if runs.is_some() && runs == applied {
        return Ok(());
    }
    Err(EarlyExit::End(superseded))
}
