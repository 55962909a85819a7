//! Publishing a version of a function, and waiting until it can be invoked.

use super::{
    description::description,
    pending_deployment::{DeployWorld, PendingDeployment},
};
use crate::{
    domain::{FunctionName, ReasonCode},
    outcome::{Backoff, EarlyExit, RetryableError},
    ports::{LATEST_PUBLISHED, Publication, Version, VersionPublish, VersionRequest, VersionState},
};

pub(super) enum Published {
    /// The version's number.
    Version(String),
    /// The function has other code by now.
    CodeChanged,
    /// It will not be published.
    Refused(ReasonCode, String),
}

/// Publishes what `$LATEST` has, if it has this code. Where neither code nor configuration changed since
/// the last version, Lambda answers with that one (grade B).
pub(super) async fn publish_version<W: DeployWorld>(
    world: &W,
    pending: &PendingDeployment,
    name: &FunctionName,
    code_sha256: &str,
    publication: Publication,
) -> Result<Published, EarlyExit> {
    let request = VersionRequest {
        function: name.clone(),
        code_sha256: code_sha256.to_owned(),
        description: description(pending),
        publication,
    };
    let mut backoff = Backoff::new(&pending.attempt);
    loop {
        return Ok(match world.publish_version(&request).await? {
            VersionPublish::Version(version) => Published::Version(version),
            VersionPublish::CodeChanged => Published::CodeChanged,
            VersionPublish::Gone => Published::Refused(
                ReasonCode::TargetNotFound,
                format!("the function {name} was deleted after the update"),
            ),
            VersionPublish::Refused(refusal) => Published::Refused(
                ReasonCode::LambdaRefused,
                match publication {
                    Publication::Version => {
                        format!("it runs, and no version could be published: {refusal}")
                    }
                    Publication::LatestPublished => {
                        format!("calls without a qualifier do not run it: {refusal}")
                    }
                },
            ),
            VersionPublish::Busy => {
                if backoff.pause(world).await {
                    continue;
                }
                let what = format!("the function {name} is being updated");
                return Err(RetryableError::busy(what).into());
            }
        });
    }
}

/// Has calls without a qualifier run this code, on Managed Instances: there they run what was published to
/// latest, which moves only when somebody says so (grade A and B). Answers with nothing, or why they do not.
///
/// It is done once Lambda says of what they run that it is this code, and that it can be invoked.
pub(super) async fn publish_to_latest<W: DeployWorld>(
    world: &W,
    pending: &PendingDeployment,
    name: &FunctionName,
    code_sha256: &str,
) -> Result<Option<Published>, EarlyExit> {
    let to = Publication::LatestPublished;
    match publish_version(world, pending, name, code_sha256, to).await? {
        Published::Version(_) => {}
        otherwise => return Ok(Some(otherwise)),
    }
    let mut backoff = Backoff::new(&pending.attempt);
    loop {
        let mut what = format!("calls of {name} without a qualifier do not run it yet");
        let found = world.version(name, LATEST_PUBLISHED).await?;
        let is_it = |found: &Version| found.code.sha256 == code_sha256;
        match found.filter(is_it).map(|found| found.state) {
            Some(VersionState::Ready) => return Ok(None),
            Some(VersionState::Failed { reason }) => {
                let message = format!("calls without a qualifier cannot run it: {reason}");
                return Ok(Some(Published::Refused(ReasonCode::UpdateFailed, message)));
            }
            Some(VersionState::Unknown { state }) => what = unknown_state(&what, &state),
            Some(VersionState::Pending) | None => {}
        }
        if !backoff.pause(world).await {
            return Err(RetryableError::busy(what).into());
        }
    }
}

/// Waits until a version that was just published can be invoked. Answers with nothing, or why it never will.
///
/// Lambda publishes at once and gets ready after that, where there is a network or a snapshot to prepare;
/// a `SnapStart` version takes minutes (grade B). Until then it refuses to invoke the version and to do other
/// things with it.
pub(super) async fn wait_until_invocable<W: DeployWorld>(
    world: &W,
    pending: &PendingDeployment,
    name: &FunctionName,
    version: &str,
) -> Result<Option<String>, EarlyExit> {
    let mut backoff = Backoff::new(&pending.attempt);
    loop {
        let mut what = format!("version {version} of {name} is getting ready");
        match world.version(name, version).await?.map(|found| found.state) {
            Some(VersionState::Ready) => return Ok(None),
            Some(VersionState::Failed { reason }) => {
                return Ok(Some(format!(
                    "version {version} cannot be invoked: {reason}"
                )));
            }
            Some(VersionState::Unknown { state }) => {
                what = unknown_state(&format!("version {version} of {name} is not ready"), &state);
            }
            // Deleted by now, with its function or alone: the next delivery sees which.
            Some(VersionState::Pending) | None => {}
        }
        if !backoff.pause(world).await {
            return Err(RetryableError::busy(what).into());
        }
    }
}

fn unknown_state(what: &str, state: &str) -> String {
    format!("{what}: its state is {state}, which is not known")
}
