//! Moving the alias that a tag of the function names.

use super::{
    function::{MAX_ATTEMPTS, POLL_INTERVAL},
    pending_deployment::{DeployWorld, PendingDeployment, check_current},
};
use crate::{
    domain::{AliasName, FunctionName, ReasonCode},
    outcome::{EarlyExit, OutcomeDraft, RetryableError},
    ports::{AliasMove, Function},
    records::{Deployed, UploadState},
};

/// The tag of a function that names the alias to move.
pub const ALIAS_TAG: &str = "countersign:alias";

/// Has the alias, where there is to be one, point at the version that is live. Where that fails, the ending
/// says how far it came.
pub(super) async fn point_alias<W: DeployWorld>(
    world: &W,
    case: &PendingDeployment,
    name: &FunctionName,
    alias: Option<AliasName>,
    mut deployed: Deployed,
) -> Result<Deployed, EarlyExit> {
    deployed.alias = None;
    let (Some(alias), Some(version)) = (alias, &deployed.version) else {
        return Ok(deployed);
    };
    match move_alias(world, case, name, &alias, version).await {
        Ok(()) => {
            deployed.alias = Some(alias.to_string());
            Ok(deployed)
        }
        Err(EarlyExit::End(ending)) => Err(OutcomeDraft {
            deployed: Some(deployed),
            ..*ending
        }
        .into()),
        Err(stop) => Err(stop),
    }
}

/// Moves the alias, guarded like the update: its revision first, then whether the upload is current.
async fn move_alias<W: DeployWorld>(
    world: &W,
    case: &PendingDeployment,
    name: &FunctionName,
    alias: &AliasName,
    version: &str,
) -> Result<(), EarlyExit> {
    let gone = |message| OutcomeDraft::new(UploadState::Failed, ReasonCode::AliasTag, message);
    for _ in 0..MAX_ATTEMPTS {
        let Some(found) = world.alias(name, alias).await? else {
            return Err(gone(format!("{name} has no alias {alias}")).into());
        };
        if found.version == version && !found.splits_traffic {
            return Ok(());
        }
        check_current(world, &case.upload).await?;
        match world
            .move_alias(name, alias, version, &found.revision)
            .await?
        {
            AliasMove::Moved => return Ok(()),
            AliasMove::RevisionChanged => {}
            AliasMove::Busy => world.sleep(POLL_INTERVAL).await,
            AliasMove::Gone => {
                let message =
                    format!("{name} has no alias {alias} or no version {version} any more");
                return Err(gone(message).into());
            }
        }
    }
    Err(RetryableError::busy(format!("the alias {alias} of {name} keeps changing")).into())
}

/// The alias that the function's tag names, if there is a tag.
pub(super) fn alias_of(function: &Function) -> Result<Option<AliasName>, EarlyExit> {
    match function
        .tags
        .get(ALIAS_TAG)
        .map(|tag| AliasName::parse(tag.as_str()))
    {
        None => Ok(None),
        Some(Ok(alias)) => Ok(Some(alias)),
        Some(Err(error)) => {
            Err(OutcomeDraft::rejected(ReasonCode::AliasTag, error.to_string()).into())
        }
    }
}
