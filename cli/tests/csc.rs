//! `countersign csc` against an AWS on loopback.

#![expect(
    clippy::unwrap_used,
    reason = "a test stops at the first thing that is not as it should be"
)]

#[expect(dead_code, reason = "other tests use the rest of it")]
mod gate;

use countersign_testkit::fake_aws::{exception, json};
use gate::{Gate, RECORDS, Ran};
use serde_json::{Value, json};

const CSC: &str = "arn:aws:lambda:eu-west-1:111122223333:code-signing-config:csc-0123456789abcdef0";
const OTHER: &str =
    "arn:aws:lambda:eu-west-1:111122223333:code-signing-config:csc-0123456789abcdef1";
const OLD: &str = "arn:aws:signer:eu-west-1:111122223333:/signing-profiles/shop/AbCdEfGh12";
const NEW: &str = "arn:aws:signer:eu-west-1:111122223333:/signing-profiles/next/AbCdEfGh34";
const FOREIGN: &str = "arn:aws:signer:us-east-1:444455556666:/signing-profiles/next/AbCdEfGh34";

const UPDATE: &str = "lambda:UpdateCodeSigningConfig";

fn configuration(arn: &str, policy: &str, publishers: &[&str]) -> Value {
    json!({"CodeSigningConfigArn": arn, "CodeSigningConfigId": "csc-0123456789abcdef0",
        "AllowedPublishers": {"SigningProfileVersionArns": publishers},
        "CodeSigningPolicies": {"UntrustedArtifactOnDeployment": policy},
        "LastModified": "2026-11-21T21:44:00Z"})
}

fn function(name: &str, signer: Option<&str>) -> Value {
    json!({"FunctionName": name, "FunctionArn": format!("arn:aws:lambda:eu-west-1:111122223333:function:{name}"),
        "CodeSha256": "c2hh", "PackageType": "Zip", "SigningProfileVersionArn": signer})
}

/// An account with a configuration of these publishers, and two functions: `shop`, which runs what `signer` signed and
/// has the configuration, and `cart`, which has none.
fn account(policy: &str, publishers: &[&str], signer: &str) -> Gate {
    let gate = Gate::new();
    let csc = configuration(CSC, policy, publishers);
    for (call, answer) in [
        ("GetCodeSigningConfig", json!({"CodeSigningConfig": csc})),
        (
            "ListCodeSigningConfigs",
            json!({"CodeSigningConfigs": [csc]}),
        ),
        (
            "ListFunctionsByCodeSigningConfig",
            json!({"FunctionArns": ["arn:aws:lambda:eu-west-1:111122223333:function:shop"]}),
        ),
        (
            "ListFunctions",
            json!({"Functions": [function("shop", Some(signer)), function("cart", Some(OLD))]}),
        ),
    ] {
        gate.aws
            .answers(&format!("lambda:{call}"), json(&answer.to_string()));
    }
    gate.aws.answers("signer:GetSigningProfile", profile(NEW));
    gate
}

fn profile(arn: &str) -> countersign_testkit::http::Response {
    let answer = json!({"profileName": "next", "status": "Active", "profileVersionArn": arn});
    json(&answer.to_string())
}

/// What `UpdateCodeSigningConfig` answers.
fn becomes(gate: &Gate, policy: &str, publishers: &[&str]) {
    let answer = json!({"CodeSigningConfig": configuration(CSC, policy, publishers)});
    gate.aws.answers(UPDATE, json(&answer.to_string()));
}

fn csc(gate: &Gate, arguments: &[&str]) -> Ran {
    gate.run(&[&["csc"], arguments, &["--csc", CSC, "--format", "json"]].concat())
}

fn report(ran: &Ran) -> Value {
    serde_json::from_str(&ran.out).unwrap()
}

fn updates(gate: &Gate) -> Vec<Value> {
    let calls = gate.aws.calls().into_iter();
    calls
        .filter(|call| call.name == UPDATE)
        .map(|call| serde_json::from_slice(&call.request.body).unwrap())
        .collect()
}

#[test]
fn list_shows_configurations_and_their_functions() {
    let gate = account("Enforce", &[OLD], OLD);
    let ran = gate.run(&["csc", "list", "--format", "json"]);
    let expected = json!({"configurations": [{"arn": CSC, "policy": "Enforce", "publishers": [OLD],
        "functions": ["shop"]}]});
    assert_eq!(report(ran.ends_with(0)), expected);
    let text = gate.run(&["csc", "list"]).out;
    assert!(text.contains("shop") && text.contains(OLD), "{text}");
}

#[test]
fn diff_tells_what_functions_would_be() {
    let gate = account("Enforce", &[OLD], OLD);
    for (arn, policy, publishers) in [(CSC, "Enforce", [OLD]), (OTHER, "Warn", [NEW])] {
        let answer = json!({"CodeSigningConfig": configuration(arn, policy, &publishers)});
        gate.aws
            .answers_once("lambda:GetCodeSigningConfig", json(&answer.to_string()));
    }
    let ran = gate.run(&["csc", "diff", CSC, OTHER, "--format", "json"]);
    let report = report(ran.ends_with(0));
    assert_eq!(report["added"], json!([NEW]));
    assert_eq!(report["removed"], json!([OLD]));
    assert_eq!(report["locked_out"], json!(["shop"]));
    assert_eq!(report["new"]["policy"], "Warn");
}

/// No bucket was asked, so none is to blame.
#[test]
fn refused_call_of_lambda_is_not_blamed_on_a_bucket() {
    let gate = account("Enforce", &[OLD], OLD);
    let refused = exception(400, "InvalidParameterValueException", "no");
    gate.aws.answers("lambda:ListCodeSigningConfigs", refused);
    let ran = gate.run(&["csc", "list"]);
    let err = &ran.ends_with(2).err;
    assert!(err.contains("lambda:ListCodeSigningConfigs"), "{err}");
    assert!(!err.contains("s3"), "{err}");
}

/// A part of the configurations would be taken for all of them.
#[test]
fn listing_that_does_not_end_is_an_error() {
    let gate = account("Enforce", &[OLD], OLD);
    let round = json!({"CodeSigningConfigs": [], "NextMarker": "again"});
    let round = countersign_testkit::fake_aws::json(&round.to_string());
    gate.aws.answers("lambda:ListCodeSigningConfigs", round);
    let ran = gate.run(&["csc", "list"]);
    let err = &ran.ends_with(2).err;
    assert!(err.contains("the listing does not end"), "{err}");
}

#[test]
fn nothing_is_changed_without_being_asked_to() {
    let gate = account("Enforce", &[OLD], NEW);
    let ran = csc(&gate, &["add", NEW]);
    let report = report(ran.ends_with(0));
    assert_eq!(report["applied"], false);
    assert_eq!(report["let_in"], json!(["shop"]));
    assert!(updates(&gate).is_empty());
}

#[test]
fn publisher_is_added_beside_the_others() {
    let gate = account("Enforce", &[OLD], OLD);
    becomes(&gate, "Enforce", &[NEW, OLD]);
    let ran = csc(&gate, &["add", NEW, "--yes"]);
    assert_eq!(report(ran.ends_with(0))["applied"], true);
    // Nothing but the publishers: the policy stays what it is at that moment.
    let sent = json!({"AllowedPublishers": {"SigningProfileVersionArns": [NEW, OLD]}});
    assert_eq!(updates(&gate), [sent]);
}

#[test]
fn doubtful_publishers_are_told() {
    let gate = account("Enforce", &[OLD], OLD);
    let warnings = |gate: &Gate, publisher: &str| {
        let report = report(&csc(gate, &["add", publisher]));
        report["warnings"].to_string()
    };
    assert!(!warnings(&gate, NEW).contains("current version"));
    let foreign = warnings(&gate, FOREIGN);
    for expected in [
        "the account 444455556666",
        "the region us-east-1",
        "current version",
    ] {
        assert!(foreign.contains(expected), "no {expected} in {foreign}");
    }
    gate.aws.answers(
        "signer:GetSigningProfile",
        exception(404, "ResourceNotFoundException", "none"),
    );
    assert!(warnings(&gate, NEW).contains("knows no profile"));
}

#[test]
fn nobody_is_locked_out_by_accident() {
    let gate = account("Enforce", &[OLD, NEW], OLD);
    let ran = csc(&gate, &["remove", OLD, "--yes"]);
    let report_of = report(ran.ends_with(1));
    assert_eq!(report_of["locked_out"], json!(["shop"]));
    assert_eq!(report_of["applied"], false);
    assert!(updates(&gate).is_empty());
    becomes(&gate, "Enforce", &[NEW]);
    let ran = csc(&gate, &["remove", OLD, "--yes", "--force"]);
    assert_eq!(report(ran.ends_with(0))["applied"], true);
    assert_eq!(updates(&gate).len(), 1);
}

#[test]
fn impossible_changes_are_told() {
    let gate = account("Enforce", &[OLD], NEW);
    for (arguments, expected) in [
        (["remove", OLD, "--yes"], "the only publisher"),
        (
            ["remove", NEW, "--yes"],
            "no publisher of the configuration",
        ),
        (
            ["add", OLD, "--yes"],
            "a publisher of the configuration already",
        ),
    ] {
        let report = report(csc(&gate, &arguments).ends_with(1));
        let message = report["message"].as_str().unwrap();
        assert!(message.contains(expected), "{message}");
        assert!(report["fix"].is_string());
    }
    assert!(updates(&gate).is_empty());
}

#[test]
fn change_of_somebody_else_is_not_overwritten() {
    let gate = account("Enforce", &[OLD], OLD);
    let seen = json!({"CodeSigningConfig": configuration(CSC, "Enforce", &[OLD])});
    let changed = json!({"CodeSigningConfig": configuration(CSC, "Warn", &[OLD])});
    for answer in [seen, changed] {
        gate.aws
            .answers_once("lambda:GetCodeSigningConfig", json(&answer.to_string()));
    }
    let ran = csc(&gate, &["add", NEW, "--yes"]);
    ran.ends_with(2);
    assert!(ran.err.contains("somebody changed"), "{}", ran.err);
    assert!(updates(&gate).is_empty());
}

#[test]
fn answer_that_is_not_what_was_meant_is_told() {
    let gate = account("Enforce", &[OLD], OLD);
    becomes(&gate, "Warn", &[NEW, OLD]);
    let ran = csc(&gate, &["add", NEW, "--yes"]);
    ran.ends_with(2);
    assert!(ran.err.contains("is not what it was to be"), "{}", ran.err);
}

#[test]
fn rotation_goes_a_step_at_a_time() {
    let rotate = ["rotate", "--from", OLD, "--to", NEW, "--yes"];
    for (publishers, signer, step, status, after) in [
        (&[OLD][..], OLD, "add", 0, Some(&[NEW, OLD][..])),
        (&[NEW, OLD], OLD, "wait", 3, None),
        (&[NEW, OLD], NEW, "remove", 0, Some(&[NEW][..])),
        (&[NEW], NEW, "done", 0, None),
    ] {
        let gate = account("Enforce", publishers, signer);
        becomes(&gate, "Enforce", after.unwrap_or(publishers));
        let ran = csc(&gate, &rotate);
        let report = report(ran.ends_with(status));
        assert_eq!(report["step"], step);
        assert_eq!(updates(&gate).len(), usize::from(after.is_some()), "{step}");
        let waits = report["waits_for"].as_array().unwrap();
        assert_eq!(waits.len(), usize::from(step == "wait"));
    }
}

#[test]
fn layers_of_the_last_sweep_count() {
    let gate = account("Enforce", &[NEW, OLD], NEW);
    let layer = json!({"arn": "arn:aws:lambda:eu-west-1:111122223333:layer:tls:1", "signing_job": null,
        "signing_profile_version": OLD, "trusted": true, "revoked": false});
    let target = json!({"target": "functions/shop", "current": null, "state": null, "deployed": null,
        "version": null, "runs": null, "signing_job": null, "signing_profile_version": null, "drift": [],
        "layers": [layer]});
    let posture = json!({"schema": 1, "stack": "countersign", "began_at": "2026-11-21T21:44:00Z",
        "ended_at": "2026-11-21T21:44:09Z", "unfinished": 0, "targets": [target], "functions": [],
        "configurations": [], "troubles": []});
    gate.aws.put(RECORDS, "posture.json", posture.to_string());
    let ran = csc(&gate, &["rotate", "--from", OLD, "--to", NEW, "--yes"]);
    assert_eq!(report(ran.ends_with(3))["waits_for"], json!(["shop"]));
}
