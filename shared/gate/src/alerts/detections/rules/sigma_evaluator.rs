//! A small evaluator of Sigma, for what the exported rules use of it: the samples of the detections are held against
//! the rules with it.

use super::{
    super::{Detection, samples::settings},
    condition::{Condition, at, texts},
    sigma,
};
use serde_json::Value;

/// Whether the rule of a detection fires for an event.
pub(in super::super) fn fires(detection: &Detection, event: &Value) -> bool {
    let selections = sigma::selection(&Condition::of(detection, &settings()));
    let condition = selections["condition"].as_str().unwrap();
    let spaced = condition.replace('(', " ( ").replace(')', " ) ");
    let mut words = spaced.split_whitespace().peekable();
    let found = any(&mut words, &selections, event);
    assert_eq!(words.next(), None, "{condition}");
    found
}

type Words<'a> = std::iter::Peekable<std::str::SplitWhitespace<'a>>;

fn any(words: &mut Words<'_>, selections: &Value, event: &Value) -> bool {
    let mut found = all(words, selections, event);
    while words.next_if_eq(&"or").is_some() {
        found |= all(words, selections, event);
    }
    found
}

fn all(words: &mut Words<'_>, selections: &Value, event: &Value) -> bool {
    let mut found = one(words, selections, event);
    while words.next_if_eq(&"and").is_some() {
        found &= one(words, selections, event);
    }
    found
}

fn one(words: &mut Words<'_>, selections: &Value, event: &Value) -> bool {
    match words.next().unwrap() {
        "not" => !one(words, selections, event),
        "(" => {
            let found = any(words, selections, event);
            assert_eq!(words.next(), Some(")"));
            found
        }
        name => {
            let selection = selections[name].as_object().unwrap();
            selection
                .iter()
                .all(|(field, value)| fits(field, value, event))
        }
    }
}

fn fits(field: &str, value: &Value, event: &Value) -> bool {
    if let Some(field) = field.strip_suffix("|exists") {
        let is_there = at(event, field).is_some_and(|found| !found.is_null());
        return Some(is_there) == value.as_bool();
    }
    match value {
        Value::Array(values) => values.iter().any(|value| fits(field, value, event)),
        Value::String(pattern) => texts(event, field).iter().any(|text| {
            // Sigma compares without regard to case.
            let lower = |text: &str| text.to_ascii_lowercase();
            glob(lower(pattern).as_bytes(), lower(text).as_bytes())
        }),
        value => at(event, field) == Some(value),
    }
}

fn glob(pattern: &[u8], text: &[u8]) -> bool {
    match (pattern, text) {
        ([b'\\', literal, pattern @ ..], text) => {
            text.first() == Some(literal) && glob(pattern, &text[1..])
        }
        ([b'*', rest @ ..], text) => (0..=text.len()).any(|at| glob(rest, &text[at..])),
        ([b'?', pattern @ ..], [_, text @ ..]) => glob(pattern, text),
        ([a, pattern @ ..], [b, text @ ..]) => a == b && glob(pattern, text),
        ([], text) => text.is_empty(),
        (_, []) => false,
    }
}
