//! Recorded calls for the tests of detections, as CloudTrail hands them to the bus.

use super::{DETECTIONS, Detection, Known, detect, page_of, rules};
use crate::{
    alerts::{
        Page,
        settings::{AlertSettings, HttpsPages, RoleList},
    },
    domain::{CscArn, NamePattern, ProfileName},
    events::ApiCall,
};
use serde_json::{Value, json};
use std::{collections::BTreeSet, time::Duration};

pub(super) const OWN_CSC: &str =
    "arn:aws:lambda:us-east-1:111122223333:code-signing-config:csc-0123456789abcdef0";
pub(super) const OWN_KEY: &str =
    "arn:aws:kms:us-east-1:111122223333:key/5d1e0000-0000-4000-8000-000000000000";

/// A stack that deploys to functions whose names begin with `o`, and to the layer `base`.
pub(super) fn settings() -> AlertSettings {
    AlertSettings {
        stack: "countersign".to_owned(),
        records_bucket: "countersign-records".to_owned(),
        own_roles: RoleList::parse(
            "arn:aws:iam::111122223333:role/countersign-SignRole-1X,\
             arn:aws:iam::111122223333:role/countersign-DeployRole-1X",
        )
        .unwrap(),
        peer_roles: RoleList::none(),
        functions: Some(NamePattern::parse("o*").unwrap()),
        under_own_csc: BTreeSet::new(),
        layers: Some(NamePattern::parse("base").unwrap()),
        signing_profile: Some(ProfileName::parse("countersign").unwrap()),
        other_profiles: vec![NamePattern::parse("team_*").unwrap()],
        csc: Some(CscArn::parse(OWN_CSC).unwrap()),
        key_arn: Some(OWN_KEY.to_owned()),
        success_notices: false,
        repeat_interval: Duration::from_hours(1),
        only_warns: false,
        https_pages: HttpsPages::AmazonQ,
        runbook_url: None,
        place: None,
    }
}

/// An accepted call by somebody.
pub(super) fn event(service: &str, name: &str, request: Value) -> Value {
    let mut event = rules::template();
    event["eventName"] = json!(name);
    event["eventSource"] = json!(format!("{service}.amazonaws.com"));
    event["requestParameters"] = request;
    event
}

/// The same with another field.
pub(super) fn with(event: &Value, field: &str, value: Value) -> Value {
    let mut event = event.clone();
    event[field] = value;
    event
}

/// The same by the gate's deploy role.
pub(super) fn by_gate(event: &Value) -> Value {
    let session =
        "arn:aws:sts::111122223333:assumed-role/countersign-DeployRole-1X/countersign-deploy";
    with(
        event,
        "userIdentity",
        json!({"type": "AssumedRole", "arn": session}),
    )
}

/// The same by CloudFormation for somebody.
pub(super) fn by_cloudformation(event: &Value) -> Value {
    let mut event = event.clone();
    event["userIdentity"]["invokedBy"] = json!("cloudformation.amazonaws.com");
    event["sourceIPAddress"] = json!("cloudformation.amazonaws.com");
    event
}

fn call(event: &Value) -> ApiCall {
    serde_json::from_value(event.clone()).unwrap()
}

/// The id of the detection that speaks of an event.
pub(super) fn detected(event: &Value) -> Option<&'static str> {
    detect(&call(event), &settings()).map(|detection| detection.id)
}

/// The detection fires, and so does the rule that is made of it for others.
pub(super) fn fires(detection: &Detection, event: &Value) {
    fires_here_alone(detection, event);
    assert!(
        rules::fires(detection, event),
        "the rule is silent: {event}"
    );
}

/// The detection fires, and a rule that sees this event alone could not know.
pub(super) fn fires_here_alone(detection: &Detection, event: &Value) {
    assert_eq!(detected(event), Some(detection.id), "{event}");
}

/// No detection fires, nor any rule that is made of them for others.
pub(super) fn silent(event: &Value) {
    assert_eq!(detected(event), None, "{event}");
    for detection in DETECTIONS {
        assert!(
            !rules::fires(detection, event),
            "the rule of {} fires: {event}",
            detection.id
        );
    }
}

pub(super) fn page(event: &Value) -> Page {
    page_of(&call(event), &settings(), Known::default()).unwrap()
}
