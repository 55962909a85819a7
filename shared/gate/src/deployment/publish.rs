//! Publishing a version of a function, and waiting until it can be invoked.

use super::{
    description::description,
    expected::Expected,
    function::{MAX_POLLS, POLL_INTERVAL},
    pending_deployment::{DeployWorld, PendingDeployment},
};
use crate::{
    domain::{FunctionName, ReasonCode},
    outcome::{EarlyExit, RetryableError},
    ports::{VersionPublish, VersionRequest, VersionState},
};

pub(super) enum Published {
    Version(String),
    Again,
    Refused(ReasonCode, String),
}

pub(super) async fn publish<W: DeployWorld>(
    world: &W,
    case: &PendingDeployment,
    name: &FunctionName,
    expected: &Expected,
) -> Result<Published, EarlyExit> {
    let request = VersionRequest {
        function: name.clone(),
        code_sha256: expected.code_sha256.clone(),
        description: description(case),
    };
    for _ in 0..MAX_POLLS {
        return Ok(match world.publish_version(&request).await? {
            VersionPublish::Version(version) => Published::Version(version),
            VersionPublish::CodeChanged => Published::Again,
            VersionPublish::Gone => Published::Refused(
                ReasonCode::TargetNotFound,
                format!("the function {name} was deleted after the update"),
            ),
            VersionPublish::Refused(refusal) => Published::Refused(
                ReasonCode::LambdaRefused,
                format!(
                    "it runs, and no version could be published: {}: {}",
                    refusal.exception, refusal.message
                ),
            ),
            VersionPublish::Busy => {
                world.sleep(POLL_INTERVAL).await;
                continue;
            }
        });
    }
    Err(RetryableError::busy(format!("the function {name} is being updated for long")).into())
}

/// Waits until a version that was just published can be invoked. Answers with nothing, or why it never will.
///
/// Lambda publishes at once and gets ready after that, where there is a network or a snapshot to prepare. Until
/// then it refuses to invoke the version and to do other things with it.
pub(super) async fn wait_for<W: DeployWorld>(
    world: &W,
    name: &FunctionName,
    version: &str,
) -> Result<Option<String>, EarlyExit> {
    for _ in 0..MAX_POLLS {
        match world.version(name, version).await? {
            Some(VersionState::Ready) => return Ok(None),
            Some(VersionState::Failed { reason }) => {
                let message = format!("version {version} cannot be invoked: {reason}");
                return Ok(Some(format!("{message}; no alias was moved")));
            }
            // Deleted by now, with its function or alone: the next delivery sees which.
            Some(VersionState::Pending) | None => world.sleep(POLL_INTERVAL).await,
        }
    }
    // The next delivery finds the version again: Lambda publishes the same code only once.
    let what = format!("version {version} of {name} is getting ready for long");
    Err(RetryableError::busy(what).into())
}
