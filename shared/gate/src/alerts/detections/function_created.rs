//! A function was created past the gate: without a code signing configuration, under another than the stack's, or under
//! that one with code that the gate did not prepare for it.

use super::{
    configuration_changed,
    detection::{ASK, Answer, Context, Detection, EventPredicate, Match, WatchedCall, watch},
};
use crate::{
    alerts::{Severity, known_code::KnownCode},
    domain::CscArn,
    events::ApiCall,
};

pub(super) const CALLS: &[WatchedCall] = watch! {
    "lambda": "CreateFunction";
};

pub(super) static DETECTION: Detection = Detection {
    id: "function-created-without-csc",
    severity: Severity::Warning,
    title: "{subject} was created without a code signing configuration",
    meaning: "The function's name is one that the gate deploys to, and Lambda takes any code for it until it is put under a code signing configuration.",
    false_positives: "a new function whose template has no CodeSigningConfigArn yet.",
    steps: &[
        "Put it under one: aws lambda put-function-code-signing-config --function-name {function} --code-signing-config-arn {own_csc} --region {region}",
        "Deploy it through the gate, since what it was created with was not verified: countersign push functions/{function}=PACKAGE.zip --uploads-bucket {uploads_bucket} --records-bucket {records_bucket} --region {region}",
        "Let functions be created only under a configuration: deny lambda:CreateFunction unless the condition key lambda:CodeSigningConfigArn has it.",
    ],
    controls: &[
        "MITRE ATT&CK T1648 (Serverless Execution)",
        "CIS AWS Compute Services 4.8 (code signing)",
        "NIST 800-53 CM-14",
    ],
    answer: Answer::Accepted,
    calls: &[CALLS],
    on_one_event: &[EventPredicate::Function],
    matches,
};

fn matches(context: &Context<'_>) -> Option<Match> {
    let csc = context
        .call
        .request("/codeSigningConfigArn")
        .filter(|csc| !csc.is_null());
    if !context.is_gated_function() {
        return None;
    }
    let own = context.settings.csc.as_ref().map(CscArn::as_str);
    match (csc, own) {
        (None, _) => Some(Match::default()),
        (Some(csc), Some(own)) if csc.as_str() != Some(own) => Some(
            Match::default()
                .title("{subject} was created under a code signing configuration that is not the stack's")
                .severity(Severity::Warning)
                .detail("Whoever that configuration trusts decided what it runs.".to_owned()),
        ),
        (Some(_), _) => {
            let finding = Match::default()
                .title("{subject} was created past the gate, under the stack's code signing configuration")
                .steps(STEPS_UNDER_OWN_CSC)
                .detail(
                    "A publisher of the configuration signed what it was created with, which may be another target's \
                     package or an old one.",
                );
            let set = configuration_changed::set_by(context.call).join(", ");
            Some(if set.is_empty() {
                finding
            } else {
                finding.detail(format!("The call sets: {set}."))
            })
        }
    }
}

const STEPS_UNDER_OWN_CSC: &[&str] = &[
    "See what it is: aws lambda get-function --function-name {function} --region {region}",
    ASK,
    "Deploy it through the gate: countersign push functions/{function}=PACKAGE.zip --uploads-bucket {uploads_bucket} --records-bucket {records_bucket} --region {region}",
];

/// What brings code beside the package. Variables do as well, but hardly a function has none.
const BRINGS_CODE: [&str; 2] = ["layers", "file systems"];

/// Whether a call creates the function that the gate prepared: under the stack's configuration, with the package of its
/// newest upload, and with nothing beside it that brings code. That is how a prepared function is to be created.
pub(super) fn is_as_prepared(context: &Context<'_>, known: &KnownCode) -> bool {
    let call: &ApiCall = context.call;
    let own = context.settings.csc.as_ref().map(CscArn::as_str);
    let is_verified = matches!(
        known,
        KnownCode::Upload {
            status: "prepared" | "deployed",
            is_newest: true,
            ..
        }
    );
    let brings_code = configuration_changed::set_by(call)
        .iter()
        .any(|name| BRINGS_CODE.contains(name));
    call.name() == "CreateFunction"
        && own.is_some()
        && call.request_text("/codeSigningConfigArn") == own
        && is_verified
        && !brings_code
}

#[cfg(test)]
mod tests {
    use super::{
        super::{Known, page_of, samples::*},
        *,
    };
    use serde_json::json;

    #[test]
    fn function_without_configuration_pages() {
        let created = |request| event("lambda", "CreateFunction20150331", request);
        fires(&DETECTION, &created(json!({"functionName": "orders"})));
        silent(&created(json!({"functionName": "another-teams"})));
        // Signed by a publisher is not verified for this function.
        let own = created(json!({"functionName": "orders", "codeSigningConfigArn": OWN_CSC}));
        fires(&DETECTION, &own);
        assert!(page(&own).title.contains("past the gate"));
        let foreign = "arn:aws:lambda:us-east-1:111122223333:code-signing-config:csc-1";
        let foreign = json!({"functionName": "orders", "codeSigningConfigArn": foreign});
        fires(&DETECTION, &created(foreign.clone()));
        assert_eq!(page(&created(foreign)).severity, Severity::Warning);
    }

    #[test]
    fn function_that_was_prepared_is_created_without_a_page() {
        let known = |status, is_newest| KnownCode::Upload {
            label: "20261121T214400Z-v1".to_owned(),
            status,
            is_newest,
        };
        let pages = |request: serde_json::Value, known: &KnownCode| {
            let event = event("lambda", "CreateFunction20150331", request);
            let call = serde_json::from_value(event).unwrap();
            page_of(
                &call,
                &settings(),
                Known {
                    code: Some(known),
                    ..Known::default()
                },
            )
            .is_some()
        };
        let request = json!({"functionName": "orders", "codeSigningConfigArn": OWN_CSC, "handler": "app.handler"});
        assert!(!pages(request.clone(), &known("prepared", true)));
        for other in [
            known("prepared", false),
            known("rejected", true),
            KnownCode::Unreadable,
            KnownCode::Unknown {
                compared: 1,
                is_cut: false,
            },
        ] {
            assert!(pages(request.clone(), &other), "{other:?}");
        }
        for (name, value) in [("fileSystemConfigs", json!([{}])), ("layers", json!(["x"]))] {
            let mut request = request.clone();
            request[name] = value;
            assert!(pages(request, &known("prepared", true)), "{name}");
        }
        let without = json!({"functionName": "orders"});
        assert!(pages(without, &known("prepared", true)));
    }
}
