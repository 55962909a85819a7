//! Lambda refused code for its signature.

use super::detection::{
    ASK, Answer, Context, Detection, EventPredicate, Match, WatchedCall, watch,
};
use crate::alerts::Severity;

pub(super) const CALLS: &[WatchedCall] = watch! {
    "lambda": "UpdateFunctionCode", "CreateFunction", "UpdateFunctionConfiguration", "PublishLayerVersion";
};

pub(super) static DETECTION: Detection = Detection {
    id: "code-refused",
    severity: Severity::Critical,
    title: "Lambda refused code for {subject}",
    meaning: "A call past the gate tried to bring code whose signature Lambda does not accept. Lambda refused it, and nothing was changed by it.",
    false_positives: "a pipeline that still deploys by itself and was forgotten.",
    steps: &[
        ASK,
        "Take the right to update code away from everyone but the gate's deploy role.",
        "If the code is meant to run, bring the unsigned package to the gate: countersign push functions/{function}=PACKAGE.zip --uploads-bucket {uploads_bucket} --records-bucket {records_bucket} --region {region}",
    ],
    controls: &[
        "MITRE ATT&CK T1648 (Serverless Execution)",
        "CIS AWS Compute Services 4.8 (code signing)",
        "NIST 800-53 SI-7(15)",
        "NIST 800-53 CM-14",
    ],
    answer: Answer::RefusedSignature,
    calls: &[CALLS],
    on_one_event: &[EventPredicate::Target],
    matches,
};

/// What to do about a function that was not created: there is nothing that runs, and the gate does not
/// create functions.
const STEPS_OF_CREATION: &[&str] = &[
    ASK,
    "If the function is wanted, upload its package as functions/{function}.zip. With the parameter CodeSigningConfigForNewFunctions the gate verifies it and names the signed object to create the function from.",
];

/// Layers come with the configuration, and Lambda judges them when they are attached (grade C).
const STEPS_OF_LAYERS: &[&str] = &[
    ASK,
    "Publish the layer through the gate, and attach the version that the gate published.",
];

const STEPS_OF_LAYER_VERSION: &[&str] = &[
    ASK,
    "If the layer is wanted, bring the unsigned package to the gate: countersign push layers/{layer}=PACKAGE.zip --uploads-bucket {uploads_bucket} --records-bucket {records_bucket} --region {region}",
    "Take lambda:PublishLayerVersion away from everyone but the gate's deploy role.",
];

fn matches(context: &Context<'_>) -> Option<Match> {
    let finding = Match::default();
    if !context.is_gated() {
        return None;
    }
    Some(match context.call.name() {
        "CreateFunction" => finding
            .title("Lambda refused to create {subject}: its code is not signed as it must be")
            .detail("The function was not created by this call.")
            .steps(STEPS_OF_CREATION),
        "UpdateFunctionConfiguration" => finding
            .title("Lambda refused a layer for {subject}")
            .detail("A layer in the call is not signed as the function's code signing configuration asks. The function runs on with the layers that it had.")
            .steps(STEPS_OF_LAYERS),
        "PublishLayerVersion" => finding
            .title("Lambda refused a layer version of {subject}")
            .detail("No layer version was published by this call.")
            .steps(STEPS_OF_LAYER_VERSION),
        _ if context.call.is_dry_run() => finding
            .detail("It was a dry run: somebody tried whether the code would be taken."),
        _ => finding.detail("The code that was there runs on."),
    })
}

#[cfg(test)]
mod tests {
    use super::{super::samples::*, *};
    use serde_json::json;

    #[test]
    fn refused_code_pages_whoever_called_and_whatever_the_error_is_called() {
        for error in [
            "CodeVerificationFailedException",
            "InvalidCodeSignatureException",
            "CodeSigningConfigNotFoundException",
            "CodeVerificationFailed",
        ] {
            for name in ["UpdateFunctionCode20150331v2", "CreateFunction20150331"] {
                let event = event("lambda", name, json!({"functionName": "orders"}));
                fires(&DETECTION, &with(&event, "errorCode", json!(error)));
            }
        }
    }

    #[test]
    fn other_errors_and_the_gates_own_calls_are_silent() {
        let code = event(
            "lambda",
            "UpdateFunctionCode20150331v2",
            json!({"functionName": "orders"}),
        );
        silent(&with(
            &code,
            "errorCode",
            json!("ResourceConflictException"),
        ));
        let refused = with(&code, "errorCode", json!("CodeVerificationFailedException"));
        silent(&by_gate(&refused));
    }

    #[test]
    fn function_that_was_never_there_runs_no_old_code() {
        let create = event(
            "lambda",
            "CreateFunction20150331",
            json!({"functionName": "orders"}),
        );
        let page = page(&with(
            &create,
            "errorCode",
            json!("CodeVerificationFailedException"),
        ));
        assert!(!page.text.contains("runs on"), "{}", page.text);
        assert!(page.text.contains("was not created"), "{}", page.text);
    }
}
