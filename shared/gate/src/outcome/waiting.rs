//! What is on record of an upload while it waits for its next attempt, and that approvers are told of it.

use jiff::Timestamp;

use super::{
    delivery_attempt::DeliveryAttempt,
    own_events::{APPROVAL_NEEDED_DETAIL_TYPE, RecordEvent},
    patience::Wait,
    retry::RetryableError,
};
use crate::{
    domain::{Stack, Upload},
    ports::{Announcement, Clock, Events, Records},
    records::{self, Deployed, HeldLease, Schema, Waiting},
};

/// An attempt that did not come to an end.
pub(crate) struct Attempted<'a> {
    pub(crate) upload: &'a Upload,
    /// By the upload's own count.
    pub(crate) attempt: &'a DeliveryAttempt,
    pub(crate) wait: Wait,
    /// What was applied already.
    pub(crate) applied: Option<Deployed>,
    pub(crate) lease: Option<HeldLease>,
}

/// Puts on record why there will be another attempt and when, and gives the lease back, so that it can
/// begin at once. Answers with the error, and whether it is on record. Approvers are told
/// once when it begins to wait for them.
///
/// The attempt has failed already: if this fails, too, `waiting.json` is missing, the queue's count is what is
/// left, and the lease runs out by itself.
pub(crate) async fn note_waiting<W: Records + Events + Clock>(
    world: &W,
    stack: &Stack,
    attempted: Attempted<'_>,
    error: RetryableError,
) -> RetryableError {
    let Attempted {
        upload,
        attempt,
        wait,
        applied,
        lease,
    } = attempted;
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
        // An attempt that did not come as far as the verdict does not know it.
        approvals: error.approval_demand().or(wait.approvals()).cloned(),
        approvers_told_at: wait.approvers_told_at(),
        applied,
        at: now,
    };
    let written = records::replace(world, &upload.folder(), &waiting).await;
    // Under the lease still: the next delivery writes this document, too.
    if written.is_ok() && error.waits_for_approvals() && waiting.approvers_told_at.is_none() {
        tell_approvers(world, stack, upload, waiting).await;
    }
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

/// Sends the event that an upload waits for approvals, and puts on record that it was sent. Trouble with either keeps no
/// upload back: the next attempt sends it, perhaps again.
async fn tell_approvers<W: Records + Events + Clock>(
    world: &W,
    stack: &Stack,
    upload: &Upload,
    waiting: Waiting,
) {
    let folder = upload.folder();
    let event = RecordEvent {
        stack: stack.name.clone(),
        record: format!(
            "s3://{}/{}",
            stack.records_bucket,
            records::path_in::<Waiting>(&folder)
        ),
    };
    let Ok(announcement) = Announcement::new(APPROVAL_NEEDED_DETAIL_TYPE, &event, Vec::new())
    else {
        return;
    };
    if world.announce(&announcement).await.is_err() {
        return;
    }
    let told = Waiting {
        approvers_told_at: Some(world.now()),
        ..waiting
    };
    let _told_again = records::replace(world, &folder, &told).await;
}
