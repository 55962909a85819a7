//! How long an upload has waited on its own account.
//!
//! The queue counts from the first receive, also while Lambda throttles the function and nothing is tried. So each
//! upload keeps its own count in `waiting.json`: from the start of its first attempt, minus the time in which AWS
//! throttled or did not answer, minus the time in which an attempt was due and none was made, minus the time in which
//! people were waited for, which the verdict ends by itself.

use jiff::{SignedDuration, Timestamp};

use super::{delivery_attempt::DeliveryAttempt, retry::RetryableError};
use crate::{
    domain::Upload,
    ports::{Clock, PortError, Records},
    records::{self, RecordError, Waiting},
    verdict::ApprovalDemand,
};

/// How long an upload has waited when an attempt failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Wait {
    /// When the first attempt began.
    since: Timestamp,
    /// How long AWS throttled or did not answer.
    for_aws: SignedDuration,
    /// How long an attempt was due and nobody made it.
    unattended: SignedDuration,
    /// How long it waited for people.
    for_people: SignedDuration,
    /// What was demanded of approvals when an attempt last came as far as that.
    approvals: Option<ApprovalDemand>,
    /// When approvers were told.
    approvers_told_at: Option<Timestamp>,
}

/// What an attempt failed for, as far as patience is concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum WaitCause {
    Aws,
    People,
    Other,
}

impl WaitCause {
    fn of(error: &RetryableError) -> Self {
        if error.waits_for_aws() {
            Self::Aws
        } else if error.waits_for_people() {
            Self::People
        } else {
            Self::Other
        }
    }
}

impl Wait {
    /// How long the upload has waited, now that an attempt which began at `began` failed.
    pub(crate) async fn until_now<W: Records + Clock>(
        world: &W,
        upload: &Upload,
        began: Timestamp,
        error: &RetryableError,
    ) -> Result<Self, PortError> {
        let before: Option<Waiting> = match records::read(world, &upload.folder()).await {
            Ok(before) => before,
            // It is replaced by one that can be read.
            Err(RecordError::Unreadable { .. } | RecordError::Unwritable { .. }) => None,
            Err(RecordError::Port(error)) => return Err(error),
        };
        Ok(Self::of(
            before.as_ref(),
            began,
            world.now(),
            WaitCause::of(error),
        ))
    }

    fn of(before: Option<&Waiting>, began: Timestamp, now: Timestamp, cause: WaitCause) -> Self {
        let (mut wait, last) = match before {
            None => (Self::from(began), began),
            Some(before) => {
                let mut wait = Self::from(before.since);
                wait.for_aws = milliseconds(before.for_aws_ms);
                wait.unattended = milliseconds(before.unattended_ms);
                // A second delivery may begin before the first one's next attempt is due.
                let nobody = began
                    .duration_since(before.next_try_at)
                    .max(SignedDuration::ZERO);
                wait.unattended = wait.unattended.saturating_add(nobody);
                wait.for_people = milliseconds(before.for_people_ms);
                wait.approvals.clone_from(&before.approvals);
                wait.approvers_told_at = before.approvers_told_at;
                let mut last = before.at.saturating_add(nobody).unwrap_or(now);
                // Whatever this attempt found, until it began people were waited for.
                if before.waits_for_people {
                    wait.wait_for_people(last, began);
                    last = last.max(began);
                }
                (wait, last)
            }
        };
        match cause {
            WaitCause::Aws => {
                let waited = now.duration_since(last).max(SignedDuration::ZERO);
                wait.for_aws = wait.for_aws.saturating_add(waited);
            }
            WaitCause::People => wait.wait_for_people(last, now),
            WaitCause::Other => {}
        }
        wait
    }

    fn wait_for_people(&mut self, since: Timestamp, until: Timestamp) {
        let waited = until.duration_since(since).max(SignedDuration::ZERO);
        self.for_people = self.for_people.saturating_add(waited);
    }

    fn from(since: Timestamp) -> Self {
        Self {
            since,
            for_aws: SignedDuration::ZERO,
            unattended: SignedDuration::ZERO,
            for_people: SignedDuration::ZERO,
            approvals: None,
            approvers_told_at: None,
        }
    }

    /// The attempt by the upload's own count.
    pub(crate) fn applied_to(&self, attempt: &DeliveryAttempt) -> DeliveryAttempt {
        let counted = SignedDuration::try_from(attempt.patience()).unwrap_or(SignedDuration::MAX);
        let counted = counted.saturating_add(self.for_aws);
        let longest =
            SignedDuration::try_from(attempt.longest_wait()).unwrap_or(SignedDuration::MAX);
        let wait = counted.min(longest).saturating_add(self.unattended);
        let wait = wait.saturating_add(self.for_people);
        DeliveryAttempt {
            since: self.since,
            give_up_at: self.since.saturating_add(wait).unwrap_or(Timestamp::MAX),
            ..attempt.clone()
        }
    }

    /// See [`Waiting::approvals`].
    pub(super) fn approvals(&self) -> Option<&ApprovalDemand> {
        self.approvals.as_ref()
    }

    /// See [`Waiting::approvers_told_at`].
    pub(super) fn approvers_told_at(&self) -> Option<Timestamp> {
        self.approvers_told_at
    }

    /// See [`Waiting::for_aws_ms`].
    pub(super) fn for_aws_ms(&self) -> u64 {
        u64::try_from(self.for_aws.as_millis()).unwrap_or(0)
    }

    /// See [`Waiting::for_people_ms`].
    pub(super) fn for_people_ms(&self) -> u64 {
        u64::try_from(self.for_people.as_millis()).unwrap_or(0)
    }

    /// See [`Waiting::unattended_ms`].
    pub(super) fn unattended_ms(&self) -> u64 {
        u64::try_from(self.unattended.as_millis()).unwrap_or(0)
    }
}

fn milliseconds(count: u64) -> SignedDuration {
    SignedDuration::from_millis(i64::try_from(count).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::records::Schema;

    fn at(seconds: i64) -> Timestamp {
        let start: Timestamp = "2026-11-21T21:44:00Z".parse().unwrap();
        start
            .checked_add(SignedDuration::from_secs(seconds))
            .unwrap()
    }

    /// The queue handed it out first three hours ago, and has a patience of one.
    fn attempt() -> DeliveryAttempt {
        DeliveryAttempt {
            id: "message/9".to_owned(),
            attempt: 9,
            since: at(-10_800),
            give_up_at: at(-7200),
            work_until: at(120),
        }
    }

    fn noted(wait: &Wait, now: i64) -> Waiting {
        Waiting {
            schema: Schema,
            delivery: String::new(),
            attempt: 9,
            since: wait.since,
            why: String::new(),
            next_try_at: at(now.saturating_add(60)),
            give_up_at: wait.applied_to(&attempt()).give_up_at,
            for_aws_ms: wait.for_aws_ms(),
            unattended_ms: wait.unattended_ms(),
            for_people_ms: wait.for_people_ms(),
            waits_for_people: false,
            approvals: wait.approvals.clone(),
            approvers_told_at: wait.approvers_told_at,
            applied: None,
            at: at(now),
        }
    }

    #[test]
    fn patience_counts_from_the_first_attempt_that_began() {
        let first = Wait::of(None, at(0), at(2), WaitCause::Other).applied_to(&attempt());
        assert_eq!((first.since, first.give_up_at), (at(0), at(3600)));
        assert!(!first.is_last(at(2)));
    }

    #[test]
    fn waits_of_ones_own_use_the_patience_up() {
        let mut wait = Wait::of(None, at(0), at(2), WaitCause::Other);
        let mut now = 2;
        while now < 3600 {
            let before = noted(&wait, now);
            wait = Wait::of(Some(&before), at(now + 60), at(now + 62), WaitCause::Other);
            now += 62;
        }
        let end = wait.applied_to(&attempt());
        assert_eq!(end.give_up_at, at(3600));
        assert!(end.is_last(at(now)));
    }

    #[test]
    fn waiting_for_aws_is_not_counted_for_half_a_day() {
        let mut wait = Wait::of(None, at(0), at(2), WaitCause::Aws);
        let mut now = 2;
        let mut ends_at = None;
        while ends_at.is_none() {
            let before = noted(&wait, now);
            wait = Wait::of(Some(&before), at(now + 60), at(now + 62), WaitCause::Aws);
            now += 62;
            if now < 11 * 3600 {
                assert_eq!(wait.applied_to(&attempt()).give_up_at, at(now + 3600));
            }
            ends_at = wait.applied_to(&attempt()).is_last(at(now)).then_some(now);
        }
        let half_a_day = 12 * 3600;
        assert!((half_a_day - 62..=half_a_day).contains(&ends_at.unwrap()));
        // What it waits for by itself afterwards is counted.
        let wait = Wait::of(None, at(0), at(7200), WaitCause::Aws);
        let next = Wait::of(
            Some(&noted(&wait, 7200)),
            at(7260),
            at(7300),
            WaitCause::Other,
        );
        assert_eq!(next.applied_to(&attempt()).give_up_at, at(7200 + 3600));
    }

    #[test]
    fn waiting_for_people_is_not_counted_at_all() {
        let mut wait = Wait::of(None, at(0), at(2), WaitCause::People);
        let mut now = 2;
        for _ in 0..500 {
            let before = Waiting {
                waits_for_people: true,
                ..noted(&wait, now)
            };
            wait = Wait::of(
                Some(&before),
                at(now + 600),
                at(now + 602),
                WaitCause::People,
            );
            now += 602;
            assert_eq!(wait.applied_to(&attempt()).give_up_at, at(now + 3600));
        }
        // The last pause was for people, too, whatever this attempt waits for.
        let before = Waiting {
            waits_for_people: true,
            ..noted(&wait, now)
        };
        let next = Wait::of(Some(&before), at(now + 60), at(now + 70), WaitCause::Other);
        let (waited, next) = (wait.for_people_ms(), next.for_people_ms());
        assert_eq!(next, waited + 60_000);
        // What comes after that is counted.
        let after = Wait::of(
            Some(&noted(&wait, now)),
            at(now + 60),
            at(now + 70),
            WaitCause::Other,
        );
        assert_eq!(after.for_people_ms(), waited);
    }

    #[test]
    fn attempts_that_nobody_made_are_not_counted() {
        let wait = Wait::of(None, at(0), at(1800), WaitCause::Other);
        let days = 3 * 86_400;
        let next = Wait::of(
            Some(&noted(&wait, 1800)),
            at(1860 + days),
            at(1870 + days),
            WaitCause::Other,
        );
        let attempt = next.applied_to(&attempt());
        assert_eq!(attempt.give_up_at, at(3600 + days));
        // One that came early takes nothing off.
        let early = Wait::of(
            Some(&noted(&wait, 1800)),
            at(1830),
            at(1831),
            WaitCause::Other,
        );
        assert_eq!(early.unattended_ms(), 0);
    }
}
