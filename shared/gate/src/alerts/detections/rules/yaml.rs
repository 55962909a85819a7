//! A document as YAML in block style. Texts are quoted as in JSON, which YAML reads alike.

use serde_json::Value;

/// The text of a document that is a mapping.
pub(super) fn block(document: &[(&str, Value)]) -> String {
    let mut text = String::new();
    for (key, value) in document {
        entry(&mut text, 0, key, value);
    }
    text
}

fn entry(text: &mut String, depth: usize, key: &str, value: &Value) {
    text.push_str(&" ".repeat(depth));
    text.push_str(&scalar(key));
    text.push(':');
    nested(text, depth, value);
}

fn nested(text: &mut String, depth: usize, value: &Value) {
    match value {
        Value::Object(entries) if !entries.is_empty() => {
            text.push('\n');
            for (key, value) in entries {
                entry(text, depth.saturating_add(4), key, value);
            }
        }
        Value::Array(values) if !values.is_empty() => {
            text.push('\n');
            for value in values {
                text.push_str(&" ".repeat(depth.saturating_add(4)));
                text.push('-');
                // A mapping in a list is written as JSON, which is YAML, too.
                text.extend([" ", &value.to_string(), "\n"]);
            }
        }
        other => text.extend([" ", &other.to_string(), "\n"]),
    }
}

/// A key, bare where that is safe.
fn scalar(key: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "._|".contains(c);
    if key.starts_with(|c: char| c.is_ascii_alphabetic()) && key.chars().all(is_plain) {
        key.to_owned()
    } else {
        Value::String(key.to_owned()).to_string()
    }
}
