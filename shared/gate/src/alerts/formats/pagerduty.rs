//! `PagerDuty` Events API v2, without the routing key, which only the subscriber has.
//! Source: <https://developer.pagerduty.com/docs/send-alert-event>.

use serde_json::{Value, json};

use super::parts::{Parts, is_closed};
use crate::alerts::page::{Page, Severity};

pub(super) fn pagerduty(page: &Page, parts: &Parts) -> Value {
    let links: Vec<Value> = parts
        .links
        .iter()
        .map(|(name, address)| json!({"href": address, "text": name}))
        .collect();
    json!({
        "event_action": if is_closed(page) { "resolve" } else { "trigger" },
        "dedup_key": parts.dedup_key,
        "client": "Countersign",
        "links": links,
        "payload": {
            "summary": parts.title,
            "source": page.target.as_ref().map_or_else(|| parts.stack.clone(), ToString::to_string),
            "severity": match page.severity {
                Severity::Critical => "critical",
                Severity::Warning => "warning",
                Severity::Notice => "info",
            },
            "timestamp": page.at,
            "component": "lambda",
            "group": parts.stack,
            "class": parts.kind,
            "custom_details": parts.facts,
        },
    })
}
