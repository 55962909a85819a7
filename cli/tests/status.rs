//! `countersign status` against an AWS on loopback: what it tells of records, of their absence, and
//! of records that cannot be read.

#![expect(
    clippy::unwrap_used,
    reason = "a test stops at the first thing that is not as it should be"
)]

use std::process::{Command, Output};

use countersign_testkit::fake_aws::{FakeAws, s3_error};
use serde_json::{Value, json};

const BUCKET: &str = "countersign-records";

/// Runs the command with an environment of its own, so that nothing of the tester's leaks in.
fn command(aws: &FakeAws, arguments: &[&str]) -> Command {
    let mut command = aws.countersign();
    command
        .arg("status")
        .args(arguments)
        .env("COUNTERSIGN_RECORDS_BUCKET", BUCKET);
    command
}

fn shown(aws: &FakeAws, arguments: &[&str]) -> String {
    let output = command(aws, arguments).output().unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{arguments:?}: {told}");
    String::from_utf8(output.stdout).unwrap()
}

/// What an unusable command line or trouble is answered with: status 2, and nothing but a complaint.
fn complaint(output: &Output) -> String {
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{told}");
    assert!(output.stdout.is_empty());
    told
}

/// The day's upload: its folder, and its identity as the documents have it.
fn upload(day: u8) -> (String, Value) {
    let folder = format!("functions/orders/202611{day:02}T120000Z-v{day}");
    let id =
        json!({"bucket": "uploads", "key": "functions/orders.zip", "version": format!("v{day}")});
    (
        folder,
        json!({"id": id, "at": format!("2026-11-{day:02}T12:00:00Z")}),
    )
}

fn put(aws: &FakeAws, day: u8, name: &str, document: &Value) {
    let path = format!("{}/{name}.json", upload(day).0);
    aws.put(BUCKET, &path, document.to_string());
}

fn received(aws: &FakeAws, day: u8, principal: &str) {
    let document = json!({
        "schema": 1, "upload": upload(day).1, "target": "functions/orders", "bytes": 137,
        "source_sha256": null, "metadata": {}, "tags": {},
        "uploaded_by": {"principal": principal, "source_ip": null},
        "received_at": "2026-11-20T12:00:01Z",
    });
    put(aws, day, "received", &document);
}

fn outcome(aws: &FakeAws, day: u8, end: &Value) {
    let mut document = json!({
        "schema": 1, "upload": upload(day).1, "target": "functions/orders", "code": null,
        "fix": null, "critical": false, "findings": [], "deployed": null, "job": null,
        "uploaded_by": {"principal": null, "source_ip": null}, "metadata": {}, "tags": {},
        "decided_at": "2026-11-20T12:00:09Z", "took_ms": 9250,
    });
    let end = end.as_object().unwrap().clone();
    document.as_object_mut().unwrap().extend(end);
    put(aws, day, "outcome", &document);
}

/// Three uploads: deployed, rejected, and one that has only come in.
fn three() -> FakeAws {
    let aws = FakeAws::start().unwrap();
    let deployed = json!({"code_sha256": "c2hh", "version": "7", "layer_version_arn": null,
        "alias": "live", "unchanged": false});
    received(&aws, 1, "ann");
    outcome(
        &aws,
        1,
        &json!({"state": "deployed", "message": "version 7 is live", "deployed": deployed}),
    );
    let refusal = json!({"state": "rejected", "code": "NOT_A_ZIP", "message": "no zip",
        "fix": "upload a zip"});
    received(&aws, 2, "ann");
    outcome(&aws, 2, &refusal);
    received(&aws, 3, "bob\u{1b}[2J");
    aws.put(BUCKET, "functions/orders/live.json", "{}");
    aws.put(
        BUCKET,
        "functions/orders-too/20261104T120000Z-v/received.json",
        "{}",
    );
    aws
}

#[test]
fn uploads_are_listed_newest_first() {
    let aws = three();
    let report: Value =
        serde_json::from_str(&shown(&aws, &["functions/orders", "--format", "json"])).unwrap();
    let uploads = report["uploads"].as_array().unwrap();
    let standings: Vec<_> = uploads
        .iter()
        .map(|upload| (upload["standing"].as_str(), upload["version"].as_str()))
        .collect();
    assert_eq!(
        standings,
        [
            (Some("received"), Some("v3")),
            (Some("rejected"), Some("v2")),
            (Some("deployed"), Some("v1")),
        ]
    );
    assert_eq!(report["has_more"], false);
    let reads = ["s3:ListObjectsV2", "s3:GetObject"];
    assert!(
        aws.called()
            .iter()
            .all(|call| reads.contains(&call.as_str()))
    );
}

#[test]
fn text_has_outcome_and_fix() {
    let text = shown(&three(), &["functions/orders"]);
    for expected in [
        "deployed",
        "version 7 is live",
        "CodeSha256  c2hh",
        "9.2 s after the upload",
        "NOT_A_ZIP: no zip",
        "upload a zip",
        "bob\\u{1b}[2J",
        "2026-11-03 12:00:00 UTC, ",
        "  version v3",
    ] {
        assert!(text.contains(expected), "no {expected} in:\n{text}");
    }
    assert!(
        !text.contains('\x1b'),
        "a record steers the terminal:\n{text}"
    );
    assert!(!text.contains("older uploads"), "{text}");
}

#[test]
fn limit_is_kept_and_mentioned() {
    let aws = three();
    let text = shown(&aws, &["functions/orders", "--limit", "2"]);
    assert!(
        text.contains("rejected") && !text.contains("deployed"),
        "{text}"
    );
    assert!(text.contains("there are older uploads"), "{text}");
    let all = shown(&aws, &["functions/orders", "--limit", "3"]);
    assert!(!all.contains("there are older uploads"), "{all}");
}

/// The status that the command ends with for this upload, and what it prints.
fn of_version(aws: &FakeAws, version: &str) -> (Option<i32>, String) {
    let arguments = ["functions/orders", "--version-id", version];
    let output = command(aws, &arguments).output().unwrap();
    (
        output.status.code(),
        String::from_utf8(output.stdout).unwrap(),
    )
}

#[test]
fn upload_alone_ends_as_it_stands() {
    let aws = three();
    for (day, state) in [(4, "superseded"), (5, "failed"), (6, "prepared")] {
        outcome(
            &aws,
            day,
            &json!({"state": state, "message": "so it ended"}),
        );
    }
    for (version, status, standing) in [
        ("v1", 0, "deployed"),
        ("v2", 1, "rejected"),
        ("v3", 3, "received"),
        ("v4", 4, "superseded"),
        ("v5", 5, "failed"),
        ("v6", 0, "prepared"),
        // The beginning of a version is another one.
        ("v", 3, "no records of version v in countersign-records"),
    ] {
        let (ended, text) = of_version(&aws, version);
        assert_eq!(ended, Some(status), "{version}: {text}");
        assert!(text.contains(standing), "{version}: {text}");
        let shown = text.matches("  version v").count();
        assert!(shown <= 1, "{version} is not alone: {text}");
    }
    let arguments = ["functions/orders", "--version-id", "v2", "--format", "json"];
    let output = command(&aws, &arguments).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["uploads"][0]["version"], "v2");
    assert_eq!(report["uploads"].as_array().unwrap().len(), 1);
}

#[test]
fn waiting_upload_tells_attempt_reason_and_next_try() {
    let aws = three();
    let waiting = json!({
        "schema": 1, "delivery": "m/2", "attempt": 2, "since": "2026-11-03T12:00:01Z",
        "why": "Signer is throttled", "next_try_at": "2026-11-03T12:05:00Z",
        "give_up_at": "2999-11-03T13:00:00Z", "applied": null, "at": "2026-11-03T12:00:02Z",
    });
    put(&aws, 3, "waiting", &waiting);
    let (ended, text) = of_version(&aws, "v3");
    assert_eq!(ended, Some(3), "{text}");
    for expected in [
        "waits       attempt 2: Signer is throttled",
        "next try    2026-11-03 12:05:00 UTC, ",
        "gives up    2999-11-03 13:00:00 UTC, in ",
    ] {
        assert!(text.contains(expected), "no {expected} in:\n{text}");
    }
    // What waited once and has ended waits no more.
    outcome(&aws, 3, &json!({"state": "failed", "message": "given up"}));
    assert!(!of_version(&aws, "v3").1.contains("waits"));
}

#[test]
fn text_has_commit_author_and_build() {
    let aws = three();
    // The outcome repeats the metadata of an upload whose receipt is missing.
    let metadata = json!({"commit": "4f2a91c", "author": "ann\u{1b}[2J", "build": "https://ci/7"});
    let ended = json!({"state": "deployed", "message": "version 8 is live", "metadata": metadata});
    outcome(&aws, 4, &ended);
    let (_, text) = of_version(&aws, "v4");
    for expected in [
        "commit      4f2a91c",
        "author      ann\\u{1b}[2J",
        "build       https://ci/7",
    ] {
        assert!(text.contains(expected), "no {expected} in:\n{text}");
    }
    assert!(!of_version(&aws, "v3").1.contains("commit"));
}

#[test]
fn empty_history_is_no_error() {
    let aws = FakeAws::start().unwrap();
    let text = shown(&aws, &["layers/openssl"]);
    assert!(
        text.contains("layers/openssl has no records in countersign-records"),
        "{text}"
    );
    let json = shown(&aws, &["layers/openssl", "--format", "json"]);
    let report: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(report["uploads"], json!([]));
    let other = ["layers/openssl", "--records-bucket", "another"];
    assert!(shown(&aws, &other).contains("no records in another"));
}

#[test]
fn aws_error_has_a_fix() {
    for (status, code, fix) in [
        (
            403,
            "AccessDenied",
            "s3:ListBucket on arn:aws:s3:::countersign-records",
        ),
        (404, "NoSuchBucket", "RecordsBucket"),
        (301, "PermanentRedirect", "AWS_REGION"),
        (400, "ExpiredToken", "export-credentials"),
    ] {
        let aws = three();
        aws.answers("s3:ListObjectsV2", s3_error(status, code));
        let told = complaint(&command(&aws, &["functions/orders"]).output().unwrap());
        for expected in ["functions/orders", BUCKET, "s3:ListObjectsV2", code, fix] {
            assert!(told.contains(expected), "no {expected} in:\n{told}");
        }
    }
}

#[test]
fn denied_document_is_not_absent() {
    let aws = three();
    aws.answers("s3:GetObject", s3_error(403, "AccessDenied"));
    let told = complaint(&command(&aws, &["functions/orders"]).output().unwrap());
    assert!(
        told.contains("s3:GetObject was denied") && told.contains("kms:Decrypt"),
        "{told}"
    );
}

#[test]
fn unknown_schema_is_an_error() {
    let aws = three();
    put(&aws, 3, "received", &json!({"schema": 2}));
    let told = complaint(&command(&aws, &["functions/orders"]).output().unwrap());
    let path = format!("{}/received.json", upload(3).0);
    assert!(
        told.contains(&path) && told.contains("schema 2 is not known"),
        "{told}"
    );
}

#[test]
fn wrong_command_line_makes_no_call() {
    let aws = FakeAws::start().unwrap();
    for (arguments, expected) in [
        (&["orders"][..], "functions/orders"),
        (&["functions/orders.zip"], "leave .zip away"),
        (&["functions/team/orders"], "functions/NAME"),
        (&["functions/or ders"], "or ders"),
        (&["functions/orders", "--limit", "0"], "--limit"),
        (
            &["functions/orders", "--version-id", "v1", "--limit", "1"],
            "cannot be used with",
        ),
        (&["functions/orders", "--version-id", "a/b"], "a/b"),
        (
            &["functions/orders", "--records-bucket", ""],
            "--records-bucket",
        ),
    ] {
        let told = complaint(&command(&aws, arguments).output().unwrap());
        assert!(told.contains(expected), "{arguments:?}: {told}");
    }
    for (name, expected) in [
        ("COUNTERSIGN_RECORDS_BUCKET", "--records-bucket"),
        // As a table, SAM breaks the bucket's name in two.
        ("COUNTERSIGN_RECORDS_BUCKET", "--output json"),
        ("AWS_REGION", "set AWS_REGION"),
    ] {
        let mut command = command(&aws, &["functions/orders"]);
        command
            .env_remove(name)
            .env("AWS_EC2_METADATA_DISABLED", "true");
        let told = complaint(&command.output().unwrap());
        assert!(told.contains(expected), "{told}");
    }
    assert!(aws.called().is_empty());
}
