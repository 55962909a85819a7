//! A rule of Sigma, after version 2 of its specification.

use super::{super::Detection, about, condition::Condition};
use crate::alerts::AlertSettings;
use serde_json::{Map, Value, json};

/// The fields of a rule in their usual order.
pub(super) fn document(
    detection: &Detection,
    settings: &AlertSettings,
    condition: &Condition,
    id: &str,
) -> Vec<(&'static str, Value)> {
    let tags: Vec<String> = about::techniques(detection)
        .map(|technique| technique.sub.map_or(technique.id, |(id, _)| id))
        .map(|id| format!("attack.{}", id.to_ascii_lowercase()))
        .collect();
    vec![
        ("title", json!(about::title(detection))),
        ("id", json!(id)),
        ("status", json!("experimental")),
        (
            "description",
            json!(about::description(detection, settings)),
        ),
        ("author", json!("Countersign")),
        ("tags", json!(tags)),
        (
            "logsource",
            json!({"product": "aws", "service": "cloudtrail"}),
        ),
        ("detection", selection(condition)),
        (
            "fields",
            json!([
                "eventName",
                "eventSource",
                "errorCode",
                "awsRegion",
                "recipientAccountId",
                "sourceIPAddress",
                "userIdentity.arn",
                "requestParameters"
            ]),
        ),
        ("falsepositives", json!([detection.false_positives])),
        ("level", json!(about::level(detection))),
    ]
}

/// The named selections and the condition over them.
pub(super) fn selection(condition: &Condition) -> Value {
    let mut named = Map::new();
    let expression = expression(condition, &mut named);
    named.insert("condition".to_owned(), json!(expression));
    Value::Object(named)
}

fn expression(condition: &Condition, named: &mut Map<String, Value>) -> String {
    let joined = |parts: &[Condition], word: &str, named: &mut Map<String, Value>| {
        let parts: Vec<String> = parts.iter().map(|part| expression(part, named)).collect();
        match parts.as_slice() {
            [one] => one.clone(),
            parts => format!("({})", parts.join(word)),
        }
    };
    match condition {
        Condition::All(parts) => joined(parts, " and ", named),
        Condition::Any(parts) => joined(parts, " or ", named),
        Condition::Not(part) => format!("not {}", expression(part, named)),
        Condition::Like(field, patterns) => name(named, field, &json!(patterns)),
        Condition::Is(field, Value::String(text)) => name(named, field, &json!(escaped(text))),
        Condition::Is(field, value) => name(named, field, value),
        Condition::Present(field) => name(named, &format!("{field}|exists"), &json!(true)),
    }
}

/// A selection of one field, named by its place: the same again is not written twice.
fn name(named: &mut Map<String, Value>, field: &str, value: &Value) -> String {
    let selection = json!({field: value});
    if let Some((name, _)) = named.iter().find(|(_, present)| **present == selection) {
        return name.clone();
    }
    let name = format!("selection_{:02}", named.len().saturating_add(1));
    named.insert(name.clone(), selection);
    name
}

/// A text in which nothing is a wildcard.
fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\")
        .replace('*', "\\*")
        .replace('?', "\\?")
}
