//! A summary on record, for people.

use std::fmt::Write as _;

use serde_json::Value;

use super::report::Report;
use crate::io::{
    escape::escape,
    style::{BOLD, DIM, WARN, style},
};

/// The report as text. Writing to a String cannot fail; the results are dropped for that reason.
pub(super) fn render(report: &Report) -> String {
    let mut text = String::new();
    let note = style(DIM, "(as it is on record; nothing here is verified)");
    let _ = writeln!(text, "{} {note}", style(BOLD, &report.target));
    let mut line = |label: &str, value: &str| {
        let _ = writeln!(text, "  {label:<12}{}", escape(value));
    };
    line("upload", &report.upload);
    line("record", &report.record);
    line("key", report.key.as_deref().unwrap_or("-"));
    let Some(statement) = &report.statement else {
        let _ = writeln!(text, "  {}", style(WARN, "the payload is no statement"));
        return text;
    };
    let said = |place: &str| {
        statement
            .pointer(place)
            .map_or_else(|| "-".to_owned(), shown)
    };
    for (label, place) in [
        ("verifier", "/predicate/verifier/id"),
        ("verified", "/predicate/timeVerified"),
        ("result", "/predicate/verificationResult"),
        ("levels", "/predicate/verifiedLevels"),
        ("resource", "/predicate/resourceUri"),
        ("policy", "/predicate/policy/uri"),
    ] {
        line(label, &said(place));
    }
    let subjects = statement.get("subject").and_then(Value::as_array);
    for subject in subjects.into_iter().flatten() {
        let name = subject.get("name").map_or_else(|| "-".to_owned(), shown);
        let digest = subject.pointer("/digest/sha256");
        let digest = digest.map_or_else(|| "-".to_owned(), shown);
        line("artifact", &format!("sha256:{digest} ({name})"));
    }
    text
}

/// A value of somebody else's JSON in one line.
fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(values) => values.iter().map(shown).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    }
}
