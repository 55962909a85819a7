//! Waiting inside an invocation: polls with backoff, and a time limit on the work.

use std::{
    future::{Future, poll_fn},
    pin::pin,
    task::Poll,
    time::Duration,
};

use jiff::Timestamp;

use super::delivery_attempt::DeliveryAttempt;
use crate::ports::Clock;

/// The first pause between two polls.
const INITIAL_PAUSE: Duration = Duration::from_millis(100);
/// The longest pause between two polls: what waiting adds to a slow step is half of this on average.
/// Five deployments at a time, the most that the stack lets begin, poll `GetFunction` twenty times a second, of the 100 that AWS allows.
const MAX_PAUSE: Duration = Duration::from_millis(250);
/// How long a brief wait lasts: longer than the few seconds that answers of AWS lag behind (grade C). Whoever waits
/// holds one of the few invocations (`DeployConcurrency`) that all uploads share; after that, the message waits in its
/// queue, where it is in nobody's way.
const MAX_BRIEF_WAIT: Duration = Duration::from_secs(10);

/// Pauses that grow by a fifth from 100 to 250 milliseconds, until the attempt's time is up.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Backoff {
    next: Duration,
    until: Timestamp,
}

impl Backoff {
    /// Starts with the shortest pause.
    pub(crate) fn new(attempt: &DeliveryAttempt) -> Self {
        Self {
            next: INITIAL_PAUSE,
            until: attempt.work_until,
        }
    }

    /// The same for what is either there in a moment, or has to be looked at again later.
    pub(crate) fn brief<W: Clock>(world: &W, attempt: &DeliveryAttempt) -> Self {
        let until = world.now().saturating_add(MAX_BRIEF_WAIT);
        let whole = Self::new(attempt);
        Self {
            until: until.unwrap_or(whole.until).min(whole.until),
            ..whole
        }
    }

    /// Pauses; answers whether there is time for another poll.
    pub(crate) async fn pause<W: Clock>(&mut self, world: &W) -> bool {
        // Before the time limit strikes: whoever polls can say what for.
        let end = world.now().saturating_add(self.next);
        if end.is_ok_and(|end| end >= self.until) {
            return false;
        }
        world.sleep(self.next).await;
        self.next = self
            .next
            .saturating_mul(6)
            .checked_div(5)
            .unwrap_or(MAX_PAUSE)
            .min(MAX_PAUSE);
        true
    }
}

/// Runs `work` until `until`; `None` when it is not done by then. It is dropped at a point at which it
/// waits for an answer, as when the function is cut off there.
pub(crate) async fn within<W: Clock, T>(
    world: &W,
    until: Timestamp,
    work: impl Future<Output = T>,
) -> Option<T> {
    let left = until.duration_since(world.now());
    let left = Duration::try_from(left).unwrap_or(Duration::ZERO);
    let mut work = pin!(work);
    let mut alarm = pin!(world.sleep(left));
    poll_fn(|context| {
        if let Poll::Ready(done) = work.as_mut().poll(context) {
            return Poll::Ready(Some(done));
        }
        alarm.as_mut().poll(context).map(|()| None)
    })
    .await
}
