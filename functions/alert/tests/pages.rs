//! The real binary of `alert` over the Runtime API: who is paged about what, and who is not.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test that cannot go on should stop, and say where"
)]

use std::{collections::BTreeSet, fs};

use countersign_testkit::{
    checkout, fake_aws::exception, http::Response, runtime_api::Answer, stage::Stage,
};
use serde_json::Value;

const TOPIC: &str = "arn:aws:sns:us-east-1:111122223333:countersign-pages";

const RECORDS: &str = "countersign-records-111122223333";
const ROLES: &str = "arn:aws:iam::111122223333:role/countersign-SignRole-1X,\
                     arn:aws:iam::111122223333:role/countersign-DeployRole-1X";

fn stage() -> Stage {
    let variables = [
        ("COUNTERSIGN_STACK", "countersign"),
        ("COUNTERSIGN_TOPIC_ARN", TOPIC),
        ("COUNTERSIGN_RECORDS_BUCKET", RECORDS),
        ("COUNTERSIGN_OWN_ROLES", ROLES),
        ("COUNTERSIGN_TARGET_FUNCTIONS", "*"),
        ("COUNTERSIGN_TARGET_LAYERS", "*"),
        ("COUNTERSIGN_SIGNING_PROFILE", "countersign"),
    ];
    let stage = Stage::start("alert", &variables).unwrap();
    let answer = "<PublishResponse><PublishResult><MessageId>1</MessageId></PublishResult>\
                  </PublishResponse>";
    stage.aws.answers("sns:Publish", Response::new(200, answer));
    stage
}

/// The body of the one message in a sample.
fn body(name: &str) -> String {
    let path = checkout::path(&format!("events/{name}.json"));
    let batch: Value = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    batch["Records"][0]["body"].as_str().unwrap().to_owned()
}

/// The fields of the form that `Publish` sent.
fn published(stage: &Stage) -> Vec<(String, String)> {
    let mut calls = stage.aws.calls();
    calls.retain(|call| call.name == "sns:Publish");
    assert!(calls.len() <= 1, "one event is one page");
    let Some(call) = calls.first() else {
        return Vec::new();
    };
    let form = String::from_utf8(call.request.body.clone()).unwrap();
    form.split('&')
        .filter_map(|pair| pair.split_once('='))
        .map(|(k, v)| (k.into(), v.into()))
        .collect()
}

/// How often `Publish` was called, failures included.
fn pages_sent(stage: &Stage) -> usize {
    let called = stage.aws.called();
    called.iter().filter(|name| *name == "sns:Publish").count()
}

fn field<'a>(form: &'a [(String, String)], name: &str) -> &'a str {
    &form.iter().find(|(key, _)| key == name).expect(name).1
}

#[test]
fn samples_that_should_page_do() {
    for name in [
        "alert-cloudtrail-refused",
        "alert-cloudtrail-mismatch",
        "alert-cloudtrail-csc-removed",
        "alert-cloudtrail-csc-weakened",
        "alert-cloudtrail-profile-revoked",
        "alert-cloudtrail-code-changed",
        "alert-cloudtrail-alias-moved",
        "alert-cloudtrail-rule-disabled",
        "alert-decided-rejected",
    ] {
        let stage = stage();
        put_record(&stage, &body("alert-decided-rejected"));
        assert!(stage.failures(&[&body(name)], 1).is_empty(), "{name}");
        let form = published(&stage);
        assert_eq!(field(&form, "MessageStructure"), "json", "{name}");
        assert_eq!(
            field(&form, "TopicArn"),
            TOPIC.replace(':', "%3A"),
            "{name}"
        );
        let subject = field(&form, "Subject");
        assert!(subject.starts_with("Countersign"), "{name}: {subject}");
        assert!(field(&form, "Message").contains("default"), "{name}");
        let names: BTreeSet<&str> = form
            .iter()
            .filter(|(key, _)| {
                key.starts_with("MessageAttributes.entry.") && key.ends_with(".Name")
            })
            .map(|(_, value)| value.as_str())
            .collect();
        let filters = ["detection", "severity", "stack", "state", "target"];
        assert!(names.into_iter().eq(filters), "{name}: {form:?}");
        stage.assert_says("a page was sent");
    }
}

/// Puts the outcome that an event of the gate points at into the records bucket.
fn put_record(stage: &Stage, body: &str) {
    let event: Value = serde_json::from_str(body).unwrap();
    let mut record = event["detail"].clone();
    let fields = record.as_object_mut().unwrap();
    fields.remove("stack").unwrap();
    let place = fields.remove("record").unwrap();
    let path = place.as_str().unwrap().strip_prefix("s3://").unwrap();
    let (bucket, key) = path.split_once('/').unwrap();
    stage.aws.put(bucket, key, record.to_string().as_bytes());
}

#[test]
fn event_without_its_record_is_dropped() {
    let stage = stage();
    let forged = body("alert-decided-rejected");
    assert!(stage.failures(&[&forged], 1).is_empty());
    assert!(published(&stage).is_empty());
    stage.assert_says("an event that is not the gate's was dropped");
}

#[test]
fn malformed_event_of_the_gate_is_dropped_and_hides_no_other() {
    let stage = stage();
    let forged = body("alert-decided-rejected").replace("outcome.json", "evil.json");
    let refused = body("alert-cloudtrail-refused");
    assert!(stage.failures(&[&forged, &refused], 1).is_empty());
    assert_eq!(pages_sent(&stage), 1);
}

#[test]
fn samples_in_order_page_nobody() {
    let stage = stage();
    assert!(
        stage
            .failures(&[&body("alert-cloudtrail-valid")], 1)
            .is_empty()
    );
    assert!(stage.aws.called().is_empty());
    stage.assert_says("no alert for this event");
}

#[test]
fn page_that_cannot_be_sent_keeps_the_message() {
    let stage = stage();
    let denied = "<ErrorResponse><Error><Code>AuthorizationError</Code><Message>no</Message>\
                  </Error></ErrorResponse>";
    stage.aws.answers("sns:Publish", Response::new(403, denied));
    let refused = body("alert-cloudtrail-refused");
    assert_eq!(stage.failures(&[&refused], 5), [0]);
    stage.assert_says("sns:Publish was denied");
    assert!(stage.last_failures(&[&refused]).is_empty());
    assert_eq!(stage.dead_letters()[0]["MessageBody"], refused.as_str());
}

#[test]
fn bad_message_fails_alone() {
    let stage = stage();
    let refused = body("alert-cloudtrail-refused");
    let unknown = refused.replace("aws.lambda", "aws.ec2");
    let lacking = refused.replace(r#""detail":"#, r#""details":"#);
    let bodies = ["not JSON", &refused, &unknown, &lacking];
    assert!(stage.failures(&bodies, 1).is_empty());
    assert_eq!(stage.dead_letters().len(), 3);
    assert_eq!(pages_sent(&stage), 1);
}

#[test]
fn throttling_is_waited_out() {
    let stage = stage();
    stage
        .aws
        .answers_once("sns:Publish", exception(503, "ServiceUnavailable", "later"));
    assert!(
        stage
            .failures(&[&body("alert-cloudtrail-refused")], 1)
            .is_empty()
    );
    assert_eq!(pages_sent(&stage), 2);
}

#[test]
fn same_thing_again_is_counted_and_the_clock_is_answered() {
    let stage = stage();
    let refused = body("alert-cloudtrail-refused");
    let again = refused.replace("0c547ff7-0d28-54a2-895b-e362192e0b5f", "another-event");
    assert_ne!(refused, again);
    assert!(stage.failures(&[&refused], 1).is_empty());
    assert!(stage.failures(&[&again, &refused], 1).is_empty());
    assert_eq!(pages_sent(&stage), 1);
    stage.assert_says("it is counted, and summed up later");
    stage.assert_says("this event was told before");
    assert!(stage.failures(&[r#"{"run": "repeats"}"#], 1).is_empty());
    stage.assert_says("what waits was looked after");
    assert_eq!(pages_sent(&stage), 1);
}

#[test]
fn wrong_environment_is_told_whole_at_the_start() {
    let faults = [("COUNTERSIGN_TOPIC_ARN", "pages")];
    let mut stage = Stage::start("alert", &faults).unwrap();
    let (report, failed) = stage.init_failure().unwrap();
    assert!(failed);
    let body = match report {
        Some(Answer::Error { body, .. }) => body,
        other => format!("{other:?}"),
    };
    assert!(
        body.contains("COUNTERSIGN_STACK: is not set; set it to"),
        "{body}"
    );
    assert!(body.contains("COUNTERSIGN_TOPIC_ARN: "), "{body}");
    assert!(stage.aws.called().is_empty());
}
