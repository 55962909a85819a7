//! Code went live whose signature is not valid: Warn lets it.

use super::detection::{Answer, Context, Detection, EventPredicate, Match, WatchedCall, watch};
use crate::alerts::{Repetition, Severity};

pub(super) const CALLS: &[WatchedCall] = watch! {
    "lambda": "UpdateFunctionCode", "CreateFunction", "UpdateFunctionConfiguration", "PublishLayerVersion";
};

pub(super) static DETECTION: Detection = Detection {
    id: "untrusted-code-live",
    severity: Severity::Critical,
    title: "Untrusted code went live on {subject}",
    meaning: "Code was put on the target past the gate, and its signature is not acceptable. The code signing configuration only warns, so Lambda took it.",
    false_positives: "a pipeline that deploys by itself while the configuration is still on Warn.",
    steps: &[
        "Ask whoever made the call. If nobody knows of it, revoke the session and the keys that made it.",
        "See which files differ from what was deployed: countersign diff functions/{function} lambda:{function} --region {region}",
        "Put the gate's package back: countersign status functions/{function}, then copy the good version of functions/{function}.zip over its key, or upload it again.",
        "See which code signing configuration let it in: aws lambda get-function-code-signing-config --function-name {function} --region {region}",
        "If that is the stack's, set it to Enforce: aws lambda update-code-signing-config --code-signing-config-arn {own_csc} --code-signing-policies UntrustedArtifactOnDeployment=Enforce --region {region}",
        "Take the right to update code away from everyone but the gate's deploy role.",
    ],
    controls: &[
        "MITRE ATT&CK T1648 (Serverless Execution)",
        "CIS AWS Compute Services 4.8 (code signing)",
        "NIST 800-53 SI-7(15)",
        "NIST 800-53 CM-14",
    ],
    answer: Answer::Accepted,
    calls: &[CALLS],
    on_one_event: &[
        EventPredicate::Target,
        EventPredicate::IsNot("additionalEventData.signatureStatus", "VALID"),
    ],
    matches,
};

/// A layer has no code signing configuration of its own.
const STEPS_OF_LAYER: &[&str] = &[
    "Ask whoever made the call. If nobody knows of it, revoke the session and the keys that made it.",
    "Publish the layer through the gate: upload it to the uploads bucket as layers/{layer}.zip.",
    "Find the functions that use it: aws lambda list-functions --query 'Functions[?Layers]' --region {region}",
    "Take lambda:PublishLayerVersion away from everyone but the gate's deploy role.",
];

fn matches(context: &Context<'_>) -> Option<Match> {
    let status = context.call.signature_status()?;
    if status == "VALID" || !context.is_gated() {
        return None;
    }
    let finding = Match::default().detail(format!("Lambda calls the signature {status:?}."));
    let finding = if context.call.layer().is_some() {
        finding.steps(STEPS_OF_LAYER)
    } else {
        finding
    };
    if context.settings.only_warns {
        return Some(
            finding
                .severity(Severity::Warning)
                .repetition(Repetition::CountedDaily)
                .detail("The stack is on Warn (parameter UntrustedCode): once a day it is told for each target and caller."),
        );
    }
    Some(context.lighter_by_cloudformation(finding))
}

#[cfg(test)]
mod tests {
    use super::{super::samples::*, *};
    use serde_json::json;

    #[test]
    fn any_status_but_valid_pages() {
        let code = event(
            "lambda",
            "UpdateFunctionCode20150331v2",
            json!({"functionName": "orders"}),
        );
        // Sigma compares without regard to case.
        let lower = json!({"signatureStatus": "valid"});
        fires_here_alone(&DETECTION, &with(&code, "additionalEventData", lower));
        for status in ["MISMATCH", "EXPIRED", "REVOKED", "CORRUPT"] {
            let code = event(
                "lambda",
                "UpdateFunctionCode20150331v2",
                json!({"functionName": "orders"}),
            );
            fires(
                &DETECTION,
                &with(
                    &code,
                    "additionalEventData",
                    json!({"signatureStatus": status}),
                ),
            );
        }
    }

    #[test]
    fn own_deployments_dry_runs_and_other_targets_are_silent() {
        let status = json!({"signatureStatus": "MISMATCH"});
        let of = |request| {
            with(
                &event("lambda", "UpdateFunctionCode20150331v2", request),
                "additionalEventData",
                status.clone(),
            )
        };
        // The gate's own deployment under Warn: the gate tells of it as a deployment with a warning.
        silent(&by_gate(&of(json!({"functionName": "orders"}))));
        silent(&of(json!({"functionName": "orders", "dryRun": true})));
        silent(&of(json!({"functionName": "another-teams"})));
        fires(
            &DETECTION,
            &of(json!({"functionName": "orders", "dryRun": "true"})),
        );
    }
}
