//! The AWS Security Finding Format, as `securityhub:BatchImportFindings` takes it.
//! Source: <https://docs.aws.amazon.com/securityhub/latest/userguide/securityhub-findings-format.html>.

use serde_json::{Value, json};

use super::{
    inert::{cut, no_markup},
    parts::{Parts, is_closed},
    step::step,
};
use crate::{
    alerts::{
        page::{AwsLocation, Page, Severity},
        settings::AlertSettings,
    },
    domain::Target,
};

/// Of `Description`.
const MAX_DESCRIPTION_CHARS: usize = 1_024;
/// Of `Remediation.Recommendation.Text`.
const MAX_RECOMMENDATION_CHARS: usize = 512;

pub(super) fn asff(
    page: &Page,
    parts: &Parts,
    place: &AwsLocation,
    settings: &AlertSettings,
) -> Value {
    let AwsLocation {
        partition,
        region,
        account,
    } = place;
    let arn =
        |service: &str, rest: &str| format!("arn:{partition}:{service}:{region}:{account}:{rest}");
    // Detections are in small letters, reason codes and drift in capitals.
    let kind = if parts.kind.chars().any(|c| c.is_ascii_lowercase()) {
        format!("TTPs/Defense Evasion/{}", parts.kind)
    } else {
        format!(
            "Software and Configuration Checks/Code Signing/{}",
            parts.kind
        )
    };
    let (resource_type, resource) = match &page.target {
        Some(Target::Function(name)) => (
            "AwsLambdaFunction",
            arn("lambda", &format!("function:{name}")),
        ),
        Some(Target::Layer(name)) => (
            "AwsLambdaLayerVersion",
            arn("lambda", &format!("layer:{name}")),
        ),
        None => ("AwsAccount", format!("AWS::::Account:{account}")),
    };
    let recommendation = page.next_steps.first().map_or_else(
        || "None is needed.".to_owned(),
        |text| no_markup(&step(text, page, settings, MAX_RECOMMENDATION_CHARS)),
    );
    let product = format!("product/{account}/default");
    json!({
        "SchemaVersion": "2018-10-08",
        "Id": parts.dedup_key,
        "ProductArn": arn("securityhub", &product),
        "GeneratorId": format!("countersign/{}", parts.kind),
        "AwsAccountId": account,
        "Types": [kind],
        "CreatedAt": page.at,
        "UpdatedAt": page.at,
        "Severity": {"Label": match page.severity {
            Severity::Critical => "CRITICAL",
            Severity::Warning => "MEDIUM",
            Severity::Notice => "INFORMATIONAL",
        }},
        "Title": parts.title,
        "Description": cut(&parts.text, MAX_DESCRIPTION_CHARS),
        "Remediation": {"Recommendation": {"Text": recommendation}},
        "ProductFields": {"countersign/stack": parts.stack, "countersign/state": parts.state},
        "Resources": [{
            "Type": resource_type,
            "Id": resource,
            "Partition": partition,
            "Region": region,
        }],
        "RecordState": if is_closed(page) { "ARCHIVED" } else { "ACTIVE" },
        "Workflow": {"Status": if is_closed(page) { "RESOLVED" } else { "NEW" }},
    })
}
