//! `countersign redrive` against an AWS on loopback: what it tells of dead letters, what it puts back, and
//! that an interruption loses none.

#![expect(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test stops at the first thing that is not as it should be"
)]

use std::process::Output;

use countersign_testkit::fake_aws::{FakeAws, exception, json};
use serde_json::Value;

const RECEIVE: &str = "sqs:ReceiveMessage";
const RELEASE: &str = "sqs:ChangeMessageVisibility";

fn aws() -> FakeAws {
    let aws = FakeAws::start().unwrap();
    let url = format!(r#"{{"QueueUrl":"{}/111122223333/queue"}}"#, aws.endpoint());
    aws.answers("sqs:GetQueueUrl", json(&url));
    aws.answers(RECEIVE, json("{}"));
    aws.answers("sqs:DeleteMessage", json("{}"));
    aws.answers(RELEASE, json("{}"));
    aws
}

/// A job's event that deploy gave up.
fn letter(id: &str) -> Value {
    let job = "cf0489c1-3eb6-4ff0-989e-000000000001";
    let body = serde_json::json!({
        "version": "0", "id": "1", "source": "aws.signer", "account": "111122223333",
        "detail-type": "Signer Job Status Change", "region": "eu-west-1", "resources": [],
        "time": "2026-11-21T21:44:00Z", "detail": {"job_id": job, "status": "Succeeded"},
    });
    let text = |value: &str| serde_json::json!({"DataType": "String", "StringValue": value});
    serde_json::json!({
        "MessageId": id, "ReceiptHandle": format!("handle of {id}"), "Body": body.to_string(),
        "Attributes": {"SentTimestamp": "1795297440000"},
        "MessageAttributes": {
            "reason": text("PATIENCE_EXHAUSTED"),
            "error": text("lambda:GetFunction was throttled"),
            "attempts": {"DataType": "Number", "StringValue": "61"},
            "firstReceived": text("2026-11-21T21:44:00Z"),
        },
    })
}

fn has(aws: &FakeAws, letters: &[Value]) {
    let page = serde_json::json!({ "Messages": letters }).to_string();
    aws.answers_once(RECEIVE, json(&page));
}

fn run(aws: &FakeAws, arguments: &[&str]) -> Output {
    aws.countersign()
        .args(["redrive", "--function", "deploy"])
        .args(arguments)
        .output()
        .unwrap()
}

fn report(aws: &FakeAws, arguments: &[&str]) -> Value {
    let output = run(aws, &[arguments, &["--format", "json"]].concat());
    let told = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{told}");
    serde_json::from_slice(&output.stdout).unwrap()
}

/// The calls that change something, each with the receipt or body that it is about.
fn changes(aws: &FakeAws) -> Vec<String> {
    let calls = aws.calls().into_iter().filter_map(|call| {
        let sent: Value = serde_json::from_slice(&call.request.body).ok()?;
        let handle = sent["ReceiptHandle"].as_str().unwrap_or_default();
        match call.name.as_str() {
            "sqs:SendMessage" => Some("send".to_owned()),
            "sqs:DeleteMessage" => Some(format!("delete {handle}")),
            _ => None,
        }
    });
    calls.collect()
}

#[test]
fn dead_letters_are_listed_and_left() {
    let aws = aws();
    has(&aws, &[letter("m1")]);
    let report = report(&aws, &[]);
    let found = &report["letters"][0];
    for (field, expected) in [
        ("message", "m1"),
        ("function", "deploy"),
        ("about", "signing job cf0489c1-3eb6-4ff0-989e-000000000001"),
        ("reason", "PATIENCE_EXHAUSTED"),
        ("error", "lambda:GetFunction was throttled"),
        ("since", "2026-11-21T21:44:00Z"),
        ("action", "kept"),
    ] {
        assert_eq!(found[field], expected, "{field}");
    }
    assert_eq!(found["attempts"], 61);
    assert_eq!(report["has_more"], false);
    assert_eq!(changes(&aws), [""; 0]);
    let asked = aws.calls();
    let names: Vec<Value> = asked
        .iter()
        .filter(|call| call.name == "sqs:GetQueueUrl")
        .map(|call| serde_json::from_slice(&call.request.body).unwrap())
        .collect();
    assert_eq!(names.len(), 1);
    assert_eq!(names[0]["QueueName"], "countersign-deploy-dead-letters");
    // Others see it again at once.
    assert!(aws.called().contains(&RELEASE.to_owned()));
    assert_eq!(report["still_hidden"], Value::Null);
}

#[test]
fn letters_that_stay_hidden_are_told() {
    let aws = aws();
    let denied = exception(403, "AccessDenied", "no");
    aws.answers(RELEASE, denied);
    has(&aws, &[letter("m1"), letter("m2")]);
    let report = report(&aws, &[]);
    assert_eq!(report["letters"].as_array().unwrap().len(), 2);
    assert_eq!(report["still_hidden"]["letters"], 2);
    let why = report["still_hidden"]["error"].as_str().unwrap();
    assert!(why.contains("ChangeMessageVisibility"), "{why}");
    has(&aws, &[letter("m1")]);
    let text = String::from_utf8(run(&aws, &[]).stdout).unwrap();
    assert!(text.contains("1 of them stays hidden"), "{text}");
}

/// What was put back is gone: to release it would fail, and say nothing of what is left.
#[test]
fn put_back_letters_are_not_released() {
    let aws = aws();
    has(&aws, &[letter("m1"), letter("m2")]);
    let report = report(&aws, &["--message", "m1"]);
    assert_eq!(report["still_hidden"], Value::Null);
    let released = aws.calls().into_iter().filter(|call| call.name == RELEASE);
    let handles: Vec<Value> = released
        .map(|call| {
            serde_json::from_slice::<Value>(&call.request.body).unwrap()["ReceiptHandle"].clone()
        })
        .collect();
    assert_eq!(handles, ["handle of m2"]);
}

#[test]
fn text_says_what_and_why_without_letting_it_steer_the_terminal() {
    let aws = aws();
    let mut odd = letter("m1");
    odd["Body"] = "\u{1b}[2J".into();
    odd["MessageAttributes"] = serde_json::json!({});
    has(&aws, &[odd, letter("m2")]);
    let output = run(&aws, &[]);
    let text = String::from_utf8(output.stdout).unwrap();
    for expected in [
        "not understood",
        "SQS moved it",
        "signing job cf0489c1",
        "attempts  61",
        "--message ID",
    ] {
        assert!(text.contains(expected), "no {expected} in:\n{text}");
    }
    assert!(!text.contains('\x1b'), "{text}");
    let none = String::from_utf8(run(&aws, &[]).stdout).unwrap();
    assert_eq!(none, "There are no dead letters of countersign.\n");
}

#[test]
fn all_are_sent_before_they_are_deleted() {
    let aws = aws();
    has(&aws, &[letter("m1"), letter("m2")]);
    let report = report(&aws, &["--all"]);
    assert_eq!(report["letters"][1]["action"], "put_back");
    assert_eq!(
        changes(&aws),
        ["send", "delete handle of m1", "send", "delete handle of m2"]
    );
}

#[test]
fn dry_run_changes_nothing() {
    let aws = aws();
    has(&aws, &[letter("m1")]);
    let report = report(&aws, &["--all", "--dry-run"]);
    assert_eq!(report["letters"][0]["action"], "would_put_back");
    assert_eq!(changes(&aws), [""; 0]);
}

#[test]
fn one_is_put_back_and_one_that_is_not_there_is_said() {
    let aws = aws();
    has(&aws, &[letter("m1"), letter("m2")]);
    let report = report(&aws, &["--message", "m2"]);
    assert_eq!(report["letters"].as_array().unwrap().len(), 1);
    assert_eq!(changes(&aws), ["send", "delete handle of m2"]);
    has(&aws, &[letter("m1")]);
    let output = run(&aws, &["--message", "m3"]);
    assert_eq!(output.status.code(), Some(2));
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(told.contains("there is no dead letter m3"), "{told}");
    assert_eq!(changes(&aws).len(), 2);
}

#[test]
fn message_that_cannot_be_sent_is_not_deleted() {
    let aws = aws();
    has(&aws, &[letter("m1"), letter("m2")]);
    aws.answers_once("sqs:SendMessage", json(r#"{"MessageId":"1"}"#));
    aws.answers("sqs:SendMessage", exception(403, "AccessDenied", "no"));
    let output = run(&aws, &["--all"]);
    assert_eq!(output.status.code(), Some(2));
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(told.contains("1 were put back before"), "{told}");
    assert!(told.contains("AdministratorRoles"), "{told}");
    assert_eq!(changes(&aws), ["send", "delete handle of m1", "send"]);
}

/// The queues are taken one after the other.
#[test]
fn letters_of_earlier_functions_are_told_when_a_later_queue_is_denied() {
    let aws = aws();
    has(&aws, &[letter("m1")]);
    aws.answers("sqs:SendMessage", json(r#"{"MessageId":"1"}"#));
    let denied = exception(403, "AccessDenied", "no");
    aws.answers_about("sqs:GetQueueUrl", "deploy-dead-letters", denied);
    let mut command = aws.countersign();
    let output = command
        .args(["redrive", "--all", "--format", "json"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(told.contains("1 were put back before"), "{told}");
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["letters"][0]["message"], "m1");
    assert_eq!(report["letters"][0]["action"], "put_back");
    let error = report["error"]["what"].as_str().unwrap();
    assert!(error.contains("sqs:GetQueueUrl was denied"), "{error}");
}

#[test]
fn other_stack_is_asked_for_by_its_name() {
    let aws = aws();
    let missing = exception(400, "QueueDoesNotExist", "no such queue");
    aws.answers("sqs:GetQueueUrl", missing);
    let output = run(&aws, &["--stack", "gate"]);
    assert_eq!(output.status.code(), Some(2));
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(told.contains("--stack"), "{told}");
}
