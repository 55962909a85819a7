//! One delivery of an event: how long the event has been tried, and how long this attempt may take.

use std::time::Duration;

use jiff::Timestamp;

/// Nothing waits longer than this for AWS: with an attempt a minute, SQS counts to 1,000 receives, and
/// then takes the message away. People are waited for longer, with fewer attempts.
const MAX_OUTAGE_WAIT: Duration = Duration::from_hours(12);
/// The delay before the second attempt.
const FIRST_RETRY_DELAY: Duration = Duration::from_secs(1);
/// The longest delay between two attempts.
const MAX_RETRY_DELAY: Duration = Duration::from_mins(1);

/// Where people are waited for, the delay is this part of what was waited already, and never longer than
/// [`MAX_PEOPLE_DELAY`]: 1,000 receives, to which SQS counts, then last for more than six days.
const PEOPLE_DELAY_DIVISOR: u32 = 20;
/// The longest delay between two attempts while people are waited for.
const MAX_PEOPLE_DELAY: Duration = Duration::from_mins(10);

/// One delivery of an event by its queue.
///
/// Patience is a time, not a number of attempts: throttled polls count as receives (AWS
/// documentation, grade B), so that a number would be used up while nothing was tried.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeliveryAttempt {
    /// Names this delivery in records and logs, and no other: message id and receive count.
    pub id: String,
    /// `ApproximateReceiveCount`: 1 the first time.
    pub attempt: u32,
    /// `ApproximateFirstReceiveTimestamp`: when the queue handed the event out for the first time.
    pub since: Timestamp,
    /// `since` plus the stack's patience: no attempt is to begin after this.
    pub give_up_at: Timestamp,
    /// Until when this attempt may work and wait. The rest of the invocation is kept back for the
    /// ending, so that the last attempt always writes an outcome.
    pub work_until: Timestamp,
}

impl DeliveryAttempt {
    /// How long the event stays invisible before its next attempt: 1 second, doubled with each
    /// attempt, at most 60. The shell adds jitter.
    #[must_use]
    pub fn retry_delay(&self) -> Duration {
        let doublings = self.attempt.saturating_sub(1).min(16);
        FIRST_RETRY_DELAY
            .saturating_mul(1 << doublings)
            .min(MAX_RETRY_DELAY)
    }

    /// How long the event stays invisible while people are waited for: as ever for the first 20 minutes, then a twentieth
    /// of the time since `since`, at most 10 minutes. The shell adds jitter.
    #[must_use]
    pub fn people_delay(&self, now: Timestamp) -> Duration {
        let waited = Duration::try_from(now.duration_since(self.since)).unwrap_or_default();
        let part = waited.checked_div(PEOPLE_DELAY_DIVISOR).unwrap_or_default();
        part.min(MAX_PEOPLE_DELAY).max(self.retry_delay())
    }

    /// When the next attempt is due, if this one fails at `now`.
    #[must_use]
    pub fn next_try_at(&self, now: Timestamp) -> Timestamp {
        now.saturating_add(self.retry_delay())
            .unwrap_or(Timestamp::MAX)
    }

    /// How long an event is tried.
    #[must_use]
    pub fn patience(&self) -> Duration {
        let patience = self.give_up_at.duration_since(self.since);
        Duration::try_from(patience).unwrap_or_default()
    }

    /// How long the event may wait at most, where AWS throttles or does not answer: half a day, or the patience if
    /// that is more.
    #[must_use]
    pub fn longest_wait(&self) -> Duration {
        self.patience().max(MAX_OUTAGE_WAIT)
    }

    /// The same attempt, of an event that waits while AWS throttles or does not answer.
    #[must_use]
    pub fn with_outage_patience(&self) -> Self {
        let give_up_at = self.since.saturating_add(self.longest_wait());
        Self {
            give_up_at: give_up_at.unwrap_or(Timestamp::MAX),
            ..self.clone()
        }
    }

    /// Whether there is no attempt after this one, if this one fails at `now`.
    #[must_use]
    pub fn is_last(&self, now: Timestamp) -> bool {
        self.next_try_at(now) > self.give_up_at
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attempt(attempt: u32) -> DeliveryAttempt {
        let since: Timestamp = "2026-11-21T21:44:00Z".parse().unwrap();
        let after = |seconds| since.saturating_add(Duration::from_secs(seconds)).unwrap();
        DeliveryAttempt {
            id: format!("message/{attempt}"),
            attempt,
            since,
            give_up_at: after(900),
            work_until: after(120),
        }
    }

    #[test]
    fn retry_delay_doubles_from_one_second_to_a_minute() {
        let delays =
            [0, 1, 2, 3, 6, 7, 8, 60, u32::MAX].map(|n| attempt(n).retry_delay().as_secs());
        assert_eq!(delays, [1, 1, 2, 4, 32, 60, 60, 60, 60]);
    }

    #[test]
    fn people_are_looked_for_less_often_the_longer_it_takes() {
        let waits = |attempts: u32, minutes: u64| {
            let attempt = attempt(attempts);
            let now = attempt.since.saturating_add(Duration::from_mins(minutes));
            attempt.people_delay(now.unwrap()).as_secs()
        };
        assert_eq!(waits(1, 0), 1);
        assert_eq!(waits(9, 1), 60);
        assert_eq!(waits(30, 20), 60);
        assert_eq!(waits(30, 40), 120);
        assert_eq!(waits(90, 200), 600);
        assert_eq!(waits(500, 7200), 600);
        // In all the receives that SQS counts, with jitter that makes each delay a fifth shorter.
        let (mut attempt, mut now) = (attempt(1), attempt(1).since);
        for receive in 1..1000 {
            attempt.attempt = receive;
            let delay = attempt.people_delay(now).as_secs() * 4 / 5;
            now = now.saturating_add(Duration::from_secs(delay)).unwrap();
        }
        let days = now.duration_since(attempt.since).as_hours() / 24;
        assert_eq!(days, 5);
    }

    #[test]
    fn attempt_is_last_when_the_next_would_begin_after_the_patience() {
        let third = attempt(3);
        let before_the_end = |seconds| {
            third
                .give_up_at
                .saturating_sub(Duration::from_secs(seconds))
                .unwrap()
        };
        assert!(!third.is_last(before_the_end(5)));
        assert!(!third.is_last(before_the_end(4)));
        assert!(third.is_last(before_the_end(3)));
        assert!(third.is_last(third.give_up_at));
    }
}
