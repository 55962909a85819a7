//! A trail was stopped, deleted or changed.

use super::detection::{ASK, Answer, Context, Detection, Match, WatchedCall, watch};
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
        "See whether it still logs: aws cloudtrail get-trail-status --name {trail} --region {region}",
        "Start it again: aws cloudtrail start-logging --name {trail} --region {region}",
        SINCE,
        ASK,
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

/// The event history keeps ninety days of management events, whatever trails there are (the user guide, grade B).
const SINCE: &str = "See what was done since, which the event history has without a trail: aws cloudtrail lookup-events --lookup-attributes AttributeKey=ReadOnly,AttributeValue=false --start-time {at} --region {region}";

const STEPS_OF_UPDATE: &[&str] = &[
    "See what it is now, its bucket, key and regions: aws cloudtrail describe-trails --trail-name-list {trail} --region {region}",
    "Find what it was: aws cloudtrail lookup-events --lookup-attributes AttributeKey=EventName,AttributeValue=UpdateTrail --region {region}, and the same with CreateTrail.",
    "Put back what the call set: aws cloudtrail update-trail --name {trail} --region {region}, with --s3-bucket-name, --kms-key-id and the like as they were.",
    SINCE,
    ASK,
];
/// All management events: reads cost nothing more in the first trail, and no page depends on them.
const STEPS_OF_SELECTORS: &[&str] = &[
    "See what it logs now: aws cloudtrail get-event-selectors --trail-name {trail} --region {region}",
    "Have it log management events again: aws cloudtrail put-event-selectors --trail-name {trail} --event-selectors ReadWriteType=All,IncludeManagementEvents=true --region {region}. This replaces all selectors: name those of data events, too.",
    SINCE,
    ASK,
];
const STEPS_OF_DELETION: &[&str] = &[
    "See which trails are left: aws cloudtrail describe-trails --region {region}",
    "Make it anew: aws cloudtrail create-trail --name {trail_name} --s3-bucket-name BUCKET --region {region}, then aws cloudtrail start-logging --name {trail_name} --region {region}",
    SINCE,
    ASK,
];
/// What CloudFormation made comes back by CloudFormation alone.
const STEPS_OF_OWN_DELETION: &[&str] = &[
    "Make it anew by the gate's stack {stack}, which made it: deploy it with the parameter CreateTrail=false, and then with CreateTrail=true.",
    SINCE,
    ASK,
];

/// What a call sets, without the trail's own name.
fn set_by(context: &Context<'_>) -> Option<String> {
    let parameters = context.call.request("")?.as_object()?;
    let set = parameters.iter().filter(|(name, value)| {
        !value.is_null() && !["name", "trailName"].contains(&name.as_str())
    });
    let set: Vec<String> = set
        .map(|(name, value)| format!("{name} = {value}"))
        .collect();
    (!set.is_empty()).then(|| format!("The call sets: {}.", set.join(", ")))
}

#[expect(clippy::unnecessary_wraps, reason = "the signature of every matcher")]
fn matches(context: &Context<'_>) -> Option<Match> {
    let call = context.call;
    let named = ["/name", "/trailName"]
        .iter()
        .find_map(|pointer| call.request_text(pointer));
    let finding = Match::default().subject(named.unwrap_or("unnamed").to_owned());
    let mut finding = finding.detail(format!("It was done with {}.", call.name()));
    finding.details.extend(set_by(context));
    let is_own = context.own_resource().is_some();
    let finding = match call.name() {
        "UpdateTrail" => finding.steps(STEPS_OF_UPDATE),
        "PutEventSelectors" => finding.steps(STEPS_OF_SELECTORS),
        "DeleteTrail" if is_own => finding.steps(STEPS_OF_OWN_DELETION),
        "DeleteTrail" => finding.steps(STEPS_OF_DELETION),
        _ => finding,
    };
    // Any trail of the account may be the one that feeds the bus.
    Some(if !is_own || context.is_by_cloudformation() {
        finding.severity(Severity::Warning)
    } else {
        finding
    })
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
    /// What mends one call does nothing about another, and a trail may log on and hear nothing.
    #[test]
    fn steps_are_those_of_the_call_and_name_the_trail() {
        let arn = "arn:aws:cloudtrail:us-east-1:111122223333:trail/organization";
        let selectors =
            json!({"trailName": arn, "eventSelectors": [{"readWriteType": "ReadOnly"}]});
        for (name, request, mends, is_no_help) in [
            (
                "StopLogging",
                json!({"name": arn}),
                format!("start-logging --name {arn} "),
                "put-event-selectors",
            ),
            (
                "PutEventSelectors",
                selectors,
                format!("put-event-selectors --trail-name {arn} --event"),
                "start-logging",
            ),
            (
                "UpdateTrail",
                json!({"name": arn, "s3BucketName": "theirs"}),
                format!("update-trail --name {arn} "),
                "start-logging",
            ),
            (
                "DeleteTrail",
                json!({"name": arn}),
                "create-trail --name organization ".to_owned(),
                "get-trail-status",
            ),
            (
                "DeleteTrail",
                json!({"name": "countersign-Trail-1X"}),
                "CreateTrail=true".to_owned(),
                "create-trail",
            ),
        ] {
            let page = page(&event("cloudtrail", name, request));
            let steps = page.next_steps.join("\n");
            assert!(steps.contains(&mends), "{name}: {steps}");
            assert!(!steps.contains(is_no_help), "{name}: {steps}");
            assert!(
                steps.contains("--start-time 2026-11-21T21:50:12Z "),
                "{name}: {steps}"
            );
            assert!(!page.title.contains("arn:"), "{}", page.title);
        }
        let update = event(
            "cloudtrail",
            "UpdateTrail",
            json!({"name": arn, "s3BucketName": "theirs"}),
        );
        assert!(
            page(&update)
                .text
                .contains("The call sets: s3BucketName = \"theirs\".")
        );
    }
}
