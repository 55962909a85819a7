//! The real binary of `sign` over the Runtime API: what becomes of uploads, of events that are not
//! understood, and what is not called.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test that cannot go on should stop, and say where"
)]

use std::fs;

use countersign_testkit::{
    checkout,
    fake_aws::{exception, json, s3_error},
    http::Response,
    runtime_api::Answer,
    stage::Stage,
};
use serde_json::Value;

const UPLOADS: &str = "countersign-uploads-111122223333";
const RECORDS: &str = "countersign-records-111122223333";
const JOB: &str = "065d37b3-1a2b-4c5d-8e9f-0a1b2c3d4e5f";
const KEY: &str = "functions/orders.zip";

/// A zip with one empty file `a`, byte by byte: the smallest package that can be signed.
const PACKAGE: &[u8] = b"PK\x03\x04\x14\0\0\0\0\0\0\0\x21\0\0\0\0\0\0\0\0\0\0\0\0\0\x01\0\0\0a\
PK\x01\x02\x14\x03\x14\0\0\0\0\0\0\0\x21\0\0\0\0\0\0\0\0\0\0\0\0\0\x01\0\0\0\0\0\0\0\0\0\0\0\xa4\x81\0\0\0\0a\
PK\x05\x06\0\0\0\0\x01\0\x01\0\x2f\0\0\0\x1f\0\0\0\0\0";

/// `sign` with a stack around it: the function `orders` is there, and Signer takes jobs.
fn stage() -> Stage {
    let stage = Stage::start(
        "sign",
        &[
            ("COUNTERSIGN_STACK", "countersign"),
            ("COUNTERSIGN_UPLOADS_BUCKET", UPLOADS),
            (
                "COUNTERSIGN_SIGNED_BUCKET",
                "countersign-signed-111122223333",
            ),
            ("COUNTERSIGN_RECORDS_BUCKET", RECORDS),
            ("COUNTERSIGN_SIGNING_PROFILE", "countersign"),
            ("COUNTERSIGN_TARGET_FUNCTIONS", "*orders*"),
            ("COUNTERSIGN_TARGET_LAYERS", "*"),
            ("COUNTERSIGN_MAX_RECEIVES", "5"),
        ],
    )
    .unwrap();
    let function = r#"{"Configuration":{"PackageType":"Zip","CodeSha256":"c2hh","RevisionId":"r-1",
        "FunctionArn":"arn:aws:lambda:eu-west-1:111122223333:function:orders","State":"Active",
        "LastUpdateStatus":"Successful"},"Tags":{}}"#;
    stage.aws.answers("lambda:GetFunction", json(function));
    stage.aws.answers(
        "signer:StartSigningJob",
        json(&format!(r#"{{"jobId":"{JOB}"}}"#)),
    );
    stage.aws.answers(
        "events:PutEvents",
        json(r#"{"FailedEntryCount":0,"Entries":[{}]}"#),
    );
    stage
}

/// An `Object Created` event of the bus.
fn event(key: &str, version: Option<&str>) -> String {
    let mut event = serde_json::json!({
        "version": "0", "id": "1", "source": "aws.s3", "detail-type": "Object Created",
        "time": "2026-11-21T21:44:00Z",
        "detail": {"bucket": {"name": UPLOADS}, "object": {"key": key}, "requester": "111122223333"},
    });
    if let Some(version) = version {
        event["detail"]["object"]["version-id"] = version.into();
    }
    event.to_string()
}

/// The document of this name among the records, which hold at most one upload.
fn record(stage: &Stage, name: &str) -> Option<Value> {
    let keys = stage.aws.keys(RECORDS);
    let key = keys
        .iter()
        .find(|key| key.ends_with(&format!("/{name}.json")))?;
    Some(serde_json::from_slice(&stage.aws.object(RECORDS, key)?).unwrap())
}

/// How the one upload ended: state and reason code.
fn outcome(stage: &Stage) -> (String, String) {
    let outcome = record(stage, "outcome").expect("there is a terminal record");
    let text = |name: &str| outcome[name].as_str().unwrap_or_default().to_owned();
    (text("state"), text("code"))
}

fn count(stage: &Stage, call: &str) -> usize {
    stage
        .aws
        .called()
        .iter()
        .filter(|name| *name == call)
        .count()
}

fn lines(mut stage: Stage) -> Vec<Value> {
    let output = stage.end();
    output
        .lines()
        .map(|line| serde_json::from_str(line).expect(line))
        .collect()
}

fn sample(name: &str) -> String {
    let path = checkout::path(&format!("events/{name}.json"));
    fs::read_to_string(path).unwrap()
}

#[test]
fn an_upload_is_recorded_and_its_job_started_once() {
    let stage = stage();
    let version = stage.aws.put(UPLOADS, KEY, PACKAGE);
    let event = event(KEY, Some(&version));
    assert!(stage.failures(&[&event], 1).is_empty());
    let folder = format!("functions/orders/20261121T214400Z-{version}");
    assert_eq!(
        stage.aws.keys(RECORDS),
        [
            format!("{folder}/received.json"),
            format!("{folder}/signing.json")
        ]
    );
    assert_eq!(record(&stage, "signing").unwrap()["job"], JOB);

    // The same event again, and in a batch with itself: nothing is done twice.
    assert!(stage.failures(&[&event, &event], 2).is_empty());
    assert_eq!(count(&stage, "signer:StartSigningJob"), 1);
    assert_eq!(stage.aws.keys(RECORDS).len(), 2);

    let lines = lines(stage);
    let signed = lines
        .iter()
        .find(|line| line["message"] == "the upload is being signed")
        .unwrap();
    assert_eq!(signed["target"], "functions/orders");
    assert_eq!(signed["job"], JOB);
    assert_eq!(
        signed["upload"],
        format!("s3://{UPLOADS}/{KEY}?versionId={version}")
    );
    assert_eq!(signed["requestId"], "00000000-0000-4000-8000-000000000001");
    assert_eq!(signed["messageId"], "message-0");
    for metric in ["Received", "Signed"] {
        let counted = lines.iter().filter(|line| line[metric] == 1.0).count();
        assert_eq!(counted, 1, "{metric} is counted once for one upload");
    }
}

#[test]
fn the_samples_in_events_are_understood() {
    for name in [
        "sign-eventbridge",
        "sign-s3-notification",
        "sign-eventbridge-layer",
    ] {
        let stage = stage();
        let key = if name.ends_with("layer") {
            "layers/common.zip"
        } else {
            KEY
        };
        stage.aws.put(UPLOADS, key, PACKAGE);
        let answer = stage.invoke(&sample(name));
        assert_eq!(
            answer,
            Answer::Response(r#"{"batchItemFailures":[]}"#.to_owned()),
            "{name}"
        );
        // The version of the sample is not the current one.
        assert_eq!(outcome(&stage).0, "superseded", "{name}");
    }
}

#[test]
fn an_odd_key_is_the_same_key_in_both_forms_and_refused() {
    for name in ["sign-eventbridge-odd-key", "sign-s3-notification-odd-key"] {
        let stage = stage();
        stage
            .aws
            .put(UPLOADS, "functions/orders + größe.zip", PACKAGE);
        let answer = stage.invoke(&sample(name));
        assert_eq!(
            answer,
            Answer::Response(r#"{"batchItemFailures":[]}"#.to_owned()),
            "{name}"
        );
        let outcome = record(&stage, "outcome").unwrap();
        assert_eq!(
            outcome["upload"]["id"]["key"], "functions/orders + größe.zip",
            "{name}"
        );
        assert!(
            stage
                .aws
                .keys(RECORDS)
                .iter()
                .all(|key| key.starts_with("unrecognised/"))
        );
        assert_eq!(count(&stage, "signer:StartSigningJob"), 0, "{name}");
    }
}

#[test]
fn a_key_that_names_no_target_ends_in_a_record() {
    for key in [
        "functions/orders and more.zip",
        "functions/a+b.zip",
        "functions/größe.zip",
        "functions/../orders.zip",
        "functions/orders.ZIP",
        "functions/team/orders.zip",
        "functions/.zip",
        "orders.zip",
        &format!("functions/{}.zip", "a".repeat(65)),
    ] {
        let stage = stage();
        let version = stage.aws.put(UPLOADS, key, PACKAGE);
        assert!(
            stage.failures(&[&event(key, Some(&version))], 1).is_empty(),
            "{key}"
        );
        assert_eq!(outcome(&stage).0, "rejected", "{key}");
        assert_eq!(count(&stage, "signer:StartSigningJob"), 0, "{key}");
        assert_eq!(count(&stage, "lambda:GetFunction"), 0, "{key}");
        assert_eq!(
            count(&stage, "events:PutEvents"),
            1,
            "{key}: and someone is told"
        );
    }
}

#[test]
fn what_can_never_be_deployed_is_refused_before_it_is_signed() {
    let image = r#"{"Configuration":{"PackageType":"Image","CodeSha256":"c2hh","RevisionId":"r-1",
        "FunctionArn":"arn:aws:lambda:eu-west-1:111122223333:function:orders","State":"Active",
        "LastUpdateStatus":"Successful"}}"#;
    let missing = exception(404, "ResourceNotFoundException", "no such function");
    let cases: [(&str, &str, &[u8], Option<Response>); 6] = [
        ("a container image", KEY, PACKAGE, Some(json(image))),
        ("no such function", KEY, PACKAGE, Some(missing)),
        (
            "a function of another team",
            "functions/checkout.zip",
            PACKAGE,
            None,
        ),
        ("not a zip", KEY, b"this is not a zip", None),
        ("an empty file", KEY, b"", None),
        (
            "the gate itself",
            "functions/countersign-deploy.zip",
            PACKAGE,
            None,
        ),
    ];
    for (what, key, body, function) in cases {
        let stage = stage();
        if let Some(function) = function {
            stage.aws.answers("lambda:GetFunction", function);
        }
        let version = stage.aws.put(UPLOADS, key, body);
        assert!(
            stage.failures(&[&event(key, Some(&version))], 1).is_empty(),
            "{what}"
        );
        let (end, code) = outcome(&stage);
        assert_eq!(end, "rejected", "{what}");
        assert!(!code.is_empty(), "{what} has a reason");
        assert_eq!(count(&stage, "signer:StartSigningJob"), 0, "{what}");
        let lines = lines(stage);
        let rejected = lines
            .iter()
            .find(|line| line["Rejected"] == 1.0)
            .expect(what);
        assert_eq!(rejected["Reason"], code.as_str(), "{what}");
    }
}

#[test]
fn a_bucket_without_versions_is_refused() {
    let stage = stage();
    stage.aws.put(UPLOADS, KEY, PACKAGE);
    stage.aws.without_versions(UPLOADS);
    assert!(stage.failures(&[&event(KEY, None)], 1).is_empty());
    assert_eq!(
        outcome(&stage),
        ("rejected".to_owned(), "BUCKET_NOT_VERSIONED".to_owned())
    );
    assert_eq!(count(&stage, "s3:GetObject"), 0, "it is not even read");
}

#[test]
fn a_package_over_the_limit_is_not_even_read() {
    let stage = stage();
    let head = Response::new(200, "")
        .with("x-amz-version-id", "version-1")
        .with("last-modified", "Sat, 21 Nov 2026 21:44:00 GMT")
        .with("content-length", (250_u64 * 1024 * 1024 + 1).to_string());
    stage.aws.answers("s3:HeadObject", head);
    assert!(
        stage
            .failures(&[&event(KEY, Some("version-1"))], 1)
            .is_empty()
    );
    assert_eq!(
        outcome(&stage),
        ("rejected".to_owned(), "PACKAGE_TOO_LARGE".to_owned())
    );
    let read_upload = |call: &countersign_testkit::fake_aws::Call| {
        call.name == "s3:GetObject" && call.request.path.starts_with(&format!("/{UPLOADS}/"))
    };
    assert!(!stage.aws.calls().iter().any(read_upload));
}

#[test]
fn a_version_that_is_no_longer_current_is_superseded() {
    for last in ["another upload", "a delete marker", "gone for good"] {
        let stage = stage();
        let version = stage.aws.put(UPLOADS, KEY, PACKAGE);
        match last {
            "another upload" => drop(stage.aws.put(UPLOADS, KEY, PACKAGE)),
            "a delete marker" => stage.aws.delete(UPLOADS, KEY),
            _ => stage.aws.remove_version(UPLOADS, KEY, &version),
        }
        assert!(
            stage.failures(&[&event(KEY, Some(&version))], 1).is_empty(),
            "{last}"
        );
        assert_eq!(outcome(&stage).0, "superseded", "{last}");
        assert_eq!(count(&stage, "signer:StartSigningJob"), 0, "{last}");
        assert!(
            lines(stage).iter().any(|line| line["Superseded"] == 1.0),
            "{last}"
        );
    }
}

#[test]
fn an_event_without_a_version_is_about_the_current_one() {
    let stage = stage();
    stage.aws.put(UPLOADS, KEY, "an older one");
    let version = stage.aws.put(UPLOADS, KEY, PACKAGE);
    assert!(stage.failures(&[&event(KEY, None)], 1).is_empty());
    let calls = stage.aws.calls();
    let started = calls
        .iter()
        .find(|call| call.name == "signer:StartSigningJob")
        .unwrap();
    let sent: Value = serde_json::from_slice(&started.request.body).unwrap();
    assert_eq!(sent["source"]["s3"]["version"], version);
}

#[test]
fn what_is_not_understood_goes_back_alone() {
    let stage = stage();
    let version = stage.aws.put(UPLOADS, KEY, PACKAGE);
    let good = event(KEY, Some(&version));
    let unknown = good.replace("aws.s3", "aws.ec2");
    let lacking = good.replace(r#""bucket""#, r#""basket""#);
    let removed = r#"{"Records":[{"eventName":"ObjectRemoved:Delete","eventTime":
        "2026-11-21T21:44:00Z","s3":{"bucket":{"name":"b"},"object":{"key":"k"}}}]}"#;
    let bodies = ["not JSON", &good, &unknown, &lacking, "", "{}", removed];
    assert_eq!(stage.failures(&bodies, 1), [0, 2, 3, 4, 5, 6]);
    assert_eq!(
        count(&stage, "signer:StartSigningJob"),
        1,
        "the good one is done"
    );
    // Not on the last time either: the dead-letter queue is where such things are looked at.
    assert_eq!(stage.failures(&["not JSON"], 5), [0]);
}

#[test]
fn a_test_notification_is_no_upload_and_no_failure() {
    let stage = stage();
    let body = r#"{"Service":"Amazon S3","Event":"s3:TestEvent","Time":"2026-11-21T21:44:00Z",
        "Bucket":"countersign-uploads-111122223333","RequestId":"1","HostId":"2"}"#;
    assert!(stage.failures(&[body], 1).is_empty());
    assert!(stage.aws.called().is_empty());
}

#[test]
fn another_bucket_is_not_looked_at() {
    let stage = stage();
    let foreign = event(KEY, Some("version-1")).replace(UPLOADS, "somebody-elses");
    assert!(stage.failures(&[&foreign], 1).is_empty());
    assert!(stage.aws.called().is_empty());
    stage.assert_says("the event is not for this stack");
}

#[test]
fn trouble_is_tried_again_and_the_log_says_what_it_was() {
    let stage = stage();
    let version = stage.aws.put(UPLOADS, KEY, PACKAGE);
    let event = event(KEY, Some(&version));
    stage
        .aws
        .answers_once("s3:HeadObject", Response::new(403, ""));
    assert_eq!(stage.failures(&[&event], 1), [0]);
    stage.assert_says("s3:HeadObject was denied");
    assert!(stage.aws.keys(RECORDS).is_empty());

    stage.aws.answers_once(
        "lambda:GetFunction",
        exception(403, "AccessDeniedException", "no"),
    );
    assert_eq!(stage.failures(&[&event], 2), [0]);
    assert!(record(&stage, "outcome").is_none(), "trouble is no verdict");
    assert!(stage.failures(&[&event], 3).is_empty());
    assert_eq!(record(&stage, "signing").unwrap()["job"], JOB);
}

#[test]
fn at_the_end_of_its_patience_an_upload_ends_in_a_record() {
    let stage = stage();
    let version = stage.aws.put(UPLOADS, KEY, PACKAGE);
    let event = event(KEY, Some(&version));
    stage.aws.answers(
        "signer:StartSigningJob",
        exception(403, "AccessDeniedException", "no"),
    );
    assert_eq!(stage.failures(&[&event], 4), [0]);
    assert!(record(&stage, "outcome").is_none());
    assert!(stage.failures(&[&event], 5).is_empty());
    assert_eq!(outcome(&stage).0, "rejected");
    let outcome = record(&stage, "outcome").unwrap();
    let message = outcome["message"].as_str().unwrap();
    assert!(
        message.contains("signer:StartSigningJob was denied"),
        "{message}"
    );
}

#[test]
fn a_profile_that_is_not_of_this_account_and_region_is_named_at_once() {
    let stage = stage();
    let version = stage.aws.put(UPLOADS, KEY, PACKAGE);
    stage.aws.answers(
        "signer:StartSigningJob",
        exception(404, "ResourceNotFoundException", "no such profile"),
    );
    assert!(stage.failures(&[&event(KEY, Some(&version))], 1).is_empty());
    assert_eq!(
        outcome(&stage),
        ("rejected".to_owned(), "SIGNER_REFUSED".to_owned())
    );
    let outcome = record(&stage, "outcome").unwrap();
    let message = outcome["message"].as_str().unwrap();
    assert!(message.contains("the profile countersign:"), "{message}");
}

#[test]
fn a_record_that_cannot_be_written_keeps_the_message() {
    let stage = stage();
    let version = stage.aws.put(UPLOADS, KEY, PACKAGE);
    stage
        .aws
        .answers("s3:PutObject", s3_error(403, "AccessDenied"));
    assert_eq!(stage.failures(&[&event(KEY, Some(&version))], 5), [0]);
    assert_eq!(
        count(&stage, "signer:StartSigningJob"),
        0,
        "the record goes first"
    );
}

#[test]
fn an_event_that_is_no_batch_fails_as_a_whole() {
    let stage = stage();
    for (event, why) in [
        (r#"{"hello":"world"}"#, "missing field `Records`"),
        (r#"{"Records":[{"s3":{}}]}"#, "a record has no messageId"),
    ] {
        let Answer::Error { body, .. } = stage.invoke(event) else {
            panic!("{event} must not be taken for done");
        };
        assert!(body.contains(why), "{body}");
    }
    assert!(stage.aws.called().is_empty());
}

#[test]
fn a_wrong_environment_is_told_whole_at_the_start() {
    let faults = [
        ("COUNTERSIGN_STACK", "1"),
        ("COUNTERSIGN_UPLOADS_BUKET", "misspelt"),
    ];
    let mut stage = Stage::start("sign", &faults).unwrap();
    let (report, failed) = stage.init_failure().unwrap();
    assert!(failed, "the exit status tells of it, too");
    let Some(Answer::Error { kind, body }) = report else {
        panic!("nothing was reported")
    };
    assert_eq!(kind, "Countersign.Configuration");
    for name in [
        "COUNTERSIGN_STACK",
        "COUNTERSIGN_UPLOADS_BUKET",
        "COUNTERSIGN_UPLOADS_BUCKET",
        "COUNTERSIGN_SIGNED_BUCKET",
        "COUNTERSIGN_RECORDS_BUCKET",
        "COUNTERSIGN_SIGNING_PROFILE",
        "COUNTERSIGN_TARGET_FUNCTIONS",
        "COUNTERSIGN_TARGET_LAYERS",
        "COUNTERSIGN_MAX_RECEIVES",
    ] {
        assert!(
            body.contains(&format!("{name}: ")),
            "{name} is not in {body}"
        );
    }
    assert!(stage.aws.called().is_empty());
}

#[test]
fn nothing_is_called_before_there_is_work() {
    let stage = stage();
    assert!(stage.is_ready());
    assert!(stage.aws.called().is_empty());
}
