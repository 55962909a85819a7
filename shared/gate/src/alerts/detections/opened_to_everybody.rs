//! A permission for everybody, or a function URL without authentication.

use super::detection::{
    ASK, Answer, Context, Detection, EventPredicate, Match, WatchedCall, watch,
};
use crate::alerts::Severity;
use serde_json::Value;

pub(super) const CALLS: &[WatchedCall] = watch! {
    "lambda": "AddPermission", "PutResourcePolicy", "CreateFunctionUrlConfig", "UpdateFunctionUrlConfig";
};

pub(super) static DETECTION: Detection = Detection {
    id: "function-open-to-everybody",
    severity: Severity::Critical,
    title: "{subject} was opened to everybody",
    meaning: "Anybody may call the function, without credentials or from any account.",
    false_positives: "a public web hook that checks its callers itself.",
    steps: &[
        "See who may call it: aws lambda get-policy --function-name {function}{qualifier} --region {region}",
        "Take it back: aws lambda remove-permission --function-name {function} --statement-id {statement}{qualifier} --region {region}",
        "See whether it has a URL, too: aws lambda get-function-url-config --function-name {function}{qualifier} --region {region}",
        ASK,
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
    if call.name() == "PutResourcePolicy" {
        return opened_by_policy(call.request_text("/policy")?);
    }
    if call.name() != "AddPermission" {
        return (call.request_text("/authType") == Some("NONE")).then(|| {
            Match::default()
                .title("{subject} has a URL without authentication")
                .severity(Severity::Warning)
                .steps(if call.name() == "CreateFunctionUrlConfig" {
                    STEPS_OF_NEW_URL
                } else {
                    STEPS_OF_URL
                })
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

const STEPS_OF_NEW_URL: &[&str] = &[
    "Take it away: aws lambda delete-function-url-config --function-name {function}{qualifier} --region {region}",
    "If the URL is wanted, have it ask for credentials: aws lambda update-function-url-config --function-name {function}{qualifier} --auth-type AWS_IAM --region {region}",
    "See whether everybody may call it, which outlives the URL: aws lambda get-policy --function-name {function}{qualifier} --region {region}",
    ASK,
];
const STEPS_OF_URL: &[&str] = &[
    "Have it ask for credentials again: aws lambda update-function-url-config --function-name {function}{qualifier} --auth-type AWS_IAM --region {region}",
    "See what else the call changed: aws lambda get-function-url-config --function-name {function}{qualifier} --region {region}",
    "See whether everybody may call it: aws lambda get-policy --function-name {function}{qualifier} --region {region}",
    ASK,
];

const STEPS_OF_POLICY: &[&str] = &[
    "See who may call it: aws lambda get-policy --function-name {function} --region {region}",
    "Put the policy again without that statement: aws lambda put-resource-policy --resource-arn {function_arn} --policy file://policy.json --region {region}",
    ASK,
];

/// A whole policy, which takes the place of the one that was there. Its name and parameters are those of the service model
/// (grade A); that CloudTrail has the policy as one text follows that model (grade D). What cannot be read counts.
fn opened_by_policy(policy: &str) -> Option<Match> {
    let found = Match::default().steps(STEPS_OF_POLICY);
    let Ok(policy) = serde_json::from_str::<Value>(policy) else {
        return Some(found.detail("The new policy could not be read."));
    };
    let statements = match policy.get("Statement") {
        Some(Value::Array(statements)) => statements.as_slice(),
        Some(statement) => std::slice::from_ref(statement),
        None => &[],
    };
    let is_open = |statement: &&Value| {
        statement.get("Effect") == Some(&Value::from("Allow"))
            && (statement.get("NotPrincipal").is_some()
                || statement.get("Principal").is_some_and(is_everybody))
    };
    let open: Vec<&Value> = statements.iter().filter(is_open).collect();
    if open.is_empty() {
        return None;
    }
    let found = found.detail("The new policy has a statement for everybody.");
    let are_limited = open
        .iter()
        .all(|statement| statement.get("Condition").is_some());
    Some(if are_limited {
        found
            .severity(Severity::Warning)
            .detail("It has a condition; see whether that is a boundary.")
    } else {
        found
    })
}

/// `*`, alone or as the AWS principal.
fn is_everybody(principal: &Value) -> bool {
    match principal {
        Value::String(text) => text == "*",
        Value::Array(list) => list.iter().any(is_everybody),
        Value::Object(kinds) => kinds.get("AWS").is_some_and(is_everybody),
        _ => false,
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
    fn policy_for_everybody_pages() {
        // A policy is one text, which a rule of one event does not read.
        let arn = "arn:aws:lambda:us-east-1:111122223333:function:orders";
        let put = |statement: Value| {
            let policy = json!({"Version": "2012-10-17", "Statement": statement}).to_string();
            event(
                "lambda",
                "PutResourcePolicy",
                json!({"resourceArn": arn, "policy": policy}),
            )
        };
        let allow = |principal: Value| json!({"Effect": "Allow", "Principal": principal, "Action": "lambda:InvokeFunction"});
        for everybody in [json!("*"), json!({"AWS": "*"}), json!({"AWS": ["1", "*"]})] {
            fires_here_alone(&DETECTION, &put(allow(everybody.clone())));
            fires_here_alone(
                &DETECTION,
                &put(json!([allow(json!({"AWS": "1"})), allow(everybody)])),
            );
        }
        fires_here_alone(
            &DETECTION,
            &put(json!({"Effect": "Allow", "NotPrincipal": {"AWS": "1"}})),
        );
        let mut limited = allow(json!("*"));
        limited["Condition"] = json!({"StringEquals": {"aws:PrincipalOrgID": "o-1"}});
        assert_eq!(page(&put(limited)).severity, Severity::Warning);
        silent(&put(allow(json!({"Service": "s3.amazonaws.com"}))));
        silent(&put(json!({"Effect": "Deny", "Principal": "*"})));
        silent(&put(json!([])));
        fires_here_alone(
            &DETECTION,
            &event(
                "lambda",
                "PutResourcePolicy",
                json!({"resourceArn": arn, "policy": "{"}),
            ),
        );
        silent(&event(
            "lambda",
            "PutResourcePolicy",
            json!({"resourceArn": "arn:aws:lambda:us-east-1:111122223333:function:another-teams", "policy": "{"}),
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
    /// A permission is not what made the URL, and taking one away leaves it open.
    #[test]
    fn url_is_taken_back_by_what_made_it() {
        let url = json!({"functionName": "orders", "authType": "NONE", "qualifier": "live"});
        let steps = |name: &str| {
            page(&event("lambda", name, url.clone()))
                .next_steps
                .join("\n")
        };
        let created = steps("CreateFunctionUrlConfig20211031");
        let delete = "aws lambda delete-function-url-config --function-name orders --qualifier live --region";
        assert!(created.contains(delete), "{created}");
        let updated = steps("UpdateFunctionUrlConfig20211031");
        let update = "update-function-url-config --function-name orders --qualifier live --auth-type AWS_IAM";
        assert!(
            updated.contains(update) && !updated.contains("delete-"),
            "{updated}"
        );
        for steps in [created, updated] {
            assert!(!steps.contains("STATEMENT"), "{steps}");
        }
    }
}
