//! A rule of Elastic's `detection-rules`: TOML with a query in KQL.

use super::{super::Detection, about, condition::Condition};
use crate::alerts::AlertSettings;
use serde_json::{Value, json};
use std::fmt::Write;

pub(super) fn text(
    detection: &Detection,
    settings: &AlertSettings,
    condition: &Condition,
    id: &str,
) -> String {
    let level = about::level(detection);
    let risk = match level {
        "high" => 73,
        "medium" => 47,
        _ => 21,
    };
    let mut text = format!(
        "[metadata]\nintegration = [\"aws\"]\nmaturity = \"development\"\n\n[rule]\nauthor = [\"Countersign\"]\n\
         description = {}\nfalse_positives = {}\nfrom = \"now-6m\"\n\
         index = [\"filebeat-*\", \"logs-aws.cloudtrail-*\"]\nlanguage = \"kuery\"\nlicense = \"Apache-2.0\"\n\
         name = {}\nnote = {}\nrisk_score = {risk}\nrule_id = {}\nseverity = \"{level}\"\n\
         tags = [\"Domain: Cloud\", \"Data Source: AWS\", \"Data Source: AWS CloudTrail\"]\n\
         timestamp_override = \"event.ingested\"\ntype = \"query\"\n\nquery = '''\n{}\n'''\n",
        json!(format!(
            "{} The parameters are searched in aws.cloudtrail.request_parameters, a flat text, so that a list or a nested parameter is found by its last name alone.",
            about::description(detection, settings)
        )),
        json!([detection.false_positives]),
        json!(about::title(detection)),
        json!(about::runbook(detection)),
        json!(id),
        query(condition),
    );
    for technique in about::techniques(detection) {
        // Writing to a String cannot fail; the result is dropped for that reason.
        let _ = write!(
            text,
            "\n[[rule.threat]]\nframework = \"MITRE ATT&CK\"\n\n[[rule.threat.technique]]\nid = \"{0}\"\nname = \"{1}\"\n\
             reference = \"https://attack.mitre.org/techniques/{0}/\"\n",
            technique.id, technique.name,
        );
        if let Some((id, name)) = technique.sub {
            let _ = write!(
                text,
                "\n[[rule.threat.technique.subtechnique]]\nid = \"{id}\"\nname = \"{name}\"\n\
                 reference = \"https://attack.mitre.org/techniques/{}/\"\n",
                id.replace('.', "/"),
            );
        }
        let _ = write!(
            text,
            "\n[rule.threat.tactic]\nid = \"{0}\"\nname = \"{1}\"\nreference = \"https://attack.mitre.org/tactics/{0}/\"\n",
            technique.tactic, technique.tactic_name,
        );
    }
    text
}

fn query(condition: &Condition) -> String {
    format!("event.dataset : \"aws.cloudtrail\" and {}", part(condition))
}

fn part(condition: &Condition) -> String {
    let joined = |parts: &[Condition], word: &str| {
        let parts: Vec<String> = parts.iter().map(part).collect();
        format!("({})", parts.join(word))
    };
    match condition {
        Condition::All(parts) => joined(parts, " and "),
        Condition::Any(parts) => joined(parts, " or "),
        Condition::Not(inner) => format!("not {}", part(inner)),
        Condition::Like(field, patterns) => values(field, patterns.iter().map(|p| pattern(p))),
        Condition::Is(field, Value::String(text)) => values(field, [literal(text)].into_iter()),
        Condition::Is(field, value) => values(field, [value.to_string()].into_iter()),
        Condition::Present(field) => match place(field) {
            AwsLocation::Field(field) => format!("{field} : *"),
            AwsLocation::In(field, name) => format!("{field} : *{}=*", literal(name)),
        },
    }
}

enum AwsLocation<'a> {
    /// A field of its own.
    Field(&'a str),
    /// A name in a field that is a flat text, `{functionName=orders, …}`.
    In(&'static str, &'a str),
}

/// Where Elastic's integration for CloudTrail puts a field of the record.
fn place(field: &str) -> AwsLocation<'_> {
    let name = field.rsplit('.').next().unwrap_or(field);
    match field.split('.').next() {
        Some("requestParameters") => AwsLocation::In("aws.cloudtrail.request_parameters", name),
        Some("additionalEventData") => AwsLocation::In("aws.cloudtrail.additional_eventdata", name),
        _ => AwsLocation::Field(match field {
            "eventSource" => "event.provider",
            "eventName" => "event.action",
            "errorCode" => "aws.cloudtrail.error_code",
            "userIdentity.arn" => "aws.cloudtrail.user_identity.arn",
            "userIdentity.invokedBy" => "aws.cloudtrail.user_identity.invoked_by",
            other => other,
        }),
    }
}

fn values(field: &str, values: impl Iterator<Item = String>) -> String {
    let (field, values): (&str, Vec<String>) = match place(field) {
        AwsLocation::Field(field) => (field, values.collect()),
        AwsLocation::In(field, name) => {
            let name = literal(name);
            let ends = |value: String| {
                // A value ends with a comma or with the text; a list begins with a bracket.
                [
                    format!("*{name}={value},*"),
                    format!("*{name}={value}\\}}*"),
                    format!("*{name}=[*{value}*"),
                ]
            };
            (field, values.flat_map(ends).collect())
        }
    };
    match values.as_slice() {
        [one] => format!("{field} : {one}"),
        several => format!("{field} : ({})", several.join(" or ")),
    }
}

/// A pattern for KQL, which has no sign for a single character: any text takes its place.
fn pattern(pattern: &str) -> String {
    let parts: Vec<String> = pattern.split(['*', '?']).map(literal).collect();
    parts.join("*")
}

/// A text in which nothing is a sign of KQL.
fn literal(text: &str) -> String {
    let mut escaped = String::new();
    for c in text.chars() {
        if "\\():<>\"*{}".contains(c) {
            escaped.push('\\');
        }
        escaped.push(c);
    }
    escaped
}
