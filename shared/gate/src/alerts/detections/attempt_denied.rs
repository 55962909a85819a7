//! Somebody tried any of these and was denied.

use super::{
    alias_changed, code_changed, code_refused, configuration_changed, csc_changed, csc_deleted,
    csc_detached, csc_replaced, csc_weakened,
    detection::{ASK, Answer, Context, Detection, EventPredicate, Match, WatchedCall},
    foreign_signing, function_created, function_deleted, gate_changed, gate_role_passed,
    layer_changed, layer_opened, opened_to_everybody, profile_changed, profile_opened,
    records_deleted, stack_changed, tags_changed, trail_changed, trust_revoked,
    untrusted_code_live, version_changed,
};
use crate::alerts::{IncidentScope, Severity};

/// The calls of all other detections.
const CALLS: &[&[WatchedCall]] = &[
    alias_changed::CALLS,
    code_changed::CALLS,
    code_refused::CALLS,
    configuration_changed::CALLS,
    csc_changed::CALLS,
    csc_deleted::CALLS,
    csc_detached::CALLS,
    csc_replaced::CALLS,
    csc_weakened::CALLS,
    foreign_signing::CALLS,
    function_created::CALLS,
    function_deleted::CALLS,
    gate_changed::CALLS,
    gate_role_passed::CALLS,
    layer_changed::CALLS,
    layer_opened::CALLS,
    opened_to_everybody::CALLS,
    profile_changed::CALLS,
    profile_opened::CALLS,
    records_deleted::CALLS,
    stack_changed::CALLS,
    tags_changed::CALLS,
    trail_changed::CALLS,
    trust_revoked::CALLS,
    untrusted_code_live::CALLS,
    version_changed::CALLS,
];

pub(super) static DETECTION: Detection = Detection {
    id: "attempt-denied",
    severity: Severity::Warning,
    title: "A call about {subject} was tried and denied",
    meaning: "Somebody without the right to it tried what would have changed code, trust or the gate. It changed nothing.",
    false_positives: "somebody who tries a pipeline's old rights.",
    steps: &[
        ASK,
        "If the caller should be able to do it, let it be done through the gate; give no right past it.",
    ],
    controls: &[
        "MITRE ATT&CK T1648 (Serverless Execution)",
        "MITRE ATT&CK T1078 (Valid Accounts)",
        "NIST 800-53 AC-6(9)",
    ],
    answer: Answer::Denied,
    calls: CALLS,
    on_one_event: &[EventPredicate::Any(&[
        EventPredicate::OwnResource,
        EventPredicate::OwnRole,
        EventPredicate::Target,
        EventPredicate::Profile,
        EventPredicate::Present("requestParameters.codeSigningConfigArn"),
        EventPredicate::Service("cloudtrail"),
    ])],
    matches,
};

/// Of the sum.
const SUM: &str = "Calls about code, trust or the gate were tried and denied";

fn matches(context: &Context<'_>) -> Option<Match> {
    let call = context.call;
    // Attempts at many targets are one thing: what was tried changed nothing, and who tried is what counts.
    let finding = Match::default()
        .scope(IncidentScope::Stack(SUM))
        .detail(format!("The call was {}.", call.name()));
    if let Some(thing) = context.own_resource() {
        return Some(finding.severity(Severity::Critical).subject(thing));
    }
    if let Some(role) = tried_role(context) {
        return Some(
            finding
                .severity(Severity::Critical)
                .subject(role)
                .detail("It would have given a role of the gate to a function."),
        );
    }
    let concerns = match call.service() {
        "lambda" => would_have_paged(context),
        "signer" => context.is_trusted_profile(),
        "cloudtrail" => true,
        _ => false,
    };
    concerns.then_some(finding)
}

/// What speaks of calls to Lambda that are accepted.
const OF_LAMBDA: [&Detection; 16] = [
    &alias_changed::DETECTION,
    &code_changed::DETECTION,
    &configuration_changed::DETECTION,
    &csc_changed::DETECTION,
    &csc_deleted::DETECTION,
    &csc_detached::DETECTION,
    &csc_replaced::DETECTION,
    &csc_weakened::DETECTION,
    &function_created::DETECTION,
    &function_deleted::DETECTION,
    &layer_changed::DETECTION,
    &layer_opened::DETECTION,
    &opened_to_everybody::DETECTION,
    &tags_changed::DETECTION,
    &untrusted_code_live::DETECTION,
    &version_changed::DETECTION,
];

/// Whether the call would have paged, had it been accepted. A call that was denied does not always tell its parameters;
/// without them, whatever is watched counts.
fn would_have_paged(context: &Context<'_>) -> bool {
    let is_told = context.call.request("").is_some_and(|all| !all.is_null());
    if !is_told {
        return context.is_gated();
    }
    OF_LAMBDA
        .iter()
        .filter(|detection| detection.watches(context.call))
        .any(|detection| (detection.matches)(context).is_some())
}

/// The role of the gate that somebody tried to give to a function. A call that was denied does not always tell its
/// parameters; that iam:PassRole was missing, and for which role, AWS says in words.
fn tried_role(context: &Context<'_>) -> Option<String> {
    if let Some(role) = context.passed_role() {
        return Some(role.to_owned());
    }
    let message = context.call.error_message()?;
    let (_, rest) = message.split_once("iam:PassRole")?;
    let mut words = rest.split_whitespace();
    let role = words.find(|word| word.starts_with("arn:") && context.is_own_role(word))?;
    Some(role.to_owned())
}

#[cfg(test)]
mod tests {
    use super::{
        super::{DETECTIONS, samples::*},
        *,
    };
    use serde_json::{Value, json};
    use std::collections::BTreeSet;

    fn denied(event: &Value) -> Value {
        with(event, "errorCode", json!("AccessDeniedException"))
    }

    /// A detection that is not asked would let denied attempts at what it watches pass in silence.
    #[test]
    fn every_detection_of_calls_to_lambda_is_asked() {
        // Parts of the gate are asked about first, whatever the call is.
        let of_the_gate = [gate_changed::DETECTION.id, gate_role_passed::DETECTION.id];
        let expected: BTreeSet<&str> = DETECTIONS
            .iter()
            .filter(|row| row.answer == Answer::Accepted && !of_the_gate.contains(&row.id))
            .filter(|row| row.watched().any(|call| call.service == "lambda"))
            .map(|row| row.id)
            .collect();
        let asked: BTreeSet<&str> = OF_LAMBDA.iter().map(|row| row.id).collect();
        assert_eq!(asked, expected);
    }

    #[test]
    fn denied_attempts_at_targets_and_at_the_gate_page() {
        for (service, call, request) in [
            (
                "lambda",
                "UpdateFunctionCode20150331v2",
                json!({"functionName": "orders"}),
            ),
            (
                "lambda",
                "DeleteFunctionCodeSigningConfig",
                json!({"functionName": "orders"}),
            ),
            (
                "lambda",
                "PublishLayerVersion20181031",
                json!({"layerName": "base"}),
            ),
            (
                "lambda",
                "UpdateCodeSigningConfig",
                json!({"codeSigningConfigArn": OWN_CSC}),
            ),
            (
                "signer",
                "RevokeSigningProfile",
                json!({"profileName": "countersign"}),
            ),
            ("cloudtrail", "StopLogging", json!({"name": "main"})),
            (
                "events",
                "DisableRule",
                json!({"name": "countersign-TrailRule-1X"}),
            ),
        ] {
            let event = event(service, call, request);
            fires(&DETECTION, &denied(&event));
            fires(
                &DETECTION,
                &with(&event, "errorCode", json!("AccessDenied")),
            );
            fires(
                &DETECTION,
                &with(&event, "errorCode", json!("Client.UnauthorizedOperation")),
            );
        }
        let rule = event(
            "events",
            "DisableRule",
            json!({"name": "countersign-TrailRule-1X"}),
        );
        assert_eq!(page(&denied(&rule)).severity, Severity::Critical);
    }

    #[test]
    fn denied_attempts_at_others_are_silent() {
        for (service, call, request) in [
            (
                "lambda",
                "UpdateFunctionCode20150331v2",
                json!({"functionName": "another-teams"}),
            ),
            (
                "lambda",
                "GetFunction20150331v2",
                json!({"functionName": "orders"}),
            ),
            (
                "signer",
                "StartSigningJob",
                json!({"profileName": "another_teams"}),
            ),
            ("s3", "PutBucketPolicy", json!({"bucketName": "theirs"})),
        ] {
            silent(&denied(&event(service, call, request)));
        }
        // What the gate's own roles may not do, they tell themselves.
        silent(&by_gate(&denied(&event(
            "lambda",
            "UpdateFunctionCode20150331v2",
            json!({"functionName": "orders"}),
        ))));
    }

    #[test]
    fn denied_attempt_to_pass_a_role_of_the_gate_is_critical() {
        const ROLE: &str = "arn:aws:iam::111122223333:role/countersign-DeployRole-1X";
        let create = |request| denied(&event("lambda", "CreateFunction20150331", request));
        let named = create(json!({"functionName": "another-teams", "role": ROLE}));
        fires(&DETECTION, &named);
        let told = create(Value::Null);
        let message = format!(
            "User: arn:aws:iam::111122223333:user/x is not authorized to perform: iam:PassRole on resource: {ROLE} because \
             no identity-based policy allows it"
        );
        let told = with(&told, "errorMessage", json!(message));
        fires_here_alone(&DETECTION, &told);
        for event in [named, told] {
            let page = page(&event);
            assert_eq!(page.severity, Severity::Critical, "{page:?}");
            assert_eq!(page.resources, [ROLE], "{page:?}");
        }
    }
}
