//! A rule of Panther: a Python file that decides, and a YAML file that describes it and tests it.

use super::{super::Detection, about, condition::Condition, rule_file::RuleFile, yaml};
use crate::alerts::AlertSettings;
use serde_json::{Value, json};

/// What the rules look at events with.
const HELPERS: &str = r#"import re


def _values(event, path):
    item = event
    for name in path:
        item = item.get(name) if hasattr(item, "get") else None
    if item is None:
        return []
    if isinstance(item, str) or hasattr(item, "get") or not hasattr(item, "__iter__"):
        return [item]
    return list(item)


def _present(event, path):
    item = event
    for name in path:
        item = item.get(name) if hasattr(item, "get") else None
    return item is not None


def _is(event, path, value):
    return any(item == value for item in _values(event, path))


def _like(event, path, patterns):
    texts = [item for item in _values(event, path) if isinstance(item, str)]
    return any(re.fullmatch(pattern, text, re.S) for pattern in patterns for text in texts)
"#;

pub(super) fn files(
    detection: &Detection,
    settings: &AlertSettings,
    condition: &Condition,
) -> Vec<RuleFile> {
    let stem = format!("countersign_{}", about::file_stem(detection));
    let python = format!(
        "{HELPERS}\n\ndef rule(event):\n    return {}\n\n\ndef title(event):\n    who = _values(event, [\"userIdentity\", \"arn\"])\n    return {} + f\" ({{event.get('eventName')}} by {{who[0] if who else 'unknown'}})\"\n",
        expression(condition),
        json!(about::title(detection)),
    );
    vec![
        RuleFile {
            name: format!("{stem}.yml"),
            text: yaml::block(&metadata(detection, settings, condition, &stem)),
        },
        RuleFile {
            name: format!("{stem}.py"),
            text: python,
        },
    ]
}

fn metadata(
    detection: &Detection,
    settings: &AlertSettings,
    condition: &Condition,
    stem: &str,
) -> Vec<(&'static str, Value)> {
    let attack: Vec<String> = about::techniques(detection)
        .map(|technique| {
            let id = technique.sub.map_or(technique.id, |(id, _)| id);
            format!("{}:{id}", technique.tactic)
        })
        .collect();
    let tests: Vec<Value> = condition
        .samples(settings)
        .into_iter()
        .map(|sample| json!({"Name": sample.name, "ExpectedResult": sample.fires, "Log": sample.event}))
        .collect();
    let mut severity = about::level(detection).to_owned();
    if let Some(first) = severity.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    vec![
        ("AnalysisType", json!("rule")),
        ("Filename", json!(format!("{stem}.py"))),
        ("RuleID", json!(format!("Countersign.{}", detection.id))),
        ("DisplayName", json!(about::title(detection))),
        ("Enabled", json!(true)),
        ("LogTypes", json!(["AWS.CloudTrail"])),
        ("Severity", json!(severity)),
        ("Reports", json!({"MITRE ATT&CK": attack})),
        (
            "Description",
            json!(about::description(detection, settings)),
        ),
        ("Runbook", json!(about::runbook(detection))),
        ("DedupPeriodMinutes", json!(60)),
        ("Threshold", json!(1)),
        ("Tests", json!(tests)),
    ]
}

fn expression(condition: &Condition) -> String {
    let joined = |parts: &[Condition], word: &str| {
        let parts: Vec<String> = parts.iter().map(expression).collect();
        format!("({})", parts.join(word))
    };
    match condition {
        Condition::All(parts) => joined(parts, " and "),
        Condition::Any(parts) => joined(parts, " or "),
        Condition::Not(part) => format!("not {}", expression(part)),
        Condition::Like(field, patterns) => {
            let patterns: Vec<String> = patterns.iter().map(|pattern| regex(pattern)).collect();
            format!("_like(event, {}, {})", path(field), json!(patterns))
        }
        Condition::Is(field, Value::Bool(true)) => format!("_is(event, {}, True)", path(field)),
        Condition::Is(field, Value::Bool(false)) => format!("_is(event, {}, False)", path(field)),
        Condition::Is(field, value) => format!("_is(event, {}, {value})", path(field)),
        Condition::Present(field) => format!("_present(event, {})", path(field)),
    }
}

fn path(field: &str) -> Value {
    json!(field.split('.').collect::<Vec<_>>())
}

/// The pattern as a regular expression.
fn regex(pattern: &str) -> String {
    pattern
        .chars()
        .map(|c| match c {
            '*' => ".*".to_owned(),
            '?' => ".".to_owned(),
            c if c.is_ascii_punctuation() => format!("\\{c}"),
            c => c.to_string(),
        })
        .collect()
}
