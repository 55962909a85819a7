//! A code signing configuration was changed otherwise: a publisher added or removed.

use super::detection::{ASK, Answer, Context, Detection, Match, WatchedCall, watch};
use crate::alerts::Severity;

pub(super) const CALLS: &[WatchedCall] = watch! {
    "lambda": "UpdateCodeSigningConfig";
};

pub(super) static DETECTION: Detection = Detection {
    id: "csc-changed",
    severity: Severity::Warning,
    title: "A code signing configuration was changed: {subject}",
    meaning: "Every function under it trusts whom it lists now, from the next deployment on.",
    false_positives: "a stack update that adds a publisher, or a publisher that is replaced after its profile was put anew.",
    steps: &[
        "See whom it trusts: aws lambda get-code-signing-config --code-signing-config-arn {csc} --region {region}",
        "Find whom it trusted before: aws cloudtrail lookup-events --lookup-attributes AttributeKey=EventName,AttributeValue=UpdateCodeSigningConfig --region {region}",
        "Put it back: aws lambda update-code-signing-config --code-signing-config-arn {csc} --allowed-publishers SigningProfileVersionArns=PROFILE_VERSION_ARN --region {region}",
        ASK,
    ],
    controls: &[
        "MITRE ATT&CK T1553.006 (Subvert Trust Controls: Code Signing Policy Modification)",
        "CIS AWS Compute Services 4.8 (code signing)",
        "NIST 800-53 SI-7(15)",
        "NIST 800-53 CM-14",
    ],
    answer: Answer::Accepted,
    calls: &[CALLS],
    on_one_event: &[],
    matches,
};

#[expect(clippy::unnecessary_wraps, reason = "the signature of every matcher")]
fn matches(context: &Context<'_>) -> Option<Match> {
    let call = context.call;
    let list = call.request("/allowedPublishers/signingProfileVersionArns");
    let Some(publishers) = list.and_then(|list| list.as_array()) else {
        return Some(Match::default().detail("The publishers are as they were."));
    };
    let names: Vec<&str> = publishers.iter().filter_map(|arn| arn.as_str()).collect();
    Some(Match::default().detail(format!(
        "It trusts {} publisher(s) now: {}.",
        names.len(),
        names.join(", "),
    )))
}

#[cfg(test)]
mod tests {
    use super::{super::samples::*, *};
    use serde_json::json;

    #[test]
    fn changed_publishers_page_with_their_names() {
        let publisher = "arn:aws:signer:us-east-1:444455556666:/signing-profiles/theirs/Ab3dEf6hIj";
        let event = event(
            "lambda",
            "UpdateCodeSigningConfig",
            json!({"codeSigningConfigArn": OWN_CSC,
            "allowedPublishers": {"signingProfileVersionArns": [publisher]}}),
        );
        fires(&DETECTION, &event);
        assert!(page(&event).text.contains(publisher));
        assert_eq!(page(&event).subject, OWN_CSC);
    }

    #[test]
    fn failed_change_is_silent() {
        let event = event(
            "lambda",
            "UpdateCodeSigningConfig",
            json!({"codeSigningConfigArn": OWN_CSC}),
        );
        silent(&with(
            &event,
            "errorCode",
            json!("InvalidParameterValueException"),
        ));
    }
}
