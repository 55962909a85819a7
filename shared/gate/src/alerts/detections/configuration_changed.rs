//! What makes other code run without new code.

use super::detection::{
    ASK, Answer, Context, Detection, EventPredicate, Match, WatchedCall, watch,
};
use crate::{alerts::Severity, events::ApiCall};

pub(super) const CALLS: &[WatchedCall] = watch! {
    "lambda": "UpdateFunctionConfiguration", "PutRuntimeManagementConfig";
};

pub(super) static DETECTION: Detection = Detection {
    id: "configuration-runs-other-code",
    severity: Severity::Warning,
    title: "The configuration of {subject} was changed, and other code may run",
    meaning: "Layers, handler, runtime, environment, file systems, role and image decide what runs beside the package, and no signature covers them but that of layers.",
    false_positives: "a change of memory, timeout or ordinary environment variables by a template, which often sends all settings again.",
    steps: &[
        "See the configuration: aws lambda get-function-configuration --function-name {function} --region {region}",
        "Look for these variables, which make other code run: AWS_LAMBDA_EXEC_WRAPPER, LD_PRELOAD, LD_LIBRARY_PATH, NODE_OPTIONS, NODE_PATH, PYTHONPATH, PYTHONSTARTUP, JAVA_TOOL_OPTIONS, RUBYOPT, DOTNET_STARTUP_HOOKS.",
        ASK,
        "Deploy once more through the gate when the configuration is right, so that the alias gets a version with it: countersign rollback functions/{function} --to {live} --uploads-bucket {uploads_bucket} --records-bucket {records_bucket} --region {region}",
    ],
    controls: &[
        "MITRE ATT&CK T1574 (Hijack Execution Flow)",
        "MITRE ATT&CK T1574.006 (Dynamic Linker Hijacking)",
        "Stratus Red Team: aws.persistence.lambda-layer-extension",
        "NIST 800-53 SI-7(15)",
        "NIST 800-53 CM-6",
    ],
    answer: Answer::Accepted,
    calls: &[CALLS],
    on_one_event: &[EventPredicate::Function, EventPredicate::Any(TELLING)],
    matches,
};

/// What of the configuration makes other code run, by the name of the parameter.
const WATCHED: [(&str, &str); 10] = [
    ("/layers", "layers"),
    ("/handler", "handler"),
    ("/runtime", "runtime"),
    ("/fileSystemConfigs", "file systems"),
    ("/role", "role"),
    ("/imageConfig", "image"),
    ("/environment", "environment"),
    // Under a key that sweep cannot use, nobody sees the variables.
    ("/kMSKeyArn", "key of the environment"),
    ("/vpcConfig", "network"),
    ("/durableConfig", "durable execution"),
];

/// The same for a rule that sees nothing but the event.
const TELLING: &[EventPredicate] = &[
    EventPredicate::Call("PutRuntimeManagementConfig"),
    EventPredicate::Present("requestParameters.layers"),
    EventPredicate::Present("requestParameters.handler"),
    EventPredicate::Present("requestParameters.runtime"),
    EventPredicate::Present("requestParameters.fileSystemConfigs"),
    EventPredicate::Present("requestParameters.role"),
    EventPredicate::Present("requestParameters.imageConfig"),
    EventPredicate::Present("requestParameters.environment"),
    EventPredicate::Present("requestParameters.kMSKeyArn"),
    EventPredicate::Present("requestParameters.vpcConfig"),
    EventPredicate::Present("requestParameters.durableConfig"),
];

/// What of the configuration a call sets.
pub(super) fn set_by(call: &ApiCall) -> Vec<&'static str> {
    let is_set = |pointer: &str| call.request(pointer).is_some_and(|value| !value.is_null());
    let set = WATCHED.iter().filter(|(pointer, _)| is_set(pointer));
    set.map(|(_, name)| *name).collect()
}

fn matches(context: &Context<'_>) -> Option<Match> {
    if !context.is_gated_function() {
        return None;
    }
    let call = context.call;
    if call.name() == "PutRuntimeManagementConfig" {
        let to = call.request_text("/runtimeVersionArn");
        let mode = call.request_text("/updateRuntimeOn").unwrap_or("not named");
        return Some(
            Match::default()
                .title("The runtime version of {subject} was pinned or freed")
                .detail(format!(
                    "Updates: {mode}; runtime version: {}.",
                    to.unwrap_or("AWS chooses")
                )),
        );
    }
    let named = set_by(call);
    if named.is_empty() {
        return None;
    }
    let mut finding = Match::default().detail(format!("The call sets: {}.", named.join(", ")));
    for (pointer, name) in [
        ("/layers", "Layers"),
        ("/handler", "Handler"),
        ("/runtime", "Runtime"),
        ("/role", "Role"),
    ] {
        if let Some(value) = call.request(pointer) {
            finding = finding.detail(format!("{name}: {value}."));
        }
    }
    if named.contains(&"environment") {
        finding = finding.detail(
            "CloudTrail hides the values of environment variables, so look the configuration up.",
        );
    }
    // Values are hidden and changes of the environment are daily bread.
    let severity = if named == ["environment"] || named == ["network"] {
        Severity::Notice
    } else if named.contains(&"layers") && !context.is_by_cloudformation() {
        Severity::Critical
    } else {
        Severity::Warning
    };
    Some(finding.severity(severity))
}

#[cfg(test)]
mod tests {
    use super::{super::samples::*, *};
    use serde_json::{Value, json};

    fn change(request: Value) -> Value {
        let mut request = request;
        request["functionName"] = json!("orders");
        event("lambda", "UpdateFunctionConfiguration20150331v2", request)
    }

    #[test]
    fn configuration_that_runs_other_code_pages() {
        for (request, severity) in [
            (
                json!({"layers": ["arn:aws:lambda:us-east-1:444455556666:layer:x:1"]}),
                Severity::Critical,
            ),
            (json!({"handler": "other.handler"}), Severity::Warning),
            (json!({"runtime": "provided.al2023"}), Severity::Warning),
            (json!({"fileSystemConfigs": [{}]}), Severity::Warning),
            (
                json!({"role": "arn:aws:iam::111122223333:role/admin"}),
                Severity::Warning,
            ),
            (json!({"imageConfig": {}}), Severity::Warning),
            (json!({"environment": {}}), Severity::Notice),
            (
                json!({"environment": {}, "kMSKeyArn": "arn:aws:kms:us-east-1:111122223333:key/x"}),
                Severity::Warning,
            ),
            (
                json!({"environment": {}, "handler": "x"}),
                Severity::Warning,
            ),
        ] {
            fires(&DETECTION, &change(request.clone()));
            assert_eq!(
                page(&change(request.clone())).severity,
                severity,
                "{request}"
            );
        }
        fires(
            &DETECTION,
            &event(
                "lambda",
                "PutRuntimeManagementConfig",
                json!({"functionName": "orders"}),
            ),
        );
    }

    #[test]
    fn environment_page_says_that_values_are_hidden() {
        let page = page(&change(json!({"environment": {}})));
        assert!(page.text.contains("hides the values"), "{page:?}");
        assert!(
            page.next_steps
                .iter()
                .any(|step| step.contains("AWS_LAMBDA_EXEC_WRAPPER"))
        );
    }

    #[test]
    fn rule_on_one_event_looks_at_the_same_parameters() {
        for (pointer, _) in WATCHED {
            let field = format!("requestParameters.{}", &pointer[1..]);
            let is_named = |one: &EventPredicate| matches!(one, EventPredicate::Present(name) if *name == field);
            assert!(TELLING.iter().any(is_named), "{field}");
        }
        assert_eq!(TELLING.len(), WATCHED.len() + 1);
    }

    #[test]
    fn memory_timeout_and_other_functions_are_silent() {
        silent(&change(
            json!({"memorySize": 512, "timeout": 9, "description": "x"}),
        ));
        silent(&event(
            "lambda",
            "UpdateFunctionConfiguration20150331v2",
            json!({"functionName": "another-teams", "layers": []}),
        ));
    }
}
