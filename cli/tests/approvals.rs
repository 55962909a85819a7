//! `countersign approve` and `approvals` against an AWS on loopback.

#![expect(
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test stops at the first thing that is not as it should be"
)]

#[expect(dead_code, reason = "other tests use the rest of it")]
mod gate;
mod schema;

use std::fs;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use countersign_gate::domain::UploadDigest;
use countersign_testkit::{checkout, fake_aws::s3_error, http::Response, package::sample};
use gate::{Gate, RECORDS, Ran, UPLOADS};
use schema::faults;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

const ANN: &str = "AROAEXAMPLEROLEID0000:ann";
const BEN: &str = "AIDAEXAMPLEUSERID0000";
const TARGET: &str = "functions/shop";

fn sha256() -> String {
    UploadDigest::of_upload(&sample().build()).to_string()
}

fn folder() -> String {
    format!("approvals/{TARGET}/{}/", sha256())
}

/// Whoever asks has this unique id.
fn ask_as(gate: &Gate, user_id: &str) {
    let body = format!(
        "<GetCallerIdentityResponse><GetCallerIdentityResult><UserId>{user_id}</UserId>\
         <Account>111122223333</Account><Arn>arn:aws:iam::111122223333:user/x</Arn>\
         </GetCallerIdentityResult></GetCallerIdentityResponse>"
    );
    let answer = Response::new(200, body).with("content-type", "text/xml");
    gate.aws.answers("sts:GetCallerIdentity", answer);
}

/// An upload of Ann's that waits for two approvals. Ben asks.
fn waiting() -> Gate {
    let gate = Gate::new();
    ask_as(&gate, BEN);
    let upload = json!({"id": {"bucket": UPLOADS, "key": "functions/shop.zip", "version": "v1"},
        "at": "2026-11-21T21:44:00Z"});
    let received = json!({"schema": 1, "upload": upload, "target": TARGET, "bytes": 137,
        "source_sha256": STANDARD.encode(Sha256::digest(sample().build())),
        "metadata": {"commit": "4f2a91c"}, "tags": {},
        "uploaded_by": {"principal": format!("AWS:{ANN}"), "source_ip": null},
        "received_at": "2026-11-21T21:44:01Z"});
    gate.record(TARGET, "v1", "received", &received);
    let signing = json!({"schema": 1, "job": "065d37b3-1a2b-4c5d-8e9f-0a1b2c3d4e5f", "profile": "shop",
        "bucket": "signed", "prefix": "functions/shop/", "token": "t",
        "started_at": "2026-11-21T21:44:02Z", "received": received});
    gate.record(TARGET, "v1", "signing", &signing);
    let waiting = json!({"schema": 1, "delivery": "m/2", "attempt": 2, "since": "2026-11-21T21:44:01Z",
        "why": "0 of 2 approvals", "next_try_at": "2026-11-21T21:49:00Z",
        "give_up_at": "2026-11-21T22:44:01Z", "waits_for_people": true,
        "approvals": {"required": 2, "personal_roles": [], "lifetime_seconds": 999_999_999,
            "wait_until": "2999-11-24T21:44:00Z"},
        "applied": null, "at": "2026-11-21T21:44:02Z"});
    gate.record(TARGET, "v1", "waiting", &waiting);
    gate
}

/// Puts an approval there as somebody, and on record who that is.
fn approved(gate: &Gate, user_id: &str, body: &str) -> String {
    let name = user_id.replacen(':', ".", 1);
    let key = format!("{}{name}.json", folder());
    let version = gate.aws.put(UPLOADS, &key, body);
    let object = json!({"id": {"bucket": UPLOADS, "key": key, "version": version},
        "at": "2026-11-21T21:44:00Z"});
    let statement = json!({"schema": 1, "object": object,
        "by": {"principal": format!("AWS:{user_id}"), "source_ip": null},
        "recorded_at": "2026-11-21T21:44:03Z"});
    let path = format!("{}{name}/20261121T214400Z-{version}.json", folder());
    gate.aws.put(RECORDS, &path, statement.to_string());
    key
}

/// The JSON that a command printed, as its schema says.
fn printed(name: &str, ran: &Ran) -> Value {
    ran.ends_with(0);
    let path = checkout::path(&format!("docs/schemas/{name}"));
    let schema = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    let document = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(
        faults(&schema, &document),
        Vec::<String>::new(),
        "{document}"
    );
    document
}

fn approvals(gate: &Gate) -> Value {
    let ran = gate.run(&["approvals", TARGET, "--format", "json"]);
    printed("approvals.schema.json", &ran)
}

fn approve(gate: &Gate, more: &[&str]) -> Ran {
    gate.run(&[&["approve", TARGET], more].concat())
}

#[test]
fn approval_is_put_with_its_reason_and_counted() {
    let gate = waiting();
    let reason = ["--reason", "seen\u{1b}[2J"];
    let named = ["--version-id", "v1", "--format", "json"];
    let ran = approve(&gate, &[&reason[..], &named].concat());
    let done = printed("approve.schema.json", &ran);
    assert_eq!(done["done"], "approved");
    assert_eq!(done["sha256"], json!(sha256()));
    assert_eq!(done["uploaded_by"], json!(format!("AWS:{ANN}")));
    assert_eq!(
        (&done["commit"], &done["missing"]),
        (&json!("4f2a91c"), &json!(1))
    );
    let key = format!("{}{BEN}.json", folder());
    assert_eq!(done["objects"], json!([format!("s3://{UPLOADS}/{key}")]));
    let body: Value = serde_json::from_slice(&gate.aws.object(UPLOADS, &key).unwrap()).unwrap();
    assert_eq!(body["reason"], "seen\u{1b}[2J");
    assert_eq!(body["sha256"], json!(sha256()));
    // It is not on record yet who gave it.
    let found = approvals(&gate);
    assert_eq!(found["approvals"][0]["principal"], Value::Null);
    assert_eq!(found["missing"], 2);
    let text = gate.run(&["approvals", TARGET]);
    text.ends_with(0);
    assert!(!text.out.contains('\u{1b}'), "{}", text.out);
    for words in [
        "2 still needed",
        "not counted",
        "seen",
        "AROAEXAMPLEROLEID0000:ann",
    ] {
        assert!(text.out.contains(words), "{words}: {}", text.out);
    }
}

#[test]
fn approval_that_counts_is_left_as_it_is() {
    let gate = waiting();
    approved(&gate, BEN, r#"{"reason": "seen"}"#);
    let done = printed(
        "approve.schema.json",
        &approve(&gate, &["--format", "json"]),
    );
    assert_eq!(
        (&done["done"], &done["missing"]),
        (&json!("already_approved"), &json!(1))
    );
    assert!(!gate.aws.called().contains(&"s3:PutObject".to_owned()));
    assert_eq!(approvals(&gate)["approvals"][0]["reason"], "seen");
}

#[test]
fn nothing_is_put_where_it_would_not_count_or_is_only_tried() {
    for (user_id, words) in [
        (ANN, "uploaded"),
        ("AROAEXAMPLEROLEID0000:somebody-else", "uploaded"),
        ("111122223333", "counts for nobody"),
    ] {
        let gate = waiting();
        ask_as(&gate, user_id);
        let ran = approve(&gate, &[]);
        ran.ends_with(2);
        assert!(ran.err.contains(words), "{}", ran.err);
        assert_eq!(gate.aws.keys(UPLOADS), [""; 0]);
    }
    let gate = waiting();
    let done = printed(
        "approve.schema.json",
        &approve(&gate, &["--dry-run", "--format", "json"]),
    );
    assert_eq!(done["done"], "would_approve");
    assert_eq!(gate.aws.keys(UPLOADS), [""; 0]);
    approve(&gate, &["--reason", " "]).ends_with(2);
    // What is newest may not be what was reviewed.
    let ran = approve(&gate, &[]);
    ran.ends_with(2);
    for words in ["nothing was approved", &sha256(), "--version-id v1"] {
        assert!(ran.err.contains(words), "{words}: {}", ran.err);
    }
    assert_eq!(gate.aws.keys(UPLOADS), [""; 0]);
    approve(&gate, &["--version-id", "other"]).ends_with(2);
}

#[test]
fn own_approvals_alone_are_withdrawn() {
    let gate = waiting();
    let own = approved(&gate, BEN, "{}");
    let other = approved(&gate, "AROAEXAMPLEROLEID0001:cem", "{}");
    let tried = printed(
        "approve.schema.json",
        &approve(&gate, &["--withdraw", "--dry-run", "--format", "json"]),
    );
    assert_eq!(tried["done"], "would_withdraw");
    assert!(gate.aws.object(UPLOADS, &own).is_some());
    let done = printed(
        "approve.schema.json",
        &approve(&gate, &["--withdraw", "--format", "json"]),
    );
    assert_eq!(
        (&done["done"], &done["missing"]),
        (&json!("withdrawn"), &json!(1))
    );
    assert_eq!(gate.aws.keys(UPLOADS), [other]);
    let ran = approve(&gate, &["--withdraw"]);
    ran.ends_with(2);
    assert!(ran.err.contains("there is no approval"), "{}", ran.err);
}

#[test]
fn package_is_approved_before_it_is_uploaded_and_not_after_its_end() {
    let gate = waiting();
    gate.aws.delete(
        RECORDS,
        &format!("{TARGET}/20261121T214400Z-v1/received.json"),
    );
    let ahead = ["--package", "shop.zip", "--format", "json"];
    let done = printed("approve.schema.json", &approve(&gate, &ahead));
    assert_eq!(
        (&done["done"], &done["upload"]),
        (&json!("approved"), &Value::Null)
    );
    assert_eq!(done["required"], Value::Null);
    let gate = waiting();
    gate.end(TARGET, "v2", &json!({}));
    gate.aws.delete(
        RECORDS,
        &format!("{TARGET}/20261121T214400Z-v1/waiting.json"),
    );
    let ran = approve(&gate, &["--version-id", "v2"]);
    ran.ends_with(2);
    assert!(ran.err.contains("not on record which bytes"), "{}", ran.err);
}

#[test]
fn trouble_says_what_it_takes() {
    let gate = waiting();
    gate.aws
        .answers("s3:PutObject", s3_error(403, "AccessDenied"));
    let ran = approve(&gate, &["--version-id", "v1"]);
    ran.ends_with(2);
    assert!(ran.err.contains("s3:PutObject"), "{}", ran.err);
    gate.aws
        .answers("s3:ListObjectsV2", s3_error(403, "AccessDenied"));
    gate.run(&["approvals", TARGET]).ends_with(2);
}

#[test]
fn approvals_are_documented() {
    let gate = waiting();
    approved(&gate, BEN, "{}");
    let text = fs::read_to_string(checkout::path("docs/cli.md")).unwrap();
    let (_, section) = text.split_once("\n## `countersign approvals`\n").unwrap();
    let block = section.split("```json\n").nth(1).unwrap();
    let documented: Value = serde_json::from_str(block.split("```").next().unwrap()).unwrap();
    let names =
        |value: &Value| -> Vec<String> { value.as_object().unwrap().keys().cloned().collect() };
    let found = approvals(&gate);
    assert_eq!(names(&found), names(&documented));
    assert_eq!(
        names(&found["approvals"][0]),
        names(&documented["approvals"][0])
    );
}
