//! What is on record of an upload while it waits for its next attempt.

use jiff::Timestamp;

use super::{delivery_attempt::DeliveryAttempt, patience::Wait, retry::RetryableError};
use crate::{
    domain::Upload,
    ports::{Clock, Records},
    records::{self, Deployed, HeldLease, Schema, Waiting},
};

/// Puts on record why there will be another attempt and when, and gives the lease back, so that it can
/// begin at once. Answers with the error, and whether it is on record. `attempt` is by the upload's own count.
///
/// The attempt has failed already: if this fails, too, `waiting.json` is missing, the queue's count is what is
/// left, and the lease runs out by itself.
pub(crate) async fn note_waiting<W: Records + Clock>(
    world: &W,
    upload: &Upload,
    attempt: &DeliveryAttempt,
    wait: Wait,
    error: RetryableError,
    applied: Option<Deployed>,
    lease: Option<HeldLease>,
) -> RetryableError {
    let now = world.now();
    let waits_for_people = error.waits_for_people();
    let delay = if waits_for_people {
        attempt.people_delay(now)
    } else {
        attempt.retry_delay()
    };
    let waiting = Waiting {
        schema: Schema,
        delivery: attempt.id.clone(),
        attempt: attempt.attempt,
        since: attempt.since,
        why: error.error_chain(),
        next_try_at: now.saturating_add(delay).unwrap_or(Timestamp::MAX),
        give_up_at: attempt.give_up_at,
        for_aws_ms: wait.for_aws_ms(),
        unattended_ms: wait.unattended_ms(),
        for_people_ms: wait.for_people_ms(),
        waits_for_people,
        applied,
        at: now,
    };
    let written = records::replace(world, &upload.folder(), &waiting).await;
    if let Some(lease) = lease {
        let _runs_out = lease.release(world, upload, &attempt.id).await;
    }
    match written {
        Ok(()) if waits_for_people => RetryableError::WaitingForPeople {
            why: Box::new(error),
            delay,
        },
        Ok(()) => RetryableError::Waiting(Box::new(error)),
        Err(_) => error,
    }
}
