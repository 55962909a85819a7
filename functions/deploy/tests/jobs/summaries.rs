//! What others are told of a deployment: signed with the stack's key by the real binary, after the upload has ended.

use countersign_testkit::{
    fake_aws::{exception, json},
    package,
    pki::Pki,
};
use serde_json::{Value, json as value};

use crate::scene::*;

const KEY: &str = "arn:aws:kms:us-east-1:123456789012:key/7c9b";
const STACK: &str = "arn:aws:cloudformation:us-east-1:123456789012:stack/gate/5d1e";
const SIGN: &str = "kms:Sign";

fn scene() -> Scene {
    let variables = [
        ("COUNTERSIGN_SUMMARY_KEY_ARN", KEY),
        ("COUNTERSIGN_STACK_ARN", STACK),
    ];
    let signed = package::sign(&package::sample(), &Pki::new()).build();
    Scene::with(&signed, &variables)
}

fn signs(scene: &Scene) {
    let answer =
        value!({"KeyId": KEY, "Signature": "MAYCAQECAQI=", "SigningAlgorithm": "ECDSA_SHA_384"});
    scene.stage.aws.answers(SIGN, json(&answer.to_string()));
}

fn summary(scene: &Scene) -> Option<Value> {
    let path = format!("{}summary.dsse.json", scene.folder());
    let body = scene.stage.aws.object(RECORDS, &path)?;
    Some(serde_json::from_slice(&body).unwrap())
}

#[test]
fn deployment_is_summarised_after_its_end() {
    let scene = scene();
    signs(&scene);
    assert!(!scene.goes_back(1));
    assert_eq!(scene.end().0, "deployed");
    let summary = summary(&scene).unwrap();
    assert_eq!(summary["signatures"][0]["keyid"], KEY);
    assert_eq!(summary["signatures"][0]["sig"], "MAYCAQECAQI=");
    let called = scene.stage.aws.called();
    let at = |name: &str| called.iter().rposition(|call| call == name).unwrap();
    assert!(at("events:PutEvents") < at(SIGN), "{called:?}");
    let policy = format!("{}policy.json", scene.folder());
    assert!(scene.stage.aws.object(RECORDS, &policy).is_some());
    // The next delivery has nothing to do.
    assert!(!scene.goes_back(2));
    assert_eq!(scene.count(SIGN), 1);
}

/// The outcome stands, is announced and counted once, and nothing is deployed again.
#[test]
fn key_that_is_away_keeps_the_message_and_nothing_else() {
    let mut scene = scene();
    let denied = exception(400, "AccessDeniedException", "not now");
    scene.stage.aws.answers(SIGN, denied);
    for delivery in 1..=2 {
        assert!(scene.goes_back(delivery));
        assert_eq!(scene.end(), ("deployed".to_owned(), String::new()));
    }
    assert_eq!(summary(&scene), None);
    signs(&scene);
    assert!(!scene.goes_back(3));
    assert!(summary(&scene).is_some());
    assert_eq!(scene.updates(false).len(), 1);
    assert_eq!(scene.count("lambda:PublishVersion"), 1);
    assert_eq!(scene.count("events:PutEvents"), 1);
    let output = scene.stage.end();
    let counted = output
        .lines()
        .filter(|line| line.contains("\"Deployed\":1"));
    assert_eq!(counted.count(), 1, "{output}");
    assert!(output.contains("kms:Sign was denied"), "{output}");
}

#[test]
fn stack_without_a_key_asks_for_nothing() {
    let scene = Scene::new();
    signs(&scene);
    assert!(!scene.goes_back(1));
    assert_eq!(scene.end().0, "deployed");
    assert_eq!(scene.count(SIGN), 0);
    let keys = scene.stage.aws.keys(RECORDS);
    let more = keys
        .iter()
        .find(|key| key.contains("policy") || key.contains("summary"));
    assert_eq!(more, None);
}
