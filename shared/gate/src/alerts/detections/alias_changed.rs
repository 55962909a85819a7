//! An alias was created, moved, weighted or deleted past the gate, or work was bound to a version by its number.

use super::detection::{
    ASK, Answer, Context, Detection, EventPredicate, Match, RESTORE_FUNCTION, WatchedCall, watch,
};
use crate::alerts::Severity;

pub(super) const CALLS: &[WatchedCall] = watch! {
    "lambda": "CreateAlias", "UpdateAlias", "DeleteAlias", "CreateEventSourceMapping", "UpdateEventSourceMapping";
};

pub(super) static DETECTION: Detection = Detection {
    id: "alias-changed-past-gate",
    severity: Severity::Critical,
    title: "An alias of {subject} was changed past the gate",
    meaning: "An alias says which version its callers run. It was changed by somebody other than the gate, so other code may run now than the records say.",
    false_positives: "a roll back by hand, or a canary of another deployer.",
    steps: &[
        LOOK,
        ASK,
        RESTORE_FUNCTION,
        BY_HAND,
        "Take lambda:CreateAlias, lambda:UpdateAlias and lambda:DeleteAlias away from everyone but the gate's deploy role.",
    ],
    controls: &[
        "MITRE ATT&CK T1574 (Hijack Execution Flow)",
        "MITRE ATT&CK T1648 (Serverless Execution)",
        "NIST 800-53 CM-5",
        "NIST 800-53 SI-7(15)",
    ],
    answer: Answer::Accepted,
    calls: &[CALLS],
    on_one_event: &[
        EventPredicate::Function,
        EventPredicate::Any(&[
            EventPredicate::Call("CreateAlias"),
            EventPredicate::Call("UpdateAlias"),
            EventPredicate::Call("DeleteAlias"),
        ]),
    ],
    matches,
};

const LOOK: &str = "See where it points: aws lambda get-alias --function-name {function} --name {alias} --region {region}";
/// An upload leaves all others where they are.
const BY_HAND: &str = "That moves the alias that the tag countersign:alias names. Put back another one by hand, to the version that countersign history functions/{function} shows: aws lambda update-alias --function-name {function} --name {alias} --function-version VERSION --region {region}";
/// Weights are taken for a canary, for whose end an upload waits.
const STEPS_OF_WEIGHTS: &[&str] = &[
    LOOK,
    ASK,
    "Take the weights off first, because an upload waits for the end of a canary: aws lambda update-alias --function-name {function} --name {alias} --routing-config AdditionalVersionWeights={} --region {region}",
    RESTORE_FUNCTION,
    BY_HAND,
    "Take lambda:CreateAlias, lambda:UpdateAlias and lambda:DeleteAlias away from everyone but the gate's deploy role.",
];

/// There is nothing to look at any more, and the gate creates no alias.
const STEPS_OF_DELETION: &[&str] = &[
    ASK,
    "If it is needed, create it again with the version that countersign status functions/{function} --records-bucket {records_bucket} --region {region} names: aws lambda create-alias --function-name {function} --name {alias} --function-version VERSION --region {region}",
    "Take lambda:DeleteAlias away from everyone who need not have it.",
];
const STEPS_OF_CREATION: &[&str] = &[
    "See where it points, and whether that is a version that the gate published: aws lambda get-alias --function-name {function} --name {alias} --region {region}, and countersign history functions/{function} --records-bucket {records_bucket} --region {region}",
    ASK,
    "If nobody needs it: aws lambda delete-alias --function-name {function} --name {alias} --region {region}",
];

const STEPS_OF_BINDING: &[&str] = &[
    "See which version it is, and whether the gate published it: countersign history functions/{function} --records-bucket {records_bucket} --region {region}",
    ASK,
    "Bind the event source to the alias that the gate moves: aws lambda update-event-source-mapping --uuid {mapping} --function-name {function}:ALIAS --region {region}",
];

/// The number behind the name or the ARN of a function.
fn numbered_version(function: &str) -> Option<&str> {
    let (_, qualifier) = function.rsplit_once(':')?;
    let is_number = !qualifier.is_empty() && qualifier.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then_some(qualifier)
}

fn matches(context: &Context<'_>) -> Option<Match> {
    if !context.is_gated_function() {
        return None;
    }
    let call = context.call;
    let alias = call.request_text("/name").unwrap_or("unnamed");
    let mut finding = Match::default();
    match call.name() {
        "CreateEventSourceMapping" | "UpdateEventSourceMapping" => {
            let version = numbered_version(call.request_text("/functionName")?)?;
            return Some(
                finding
                    .severity(Severity::Warning)
                    .steps(STEPS_OF_BINDING)
                    .title("Work of {subject} was bound to one version past the gate")
                    .detail(format!(
                        "The event source hands its work to version {version}, whatever is deployed later."
                    )),
            );
        }
        "DeleteAlias" => {
            return Some(
                finding
                    .severity(Severity::Warning)
                    .steps(STEPS_OF_DELETION)
                    .title("An alias of {subject} was deleted past the gate")
                    .detail(format!("The alias is {alias:?}. Its callers get an error.")),
            );
        }
        "CreateAlias" => {
            finding = finding
                .severity(Severity::Warning)
                .steps(STEPS_OF_CREATION)
                .title("An alias of {subject} was created past the gate");
        }
        _ => {}
    }
    let version = call
        .request_text("/functionVersion")
        .unwrap_or("the version that it had");
    finding = finding.detail(format!("The alias {alias:?} points at {version}."));
    if let Some(weights) = call.request("/routingConfig/additionalVersionWeights") {
        finding = finding.detail(format!(
            "It sends part of its traffic elsewhere: {weights}."
        ));
        if call.name() == "UpdateAlias" && weights.as_object().is_some_and(|all| !all.is_empty()) {
            finding = finding.steps(STEPS_OF_WEIGHTS);
        }
    }
    Some(if call.name() == "UpdateAlias" {
        context.lighter_by_cloudformation(finding)
    } else {
        finding
    })
}

#[cfg(test)]
mod tests {
    use super::{super::samples::*, *};
    use serde_json::{Value, json};

    fn alias(call: &str) -> Value {
        event(
            "lambda",
            call,
            json!({"functionName": "orders", "name": "live", "functionVersion": "3",
            "routingConfig": {"additionalVersionWeights": {"2": 0.5}}}),
        )
    }

    #[test]
    fn alias_past_the_gate_pages() {
        for call in [
            "CreateAlias20150331",
            "UpdateAlias20150331",
            "DeleteAlias20150331",
        ] {
            fires(&DETECTION, &alias(call));
        }
        let page = page(&alias("UpdateAlias20150331"));
        assert!(
            page.text.contains("points at 3") && page.text.contains("0.5"),
            "{page:?}"
        );
    }

    #[test]
    fn gates_move_is_silent_and_its_deletion_is_not() {
        silent(&by_gate(&alias("UpdateAlias20150331")));
        // The gate deletes no alias: its role is at work for somebody else.
        fires(&DETECTION, &by_gate(&alias("DeleteAlias20150331")));
        silent(&event(
            "lambda",
            "UpdateAlias20150331",
            json!({"functionName": "another-teams", "name": "live"}),
        ));
    }

    /// A part of the gate is known by the parameter that names it, not by any that is called so.
    /// Going back by an upload would wait for what it takes for a canary.
    #[test]
    fn weights_are_to_be_taken_off_before_going_back() {
        let update = |weights: Value| {
            let request = json!({"functionName": "orders", "name": "live", "functionVersion": "2",
                "routingConfig": {"additionalVersionWeights": weights}});
            page(&event("lambda", "UpdateAlias20150331", request)).next_steps
        };
        let position =
            |steps: &[String], words: &str| steps.iter().position(|step| step.contains(words));
        let weighted = update(json!({"1": 0.1}));
        let off = "--name live --routing-config AdditionalVersionWeights={} --region us-east-1";
        assert!(
            position(&weighted, off).unwrap()
                < position(&weighted, "countersign rollback").unwrap()
        );
        assert_eq!(position(&update(json!({})), off), None);
    }

    #[test]
    fn alias_that_is_called_like_the_stack_is_none_of_its_parts() {
        for name in ["countersign", "countersign-alert", "countersign-live"] {
            let request = json!({"functionName": "orders", "name": name, "functionVersion": "3"});
            let moved = event("lambda", "UpdateAlias20150331", request);
            fires(&DETECTION, &moved);
            assert!(page(&moved).target.is_some(), "{name}");
            silent(&by_gate(&moved));
        }
    }

    /// Only a call that can be a dry run is one.
    #[test]
    fn parameter_that_the_call_does_not_have_makes_nothing_quiet() {
        let moved = event(
            "lambda",
            "UpdateAlias20150331",
            serde_json::json!({"functionName": "orders", "name": "live", "dryRun": true}),
        );
        fires(&DETECTION, &moved);
    }
}
