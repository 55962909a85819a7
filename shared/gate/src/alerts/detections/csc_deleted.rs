//! A code signing configuration was deleted.

use super::detection::{ASK, Answer, Context, Detection, Match, WatchedCall, watch};
use crate::alerts::Severity;

pub(super) const CALLS: &[WatchedCall] = watch! {
    "lambda": "DeleteCodeSigningConfig";
};

pub(super) static DETECTION: Detection = Detection {
    id: "csc-deleted",
    severity: Severity::Warning,
    title: "A code signing configuration was deleted: {subject}",
    meaning: "Lambda deletes none that functions are under, so each function was taken off it before.",
    false_positives: "a stack that was deleted.",
    steps: &[
        "Find the functions that were taken off it: aws cloudtrail lookup-events --lookup-attributes AttributeKey=EventName,AttributeValue=DeleteFunctionCodeSigningConfig --region {region}",
        ASK,
    ],
    controls: &[
        "MITRE ATT&CK T1553.006 (Subvert Trust Controls: Code Signing Policy Modification)",
        "CIS AWS Compute Services 4.8 (code signing)",
        "NIST 800-53 CM-14",
    ],
    answer: Answer::Accepted,
    calls: &[CALLS],
    on_one_event: &[],
    matches,
};

#[expect(clippy::unnecessary_wraps, reason = "the signature of every matcher")]
fn matches(_: &Context<'_>) -> Option<Match> {
    Some(Match::default())
}

#[cfg(test)]
mod tests {
    use super::{super::samples::*, *};
    use serde_json::json;

    #[test]
    fn deletion_pages_and_a_failed_one_does_not() {
        let event = event(
            "lambda",
            "DeleteCodeSigningConfig",
            json!({"codeSigningConfigArn": OWN_CSC}),
        );
        fires(&DETECTION, &event);
        silent(&with(
            &event,
            "errorCode",
            json!("ResourceConflictException"),
        ));
    }
}
