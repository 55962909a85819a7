//! One message of a queue, what a function does with it, and why it may fail.

use std::time::Duration;

use aws_lambda_events::event::sqs::SqsMessage;
use countersign_gate::{
    alerts::AlertError,
    events::EventError,
    outcome::{DeliveryAttempt, RetryableError},
    ports::{Cause, PortError, error_chain},
};
use jiff::Timestamp;

/// One message of a queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Message<'a> {
    /// The body as sent.
    pub body: &'a str,
    /// Which attempt this is, and how long it may take.
    pub attempt: &'a DeliveryAttempt,
}

/// The work of a function on one message.
pub trait Handle {
    /// Works on a message until [`DeliveryAttempt::work_until`]. What a person decided to refuse is
    /// no error.
    fn handle(&self, message: Message<'_>) -> impl Future<Output = Result<(), Failure>>;
}

/// Why the work on a message did not come to its end.
#[derive(Debug)]
pub enum Failure {
    /// The message is not understood, now or later: it goes to the dead-letter queue at once.
    NotUnderstood(Cause),
    /// It goes back to its queue, and after the last attempt to the dead-letter queue.
    Retry(Cause),
    /// AWS throttles or does not answer: the same, with half a day of patience.
    WaitsForAws(Cause),
    /// What it is about is on record as waiting, and ends by its own patience. The message goes back to its
    /// queue however old it is.
    Waiting(Cause),
    /// The same, and people are waited for: the message is hidden for this long.
    WaitsForPeople(Duration, Cause),
    /// Another delivery of the same event is at work. The message goes back to its queue whatever
    /// attempt this is: should the other one be cut off, nobody else would end the upload.
    LeaseHeld(Cause),
}

impl Failure {
    /// Of two failures in one message the one that keeps it longest: what is given up for one upload would be lost for the
    /// other.
    #[must_use]
    pub fn or_more_patient(self, other: Self) -> Self {
        if other.rank() > self.rank() {
            other
        } else {
            self
        }
    }

    /// The higher, the longer the message stays.
    fn rank(&self) -> u8 {
        match self {
            Self::NotUnderstood(_) => 0,
            Self::Retry(_) => 1,
            Self::WaitsForAws(_) => 2,
            // Of the two that stay, the one that comes back sooner.
            Self::WaitsForPeople(..) => 3,
            Self::Waiting(_) => 4,
            Self::LeaseHeld(_) => 5,
        }
    }

    /// The whole chain in one line.
    pub(super) fn error_chain(&self) -> String {
        let (Self::NotUnderstood(cause)
        | Self::Retry(cause)
        | Self::WaitsForAws(cause)
        | Self::Waiting(cause)
        | Self::WaitsForPeople(_, cause)
        | Self::LeaseHeld(cause)) = self;
        error_chain(&**cause)
    }
}

impl From<EventError> for Failure {
    fn from(error: EventError) -> Self {
        Self::NotUnderstood(Box::new(error))
    }
}

impl From<RetryableError> for Failure {
    fn from(error: RetryableError) -> Self {
        match error {
            RetryableError::LeaseHeld { .. } => Self::LeaseHeld(Box::new(error)),
            RetryableError::Waiting(_) => Self::Waiting(Box::new(error)),
            RetryableError::WaitingForPeople { delay, .. } => {
                Self::WaitsForPeople(delay, Box::new(error))
            }
            error if error.waits_for_aws() => Self::WaitsForAws(Box::new(error)),
            error => Self::Retry(Box::new(error)),
        }
    }
}

/// What `alert` asks for in vain. An upload waits half a day for AWS ([`Failure::WaitsForAws`]), because it ends one way or the
/// other; a page that comes half a day late is worth less than a dead letter now, which pages by its alarm.
impl From<PortError> for Failure {
    fn from(error: PortError) -> Self {
        Self::Retry(Box::new(error))
    }
}

impl From<AlertError> for Failure {
    fn from(error: AlertError) -> Self {
        match error {
            AlertError::Event(error) => error.into(),
            AlertError::Port(error) => error.into(),
            AlertError::Record(error) => Self::Retry(Box::new(error)),
            error @ (AlertError::Contended { .. } | AlertError::Busy { .. }) => {
                Self::Retry(Box::new(error))
            }
        }
    }
}

/// Which attempt at a message this is, from the attributes that SQS gives it. A message without
/// them is taken as new, at `now`.
pub(super) fn attempt(
    id: &str,
    message: &SqsMessage,
    patience: Duration,
    now: Timestamp,
    work_until: Timestamp,
) -> DeliveryAttempt {
    let attribute = |name| message.attributes.get(name).map(String::as_str);
    let receives = attribute("ApproximateReceiveCount").and_then(|count| count.parse().ok());
    // Milliseconds since 1970.
    let since = attribute("ApproximateFirstReceiveTimestamp")
        .and_then(|text| text.parse().ok())
        .and_then(|milliseconds| Timestamp::from_millisecond(milliseconds).ok())
        .unwrap_or(now);
    let receives: u32 = receives.unwrap_or(1).max(1);
    DeliveryAttempt {
        id: format!("{id}/{receives}"),
        attempt: receives,
        since,
        give_up_at: since.saturating_add(patience).unwrap_or(Timestamp::MAX),
        work_until,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(attributes: &serde_json::Value) -> SqsMessage {
        serde_json::from_value(serde_json::json!({ "attributes": attributes })).unwrap()
    }

    #[test]
    fn most_patient_failure_decides_in_either_order() {
        let of = |make: fn(Cause) -> Failure| make("x".into());
        let kinds: [fn(Cause) -> Failure; 6] = [
            Failure::NotUnderstood,
            Failure::Retry,
            Failure::WaitsForAws,
            |cause| Failure::WaitsForPeople(Duration::from_mins(10), cause),
            Failure::Waiting,
            Failure::LeaseHeld,
        ];
        for (rank, less) in kinds.iter().enumerate() {
            for more in kinds.iter().skip(rank) {
                let expected = std::mem::discriminant(&of(*more));
                for decided in [
                    of(*less).or_more_patient(of(*more)),
                    of(*more).or_more_patient(of(*less)),
                ] {
                    assert_eq!(std::mem::discriminant(&decided), expected);
                }
            }
        }
    }

    #[test]
    fn attempt_is_read_from_the_attributes() {
        let now: Timestamp = "2026-11-21T22:00:00Z".parse().unwrap();
        let until: Timestamp = "2026-11-21T22:01:00Z".parse().unwrap();
        let patience = Duration::from_mins(30);
        let third = message(&serde_json::json!({
            "ApproximateReceiveCount": "3", "ApproximateFirstReceiveTimestamp": "1795297440012",
        }));
        let expected = DeliveryAttempt {
            id: "m-1/3".to_owned(),
            attempt: 3,
            since: "2026-11-21T21:44:00.012Z".parse().unwrap(),
            give_up_at: "2026-11-21T22:14:00.012Z".parse().unwrap(),
            work_until: until,
        };
        assert_eq!(attempt("m-1", &third, patience, now, until), expected);

        let unread = serde_json::json!({
            "ApproximateReceiveCount": "x", "ApproximateFirstReceiveTimestamp": "y",
        });
        for attributes in [serde_json::json!({}), unread] {
            let new = attempt("m-1", &message(&attributes), patience, now, until);
            assert_eq!((new.attempt, new.since), (1, now));
        }
    }
}
