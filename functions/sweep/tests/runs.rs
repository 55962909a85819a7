//! The real binary of `sweep` over the Runtime API: what it sends again, writes and tells, and that it
//! changes nothing.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test that cannot go on should stop, and say where"
)]

use std::{collections::BTreeSet, fs};

use countersign_testkit::{
    checkout,
    fake_aws::{exception, json},
    runtime_api::Answer,
    stage::Stage,
};
use serde_json::Value;

const UPLOADS: &str = "gate-uploads";
const RECORDS: &str = "gate-records";
const QUEUES: &str = "https://sqs.eu-west-1.amazonaws.com/111122223333";

fn stage() -> Stage {
    let (sign, deploy) = (
        format!("{QUEUES}/gate-sign"),
        format!("{QUEUES}/gate-deploy"),
    );
    let variables = [
        ("COUNTERSIGN_STACK", "gate"),
        ("COUNTERSIGN_UPLOADS_BUCKET", UPLOADS),
        ("COUNTERSIGN_SIGNED_BUCKET", "gate-signed"),
        ("COUNTERSIGN_RECORDS_BUCKET", RECORDS),
        ("COUNTERSIGN_EVENT_BUS", "gate-events"),
        ("COUNTERSIGN_SIGN_QUEUE", sign.as_str()),
        ("COUNTERSIGN_DEPLOY_QUEUE", deploy.as_str()),
        ("COUNTERSIGN_TARGET_FUNCTIONS", "*"),
        ("COUNTERSIGN_TARGET_LAYERS", "*"),
        ("COUNTERSIGN_UPLOAD_PATIENCE_SECONDS", "3600"),
    ];
    let stage = Stage::start("sweep", &variables).unwrap();
    stage.aws.answers("lambda:ListFunctions", json("{}"));
    stage
        .aws
        .answers("lambda:ListCodeSigningConfigs", json("{}"));
    let put = r#"{"FailedEntryCount":0,"Entries":[{"EventId":"1"}]}"#;
    stage.aws.answers("events:PutEvents", json(put));
    stage
}

/// The body of the one message in a sample.
fn body(name: &str) -> String {
    let path = checkout::path(&format!("events/{name}.json"));
    let batch: Value = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    batch["Records"][0]["body"].as_str().unwrap().to_owned()
}

fn document(stage: &Stage, key: &str) -> Value {
    serde_json::from_slice(&stage.aws.object(RECORDS, key).expect(key)).unwrap()
}

#[test]
fn lost_upload_is_sent_to_sign_again() {
    let stage = stage();
    let version = stage.aws.put(UPLOADS, "functions/orders.zip", "zip");
    assert!(stage.failures(&[&body("sweep-everything")], 1).is_empty());
    let sent = stage.dead_letters();
    assert_eq!(sent.len(), 1);
    assert_eq!(sent[0]["QueueUrl"], format!("{QUEUES}/gate-sign"));
    let event: Value = serde_json::from_str(sent[0]["MessageBody"].as_str().unwrap()).unwrap();
    assert_eq!(event["detail"]["object"]["version-id"], version);
    let keys = stage.aws.keys(RECORDS);
    assert_eq!(keys.len(), 3, "{keys:?}");
    assert!(keys[0].ends_with("/resent.json"));
    assert_eq!(document(&stage, "posture.json")["unfinished"], 1);
    stage.assert_says("was sent again");
    // Within the patience of sign, once is enough.
    assert!(stage.failures(&[&body("sweep-everything")], 1).is_empty());
    assert_eq!(stage.dead_letters().len(), 1);
}

#[test]
fn posture_is_written_and_drift_is_told() {
    let stage = stage();
    let version = stage.aws.put(UPLOADS, "functions/orders.zip", "zip");
    let upload = serde_json::json!({
        "id": {"bucket": UPLOADS, "key": "functions/orders.zip", "version": version},
        "at": "2026-11-21T21:44:00Z",
    });
    let deployed = serde_json::json!({
        "code_sha256": "b3Vycw==", "version": "7", "layer_version_arn": null, "alias": null,
        "unchanged": false,
    });
    let live = serde_json::json!({
        "schema": 1, "upload": upload, "source_sha256": "c291cmNl", "profile_version_arn": null,
        "deployed": deployed,
    });
    let outcome = serde_json::json!({
        "schema": 1, "upload": upload, "target": "functions/orders", "state": "deployed",
        "code": null, "message": "version 7 is live", "fix": null, "critical": false,
        "findings": [], "deployed": deployed, "job": null,
        "uploaded_by": {"principal": null, "source_ip": null}, "metadata": {}, "tags": {},
        "decided_at": "2026-11-21T21:44:09Z", "took_ms": 9000,
    });
    let folder = format!("functions/orders/20261121T214400Z-{version}");
    stage.aws.put(
        RECORDS,
        &format!("{folder}/outcome.json"),
        outcome.to_string(),
    );
    stage
        .aws
        .put(RECORDS, &format!("{folder}/announced.json"), "{}");
    stage
        .aws
        .put(RECORDS, "functions/orders/live.json", live.to_string());
    let function = r#"{"Configuration":{"FunctionName":"orders","FunctionArn":"arn:aws:lambda:eu-west-1:111122223333:function:orders",
        "CodeSha256":"Zm9yZWlnbg==","RevisionId":"r","LastUpdateStatus":"Successful","State":"Active","PackageType":"Zip",
        "LastModified":"2026-11-21T21:44:00.000+0000"},"Tags":{}}"#;
    stage.aws.answers("lambda:GetFunction", json(function));
    stage.aws.answers("lambda:ListAliases", json("{}"));
    stage.aws.answers(
        "lambda:GetFunctionCodeSigningConfig",
        json(r#"{"CodeSigningConfigArn":"arn:aws:lambda:eu-west-1:111122223333:code-signing-config:csc-0123456789abcdef0"}"#),
    );
    assert!(stage.failures(&[&body("sweep-everything")], 1).is_empty());
    let posture = document(&stage, "posture.json");
    assert_eq!(posture["troubles"], serde_json::json!([]), "{posture}");
    assert_eq!(posture["targets"][0]["runs"], "Zm9yZWlnbg==");
    assert_eq!(posture["targets"][0]["drift"][0], "OTHER_CODE_RUNS");
    let drift = document(&stage, "drift/functions/orders/OTHER_CODE_RUNS.json");
    assert_eq!(drift["expected"], "b3Vycw==");
    assert!(drift["announced_at"].is_string());
    let calls = stage.aws.calls();
    let event = calls
        .iter()
        .find(|call| call.name == "events:PutEvents")
        .unwrap();
    let event: Value = serde_json::from_slice(&event.request.body).unwrap();
    assert_eq!(event["Entries"][0]["DetailType"], "Countersign Drift");
    // It looks, writes its documents, and sends events; nothing else.
    let names: BTreeSet<String> = stage.aws.called().into_iter().collect();
    let is_harmless = |name: &&String| {
        let (_, operation) = name.split_once(':').unwrap();
        ["Get", "List", "Head", "Describe"]
            .iter()
            .any(|verb| operation.starts_with(verb))
            || ["s3:PutObject", "events:PutEvents"].contains(&name.as_str())
    };
    let others: Vec<&String> = names.iter().filter(|name| !is_harmless(name)).collect();
    assert!(others.is_empty(), "{others:?}");
    stage.assert_says("\"SweepTroubles\":0.0");
}

#[test]
fn run_whose_listing_fails_is_tried_again() {
    let stage = stage();
    stage.aws.answers(
        "s3:ListObjectVersions",
        exception(403, "AccessDenied", "no"),
    );
    assert_eq!(stage.failures(&[&body("sweep-everything")], 1), [0]);
}

#[test]
fn run_that_is_not_understood_is_set_aside() {
    let stage = stage();
    assert!(stage.failures(&[r#"{"run": "everywhere"}"#], 1).is_empty());
    assert_eq!(stage.dead_letters().len(), 1);
}

#[test]
fn missing_settings_are_told_before_the_first_run() {
    let mut stage = Stage::start("sweep", &[]).unwrap();
    let (report, has_failed) = stage.init_failure().unwrap();
    assert!(has_failed);
    let Some(Answer::Error { kind, body }) = report else {
        panic!("nothing was reported")
    };
    assert_eq!(kind, "Countersign.Configuration");
    assert!(body.contains("COUNTERSIGN_SIGN_QUEUE"), "{body}");
}
