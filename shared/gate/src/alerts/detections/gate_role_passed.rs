//! A role of the gate was given to a function that is not the gate's. `iam:PassRole` is no call of its own: CloudTrail
//! tells of the call that takes the role along. The roles trust Lambda alone, so that no other service can take one.

use super::detection::{
    ASK, Answer, Context, Detection, EventPredicate, Match, WatchedCall, watch,
};
use crate::alerts::Severity;

pub(super) const CALLS: &[WatchedCall] = watch! {
    "lambda": "CreateFunction", "UpdateFunctionConfiguration";
};

pub(super) static DETECTION: Detection = Detection {
    id: "gate-role-passed",
    severity: Severity::Critical,
    title: "A role of the gate was given to the function {subject}",
    meaning: "Whatever that function runs acts as the gate: it may write records and signed packages, put code on every target, or send pages. What it does looks like the gate's own work.",
    false_positives: "the creation of the gate's own stack, nothing else: only its own functions have these roles.",
    steps: &[
        "Keep what it runs, to see what it did: aws lambda get-function --function-name {function} --region {region}",
        "Stop it: aws lambda put-function-concurrency --function-name {function} --reserved-concurrent-executions 0 --region {region}; then give it another role, or delete it.",
        "Sessions that it opened live on for up to twelve hours: deny them with an inline policy on that role, Deny * on * where aws:TokenIssueTime is before now (the console's \"Revoke active sessions\").",
        ASK,
        "Check what was deployed and recorded since: countersign audit --records-bucket {records_bucket} --region {region}, and the versions of the records bucket.",
        "Take iam:PassRole on the gate's roles away from everyone but whoever updates its stack.",
    ],
    controls: &[
        "MITRE ATT&CK T1098 (Account Manipulation)",
        "MITRE ATT&CK T1078 (Valid Accounts)",
        "NIST 800-53 AC-6(9)",
    ],
    answer: Answer::Accepted,
    calls: &[CALLS],
    on_one_event: &[EventPredicate::OwnRole],
    matches,
};

fn matches(context: &Context<'_>) -> Option<Match> {
    let role = context.passed_role()?;
    // The stack's own functions are created with them.
    if context.own_function().is_some() && context.is_by_cloudformation() {
        return None;
    }
    Some(
        Match::default()
            // About the gate, whatever target it is: no silence keeps it quiet.
            .subject(context.subject())
            .detail(format!("The role is {role}.")),
    )
}

#[cfg(test)]
mod tests {
    use super::{super::samples::*, *};
    use serde_json::json;

    const ROLE: &str = "arn:aws:iam::111122223333:role/countersign-DeployRole-1X";

    #[test]
    fn role_of_the_gate_on_another_function_pages() {
        for (call, function) in [
            ("CreateFunction20150331", "another-teams"),
            ("CreateFunction20150331", "orders"),
            ("UpdateFunctionConfiguration20150331v2", "another-teams"),
        ] {
            for role in [
                ROLE,
                "arn:aws:iam::111122223333:role/service/countersign-SignRole-1X",
                // Of a stack whose own roles are not said.
                "arn:aws:iam::111122223333:role/countersign-SweepRole-9Z",
            ] {
                let passed = event(
                    "lambda",
                    call,
                    json!({"functionName": function, "role": role}),
                );
                fires(&DETECTION, &passed);
                fires(&DETECTION, &by_cloudformation(&passed));
                let page = page(&passed);
                assert_eq!(page.target, None, "it could be silenced");
                assert!(page.next_steps.iter().any(|step| step.contains(function)));
            }
        }
    }

    #[test]
    fn other_roles_and_the_creation_of_the_stack_are_silent() {
        for role in [
            "arn:aws:iam::111122223333:role/orders",
            "arn:aws:iam::111122223333:role/countersigner-DeployRole-1X",
            "arn:aws:iam::111122223333:role/my-countersign-DeployRole-1X",
        ] {
            let request = json!({"functionName": "another-teams", "role": role});
            silent(&event("lambda", "CreateFunction20150331", request));
        }
        let own = event(
            "lambda",
            "CreateFunction20150331",
            json!({"functionName": "countersign-deploy", "role": ROLE}),
        );
        assert_ne!(detected(&by_cloudformation(&own)), Some(DETECTION.id));
        fires(&DETECTION, &own);
    }
}
