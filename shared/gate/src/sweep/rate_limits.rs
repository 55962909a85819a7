//! How fast `sweep` reads: a share of what an account may.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use jiff::{SignedDuration, Timestamp};

use super::settings::SweepWorld;
use crate::ports::QuotaShare;

/// Between two calls of Signer.
const SIGNER_INTERVAL: Duration = Duration::from_millis(200);

/// The rate limits of reads: between two calls of one kind passes its interval, whatever is done in between.
#[derive(Debug)]
pub(super) struct RateLimits {
    /// Of Lambda's quotas.
    share: QuotaShare,
    /// When the last one of each kind began.
    control_plane: Last,
    get_function: Last,
    signer: Last,
}

type Last = Mutex<Option<Timestamp>>;

impl RateLimits {
    pub(super) fn new(share: QuotaShare) -> Self {
        Self {
            share,
            control_plane: Last::default(),
            get_function: Last::default(),
            signer: Last::default(),
        }
    }

    /// Waits until it is time for a call of the control plane other than `GetFunction`.
    pub(super) async fn control_plane<W: SweepWorld>(&self, world: &W) {
        let interval = self.share.between_control_plane_calls();
        wait(world, &self.control_plane, interval).await;
    }

    /// Waits until it is time for `GetFunction`.
    pub(super) async fn get_function<W: SweepWorld>(&self, world: &W) {
        let interval = self.share.between_get_function_calls();
        wait(world, &self.get_function, interval).await;
    }

    /// Waits until it is time for a call of Signer, whose quotas are in Service Quotas alone (grade B): five a
    /// second, whatever the share of Lambda's.
    pub(super) async fn signer<W: SweepWorld>(&self, world: &W) {
        wait(world, &self.signer, SIGNER_INTERVAL).await;
    }
}

async fn wait<W: SweepWorld>(world: &W, last: &Last, interval: Duration) {
    let before = *last.lock().unwrap_or_else(PoisonError::into_inner);
    let now = world.now();
    let due = before.and_then(|before| before.saturating_add(interval).ok());
    let left = due.map_or(SignedDuration::ZERO, |due| due.duration_since(now));
    if let Ok(left) = Duration::try_from(left)
        && !left.is_zero()
    {
        world.sleep(left).await;
    }
    *last.lock().unwrap_or_else(PoisonError::into_inner) = Some(world.now());
}
