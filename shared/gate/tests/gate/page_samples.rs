//! What pages are made of in these tests: the stack's settings, the samples of `events/`, and records and events of the gate.

use std::{collections::BTreeSet, fs, time::Duration};

use countersign_gate::{
    alerts::{AlertSettings, AwsLocation, HttpsPages, RoleList},
    domain::ReasonCode,
    records::{Drift, DriftKind},
};
use countersign_testkit::checkout;
use serde_json::{Value, json};

const EVENTS: &str = "events";
/// Where the record lies that `outcome` makes.
pub(crate) const RECORD: &str = "functions/orders/20261121T214400Z-v1/outcome.json";

/// The settings of `alert` in a stack as it is by default.
pub(crate) fn settings() -> AlertSettings {
    AlertSettings {
        stack: "countersign".to_owned(),
        records_bucket: "records".to_owned(),
        own_roles: RoleList::parse(
            "arn:aws:iam::111122223333:role/countersign-SignRole-1X,\
             arn:aws:iam::111122223333:role/countersign-DeployRole-1X",
        )
        .unwrap(),
        peer_roles: RoleList::none(),
        functions: None,
        under_own_csc: BTreeSet::new(),
        layers: None,
        signing_profile: None,
        other_profiles: Vec::new(),
        csc: Some(
            "arn:aws:lambda:us-east-1:111122223333:code-signing-config:csc-0123456789abcdef0"
                .parse()
                .unwrap(),
        ),
        key_arn: None,
        success_notices: false,
        repeat_interval: Duration::from_hours(1),
        only_warns: false,
        https_pages: HttpsPages::AmazonQ,
        runbook_url: Some("https://wiki.example/countersign".to_owned()),
        place: Some(AwsLocation {
            partition: "aws".to_owned(),
            region: "us-east-1".to_owned(),
            account: "111122223333".to_owned(),
        }),
    }
}

/// The body of the first message of a sample.
pub(crate) fn body(name: &str) -> String {
    let sample = fs::read_to_string(checkout::path(&format!("{EVENTS}/{name}.json"))).unwrap();
    let sample: Value = serde_json::from_str(&sample).unwrap();
    sample["Records"][0]["body"].as_str().unwrap().to_owned()
}

/// By the gate's deploy role.
pub(crate) fn by_gate(detail: &mut Value) {
    detail["userIdentity"] = json!({
        "type": "AssumedRole",
        "arn": "arn:aws:sts::111122223333:assumed-role/countersign-DeployRole-1X/countersign-deploy",
        "sessionContext": {"sessionIssuer": {
            "arn": "arn:aws:iam::111122223333:role/countersign-DeployRole-1X",
        }},
    });
}

/// The gate's own event.
pub(crate) fn decided(record: &str) -> String {
    json!({
        "id": "5e0d7b3c-0000-4000-8000-000000000000",
        "source": "countersign",
        "detail-type": "Countersign Upload Decided",
        "time": "2026-11-21T21:44:09Z",
        "detail": {"stack": "countersign", "record": record},
    })
    .to_string()
}

/// The event that points at drift.
pub(crate) fn drifted(record: &str) -> String {
    decided(record).replace("Countersign Upload Decided", "Countersign Drift")
}

/// A document of drift.
pub(crate) fn drift(kind: DriftKind) -> Drift {
    serde_json::from_value(json!({
        "schema": 1,
        "kind": kind,
        "subject": "functions/orders",
        "target": "functions/orders",
        "message": "what was found in detail",
        "expected": "c2hvdWxk",
        "found": "aXM=",
        "upload": {
            "id": {"bucket": "uploads", "key": "functions/orders.zip", "version": "v1"},
            "at": "2026-11-21T21:44:00Z",
        },
        "found_at": "2026-11-22T08:00:00Z",
        "closed_at": null,
        "announced_at": null,
    }))
    .unwrap()
}

/// `outcome.json`
pub(crate) fn outcome(state: &str, code: Option<ReasonCode>) -> Value {
    json!({
        "schema": 1,
        "upload": {
            "id": {"bucket": "uploads", "key": "functions/orders.zip", "version": "v1"},
            "at": "2026-11-21T21:44:00Z",
        },
        "target": "functions/orders",
        "state": state,
        "code": code,
        "message": "what happened in detail",
        "fix": code.map(|code| code.about().fix),
        "critical": code.is_some_and(ReasonCode::is_critical),
        "findings": [],
        "deployed": null,
        "job": "065d37b3-1a2b-4c5d-8e9f-0a1b2c3d4e5f",
        "uploaded_by": {"principal": "111122223333", "source_ip": "203.0.113.7"},
        "metadata": {"commit": "1a2b3c4"},
        "tags": {},
        "decided_at": "2026-11-21T21:44:09Z",
        "took_ms": 9000,
    })
}

/// What was deployed and cannot start.
pub(crate) fn cannot_start() -> Value {
    let mut record = outcome("deployed", None);
    record["message"] = json!("version 7 is live");
    record["findings"] = json!([{
        "check": "startable",
        "status": "fail",
        "action": "warn",
        "code": "ENTRY_POINT_MISSING",
        "message": "the handler \"app.handler\" of python3.13 is in app.py or app.pyc or app/__init__.py or \
                    app.so, which is not there",
        "fix": "It is in the folder \"shop\": zip what is in that folder, not the folder itself.",
    }]);
    record
}

/// An end under Warn.
pub(crate) fn warned(state: &str) -> Value {
    let mut record = outcome(state, None);
    record["message"] = json!(match state {
        "prepared" =>
            "the function is not there; its package is at s3://signed/current/functions/orders.zip",
        _ => "version 7 is live",
    });
    record["findings"] = json!([{
        "check": "expiry",
        "status": "fail",
        "action": "warn",
        "code": "SIGNATURE_EXPIRED",
        "message": "the signature expired at 2026-11-20T00:00:00Z",
        "fix": ReasonCode::SignatureExpired.about().fix,
    }]);
    record
}
