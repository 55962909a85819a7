//! A Detection Finding (class 2004) of OCSF 1.3.0, with the cloud profile.
//! Source: <https://schema.ocsf.io/1.3.0/classes/detection_finding>.

use serde_json::{Value, json};

use super::parts::{Parts, is_closed};
use crate::{
    alerts::page::{Page, PageState, Severity},
    domain::Target,
};

const CLASS_UID: u32 = 2004;

pub(super) fn ocsf(page: &Page, parts: &Parts) -> Value {
    let (activity, activity_name) = match page.state {
        PageState::Closed => (3, "Close"),
        PageState::Repeated => (2, "Update"),
        PageState::Ended(_) | PageState::Detected | PageState::Open => (1, "Create"),
    };
    let (severity_id, severity) = match page.severity {
        Severity::Critical => (5, "Critical"),
        Severity::Warning => (3, "Medium"),
        Severity::Notice => (1, "Informational"),
    };
    let (status_id, status) = if is_closed(page) {
        (4, "Resolved")
    } else {
        (1, "New")
    };
    let resources: Vec<Value> = page
        .target
        .iter()
        .map(|target| {
            let kind = match target {
                Target::Function(_) => "AWS::Lambda::Function",
                Target::Layer(_) => "AWS::Lambda::LayerVersion",
            };
            json!({"uid": target.to_string(), "name": target.to_string(), "type": kind})
        })
        .collect();
    let cloud = parts.place.as_ref().map(|place| {
        json!({
            "provider": "AWS",
            "region": place.region,
            "account": {"uid": place.account, "type": "AWS Account", "type_id": 10},
        })
    });
    json!({
        "activity_id": activity,
        "activity_name": activity_name,
        "category_name": "Findings",
        "category_uid": 2,
        "class_name": "Detection Finding",
        "class_uid": CLASS_UID,
        "type_uid": CLASS_UID.saturating_mul(100).saturating_add(activity),
        "severity": severity,
        "severity_id": severity_id,
        "status": status,
        "status_id": status_id,
        // Milliseconds since 1970, as OCSF's timestamp_t.
        "time": page.at.as_millisecond(),
        "message": parts.title,
        "finding_info": {
            "uid": parts.dedup_key,
            "title": parts.title,
            "desc": parts.text,
            "types": [parts.kind],
            "analytic": {"name": parts.kind, "uid": parts.kind, "type": "Rule", "type_id": 1},
        },
        "metadata": {
            "version": "1.3.0",
            // Of this message; that of the thing is in finding_info.
            "uid": format!("{}/{}", parts.id, parts.state),
            "profiles": parts.place.iter().map(|_| "cloud").collect::<Vec<_>>(),
            "product": {"name": "Countersign", "vendor_name": "Countersign"},
        },
        "cloud": cloud,
        "resources": resources,
        "remediation": {"desc": parts.next_steps.first().cloned().unwrap_or_else(|| "None is needed.".to_owned())},
    })
}
