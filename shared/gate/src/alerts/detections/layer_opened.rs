//! A layer's permission was opened.

use super::detection::{
    ASK, Answer, Context, Detection, EventPredicate, Match, WatchedCall, watch,
};
use crate::alerts::Severity;

pub(super) const CALLS: &[WatchedCall] = watch! {
    "lambda": "AddLayerVersionPermission";
};

pub(super) static DETECTION: Detection = Detection {
    id: "layer-permission-added",
    severity: Severity::Warning,
    title: "The layer {subject} was opened to others",
    meaning: "Somebody beyond this account, or everybody, may use a version of the layer and read its code.",
    false_positives: "a layer that is shared with other accounts of the organization on purpose.",
    steps: &[
        "See who may use it: aws lambda get-layer-version-policy --layer-name {layer} --version-number {layer_version} --region {region}",
        "Take it back: aws lambda remove-layer-version-permission --layer-name {layer} --version-number {layer_version} --statement-id {statement} --region {region}",
        ASK,
    ],
    controls: &[
        "MITRE ATT&CK T1537 (Transfer Data to Cloud Account)",
        "NIST 800-53 AC-3",
    ],
    answer: Answer::Accepted,
    calls: &[CALLS],
    on_one_event: &[EventPredicate::Layer],
    matches,
};

fn matches(context: &Context<'_>) -> Option<Match> {
    if !context.is_gated_layer() {
        return None;
    }
    let call = context.call;
    let who = call.request_text("/principal").unwrap_or("not named");
    let organization = call.request_text("/organizationId");
    let finding = Match::default().detail(match organization {
        Some(id) => format!("Who may use it: {who}, within the organization {id}."),
        None => format!("Who may use it: {who}."),
    });
    Some(if who == "*" && organization.is_none() {
        finding.severity(Severity::Critical)
    } else {
        finding
    })
}

#[cfg(test)]
mod tests {
    use super::{super::samples::*, *};
    use serde_json::json;

    #[test]
    fn opened_layer_pages_most_when_it_is_open_to_everybody() {
        let opened = |request| event("lambda", "AddLayerVersionPermission20181031", request);
        for (request, severity) in [
            (
                json!({"layerName": "base", "principal": "*"}),
                Severity::Critical,
            ),
            (
                json!({"layerName": "base", "principal": "*", "organizationId": "o-1"}),
                Severity::Warning,
            ),
            (
                json!({"layerName": "base", "principal": "444455556666"}),
                Severity::Warning,
            ),
        ] {
            fires(&DETECTION, &opened(request.clone()));
            assert_eq!(page(&opened(request)).severity, severity);
        }
        silent(&opened(
            json!({"layerName": "another-teams", "principal": "*"}),
        ));
    }
}
