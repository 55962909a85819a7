//! Tags `countersign:…` were changed.

use super::detection::{
    ASK, Answer, Context, Detection, EventPredicate, Match, WatchedCall, watch,
};
use crate::alerts::Severity;

pub(super) const CALLS: &[WatchedCall] = watch! {
    "lambda": "TagResource", "UntagResource";
};

pub(super) static DETECTION: Detection = Detection {
    id: "gate-tags-changed",
    severity: Severity::Warning,
    title: "Tags that steer the gate were changed on {subject}",
    meaning: "Tags that begin with countersign: choose the profile, the alias and the processor of a function, what is demanded of its packages, and whether the gate may deploy to it.",
    false_positives: "a team that sets up its function.",
    steps: &[
        "See them: aws lambda get-function --function-name {function} --query Tags --region {region}",
        "Find what they were: aws cloudtrail lookup-events --lookup-attributes AttributeKey=EventName,AttributeValue=TagResource20170331v2 --region {region}",
        "Put back what a tag was: aws lambda tag-resource --resource {function_arn} --tags KEY=VALUE --region {region}",
        "Take off a tag that was not there: aws lambda untag-resource --resource {function_arn} --tag-keys KEY --region {region}",
        ASK,
        "Let only those set them who should: deny lambda:TagResource and lambda:UntagResource where aws:TagKeys has countersign:*.",
    ],
    controls: &[
        "MITRE ATT&CK T1553.006 (Subvert Trust Controls: Code Signing Policy Modification)",
        "NIST 800-53 CM-5",
    ],
    answer: Answer::Accepted,
    calls: &[CALLS],
    on_one_event: &[
        EventPredicate::Function,
        EventPredicate::Any(&[
            EventPredicate::Present("requestParameters.tags.countersign:alias"),
            EventPredicate::Present("requestParameters.tags.countersign:approvals"),
            EventPredicate::Present("requestParameters.tags.countersign:architecture"),
            EventPredicate::Present("requestParameters.tags.countersign:builder"),
            EventPredicate::Present("requestParameters.tags.countersign:level"),
            EventPredicate::Present("requestParameters.tags.countersign:managed"),
            EventPredicate::Present("requestParameters.tags.countersign:profile"),
            EventPredicate::Present("requestParameters.tags.countersign:ref"),
            EventPredicate::Present("requestParameters.tags.countersign:source"),
            EventPredicate::Present("requestParameters.tags.countersign:workflow"),
            EventPredicate::Begins("requestParameters.tagKeys", "countersign:"),
        ]),
    ],
    matches,
};

fn matches(context: &Context<'_>) -> Option<Match> {
    let call = context.call;
    let tags = call.request("/tags").and_then(|tags| tags.as_object());
    let set = tags
        .into_iter()
        .flatten()
        .map(|(key, value)| format!("{key} = {value}"));
    let keys = call.request("/tagKeys").and_then(|keys| keys.as_array());
    let removed = keys.into_iter().flatten().filter_map(|key| key.as_str());
    let changed: Vec<String> = set
        .chain(removed.map(|key| format!("{key} removed")))
        .filter(|tag| tag.starts_with("countersign:"))
        .collect();
    if changed.is_empty() || !context.is_gated_function() {
        return None;
    }
    Some(Match::default().detail(format!("Changed: {}.", changed.join(", "))))
}

#[cfg(test)]
mod tests {
    use super::{super::samples::*, *};
    use crate::domain::TARGET_TAGS;
    use serde_json::json;

    /// A rule on one event cannot know tags by their beginning: it has to name each.
    #[test]
    fn exported_rule_names_every_tag() {
        let Some(EventPredicate::Any(predicates)) = DETECTION.on_one_event.last() else {
            panic!("tags are the last predicate")
        };
        let named: Vec<String> = predicates
            .iter()
            .filter_map(|predicate| match predicate {
                EventPredicate::Present(pointer) => Some((*pointer).to_owned()),
                _ => None,
            })
            .collect();
        let tags = TARGET_TAGS.map(|tag| format!("requestParameters.tags.{tag}"));
        assert_eq!(named, tags);
    }

    const ORDERS: &str = "arn:aws:lambda:us-east-1:111122223333:function:orders";

    #[test]
    fn gates_tags_page_and_others_do_not() {
        let tag = |tags| {
            event(
                "lambda",
                "TagResource20170331v2",
                json!({"resource": ORDERS, "tags": tags}),
            )
        };
        fires(&DETECTION, &tag(json!({"countersign:alias": "live"})));
        fires(
            &DETECTION,
            &tag(json!({"countersign:architecture": "arm64"})),
        );
        silent(&tag(json!({"team": "shop"})));
        let untag = |keys| {
            event(
                "lambda",
                "UntagResource20170331v2",
                json!({"resource": ORDERS, "tagKeys": keys}),
            )
        };
        fires(&DETECTION, &untag(json!(["team", "countersign:profile"])));
        silent(&untag(json!(["team"])));
        assert_eq!(
            page(&tag(json!({"countersign:alias": "live"}))).subject,
            "functions/orders"
        );
    }
}
