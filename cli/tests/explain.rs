//! `countersign explain`: the pages for saved events.

#![expect(
    clippy::unwrap_used,
    reason = "a test stops at the first thing that is not as it should be"
)]

use std::{fs, process::Command};

use countersign_testkit::checkout;
use serde_json::Value;

fn explain(arguments: &[&str]) -> (i32, String) {
    let output = Command::new(checkout::program("countersign"))
        .arg("explain")
        .args(arguments)
        .output()
        .unwrap();
    let text = [output.stdout, output.stderr].concat();
    (
        output.status.code().unwrap(),
        String::from_utf8(text).unwrap(),
    )
}

fn sample(name: &str) -> String {
    let path = checkout::path(&format!("events/{name}.json"));
    path.display().to_string()
}

#[test]
fn samples_are_explained_as_alert_would_page_them() {
    for (name, detection, severity) in [
        (
            "alert-cloudtrail-alias-moved",
            "alias-changed-past-gate",
            "critical",
        ),
        ("alert-cloudtrail-csc-removed", "csc-detached", "critical"),
        ("alert-cloudtrail-refused", "code-refused", "critical"),
    ] {
        let (status, text) = explain(&[&sample(name), "--format", "json"]);
        assert_eq!(status, 0, "{text}");
        let report: Value = serde_json::from_str(&text).unwrap();
        let page = report.pointer("/events/0/page").unwrap();
        let told = page.pointer("/detection").and_then(Value::as_str).unwrap();
        assert_eq!(told, detection);
        assert_eq!(page.pointer("/severity").unwrap(), severity);
        let title = page.pointer("/messages/https/content/title");
        assert!(title.and_then(Value::as_str).is_some(), "{page}");
        let (status, mail) = explain(&[&sample(name)]);
        assert_eq!(status, 0);
        assert!(mail.contains("Subject: Countersign"), "{mail}");
    }
}

#[test]
fn own_calls_and_other_targets_page_nobody() {
    let alias = sample("alert-cloudtrail-alias-moved");
    let role = "arn:aws:iam::111122223333:role/Developer";
    for options in [["--own-role", role], ["--target-functions", "shop-*"]] {
        let (status, text) = explain(&[&[alias.as_str()][..], &options].concat());
        assert_eq!(status, 0, "{text}");
        assert!(text.contains("nobody is paged"), "{text}");
    }
}

#[test]
fn file_without_events_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("event.json");
    for wrong in ["", "{}", "not json"] {
        fs::write(&file, wrong).unwrap();
        let (status, text) = explain(&[&file.display().to_string()]);
        assert_eq!(status, 2, "{text}");
        assert!(text.contains("lookup-events"), "{text}");
    }
}

#[test]
fn page_is_shown_as_each_reader_gets_it() {
    let alias = sample("alert-cloudtrail-alias-moved");
    let shown = |reader: &str| {
        let (status, text) = explain(&[&alias, "--as", reader]);
        assert_eq!(status, 0, "{reader}: {text}");
        text
    };
    assert!(shown("text").contains("What to do"), "{}", shown("text"));
    let sms = shown("sms");
    assert!(
        sms.starts_with("Countersign CRITICAL") && sms.trim_end().len() <= 140,
        "{sms}"
    );
    for (reader, pointer) in [
        ("chat", "/content/title"),
        ("json", "/dedup_key"),
        ("pagerduty", "/event_action"),
        ("ocsf", "/finding_info"),
        ("asff", "/SchemaVersion"),
    ] {
        let document: Value = serde_json::from_str(&shown(reader)).unwrap();
        assert!(document.pointer(pointer).is_some(), "{reader}: {document}");
        assert!(shown("all").contains(&format!("== {reader} ==")));
    }
    let (status, none) = explain(&[&alias, "--as", "ocsf", "--target-functions", "nothing"]);
    assert_eq!((status, none.trim()), (0, ""));
    let (status, _) = explain(&[&alias, "--as", "ocsf", "--format", "json"]);
    assert_eq!(status, 2);
    let (status, _) = explain(&[&alias, "--as", "telegram"]);
    assert_eq!(status, 2);
}
