//! A function's code signing configuration was detached.

use super::detection::{
    ASK, Answer, Context, Detection, EventPredicate, Match, WatchedCall, watch,
};
use crate::alerts::Severity;

pub(super) const CALLS: &[WatchedCall] = watch! {
    "lambda": "DeleteFunctionCodeSigningConfig";
};

pub(super) static DETECTION: Detection = Detection {
    id: "csc-detached",
    severity: Severity::Critical,
    title: "Code signing was taken off {subject}",
    meaning: "From now on Lambda takes any code for the function.",
    false_positives: "a function that leaves the gate on purpose.",
    steps: &[
        "Put it back: aws lambda put-function-code-signing-config --function-name {function} --code-signing-config-arn {own_csc} --region {region}",
        ASK,
        "Check what was deployed since: aws lambda get-function --function-name {function} --region {region}",
        "Take lambda:DeleteFunctionCodeSigningConfig away from everyone.",
    ],
    controls: &[
        "MITRE ATT&CK T1553.006 (Subvert Trust Controls: Code Signing Policy Modification)",
        "MITRE ATT&CK T1562 (Impair Defenses)",
        "CIS AWS Compute Services 4.8 (code signing)",
        "NIST 800-53 SI-7(15)",
        "NIST 800-53 CM-14",
    ],
    answer: Answer::Accepted,
    calls: &[CALLS],
    on_one_event: &[EventPredicate::Function],
    matches,
};

fn matches(context: &Context<'_>) -> Option<Match> {
    context.is_gated_function().then(Match::default)
}

#[cfg(test)]
mod tests {
    use super::{super::samples::*, *};
    use serde_json::json;

    #[test]
    fn detached_configuration_pages_with_and_without_a_version_even_by_the_gates_role() {
        for version in ["", "20200422", "20200630v2"] {
            let name = format!("DeleteFunctionCodeSigningConfig{version}");
            let event = event("lambda", &name, json!({"functionName": "orders"}));
            fires(&DETECTION, &event);
            fires(&DETECTION, &by_gate(&event));
            // Whoever searches CloudTrail for it needs the name that is there.
            assert!(page(&event).facts.contains(&("Call", name)));
        }
        silent(&event(
            "lambda",
            "DeleteFunctionCodeSigningConfig",
            json!({"functionName": "another-teams"}),
        ));
    }
}
