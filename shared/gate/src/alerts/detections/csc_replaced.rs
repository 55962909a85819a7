//! A function was put under another code signing configuration.

use super::detection::{
    ASK, Answer, Context, Detection, EventPredicate, Match, WatchedCall, watch,
};
use crate::{alerts::Severity, domain::CscArn};

pub(super) const CALLS: &[WatchedCall] = watch! {
    "lambda": "PutFunctionCodeSigningConfig";
};

pub(super) static DETECTION: Detection = Detection {
    id: "csc-replaced",
    severity: Severity::Warning,
    title: "{subject} was put under a code signing configuration that is not the stack's",
    meaning: "Other publishers may be allowed for the function now, or it may only be warned of bad signatures.",
    false_positives: "a function that has a configuration of its own on purpose.",
    steps: &[
        "See what it trusts: aws lambda get-code-signing-config --code-signing-config-arn {csc} --region {region}",
        "Put it back: aws lambda put-function-code-signing-config --function-name {function} --code-signing-config-arn {own_csc} --region {region}",
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
    on_one_event: &[EventPredicate::Function, EventPredicate::OtherCsc],
    matches,
};

fn matches(context: &Context<'_>) -> Option<Match> {
    let named = context.call.request_text("/codeSigningConfigArn");
    let own = context.settings.csc.as_ref().map(CscArn::as_str);
    // Putting functions under the stack's configuration is how they come under the gate.
    if !context.is_gated_function() || (own.is_some() && own == named) {
        return None;
    }
    Some(Match::default().detail(format!(
        "It is under {} now; the stack's is {}.",
        named.unwrap_or("one that is not named"),
        own.unwrap_or("not known to this function"),
    )))
}

#[cfg(test)]
mod tests {
    use super::{super::samples::*, *};
    use serde_json::json;

    #[test]
    fn foreign_configuration_pages_and_the_stacks_does_not() {
        let put = |function: &str, csc: &str| {
            event(
                "lambda",
                "PutFunctionCodeSigningConfig",
                json!({"functionName": function, "codeSigningConfigArn": csc}),
            )
        };
        fires(
            &DETECTION,
            &put(
                "orders",
                "arn:aws:lambda:us-east-1:111122223333:code-signing-config:csc-other",
            ),
        );
        silent(&put(
            "another-teams",
            "arn:aws:lambda:us-east-1:111122223333:code-signing-config:csc-other",
        ));
        for number in 0..50 {
            silent(&put(&format!("o{number}"), OWN_CSC));
        }
    }
}
