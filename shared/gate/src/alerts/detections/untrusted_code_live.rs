//! Code went live whose signature is not valid: Warn lets it.

use super::detection::{
    ASK, Answer, COMPARE, Context, Detection, EventPredicate, Match, RESTORE_FUNCTION, WatchedCall,
    watch,
};
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
        ASK,
        COMPARE,
        RESTORE_FUNCTION,
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
    ASK,
    "Find the functions that use it, and give them the gate's version: aws lambda list-functions --query \"Functions[?Layers[?Arn=='{layer_version_arn}']].FunctionName\" --region {region}",
    "If nobody needs it, delete that version: aws lambda delete-layer-version --layer-name {layer} --version-number {layer_version} --region {region}. Functions that have it run on with it.",
    "If it is wanted, bring the package to the gate: countersign push layers/{layer}=PACKAGE.zip --uploads-bucket {uploads_bucket} --records-bucket {records_bucket} --region {region}",
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
