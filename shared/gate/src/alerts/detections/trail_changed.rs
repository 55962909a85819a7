//! A trail was stopped, deleted or changed.

use super::detection::{Answer, Context, Detection, Match, WatchedCall, watch};
use crate::alerts::Severity;

pub(super) const CALLS: &[WatchedCall] = watch! {
    "cloudtrail": "StopLogging", "DeleteTrail", "UpdateTrail", "PutEventSelectors";
};

pub(super) static DETECTION: Detection = Detection {
    id: "trail-changed",
    severity: Severity::Critical,
    title: "A trail was stopped or changed: {subject}",
    meaning: "Without a trail that logs management events, nothing that is done past the gate is seen here.",
    false_positives: "a trail that is replaced by another; some trail has to stay.",
    steps: &[
        "See whether a trail still logs: aws cloudtrail get-trail-status --name TRAIL --region {region}",
        "Start it again: aws cloudtrail start-logging --name TRAIL --region {region}",
        "Ask whoever made the call. If nobody knows of it, revoke the session and the keys that made it.",
    ],
    controls: &[
        "MITRE ATT&CK T1562.008 (Disable or Modify Cloud Logs)",
        "AWS FSBP CloudTrail.1",
        "NIST 800-53 AU-12",
    ],
    answer: Answer::Accepted,
    calls: &[CALLS],
    on_one_event: &[],
    matches,
};

#[expect(clippy::unnecessary_wraps, reason = "the signature of every matcher")]
fn matches(context: &Context<'_>) -> Option<Match> {
    let call = context.call;
    let named = ["/name", "/trailName"]
        .iter()
        .find_map(|pointer| call.request_text(pointer));
    let finding = Match::default().subject(named.unwrap_or("unnamed").to_owned());
    let finding = finding.detail(format!("It was done with {}.", call.name()));
    // Any trail of the account may be the one that feeds the bus.
    Some(
        if context.own_resource().is_none() || context.is_by_cloudformation() {
            finding.severity(Severity::Warning)
        } else {
            finding
        },
    )
}

#[cfg(test)]
mod tests {
    use super::{super::samples::*, *};
    use serde_json::json;

    #[test]
    fn stopped_trail_pages_most_when_it_is_the_stacks() {
        let stop = |name| event("cloudtrail", "StopLogging", json!({"name": name}));
        fires(&DETECTION, &stop("countersign-Trail-1X"));
        assert_eq!(
            page(&stop("countersign-Trail-1X")).severity,
            Severity::Critical
        );
        assert_eq!(
            page(&stop(
                "arn:aws:cloudtrail:us-east-1:111122223333:trail/organization"
            ))
            .severity,
            Severity::Warning
        );
        silent(&event(
            "cloudtrail",
            "StartLogging",
            json!({"name": "countersign-Trail-1X"}),
        ));
    }
}
