//! A permission for everybody, or a function URL without authentication.

use super::detection::{Answer, Context, Detection, EventPredicate, Match, WatchedCall, watch};
use crate::alerts::Severity;

pub(super) const CALLS: &[WatchedCall] = watch! {
    "lambda": "AddPermission", "CreateFunctionUrlConfig", "UpdateFunctionUrlConfig";
};

pub(super) static DETECTION: Detection = Detection {
    id: "function-open-to-everybody",
    severity: Severity::Critical,
    title: "{subject} was opened to everybody",
    meaning: "Anybody may call the function, without credentials or from any account.",
    false_positives: "a public web hook that checks its callers itself.",
    steps: &[
        "See who may call it: aws lambda get-policy --function-name {function} --region {region}",
        "Take it back: aws lambda remove-permission --function-name {function} --statement-id {statement} --region {region}",
        "See its URL: aws lambda get-function-url-config --function-name {function} --region {region}",
        "Ask whoever made the call. If nobody knows of it, revoke the session and the keys that made it.",
    ],
    controls: &[
        "MITRE ATT&CK T1098 (Account Manipulation)",
        "Stratus Red Team: aws.persistence.lambda-backdoor-function",
        "AWS FSBP Lambda.1",
        "NIST 800-53 AC-3",
    ],
    answer: Answer::Accepted,
    calls: &[CALLS],
    on_one_event: &[
        EventPredicate::Function,
        EventPredicate::Any(&[
            EventPredicate::Is("requestParameters.principal", "*"),
            EventPredicate::Is("requestParameters.authType", "NONE"),
        ]),
    ],
    matches,
};

fn matches(context: &Context<'_>) -> Option<Match> {
    if !context.is_gated_function() {
        return None;
    }
    let call = context.call;
    if call.name() != "AddPermission" {
        return (call.request_text("/authType") == Some("NONE")).then(|| {
            Match::default()
                .title("{subject} has a URL without authentication")
                .severity(Severity::Warning)
                .detail("Callers also need a permission for everybody (grade B); AddPermission pages for itself.")
        });
    }
    let principal = call.request_text("/principal")?;
    // An account of its own is a boundary; a service without one is everybody's.
    let limits = ["/sourceArn", "/sourceAccount", "/principalOrgID"];
    let limit = limits.iter().find_map(|pointer| call.request_text(pointer));
    match (principal, limit) {
        ("*", None) => Some(Match::default().detail("Principal: * without a condition.")),
        ("*", Some(limit)) => Some(
            Match::default()
                .severity(Severity::Warning)
                .detail(format!("Principal: * limited to {limit}.")),
        ),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{super::samples::*, *};
    use serde_json::json;

    #[test]
    fn permission_for_everybody_pages() {
        let add = |request| event("lambda", "AddPermission20150331v2", request);
        fires(
            &DETECTION,
            &add(json!({"functionName": "orders", "principal": "*"})),
        );
        fires(
            &DETECTION,
            &add(
                json!({"functionName": "orders", "principal": "*", "sourceAccount": "444455556666"}),
            ),
        );
        silent(&add(
            json!({"functionName": "orders", "principal": "s3.amazonaws.com"}),
        ));
        silent(&add(
            json!({"functionName": "another-teams", "principal": "*"}),
        ));
    }

    #[test]
    fn url_without_authentication_pages() {
        for call in ["CreateFunctionUrlConfig", "UpdateFunctionUrlConfig"] {
            let url = |kind| {
                event(
                    "lambda",
                    call,
                    json!({"functionName": "orders", "authType": kind}),
                )
            };
            fires(&DETECTION, &url("NONE"));
            silent(&url("AWS_IAM"));
        }
    }
}
