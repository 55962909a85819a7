//! An audit as Compliance Findings (class 2003) of OCSF 1.3.0, with the cloud profile.
//! Source: <https://schema.ocsf.io/1.3.0/classes/compliance_finding>.

use countersign_gate::client::audit::{Audit, AuditFinding, AuditSeverity};
use serde_json::{Value, json};

use super::place::{Kind, Place};
use crate::io::escape::escape;

const CLASS_UID: u32 = 2003;
/// Each run tells how things stand: a receiver finds the same thing again by `finding_info.uid`.
const ACTIVITY: u32 = 1;

/// A list of findings.
pub(super) fn list(audit: &Audit, place: &Place) -> Value {
    let findings = audit.findings.iter();
    findings
        .map(|finding| one(audit, place, finding))
        .collect::<Vec<_>>()
        .into()
}

fn one(audit: &Audit, place: &Place, finding: &AuditFinding) -> Value {
    let (severity_id, severity, status_id, status) = match finding.severity {
        AuditSeverity::Critical => (5, "Critical", 3, "Fail"),
        AuditSeverity::Warning => (3, "Medium", 3, "Fail"),
        AuditSeverity::Note => (1, "Informational", 2, "Warning"),
    };
    let (kind, arn) = place.resource(&finding.subject);
    let resource_type = match kind {
        Kind::Function => "AWS::Lambda::Function",
        Kind::Layer => "AWS::Lambda::LayerVersion",
        Kind::Configuration => "AWS::Lambda::CodeSigningConfig",
        Kind::User => "AWS::IAM::User",
        Kind::Group => "AWS::IAM::Group",
        Kind::Role => "AWS::IAM::Role",
    };
    let (subject, word) = (escape(&finding.subject), finding.kind.as_str());
    let first_seen = finding.found_at.map(jiff::Timestamp::as_millisecond);
    let command = finding.command.as_deref().map(escape);
    let remediation = [Some(finding.fix.to_owned()), command];
    let remediation: Vec<String> = remediation.into_iter().flatten().collect();
    let mut about = json!({
        "uid": format!("{}/{subject}/{word}", escape(&audit.stack)),
        "title": finding.kind.meaning(),
        "desc": escape(&finding.message),
        "types": [word],
    });
    if let (Some(at), Some(about)) = (first_seen, about.as_object_mut()) {
        about.insert("first_seen_time".to_owned(), at.into());
    }
    json!({
        "activity_id": ACTIVITY,
        "activity_name": "Create",
        "category_name": "Findings",
        "category_uid": 2,
        "class_name": "Compliance Finding",
        "class_uid": CLASS_UID,
        "type_uid": CLASS_UID.saturating_mul(100).saturating_add(ACTIVITY),
        "severity": severity,
        "severity_id": severity_id,
        "status": "New",
        "status_id": 1,
        // Milliseconds since 1970, as OCSF's timestamp_t: when the sweep saw it.
        "time": audit.swept_at.as_millisecond(),
        "message": escape(&finding.message),
        "finding_info": about,
        "compliance": {
            "control": word,
            "standards": finding.controls,
            "status": status,
            "status_id": status_id,
        },
        "metadata": {
            "version": "1.3.0",
            "profiles": ["cloud"],
            "product": {"name": "Countersign", "vendor_name": "Countersign", "version": env!("CARGO_PKG_VERSION")},
        },
        "cloud": {
            "provider": "AWS",
            "region": place.region,
            "account": {"uid": place.account, "type": "AWS Account", "type_id": 10},
        },
        "resources": [{"uid": escape(&arn), "name": subject, "type": resource_type}],
        "remediation": {"desc": remediation.join(" Command: ")},
    })
}
