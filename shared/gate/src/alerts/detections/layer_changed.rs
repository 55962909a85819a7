//! A layer version was published or deleted past the gate.

use super::detection::{
    ASK, Answer, Context, Detection, EventPredicate, Match, RESTORE_LAYER, WatchedCall, watch,
};
use crate::alerts::Severity;

pub(super) const CALLS: &[WatchedCall] = watch! {
    "lambda": "PublishLayerVersion", "DeleteLayerVersion";
};

pub(super) static DETECTION: Detection = Detection {
    id: "layer-changed-past-gate",
    severity: Severity::Warning,
    title: "A version of the layer {subject} was published or deleted past the gate",
    meaning: "Functions that use the layer run its code. The gate did not verify this version, or a version that functions name is gone.",
    false_positives: "a pipeline that still publishes the layer by itself.",
    steps: &[
        "Find the functions that use it, and give them the gate's version: aws lambda list-functions --query \"Functions[?Layers[?Arn=='{layer_version_arn}']].FunctionName\" --region {region}",
        ASK,
        "If nobody needs it, delete that version: aws lambda delete-layer-version --layer-name {layer} --version-number {layer_version} --region {region}. Functions that have it run on with it.",
        "If it is wanted, bring the package to the gate: countersign push layers/{layer}=PACKAGE.zip --uploads-bucket {uploads_bucket} --records-bucket {records_bucket} --region {region}",
        "Take lambda:PublishLayerVersion and lambda:DeleteLayerVersion away from everyone but the gate's deploy role.",
    ],
    controls: &[
        "MITRE ATT&CK T1574 (Hijack Execution Flow)",
        "NIST 800-53 SI-7(15)",
        "NIST 800-53 CM-5",
    ],
    answer: Answer::Accepted,
    calls: &[CALLS],
    on_one_event: &[EventPredicate::Layer],
    matches,
};

fn matches(context: &Context<'_>) -> Option<Match> {
    if !context.is_gated_layer() {
        return None;
    }
    let call = context.call;
    Some(if call.name() == "DeleteLayerVersion" {
        let version = call
            .request("/versionNumber")
            .map_or_else(|| "not named".to_owned(), ToString::to_string);
        Match::default()
            .title("A version of the layer {subject} was deleted past the gate")
            .detail(format!("The version is {version}. A deleted version cannot be put back. Functions that use it run on; no function can be given it any more."))
            .false_positives("a clean-up of old layer versions.")
            .steps(STEPS_OF_DELETION)
    } else {
        let arn = call
            .response_text("/layerVersionArn")
            .unwrap_or("not named");
        Match::default()
            .title("A version of the layer {subject} was published past the gate")
            .detail(format!("The version is {arn}."))
    })
}

const STEPS_OF_DELETION: &[&str] = &[
    ASK,
    RESTORE_LAYER,
    "Find the functions that use it, and give them a version that is there: aws lambda list-functions --query \"Functions[?Layers[?ends_with(Arn, ':layer:{layer}:{layer_version}')]].FunctionName\" --region {region}",
    "Take lambda:DeleteLayerVersion away from everyone who need not have it.",
];

#[cfg(test)]
mod tests {
    use super::{super::samples::*, *};
    use serde_json::json;

    #[test]
    fn layer_past_the_gate_pages_and_the_gates_does_not() {
        for call in ["PublishLayerVersion20181031", "DeleteLayerVersion20181031"] {
            let layer = |name| {
                event(
                    "lambda",
                    call,
                    json!({"layerName": name, "versionNumber": 3}),
                )
            };
            fires(&DETECTION, &layer("base"));
            fires(
                &DETECTION,
                &layer("arn:aws:lambda:us-east-1:111122223333:layer:base"),
            );
            silent(&layer("another-teams"));
        }
        let by_gate_of = |call| by_gate(&event("lambda", call, json!({"layerName": "base"})));
        silent(&by_gate_of("PublishLayerVersion20181031"));
        // The gate deletes no layer version: its role is at work for somebody else.
        fires(&DETECTION, &by_gate_of("DeleteLayerVersion20181031"));
    }
    #[test]
    fn published_version_is_deleted_and_its_users_are_found() {
        let arn = "arn:aws:lambda:us-east-1:111122223333:layer:base:7";
        let event = event(
            "lambda",
            "PublishLayerVersion20181031",
            json!({"layerName": "base"}),
        );
        let page = page(&with(
            &event,
            "responseElements",
            json!({"layerVersionArn": arn, "version": 7}),
        ));
        let steps = page.next_steps.join("\n");
        assert!(
            steps.contains("delete-layer-version --layer-name base --version-number 7 "),
            "{steps}"
        );
        assert!(
            steps.contains(&format!("Functions[?Layers[?Arn=='{arn}']].FunctionName")),
            "{steps}"
        );
        assert!(!page.text.contains("clean-up"), "{}", page.text);
    }
}
