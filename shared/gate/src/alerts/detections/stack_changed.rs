//! The gate's stack was updated or deleted.

use super::detection::{
    ASK, Answer, Context, Detection, EventPredicate, Match, WatchedCall, watch,
};
use crate::alerts::Severity;

pub(super) const CALLS: &[WatchedCall] = watch! {
    "cloudformation": "UpdateStack", "ExecuteChangeSet", "DeleteStack", "SetStackPolicy", "UpdateTerminationProtection",
        "RollbackStack", "ContinueUpdateRollback", "ExecuteStackRefactor";
};

pub(in crate::alerts) const ID: &str = "gate-stack-changed";

pub(super) static DETECTION: Detection = Detection {
    id: ID,
    severity: Severity::Warning,
    title: "The gate's stack {subject} was updated or deleted",
    meaning: "The stack holds all of the gate. An update can set weaker parameters; a deletion ends the gate.",
    false_positives: "an update of Countersign by whoever runs it.",
    steps: &[
        "See what changed: aws cloudformation describe-stack-events --stack-name {stack} --region {region}",
        "See its parameters: aws cloudformation describe-stacks --stack-name {stack} --query 'Stacks[0].Parameters' --region {region}",
        ASK,
    ],
    controls: &["MITRE ATT&CK T1562 (Impair Defenses)", "NIST 800-53 CM-3"],
    answer: Answer::Accepted,
    calls: &[CALLS],
    on_one_event: &[EventPredicate::Any(&[
        EventPredicate::OwnStack,
        EventPredicate::Absent("requestParameters.stackName"),
    ])],
    matches,
};

fn matches(context: &Context<'_>) -> Option<Match> {
    let call = context.call;
    let own = &context.settings.stack;
    let finding = Match::default().detail(format!("It was done with {}.", call.name()));
    // A change set may be named by an ARN alone, which does not have the stack's name. What CloudFormation does to
    // the gate is not quiet after it: the subject is another.
    let Some(stack) = call.request_text("/stackName") else {
        return Some(
            finding
                .subject(call.request_text("/changeSetName").unwrap_or("a stack that is not named"))
                .title("A stack that may be the gate's was changed: {subject}")
                .detail("The call does not name the stack: look at what it changed before anything else."),
        );
    };
    let is_own = stack == own || stack.contains(&format!(":stack/{own}/"));
    is_own.then(|| match call.name() {
        "DeleteStack" => finding
            .subject(own.clone())
            .severity(Severity::Critical)
            .title("The gate's stack {subject} is being deleted"),
        // No part of the gate is changed by these.
        "SetStackPolicy" | "UpdateTerminationProtection" => finding
            .subject(format!("{own}, {}", call.name()))
            .title("What protects the gate's stack was changed: {subject}"),
        _ => finding.subject(own.clone()),
    })
}

#[cfg(test)]
mod tests {
    use super::{super::samples::*, *};
    use serde_json::json;

    #[test]
    fn own_stack_pages_and_others_do_not() {
        let update = |name| event("cloudformation", "UpdateStack", json!({"stackName": name}));
        fires(&DETECTION, &update("countersign"));
        fires(
            &DETECTION,
            &update("arn:aws:cloudformation:us-east-1:111122223333:stack/countersign/5d1e"),
        );
        fires(
            &DETECTION,
            &event(
                "cloudformation",
                "ExecuteChangeSet",
                json!({"changeSetName": "arn:aws:cloudformation:us-east-1:111122223333:changeSet/x/5d1e"}),
            ),
        );
        silent(&update("countersign-2"));
        silent(&update(
            "arn:aws:cloudformation:us-east-1:111122223333:stack/countersign-2/5d1e",
        ));
        let deleted = event(
            "cloudformation",
            "DeleteStack",
            json!({"stackName": "countersign"}),
        );
        assert_eq!(page(&deleted).severity, Severity::Critical);
    }
}
