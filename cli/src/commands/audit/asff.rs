//! An audit in the AWS Security Finding Format, as `securityhub:BatchImportFindings` takes it.
//! Source: <https://docs.aws.amazon.com/securityhub/latest/userguide/securityhub-findings-format.html>.

use countersign_gate::client::audit::{Audit, AuditFinding, AuditSeverity};
use serde_json::{Value, json};

use super::place::{Kind, Place};
use crate::io::escape::escape;

/// Of `Title`.
const MAX_TITLE_CHARS: usize = 256;
/// Of `Description`.
const MAX_DESCRIPTION_CHARS: usize = 1_024;
/// Of `Remediation.Recommendation.Text`.
const MAX_RECOMMENDATION_CHARS: usize = 512;
/// Of `Id` of a finding and of a resource.
const MAX_ID_CHARS: usize = 512;

/// A list of findings. The call takes at most 100 of them at a time.
pub(super) fn list(audit: &Audit, place: &Place) -> Value {
    let findings = audit.findings.iter();
    findings
        .map(|finding| one(audit, place, finding))
        .collect::<Vec<_>>()
        .into()
}

fn one(audit: &Audit, place: &Place, finding: &AuditFinding) -> Value {
    let Place {
        partition,
        region,
        account,
    } = place;
    let (kind, arn) = place.resource(&finding.subject);
    let (resource_type, details) = match kind {
        Kind::Function => ("AwsLambdaFunction", None),
        Kind::Layer => ("AwsLambdaLayerVersion", None),
        // The format has no type for a code signing configuration.
        Kind::Configuration => ("Other", Some("code signing configuration")),
        Kind::User => ("AwsIamUser", None),
        Kind::Group => ("AwsIamGroup", None),
        Kind::Role => ("AwsIamRole", None),
    };
    let word = finding.kind.as_str();
    let subject = escape(&finding.subject);
    let command = finding.command.as_deref().map(escape);
    let command = command.map_or_else(String::new, |command| format!(" Command: {command}"));
    let mut resource = json!({
        "Type": resource_type,
        "Id": cut(&escape(&arn), MAX_ID_CHARS),
        "Partition": partition,
        "Region": region,
    });
    if let (Some(details), Some(resource)) = (details, resource.as_object_mut()) {
        resource.insert("Details".to_owned(), json!({"Other": {"kind": details}}));
    }
    json!({
        "SchemaVersion": "2018-10-08",
        "Id": cut(&format!("{}/{word}/{subject}", escape(&audit.stack)), MAX_ID_CHARS),
        "ProductArn": format!("arn:{partition}:securityhub:{region}:{account}:product/{account}/default"),
        "GeneratorId": format!("countersign/{word}"),
        "AwsAccountId": account,
        "Types": [format!("Software and Configuration Checks/Code Signing/{word}")],
        "CreatedAt": finding.found_at.unwrap_or(audit.swept_at),
        "UpdatedAt": audit.swept_at,
        "Severity": {"Label": match finding.severity {
            AuditSeverity::Critical => "CRITICAL",
            AuditSeverity::Warning => "MEDIUM",
            AuditSeverity::Note => "INFORMATIONAL",
        }},
        "Title": cut(&format!("{word}: {subject}"), MAX_TITLE_CHARS),
        "Description": cut(&escape(&finding.message), MAX_DESCRIPTION_CHARS),
        "Remediation": {"Recommendation": {
            "Text": cut(&format!("{}{command}", finding.fix), MAX_RECOMMENDATION_CHARS),
        }},
        "ProductFields": {"countersign/stack": escape(&audit.stack)},
        "Compliance": {
            "Status": match finding.severity {
                AuditSeverity::Critical | AuditSeverity::Warning => "FAILED",
                AuditSeverity::Note => "WARNING",
            },
            "RelatedRequirements": finding.controls,
        },
        "Resources": [resource],
        "RecordState": "ACTIVE",
        "Workflow": {"Status": "NEW"},
    })
}

/// At most so many characters, the last of which says that there was more.
fn cut(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let kept = text.chars().take(most.saturating_sub(1));
    kept.chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_text_is_cut_between_characters() {
        assert_eq!(cut("äöü", 3), "äöü");
        assert_eq!(cut("äöüß", 3), "äö…");
    }
}
