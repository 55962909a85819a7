//! A function was created without a code signing configuration, or again.

use super::detection::{Answer, Context, Detection, EventPredicate, Match, WatchedCall, watch};
use crate::{alerts::Severity, domain::CscArn};

pub(super) const CALLS: &[WatchedCall] = watch! {
    "lambda": "CreateFunction";
};

pub(super) static DETECTION: Detection = Detection {
    id: "function-created-without-csc",
    severity: Severity::Warning,
    title: "{subject} was created without a code signing configuration",
    meaning: "The function's name is one that the gate deploys to, and Lambda takes any code for it until it is put under a code signing configuration.",
    false_positives: "a new function whose template has no CodeSigningConfigArn yet.",
    steps: &[
        "Put it under one: aws lambda put-function-code-signing-config --function-name {function} --code-signing-config-arn {own_csc} --region {region}",
        "Deploy it through the gate: what it was created with was not verified.",
        "Let functions be created only under a configuration: deny lambda:CreateFunction unless the condition key lambda:CodeSigningConfigArn has it.",
    ],
    controls: &[
        "MITRE ATT&CK T1648 (Serverless Execution)",
        "CIS AWS Compute Services 4.8 (code signing)",
        "NIST 800-53 CM-14",
    ],
    answer: Answer::Accepted,
    calls: &[CALLS],
    on_one_event: &[
        EventPredicate::Function,
        EventPredicate::Any(&[
            EventPredicate::Absent("requestParameters.codeSigningConfigArn"),
            EventPredicate::OtherCsc,
        ]),
    ],
    matches,
};

fn matches(context: &Context<'_>) -> Option<Match> {
    let csc = context
        .call
        .request("/codeSigningConfigArn")
        .filter(|csc| !csc.is_null());
    if !context.is_gated_function() {
        return None;
    }
    let own = context.settings.csc.as_ref().map(CscArn::as_str);
    match (csc, own) {
        (None, _) => Some(Match::default()),
        (Some(csc), Some(own)) if csc.as_str() != Some(own) => Some(
            Match::default()
                .title("{subject} was created under a code signing configuration that is not the stack's")
                .severity(Severity::Warning)
                .detail("Whoever that configuration trusts decided what it runs.".to_owned()),
        ),
        (Some(_), _) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{super::samples::*, *};
    use serde_json::json;

    #[test]
    fn function_without_configuration_pages() {
        let created = |request| event("lambda", "CreateFunction20150331", request);
        fires(&DETECTION, &created(json!({"functionName": "orders"})));
        silent(&created(json!({"functionName": "another-teams"})));
        silent(&created(
            json!({"functionName": "orders", "codeSigningConfigArn": OWN_CSC}),
        ));
        let foreign = "arn:aws:lambda:us-east-1:111122223333:code-signing-config:csc-1";
        let foreign = json!({"functionName": "orders", "codeSigningConfigArn": foreign});
        fires(&DETECTION, &created(foreign.clone()));
        assert_eq!(page(&created(foreign)).severity, Severity::Warning);
    }
}
