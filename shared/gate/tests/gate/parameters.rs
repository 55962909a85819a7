//! The names of parameters that the detections read. A name that AWS does not have would never be found, and the detection
//! would be silent for ever: `parameters.json` lists them from the code, and a test beside the local AWS holds them
//! against AWS's own service models.

use countersign_gate::alerts::detections::{DETECTIONS, EventPredicate};
use countersign_testkit::checkout;
use serde_json::{Value, json};
use std::{collections::BTreeSet, fs};

const LIST: &str = "shared/gate/tests/gate/parameters.json";
const SOURCES: &str = "shared/gate/src/alerts/detections";

#[test]
fn parameters_are_listed_and_no_others() {
    let found = fs::read_to_string(checkout::path(LIST)).unwrap_or_default();
    assert!(
        found == list(),
        "{LIST} is not what the code reads; write it anew with \
         `cargo test -p countersign-gate --test gate -- --ignored write_the_parameters`"
    );
}

#[test]
#[ignore = "writes parameters.json from the code"]
fn write_the_parameters() {
    fs::write(checkout::path(LIST), list()).unwrap();
}

#[test]
fn pointers_are_told_from_other_texts() {
    let code = r#"call.request_text("/name"); call.response_text("/jobId");
        ["/a/b", "no"]; call.response_text(
            "/version") #[cfg(test)] "/test""#;
    let of = |kind| pointers(code, kind);
    assert_eq!(of(Kind::Request), ["/a/b", "/name"]);
    assert_eq!(of(Kind::Response), ["/jobId", "/version"]);
}

fn list() -> String {
    let mut rows = Vec::new();
    for detection in DETECTIONS {
        let file = source_of(detection.id);
        let calls: BTreeSet<String> = detection
            .watched()
            .map(|call| format!("{}:{}", call.service, call.name))
            .collect();
        let mut request = pointers(&file, Kind::Request);
        request.extend(exported(detection.on_one_event));
        request.sort_unstable();
        request.dedup();
        rows.push(json!({
            "detection": detection.id, "calls": calls,
            "request": request, "response": pointers(&file, Kind::Response),
        }));
    }
    // Shared by all of them: what a call is about.
    for (name, path) in [
        (
            "things of the stack, profiles",
            format!("{SOURCES}/detection.rs"),
        ),
        ("pages", format!("{SOURCES}/page_of.rs")),
        ("steps", format!("{SOURCES}/fill.rs")),
    ] {
        let text = fs::read_to_string(checkout::path(&path)).unwrap();
        rows.push(json!({
            "detection": name, "calls": null,
            "request": pointers(&text, Kind::Request), "response": pointers(&text, Kind::Response),
        }));
    }
    format!("{:#}\n", Value::Array(rows))
}

/// The file of a detection is the one that has its id.
fn source_of(id: &str) -> String {
    let named = [format!("id: \"{id}\""), format!("ID: &str = \"{id}\"")];
    let files = fs::read_dir(checkout::path(SOURCES)).unwrap();
    files
        .map(|file| file.unwrap().path())
        .filter(|path| path.is_file())
        .map(|path| fs::read_to_string(path).unwrap())
        .find(|text| named.iter().any(|name| text.contains(name)))
        .unwrap()
}

/// What its exported rules read of the parameters.
fn exported(parts: &[EventPredicate]) -> Vec<String> {
    let pointer = |field: &str| {
        let rest = field.strip_prefix("requestParameters.")?;
        // The keys of tags are the customer's.
        let rest = rest.split(".countersign:").next()?;
        Some(format!("/{}", rest.replace('.', "/")))
    };
    parts
        .iter()
        .flat_map(|part| match part {
            EventPredicate::Is(field, _)
            | EventPredicate::IsNot(field, _)
            | EventPredicate::Begins(field, _)
            | EventPredicate::Present(field)
            | EventPredicate::Absent(field) => pointer(field).into_iter().collect(),
            EventPredicate::Any(parts) => exported(parts),
            _ => Vec::new(),
        })
        .collect()
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Request,
    Response,
}

/// The JSON pointers in code above its tests: those given to `response…(` are of the answer, all others of the request.
fn pointers(code: &str, kind: Kind) -> Vec<String> {
    let code = code.split("#[cfg(test)]").next().unwrap();
    let mut found = BTreeSet::new();
    let mut rest = code;
    while let Some((before, after)) = rest.split_once("\"/") {
        let (name, behind) = after.split_once('"').unwrap();
        let before = before.trim_end();
        let is_response = before.ends_with("response(") || before.ends_with("response_text(");
        let is_pointer = name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'/');
        if !name.is_empty() && is_pointer && is_response == (kind == Kind::Response) {
            found.insert(format!("/{name}"));
        }
        rest = behind;
    }
    found.into_iter().collect()
}
