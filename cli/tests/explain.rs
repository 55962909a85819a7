//! `countersign explain`: the pages for saved events.

#![expect(
    clippy::unwrap_used,
    reason = "a test stops at the first thing that is not as it should be"
)]

use std::{fs, process::Command};

use countersign_testkit::{
    checkout,
    fake_aws::{FakeAws, exception, json},
};
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
fn pages_made_without_the_gates_roles_begin_with_a_note() {
    let alias = sample("alert-cloudtrail-alias-moved");
    let role = "arn:aws:iam::111122223333:role/countersign-DeployRole-1";
    let (_, text) = explain(&[&alias]);
    assert!(text.starts_with("note: no --own-role was given"), "{text}");
    assert!(text.contains("output GateRoles"), "{text}");
    let (_, text) = explain(&[&alias, "--own-role", role]);
    assert!(!text.contains("note:"), "{text}");
    let (_, json) = explain(&[&alias, "--format", "json"]);
    let report: Value = serde_json::from_str(&json).unwrap();
    assert!(
        report["note"].as_str().unwrap().contains("GateRoles"),
        "{report}"
    );
    let (_, json) = explain(&[&alias, "--own-role", role, "--format", "json"]);
    let report: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(report["note"], Value::Null);
}

#[test]
fn each_event_has_one_of_three_outcomes() {
    for (name, outcome, words) in [
        ("alert-cloudtrail-alias-moved", "paged", ""),
        (
            "alert-decided-rejected",
            "unknown",
            "the records bucket is not asked",
        ),
        (
            "alert-decided-deployed",
            "unknown",
            "the records bucket is not asked",
        ),
        ("alert-drift", "unknown", "the records bucket is not asked"),
        (
            "sign-s3-notification",
            "nobody_paged",
            "the gate's function sign",
        ),
        (
            "sign-eventbridge",
            "nobody_paged",
            "the gate's function sign",
        ),
        (
            "deploy-signer-job",
            "nobody_paged",
            "the gate's function deploy",
        ),
    ] {
        let (status, json) = explain(&[&sample(name), "--format", "json"]);
        assert_eq!(status, 0, "{name}: {json}");
        let report: Value = serde_json::from_str(&json).unwrap();
        let event = &report["events"][0];
        assert_eq!(event["outcome"], outcome, "{name}: {event}");
        assert_eq!(event["page"].is_object(), outcome == "paged", "{name}");
        let (_, text) = explain(&[&sample(name)]);
        assert!(text.contains(words), "{name}: {text}");
        assert!(!text.contains("via CloudTrail"), "{name}: {text}");
    }
    let (_, text) = explain(&[&sample("sign-s3-notification")]);
    assert!(
        text.contains("notification of ObjectCreated:Put of aws.s3: nobody is paged"),
        "{text}"
    );
    let (_, text) = explain(&[&sample("alert-decided-rejected")]);
    assert!(text.contains("cannot be told here"), "{text}");
}

#[test]
fn record_that_is_not_whole_is_an_error_with_the_missing_field() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("event.json");
    for field in ["eventID", "eventTime"] {
        let mut record = serde_json::json!({
            "eventID": "e-1", "eventName": "UpdateAlias20150331", "eventSource": "lambda.amazonaws.com",
            "eventTime": "2026-11-21T21:50:12Z",
        });
        record.as_object_mut().unwrap().remove(field);
        fs::write(&file, record.to_string()).unwrap();
        let (status, text) = explain(&[&file.display().to_string()]);
        assert_eq!(status, 2, "{text}");
        assert!(text.contains(&format!("has no {field}")), "{text}");
    }
    let (status, text) = explain(&[&folder.path().display().to_string()]);
    assert_eq!(status, 2, "{text}");
    assert!(!text.contains("zip"), "{text}");
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

/// The documented command puts a function under the stack's configuration, and nobody is paged; another
/// configuration is told, and so is the stack's key.
#[test]
fn stack_is_known_by_its_configuration_and_key() {
    const CSC: &str =
        "arn:aws:lambda:us-east-1:111122223333:code-signing-config:csc-0123456789abcdef0";
    const KEY: &str = "arn:aws:kms:us-east-1:111122223333:key/5d1e0000-0000-4000-8000-000000000000";
    let folder = tempfile::tempdir().unwrap();
    let record = |service: &str, name: &str, request: Value| {
        let file = folder.path().join(format!("{name}.json"));
        let event = serde_json::json!({
            "eventID": "e-1", "eventName": name, "eventSource": format!("{service}.amazonaws.com"),
            "eventTime": "2026-11-21T21:50:12Z", "awsRegion": "us-east-1", "requestParameters": request,
            "userIdentity": {"arn": "arn:aws:iam::111122223333:user/ann"},
        });
        fs::write(&file, event.to_string()).unwrap();
        file.display().to_string()
    };
    let put = record(
        "lambda",
        "PutFunctionCodeSigningConfig20200630",
        serde_json::json!({"functionName": "orders", "codeSigningConfigArn": CSC}),
    );
    let disabled = record("kms", "DisableKey", serde_json::json!({"keyId": KEY}));
    let nobody = "nobody is paged";
    for (arguments, is_silent) in [
        (vec![put.as_str()], false),
        (vec![put.as_str(), "--code-signing-config", CSC], true),
        (vec![disabled.as_str()], true),
        (vec![disabled.as_str(), "--key", KEY], false),
    ] {
        let (status, text) = explain(&arguments);
        assert_eq!(status, 0, "{text}");
        assert_eq!(text.contains(nobody), is_silent, "{arguments:?}: {text}");
    }
    for wrong in [
        ["--code-signing-config", "csc-0123456789abcdef0"],
        ["--key", "alias/gate"],
    ] {
        let (status, text) = explain(&[&[put.as_str()][..], &wrong].concat());
        assert_eq!(status, 2, "{text}");
    }
}

#[test]
fn event_is_looked_up_by_its_id() {
    const ID: &str = "100ba0dc-1c06-5574-9d46-799a4f9b5b50";
    const LOOKUP: &str = "cloudtrail:LookupEvents";
    let aws = FakeAws::start().unwrap();
    let look_up = |options: &[&str]| {
        let mut command = aws.countersign();
        let output = command
            .args(["explain", "--lookup", ID])
            .args(options)
            .output();
        let output = output.unwrap();
        let text = [output.stdout, output.stderr].concat();
        (
            output.status.code().unwrap(),
            String::from_utf8(text).unwrap(),
        )
    };
    let sample = fs::read_to_string(sample("alert-cloudtrail-alias-moved")).unwrap();
    let sample: Value = serde_json::from_str(&sample).unwrap();
    let body = sample
        .pointer("/Records/0/body")
        .and_then(Value::as_str)
        .unwrap();
    let envelope: Value = serde_json::from_str(body).unwrap();
    let record = envelope["detail"].to_string();
    let page = serde_json::json!({"Events": [{"EventId": ID, "CloudTrailEvent": record}]});
    // A page may be empty although there is another.
    aws.answers_once(LOOKUP, json(r#"{"Events":[],"NextToken":"more"}"#));
    aws.answers_once(LOOKUP, json(&page.to_string()));
    let (status, mail) = look_up(&[]);
    assert_eq!(status, 0, "{mail}");
    assert!(
        mail.contains("An alias of orders was changed past the gate"),
        "{mail}"
    );
    let asked: Vec<Value> = aws
        .calls()
        .iter()
        .map(|call| serde_json::from_slice(&call.request.body).unwrap())
        .collect();
    let attributes = serde_json::json!([{"AttributeKey": "EventId", "AttributeValue": ID}]);
    assert_eq!(asked.len(), 2);
    assert_eq!(asked[0]["LookupAttributes"], attributes);
    assert_eq!(asked[1]["NextToken"], "more");
    // The same as from a file, in each format.
    aws.answers(LOOKUP, json(&page.to_string()));
    let (_, looked_up) = look_up(&["--as", "ocsf"]);
    let (_, saved) = explain(&[
        &self::sample("alert-cloudtrail-alias-moved"),
        "--as",
        "ocsf",
    ]);
    assert_eq!(looked_up, saved);

    aws.answers(LOOKUP, json(r#"{"Events":[]}"#));
    let (status, text) = look_up(&[]);
    assert_eq!(status, 2, "{text}");
    assert!(
        text.contains("has no event") && text.contains("eu-west-1"),
        "{text}"
    );
    aws.answers(LOOKUP, exception(400, "AccessDeniedException", "no"));
    let (status, text) = look_up(&[]);
    assert_eq!(status, 2, "{text}");
    assert!(text.contains("cloudtrail:LookupEvents"), "{text}");
}

#[test]
fn one_source_of_events_is_named() {
    let alias = sample("alert-cloudtrail-alias-moved");
    let id = "100ba0dc-1c06-5574-9d46-799a4f9b5b50";
    for wrong in [
        vec![],
        vec![alias.as_str(), "--lookup", id],
        vec!["--lookup", "x"],
    ] {
        let (status, text) = explain(&wrong);
        assert_eq!(status, 2, "{wrong:?}: {text}");
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
    let own = "arn:aws:iam::111122223333:role/other";
    let shown = |reader: &str| {
        let (status, text) = explain(&[&alias, "--as", reader, "--own-role", own]);
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
    // Where there is no page, standard error says so; standard output stays a document.
    let output = Command::new(checkout::program("countersign"))
        .args([
            "explain",
            &alias,
            "--as",
            "ocsf",
            "--target-functions",
            "nothing",
        ])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert!(output.stdout.is_empty(), "{:?}", output.stdout);
    let aside = String::from_utf8(output.stderr).unwrap();
    assert!(
        aside.contains("note: ") && aside.contains("nobody is paged"),
        "{aside}"
    );
    let (status, _) = explain(&[&alias, "--as", "ocsf", "--format", "json"]);
    assert_eq!(status, 2);
    let (status, _) = explain(&[&alias, "--as", "telegram"]);
    assert_eq!(status, 2);
}

/// What `aws cloudtrail lookup-events` prints is handed on, not saved first.
#[test]
fn events_come_from_standard_input_too() {
    let sample = fs::File::open(sample("alert-cloudtrail-refused")).unwrap();
    let output = Command::new(checkout::program("countersign"))
        .args(["explain", "-"])
        .stdin(sample)
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(
        output.status.success() && text.contains("Lambda refused code"),
        "{text}"
    );
    let output = Command::new(checkout::program("countersign"))
        .args(["explain", "-"])
        .stdin(std::process::Stdio::null())
        .output()
        .unwrap();
    let text = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{text}");
    assert!(text.contains("cannot use standard input"), "{text}");
}
