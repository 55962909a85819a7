//! A code signing configuration was turned from Enforce to Warn.

use super::detection::{
    ASK, Answer, Context, Detection, EventPredicate, Match, WatchedCall, watch,
};
use crate::alerts::Severity;

pub(super) const CALLS: &[WatchedCall] = watch! {
    "lambda": "UpdateCodeSigningConfig";
};

pub(super) static DETECTION: Detection = Detection {
    id: "csc-weakened",
    severity: Severity::Critical,
    title: "A code signing configuration only warns now: {subject}",
    meaning: "From now on Lambda takes unsigned and foreign code for every function under it.",
    false_positives: "a roll-out that starts with Warn to see what would be refused.",
    steps: &[
        "Put it back: aws lambda update-code-signing-config --code-signing-config-arn {csc} --code-signing-policies UntrustedArtifactOnDeployment=Enforce --region {region}",
        "See whom it trusts (countersign csc list --region {region}), and take out whom nobody knows: countersign csc remove PUBLISHER --csc {csc} --region {region} --yes",
        "See which functions are under it: aws lambda list-functions-by-code-signing-config --code-signing-config-arn {csc} --region {region}",
        ASK,
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
    on_one_event: &[EventPredicate::IsNot(
        "requestParameters.codeSigningPolicies.untrustedArtifactOnDeployment",
        "Enforce",
    )],
    matches,
};

fn matches(context: &Context<'_>) -> Option<Match> {
    let policy = context
        .call
        .request_text("/codeSigningPolicies/untrustedArtifactOnDeployment");
    if policy? == "Enforce" {
        return None;
    }
    let list = context
        .call
        .request("/allowedPublishers/signingProfileVersionArns");
    let publishers = list.and_then(|list| list.as_array());
    let Some(publishers) = publishers else {
        return Some(Match::default());
    };
    let names: Vec<&str> = publishers.iter().filter_map(|arn| arn.as_str()).collect();
    Some(Match::default().detail(format!(
        "The same call set whom it trusts, which Enforce alone does not take back: {} publisher(s), {}.",
        names.len(),
        names.join(", "),
    )))
}

#[cfg(test)]
mod tests {
    use super::{super::samples::*, *};
    use serde_json::json;

    #[test]
    fn weaker_policy_pages_and_a_stronger_one_is_no_weakening() {
        let policy = |policy| {
            event(
                "lambda",
                "UpdateCodeSigningConfig",
                json!({"codeSigningConfigArn": OWN_CSC,
            "codeSigningPolicies": {"untrustedArtifactOnDeployment": policy}}),
            )
        };
        fires(&DETECTION, &policy("Warn"));
        fires(&super::super::csc_changed::DETECTION, &policy("Enforce"));
    }
    /// A mail's subject has room for 99 characters.
    #[test]
    fn title_has_the_id_and_not_the_whole_arn() {
        let event = event(
            "lambda",
            "UpdateCodeSigningConfig",
            json!({"codeSigningConfigArn": OWN_CSC, "codeSigningPolicies": {"untrustedArtifactOnDeployment": "Warn"}}),
        );
        let page = page(&event);
        assert!(
            page.title.ends_with(": csc-0123456789abcdef0"),
            "{}",
            page.title
        );
        assert_eq!(page.subject, OWN_CSC);
    }
}
