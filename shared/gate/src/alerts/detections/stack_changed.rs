//! The gate's stack was updated or deleted.

use super::detection::{Answer, Context, Detection, Finding, One, WatchedCall, watch};
use crate::alerts::Severity;

pub(super) const CALLS: &[WatchedCall] = watch! {
    "cloudformation": "UpdateStack", "ExecuteChangeSet", "DeleteStack", "SetStackPolicy", "UpdateTerminationProtection";
};

pub(super) static DETECTION: Detection = Detection {
    id: "gate-stack-changed",
    severity: Severity::Warning,
    title: "The gate's stack {subject} was updated or deleted",
    meaning: "The stack holds all of the gate. An update can set weaker parameters; a deletion ends the gate.",
    normal: "an update of Countersign by whoever runs it.",
    steps: &[
        "See what changed: aws cloudformation describe-stack-events --stack-name {stack} --region {region}",
        "See its parameters: aws cloudformation describe-stacks --stack-name {stack} --query 'Stacks[0].Parameters' --region {region}",
        "Ask whoever made the call. If nobody knows of it, revoke the session and the keys that made it.",
    ],
    controls: &["MITRE ATT&CK T1562 (Impair Defenses)", "NIST 800-53 CM-3"],
    answer: Answer::Accepted,
    calls: &[CALLS],
    on_one_event: &[One::OwnStack],
    matches,
};

fn matches(context: &Context<'_>) -> Option<Finding> {
    let call = context.call;
    let stack = call.request_text("/stackName")?;
    let own = &context.settings.stack;
    let is_own = stack == own || stack.contains(&format!(":stack/{own}/"));
    let finding = Finding::default()
        .subject(own.clone())
        .detail(format!("It was done with {}.", call.name()));
    is_own.then(|| match call.name() {
        "DeleteStack" => finding
            .severity(Severity::Critical)
            .title("The gate's stack {subject} is being deleted"),
        _ => finding,
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
