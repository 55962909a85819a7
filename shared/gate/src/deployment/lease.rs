//! The lease under which a layer version is published: one delivery at a time.

use super::pending_deployment::{DeployWorld, PendingDeployment};
use crate::{
    outcome::{EarlyExit, RetryableError},
    ports::Creation,
    records,
    records::{Publishing, Schema},
};
use std::time::Duration;

/// How long a claim holds. The function `deploy` is cut off after 150 seconds; five minutes leave no
/// doubt.
const LEASE: Duration = Duration::from_mins(5);

/// How many deliveries may be cut off while they publish.
const MAX_LEASES: u32 = 20;

/// Takes the first claim that is free; answers with its number.
pub(super) async fn acquire_lease<W: DeployWorld>(
    world: &W,
    case: &PendingDeployment,
) -> Result<u32, EarlyExit> {
    for number in 1..=MAX_LEASES {
        let path = format!("{}publishing-{number}.json", case.upload.folder());
        let claim = Publishing {
            schema: Schema,
            began_at: world.now(),
        };
        if records::create(world, &path, &claim).await? == Creation::Created {
            return Ok(number);
        }
        let held: Option<Publishing> = records::read(world, &path).await?;
        let is_held = held
            .is_none_or(|held| world.now().duration_since(held.began_at).unsigned_abs() < LEASE);
        if is_held {
            let what = format!("another delivery is publishing {}", case.target);
            return Err(RetryableError::LeaseHeld { what }.into());
        }
    }
    Err(RetryableError::busy(format!(
        "{MAX_LEASES} deliveries were cut off while publishing"
    ))
    .into())
}
