//! A version was published past the gate.

use super::detection::{
    ASK, Answer, Context, Detection, EventPredicate, Match, WatchedCall, watch,
};
use crate::alerts::Severity;

pub(super) const CALLS: &[WatchedCall] = watch! {
    "lambda": "PublishVersion";
};

pub(super) static DETECTION: Detection = Detection {
    id: "version-published-past-gate",
    severity: Severity::Warning,
    title: "A version of {subject} was published past the gate",
    meaning: "A version keeps code and configuration for good. This one was not made by the gate, and an alias or a caller may use it.",
    false_positives: "a deployer that publishes versions after a change of the configuration.",
    steps: &[
        "See what it holds: aws lambda get-function --function-name {function} --qualifier {version} --region {region}",
        ASK,
        "See whether an alias points at it: aws lambda list-aliases --function-name {function} --function-version {version} --region {region}. If none does and nobody needs it: aws lambda delete-function --function-name {function} --qualifier {version} --region {region}",
        "Take lambda:PublishVersion away from everyone but the gate's deploy role.",
    ],
    controls: &[
        "MITRE ATT&CK T1648 (Serverless Execution)",
        "NIST 800-53 CM-5",
    ],
    answer: Answer::Accepted,
    calls: &[CALLS],
    on_one_event: &[EventPredicate::Function],
    matches,
};

fn matches(context: &Context<'_>) -> Option<Match> {
    let version = context
        .call
        .response_text("/version")
        .unwrap_or("not named");
    context
        .is_gated_function()
        .then(|| Match::default().detail(format!("The version is {version}.")))
}

#[cfg(test)]
mod tests {
    use super::{super::samples::*, *};
    use serde_json::json;

    #[test]
    fn version_past_the_gate_pages_and_the_gates_does_not() {
        let version = |function| {
            event(
                "lambda",
                "PublishVersion20150331",
                json!({"functionName": function}),
            )
        };
        fires(&DETECTION, &version("orders"));
        silent(&by_gate(&version("orders")));
        silent(&version("another-teams"));
    }
}
