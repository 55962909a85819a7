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
            ("COUNTERSIGN_EVENT_BUS", "countersign"),
        ],
    )
    .unwrap();
    let function = r#"{"Configuration":{"PackageType":"Zip","CodeSha256":"c2hh","RevisionId":"r-1",
        "LastModified":"2026-11-20T08:00:00.000+0000",
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

/// The seconds after which messages were to be handed out again.
fn visibility_changes(stage: &Stage) -> Vec<i64> {
    let calls = stage.aws.calls();
    let changes = calls
        .iter()
        .filter(|call| call.name == "sqs:ChangeMessageVisibility");
    changes
        .map(|call| {
            let sent: Value = serde_json::from_slice(&call.request.body).unwrap();
            assert_eq!(sent["ReceiptHandle"], "handle-0");
            let url = sent["QueueUrl"].as_str().unwrap();
            assert!(url.ends_with("/111122223333/queue"), "{url}");
            sent["VisibilityTimeout"].as_i64().unwrap()
        })
        .collect()
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
fn upload_is_recorded_and_its_job_started_once() {
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
fn samples_in_events_are_understood() {
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
fn odd_key_is_refused_alike_in_both_event_forms() {
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
fn key_that_names_no_target_ends_in_a_record() {
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
fn undeployable_upload_is_refused_before_signing() {
    let image = r#"{"Configuration":{"PackageType":"Image","CodeSha256":"c2hh","RevisionId":"r-1",
        "LastModified":"2026-11-20T08:00:00.000+0000",
        "FunctionArn":"arn:aws:lambda:eu-west-1:111122223333:function:orders","State":"Active",
        "LastUpdateStatus":"Successful"}}"#;
    let cases: [(&str, &str, &[u8], Option<Response>); 5] = [
        ("a container image", KEY, PACKAGE, Some(json(image))),
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
fn upload_for_a_new_function_is_signed() {
    let stage = stage();
    let missing = exception(404, "ResourceNotFoundException", "no such function");
    stage.aws.answers("lambda:GetFunction", missing);
    let version = stage.aws.put(UPLOADS, KEY, PACKAGE);
    assert!(stage.failures(&[&event(KEY, Some(&version))], 1).is_empty());
    assert_eq!(record(&stage, "signing").unwrap()["job"], JOB);
}

#[test]
fn foreign_job_ends_the_upload() {
    let stage = stage();
    let version = stage.aws.put(UPLOADS, KEY, PACKAGE);
    let foreign = format!(
        r#"{{"jobId":"{JOB}","status":"Succeeded","profileName":"countersign",
        "profileVersion":"a1B2c3D4e5","jobOwner":"111122223333",
        "source":{{"s3":{{"bucketName":"theirs","key":"{KEY}","version":"{version}"}}}}}}"#
    );
    stage
        .aws
        .answers("signer:DescribeSigningJob", json(&foreign));
    assert!(stage.failures(&[&event(KEY, Some(&version))], 1).is_empty());
    let (end, code) = outcome(&stage);
    assert_eq!(
        (end.as_str(), code.as_str()),
        ("rejected", "FOREIGN_SIGNING_JOB")
    );
    assert!(
        record(&stage, "signing").is_none(),
        "it is not this upload's"
    );
}

#[test]
fn fresh_job_that_signer_does_not_know_yet_is_waited_for() {
    let stage = stage();
    let missing = exception(404, "ResourceNotFoundException", "no such job");
    stage
        .aws
        .answers_once("signer:DescribeSigningJob", missing.clone());
    stage.aws.answers_once("signer:DescribeSigningJob", missing);
    let version = stage.aws.put(UPLOADS, KEY, PACKAGE);
    assert!(stage.failures(&[&event(KEY, Some(&version))], 1).is_empty());
    assert_eq!(count(&stage, "signer:DescribeSigningJob"), 3);
    assert_eq!(record(&stage, "signing").unwrap()["job"], JOB);
}

#[test]
fn unversioned_bucket_is_refused() {
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
fn oversized_package_is_never_read() {
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
fn outdated_version_is_superseded() {
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
fn event_without_version_means_the_current_one() {
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
fn unparseable_message_is_set_aside_alone() {
    let stage = stage();
    let version = stage.aws.put(UPLOADS, KEY, PACKAGE);
    let good = event(KEY, Some(&version));
    let unknown = good.replace("aws.s3", "aws.ec2");
    let lacking = good.replace(r#""bucket""#, r#""basket""#);
    let removed = r#"{"Records":[{"eventName":"ObjectRemoved:Delete","eventTime":
        "2026-11-21T21:44:00Z","s3":{"bucket":{"name":"b"},"object":{"key":"k"}}}]}"#;
    let bodies = ["not JSON", &good, &unknown, &lacking, "{}", removed];
    assert!(stage.failures(&bodies, 1).is_empty());
    assert_eq!(
        count(&stage, "signer:StartSigningJob"),
        1,
        "the good one is done"
    );
    let letters = stage.dead_letters();
    let set_aside: Vec<&str> = letters
        .iter()
        .map(|letter| letter["MessageBody"].as_str().unwrap())
        .collect();
    assert_eq!(set_aside, ["not JSON", &unknown, &lacking, "{}", removed]);
    let attributes = &letters[0]["MessageAttributes"];
    assert_eq!(attributes["reason"]["StringValue"], "NOT_UNDERSTOOD");
    assert_eq!(attributes["attempts"]["StringValue"], "1");
    assert_eq!(attributes["function"]["StringValue"], "under-test");
    let error = attributes["error"]["StringValue"].as_str().unwrap();
    assert!(error.contains("is not JSON of a known form"), "{error}");
    let queue = letters[0]["QueueUrl"].as_str().unwrap();
    assert!(queue.ends_with("/111122223333/dead-letters"), "{queue}");
    assert_eq!(count(&stage, "sqs:ChangeMessageVisibility"), 0);

    let lines = lines(stage);
    let counted = lines.iter().filter(|line| line["DeadLettered"] == 1.0);
    assert_eq!(counted.count(), 5, "each arrival is counted");
}

#[test]
fn unparseable_message_stays_when_the_dead_letter_queue_refuses_it() {
    let stage = stage();
    let denied = exception(403, "AccessDenied", "no");
    stage.aws.answers("sqs:SendMessage", denied);
    assert_eq!(stage.failures(&["not JSON"], 3), [0]);
    stage.assert_says("the dead-letter queue, which does not take it");
    assert_eq!(visibility_changes(&stage), [4]);
    assert!(!lines(stage).iter().any(|line| line["DeadLettered"] == 1.0));
}

#[test]
fn test_notification_is_ignored() {
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
fn port_error_is_retried_and_logged() {
    let stage = stage();
    let version = stage.aws.put(UPLOADS, KEY, PACKAGE);
    let event = event(KEY, Some(&version));
    stage
        .aws
        .answers_once("s3:HeadObject", Response::new(403, ""));
    assert_eq!(stage.failures(&[&event], 1), [0]);
    stage.assert_says("s3:HeadObject was denied");
    assert_eq!(visibility_changes(&stage), [1], "tried again in a second");
    assert!(stage.aws.keys(RECORDS).is_empty());

    stage.aws.answers_once(
        "lambda:GetFunction",
        exception(403, "AccessDeniedException", "no"),
    );
    assert_eq!(stage.failures(&[&event], 2), [0]);
    assert!(
        record(&stage, "outcome").is_none(),
        "an error is no verdict"
    );
    assert_eq!(visibility_changes(&stage), [1, 2]);
    assert!(stage.failures(&[&event], 3).is_empty());
    assert_eq!(visibility_changes(&stage), [1, 2]);
    assert!(stage.dead_letters().is_empty());
    assert_eq!(record(&stage, "signing").unwrap()["job"], JOB);
}

#[test]
fn last_attempt_ends_the_upload() {
    let stage = stage();
    let version = stage.aws.put(UPLOADS, KEY, PACKAGE);
    let event = event(KEY, Some(&version));
    stage.aws.answers(
        "signer:StartSigningJob",
        exception(403, "AccessDeniedException", "no"),
    );
    assert_eq!(stage.failures(&[&event], 4), [0]);
    assert!(record(&stage, "outcome").is_none());
    assert_eq!(
        stage.last_failures(&[&event]),
        [0],
        "how old the message is, is no reason to give the upload up"
    );
    stage.use_patience_up(RECORDS);
    assert!(stage.last_failures(&[&event]).is_empty());
    assert!(stage.dead_letters().is_empty(), "it has come to its end");
    assert_eq!(outcome(&stage).0, "rejected");
    let outcome = record(&stage, "outcome").unwrap();
    let message = outcome["message"].as_str().unwrap();
    assert!(
        message.contains("signer:StartSigningJob was denied"),
        "{message}"
    );
}

#[test]
fn missing_profile_is_named_at_once() {
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
fn unwritable_record_keeps_the_message() {
    let stage = stage();
    let version = stage.aws.put(UPLOADS, KEY, PACKAGE);
    stage
        .aws
        .answers("s3:PutObject", s3_error(403, "AccessDenied"));
    let event = event(KEY, Some(&version));
    assert_eq!(stage.failures(&[&event], 5), [0]);
    assert_eq!(
        count(&stage, "signer:StartSigningJob"),
        0,
        "the record goes first"
    );
    assert!(stage.dead_letters().is_empty());

    assert!(stage.last_failures(&[&event]).is_empty());
    let letters = stage.dead_letters();
    assert_eq!(letters.len(), 1);
    assert_eq!(letters[0]["MessageBody"], event);
    let attributes = &letters[0]["MessageAttributes"];
    assert_eq!(attributes["reason"]["StringValue"], "PATIENCE_EXHAUSTED");
    assert_eq!(
        attributes["firstReceived"]["StringValue"],
        "1970-01-01T00:00:00Z"
    );
}

#[test]
fn refused_visibility_change_is_logged_and_the_message_still_fails() {
    let stage = stage();
    let version = stage.aws.put(UPLOADS, KEY, PACKAGE);
    stage
        .aws
        .answers_once("s3:HeadObject", Response::new(403, ""));
    let invalid = exception(400, "ReceiptHandleIsInvalid", "no");
    stage.aws.answers("sqs:ChangeMessageVisibility", invalid);
    assert_eq!(stage.failures(&[&event(KEY, Some(&version))], 1), [0]);
    stage.assert_says("the visibility of the message stays as it is");
}

#[test]
fn event_that_is_no_batch_fails_as_a_whole() {
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
fn wrong_environment_is_told_whole_at_the_start() {
    let faults = [
        ("COUNTERSIGN_STACK", "1"),
        ("COUNTERSIGN_UPLOADS_BUKET", "misspelt"),
        ("COUNTERSIGN_DEAD_LETTER_QUEUE", ""),
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
        "COUNTERSIGN_EVENT_BUS",
        "COUNTERSIGN_DEAD_LETTER_QUEUE",
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
