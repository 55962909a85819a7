//! An audit as SARIF 2.1.0 (<https://docs.oasis-open.org/sarif/sarif/v2.1.0/>), for code scanning.

use std::fmt::Write as _;

use countersign_gate::client::audit::{Audit, AuditFinding, AuditSeverity, FindingKind};
use serde_json::{Value, json};

use crate::io::escape::escape;

const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/// The log with its one run.
pub(super) fn log(audit: &Audit) -> Value {
    let kinds: Vec<FindingKind> = FindingKind::all().collect();
    let rules: Vec<Value> = kinds.iter().copied().map(rule).collect();
    let results = audit.findings.iter().map(|finding| {
        let index = kinds.iter().position(|kind| *kind == finding.kind);
        result(finding, index)
    });
    let notifications = audit.not_looked_at.iter().map(|trouble| {
        let text = format!("not looked at: {}", escape(trouble));
        json!({"level": "warning", "message": {"text": text}})
    });
    json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {
                "name": "countersign",
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "rules": rules,
            }},
            "invocations": [{
                "executionSuccessful": true,
                "endTimeUtc": audit.swept_at.to_string(),
                "toolExecutionNotifications": notifications.collect::<Vec<_>>(),
            }],
            "columnKind": "utf16CodeUnits",
            "results": results.collect::<Vec<_>>(),
        }],
    })
}

fn rule(kind: FindingKind) -> Value {
    json!({
        "id": kind.as_str(),
        "shortDescription": {"text": kind.meaning()},
        "help": {"text": kind.fix()},
        "defaultConfiguration": {"level": level(kind.severity())},
        "properties": {"tags": kind.controls()},
    })
}

fn result(finding: &AuditFinding, rule: Option<usize>) -> Value {
    let mut text = format!("{} {}", escape(&finding.message), finding.fix);
    if let Some(command) = &finding.command {
        let _ = write!(text, " Command: {}", escape(command));
    }
    let subject = &finding.subject;
    json!({
        "ruleId": finding.kind.as_str(),
        "ruleIndex": rule,
        "level": level(finding.severity),
        "message": {"text": text},
        "locations": [{
            // Code scanning wants a file: it is the key of the target's uploads.
            "physicalLocation": {"artifactLocation": {"uri": uri(subject)}},
            "logicalLocations": [{"fullyQualifiedName": escape(subject), "kind": "resource"}],
        }],
        "partialFingerprints": {"subjectAndKind/v1": format!("{}/{}", uri(subject), finding.kind.as_str())},
    })
}

fn level(severity: AuditSeverity) -> &'static str {
    match severity {
        AuditSeverity::Critical => "error",
        AuditSeverity::Warning => "warning",
        AuditSeverity::Note => "note",
    }
}

/// A relative reference (RFC 3986) for a target or an ARN.
fn uri(subject: &str) -> String {
    let is_target = subject.starts_with("functions/") || subject.starts_with("layers/");
    let (folder, end) = if is_target {
        ("", ".zip")
    } else if subject.contains(":iam::") {
        ("principals/", "")
    } else {
        ("configurations/", "")
    };
    let mut uri = folder.to_owned();
    for byte in subject.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'/' => {
                uri.push(char::from(byte));
            }
            _ => {
                let _ = write!(uri, "%{byte:02X}");
            }
        }
    }
    uri + end
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn locations_are_relative_references() {
        assert_eq!(uri("functions/shop"), "functions/shop.zip");
        assert_eq!(
            uri("functions/<a>:\u{202e}"),
            "functions/%3Ca%3E%3A%E2%80%AE.zip"
        );
        assert_eq!(uri("arn:aws:x"), "configurations/arn%3Aaws%3Ax");
        assert_eq!(uri("functions/.."), "functions/%2E%2E.zip");
    }
}
