//! One run at a time sends pages about one thing: queues and schedules deliver at least once, and two deliveries at once
//! would be two pages. Whoever comes second is tried again, and finds that it was told.

use std::time::Duration;

use jiff::Timestamp;

use crate::records::{Incident, Telling};

/// Whoever sends is through within it, or was cut off: `alert` lives for 15 seconds. SQS hands a message out again after
/// 90 seconds, so that the delivery that follows does not find itself in its own way.
const MAX_SENDING_DURATION: Duration = Duration::from_mins(1);

/// A page that is on its way for longer was cut off and did not come again yet, so that another event of the same
/// thing may be told in its place: SQS hands a message out again after 90 seconds.
const PUBLISH_TIMEOUT: Duration = Duration::from_mins(10);

/// In place of an event: the sum of what was counted is on its way.
pub(super) const OF_SUM: &str = "sum";
/// The page that it is gone is on its way.
pub(super) const OF_END: &str = "end";

/// Whether a run may be sending a page about this thing.
pub(super) fn is_being_sent(incident: &Incident, now: Timestamp) -> bool {
    let telling = incident.telling.as_ref();
    telling.is_some_and(|telling| !is_over(telling.since, MAX_SENDING_DURATION, now))
}

/// Whether a page was on its way, was cut off, and did not come again for long.
pub(super) fn is_cut_off(incident: &Incident, now: Timestamp) -> bool {
    let telling = incident.telling.as_ref();
    telling.is_some_and(|telling| is_over(telling.since, PUBLISH_TIMEOUT, now))
}

pub(super) fn is_over(since: Timestamp, span: Duration, now: Timestamp) -> bool {
    since.saturating_add(span).is_ok_and(|end| end <= now)
}

/// The document while a page is on its way: of this event, or of the sum or the end.
pub(super) fn with_sender(incident: Incident, event: &str, now: Timestamp) -> Incident {
    Incident {
        telling: Some(Telling {
            event: event.to_owned(),
            since: now,
        }),
        ..incident
    }
}

/// The document when `by` is told in place of a page that was on its way and was cut off: what that one would have told
/// is told with this one.
pub(super) fn taken_over(incident: Incident, by: &str) -> Incident {
    let is_of_another = incident
        .telling
        .as_ref()
        .is_some_and(|telling| telling.event != by && incident.events.contains(&telling.event));
    if !is_of_another {
        return incident;
    }
    Incident {
        untold: incident.untold.saturating_add(1),
        telling: None,
        ..incident
    }
}

#[cfg(test)]
mod tests {
    use countersign_testkit::template::function_timeout;

    use super::{MAX_SENDING_DURATION, PUBLISH_TIMEOUT};

    #[test]
    fn sending_duration_outlasts_the_function() {
        assert!(MAX_SENDING_DURATION > function_timeout("AlertFunction"));
        assert!(PUBLISH_TIMEOUT > MAX_SENDING_DURATION);
    }
}
