//! A function, or a version of it, was deleted.

use super::detection::{
    ASK, Answer, Context, Detection, EventPredicate, Match, WatchedCall, watch,
};
use crate::{alerts::Severity, events::unqualified};

pub(super) const CALLS: &[WatchedCall] = watch! {
    "lambda": "DeleteFunction";
};

pub(super) static DETECTION: Detection = Detection {
    id: "function-deleted",
    severity: Severity::Warning,
    title: "{subject} was deleted",
    meaning: "A function that the gate deploys to is gone, and its code signing configuration with it. Created again without one, it takes any code.",
    false_positives: "a function that was retired.",
    steps: &[
        ASK,
        "If it is wanted, create it again under --code-signing-config-arn {own_csc}, from current/functions/{function}.zip in the signed bucket, which is what was verified last.",
    ],
    controls: &["MITRE ATT&CK T1485 (Data Destruction)", "NIST 800-53 CM-5"],
    answer: Answer::Accepted,
    calls: &[CALLS],
    on_one_event: &[EventPredicate::Function],
    matches,
};

const STEPS_OF_VERSION: &[&str] = &[
    "Ask whoever made the call. A deleted version cannot be put back.",
    "See what is left: aws lambda list-versions-by-function --function-name {function} --region {region}",
    "If what it held is to run again, have the gate publish it as a new version: countersign rollback functions/{function} --to LABEL --uploads-bucket {uploads_bucket} --records-bucket {records_bucket} --region {region}, with the upload that countersign history functions/{function} --records-bucket {records_bucket} --region {region} shows for that version.",
];

fn matches(context: &Context<'_>) -> Option<Match> {
    if !context.is_gated_function() {
        return None;
    }
    let call = context.call;
    let of_name = call.request_text("/functionName").and_then(qualifier_of);
    let qualifier = call.request_text("/qualifier").or(of_name);
    Some(qualifier.map_or_else(Match::default, |version| {
        Match::default()
            .title("A version of {subject} was deleted past the gate")
            .detail(format!(
                "The version is {version}; the function itself is still there."
            ))
            .steps(STEPS_OF_VERSION)
    }))
}

/// The qualifier behind a function's name or ARN.
fn qualifier_of(text: &str) -> Option<&str> {
    unqualified(text)?.1
}

#[cfg(test)]
mod tests {
    use super::{super::samples::*, *};
    use serde_json::json;

    #[test]
    fn deletion_pages_and_tells_a_version_from_the_function() {
        let deleted = |request| event("lambda", "DeleteFunction20150331", request);
        fires(&DETECTION, &deleted(json!({"functionName": "orders"})));
        assert_eq!(
            page(&deleted(json!({"functionName": "orders"}))).title,
            "orders was deleted"
        );
        for request in [
            json!({"functionName": "orders", "qualifier": "3"}),
            json!({"functionName": "orders:3"}),
        ] {
            let page = page(&deleted(request));
            assert!(
                page.title.contains("A version of orders") && page.text.contains("is 3;"),
                "{page:?}"
            );
        }
        silent(&deleted(json!({"functionName": "another-teams"})));
    }
}
