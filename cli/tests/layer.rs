//! `countersign layer` against an AWS on loopback and a gate that does what it is told.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test stops at the first thing that is not as it should be"
)]

#[expect(dead_code, reason = "other tests use the rest of it")]
mod gate;

use countersign_cases::PKI;
use countersign_gate::domain::sha256_base64;
use countersign_testkit::{
    fake_aws::{exception, json, s3_error},
    package::{sample, sign},
    pki::Pki,
    signature::{JOB, PROFILE_VERSION},
    zip::EntryForge,
};
use gate::{Gate, RECORDS, Ran, UPLOADS, refusal};
use serde_json::{Value, json};

const LAYER: &str = "arn:aws:lambda:eu-west-1:444455556666:layer:tracing:7";
const OTHER: &str = "arn:aws:lambda:eu-west-1:444455556666:layer:metrics:1";
const CSC: &str = "arn:aws:lambda:eu-west-1:111122223333:code-signing-config:csc-0123456789abcdef0";
const STRANGER: &str =
    "arn:aws:signer:us-east-1:999988887777:/signing-profiles/stranger/AbCdEfGh12";
const GET_LAYER: &str = "lambda:GetLayerVersionByArn";

/// A vendor's layer with these bytes on Lambda, and in the folder as `layer.zip`.
fn vendor(package: &[u8], changes: &Value) -> Gate {
    let gate = Gate::new();
    gate.file("layer.zip", package);
    gate.file("root.pem", PKI.root_pem().as_bytes());
    gate.aws.put("code", "layer.zip", package);
    let mut content = json!({"Location": format!("{}/code/layer.zip?X-Amz-Signature=0a1b", gate.aws.endpoint()),
        "CodeSha256": sha256_base64(package), "CodeSize": package.len()});
    let changes = changes.as_object().unwrap().clone();
    content.as_object_mut().unwrap().extend(changes);
    let answer = json!({"Content": content, "LayerVersionArn": LAYER, "Version": 7,
        "CompatibleRuntimes": ["python3.13", "python3.14"], "CompatibleArchitectures": ["arm64"]});
    gate.aws.answers(GET_LAYER, json(&answer.to_string()));
    gate
}

fn signed() -> Vec<u8> {
    sign(&sample(), &PKI).build()
}

fn adopt(gate: &Gate, more: &[&str]) -> Ran {
    gate.run(&arguments(more))
}

fn arguments<'a>(more: &[&'a str]) -> Vec<&'a str> {
    let common = ["--trust-root", "root.pem", "--format", "json"];
    [&["layer", "adopt"], more, &common].concat()
}

#[track_caller]
fn report(ran: &Ran) -> Value {
    serde_json::from_str(&ran.out).unwrap_or_else(|error| panic!("{error}: {}{}", ran.out, ran.err))
}

fn writes(gate: &Gate) -> usize {
    let called = gate.aws.called();
    called.iter().filter(|call| call.contains(":Put")).count()
}

#[test]
fn dry_run_verifies_and_changes_nothing() {
    let gate = vendor(&signed(), &json!({}));
    let ran = adopt(&gate, &[LAYER, "--publisher", PROFILE_VERSION]);
    let report = report(ran.ends_with(0));
    assert_eq!(report["state"], "planned");
    assert_eq!(report["target"], "layers/tracing");
    assert_eq!(report["signature"]["profile_version_arn"], PROFILE_VERSION);
    assert_eq!(
        report["source_sha256"],
        sha256_base64(&sample().build()),
        "what was signed is had back, byte for byte"
    );
    assert_eq!(report["warnings"], json!([]));
    assert_eq!(writes(&gate), 0);
    let text = gate.run(&["layer", "adopt", LAYER, "--trust-root", "root.pem"]);
    let out = &text.ends_with(0).out;
    assert!(out.contains("do it with --apply"), "{out}");
    assert!(out.contains("say with --publisher"), "{out}");
}

#[test]
fn layer_is_countersigned_with_its_provenance() {
    let gate = vendor(
        &signed(),
        &json!({"SigningProfileVersionArn": PROFILE_VERSION, "SigningJobArn": JOB}),
    );
    let published = "arn:aws:lambda:eu-west-1:111122223333:layer:tracing:1";
    let end = json!({"message": "version 1 is published", "deployed": {"code_sha256": "c2hh", "version": "1",
        "layer_version_arn": published, "alias": null, "unchanged": false}});
    let ran = gate.run_and_end(
        &arguments(&[LAYER, "--apply", "--timeout", "30s"]),
        &[("layers/tracing", end)],
    );
    let report = report(ran.ends_with(0));
    assert_eq!(report["state"], "done");
    assert_eq!(report["layer_version_arn"], published);
    assert_eq!(
        gate.aws.object(UPLOADS, "layers/tracing.zip"),
        Some(sample().build())
    );
    let calls = gate.aws.calls();
    let put = calls
        .iter()
        .find(|call| call.name == "s3:PutObject")
        .unwrap();
    let header = |name: &str| put.request.header(&format!("x-amz-meta-{name}"));
    for (name, value) in [
        ("adopted", "a layer of a vendor"),
        ("vendor-layer", LAYER),
        ("vendor-publisher", PROFILE_VERSION),
        ("vendor-signing-job", JOB),
        ("compatible-runtimes", "python3.13,python3.14"),
        ("compatible-architectures", "arm64"),
    ] {
        assert_eq!(header(name), Some(value), "{name}");
    }
    assert_eq!(
        header("vendor-code-sha256"),
        Some(sha256_base64(&signed()).as_str())
    );
}

#[test]
fn zip_needs_a_name_and_an_unsigned_one_is_taken_as_it_is() {
    let gate = vendor(&sample().build(), &json!({}));
    let nameless = adopt(&gate, &["layer.zip"]);
    assert!(nameless.ends_with(2).err.contains("--as layers/NAME"));
    let ran = adopt(&gate, &["layer.zip", "--as", "layers/own"]);
    let report = report(ran.ends_with(0));
    assert_eq!(report["signature"], Value::Null);
    assert_eq!(report["source_sha256"], sha256_base64(&sample().build()));
    assert!(
        report["warnings"][0]
            .as_str()
            .unwrap()
            .contains("no signature")
    );
    assert_eq!(
        gate.aws
            .called()
            .iter()
            .filter(|call| *call == GET_LAYER)
            .count(),
        0
    );
    let function = adopt(&gate, &["layer.zip", "--as", "functions/own"]);
    assert!(function.ends_with(2).err.contains("it becomes a layer"));
}

#[test]
fn layer_of_another_vendor_is_refused_before_anything_is_written() {
    let forged = sign(&sample(), &Pki::new());
    let tampered = {
        let mut zip = sign(&sample(), &PKI);
        zip.entries
            .insert(1, EntryForge::file("python/more.py", "import os"));
        zip
    };
    let behind = sign(&sample(), &PKI).with(|zip| {
        let mut entry = EntryForge::file("python/more.py", "import os");
        entry.body.clear();
        zip.entries.push(entry);
    });
    for (package, told, more, expected) in [
        (
            signed(),
            json!({"CodeSha256": "other="}),
            vec![],
            "Lambda tells other=",
        ),
        (signed(), json!({}), vec!["--publisher", STRANGER], STRANGER),
        (
            signed(),
            json!({"SigningProfileVersionArn": STRANGER}),
            vec![],
            STRANGER,
        ),
        (
            sample().build(),
            json!({}),
            vec!["--publisher", STRANGER],
            "no signature",
        ),
        (
            sample().build(),
            json!({"SigningProfileVersionArn": STRANGER}),
            vec![],
            "no signature",
        ),
        (tampered.build(), json!({}), vec![], "does not hold"),
        (behind.build(), json!({}), vec![], "does not hold"),
        (b"no zip".to_vec(), json!({}), vec![], "not sound"),
        (
            signed(),
            json!({"Location": null}),
            vec![],
            "where its package",
        ),
    ] {
        let gate = vendor(&package, &told);
        let ran = adopt(&gate, &[&[LAYER, "--apply"], &more[..]].concat());
        let report = report(ran.ends_with(1));
        assert_eq!(report["state"], "refused", "{report}");
        let message = report["message"].as_str().unwrap();
        assert!(message.contains(expected), "{expected}: {message}");
        assert!(report["fix"].as_str().unwrap().len() > 5, "{report}");
        assert_eq!(writes(&gate), 0, "{expected}");
    }
    // The root that is built in did not vouch for this one.
    let gate = vendor(&forged.build(), &json!({}));
    let ran = gate.run(&["layer", "adopt", LAYER, "--format", "json"]);
    let message = report(ran.ends_with(1));
    assert!(
        message["message"]
            .as_str()
            .unwrap()
            .contains("does not hold")
    );
}

#[test]
fn second_run_finds_nothing_to_do() {
    let gate = vendor(&signed(), &json!({}));
    let upload = json!({"id": {"bucket": UPLOADS, "key": "layers/tracing.zip", "version": "v1"},
        "at": "2026-11-21T21:44:00Z"});
    let live = json!({"schema": 1, "upload": upload, "source_sha256": sha256_base64(&sample().build()),
        "profile_version_arn": null, "deployed": {"code_sha256": "c2hh", "version": "1",
        "layer_version_arn": "arn:own", "alias": null, "unchanged": false}});
    gate.aws
        .put(RECORDS, "layers/tracing/live.json", live.to_string());
    let report = report(adopt(&gate, &[LAYER, "--apply"]).ends_with(0));
    assert_eq!(report["state"], "adopted");
    assert_eq!(report["layer_version_arn"], "arn:own");
    assert_eq!(writes(&gate), 0);
}

#[test]
fn refusal_and_silence_of_the_gate_are_told() {
    let gate = vendor(&signed(), &json!({}));
    let ran = gate.run_and_end(
        &arguments(&[LAYER, "--apply", "--timeout", "30s"]),
        &[("layers/tracing", refusal())],
    );
    let refused = report(ran.ends_with(1));
    assert_eq!(
        (&refused["state"], &refused["outcome"]),
        (&json!("failed"), &json!("rejected"))
    );
    let gate = vendor(&signed(), &json!({}));
    let pending = report(adopt(&gate, &[LAYER, "--apply", "--timeout", "0s"]).ends_with(3));
    assert_eq!(pending["state"], "pending");
    assert!(
        pending["fix"]
            .as_str()
            .unwrap()
            .contains("countersign wait layers/tracing")
    );
}

/// The package is on its way, and nobody can look any more.
#[test]
fn upload_that_nobody_can_follow_is_told() {
    let gate = vendor(&signed(), &json!({}));
    gate.aws
        .answers("s3:ListObjectsV2", s3_error(403, "AccessDenied"));
    let ran = adopt(&gate, &[LAYER, "--apply", "--timeout", "30s"]);
    let report = report(ran.ends_with(3));
    assert_eq!(report["state"], "pending");
    let upload = report["upload"].as_str().unwrap();
    assert!(upload.starts_with("20261121T214400Z-"), "{upload}");
    let message = report["message"].as_str().unwrap();
    assert!(message.contains("s3:ListObjectsV2 was denied"), "{message}");
    let fix = report["fix"].as_str().unwrap();
    assert!(
        fix.contains("s3:ListBucket") && fix.contains("countersign wait"),
        "{fix}"
    );
}

#[test]
fn absent_layer_and_no_answer_are_two_things() {
    let gate = vendor(&signed(), &json!({}));
    gate.aws.answers(
        GET_LAYER,
        exception(404, "ResourceNotFoundException", "none"),
    );
    let absent = report(adopt(&gate, &[LAYER]).ends_with(1));
    assert!(
        absent["message"]
            .as_str()
            .unwrap()
            .contains("no such version")
    );
    gate.aws
        .answers(GET_LAYER, exception(403, "AccessDeniedException", "no"));
    let denied = adopt(&gate, &[LAYER]);
    assert!(denied.ends_with(2).err.contains("lambda:GetLayerVersion"));
    let wrong = adopt(
        &gate,
        &["arn:aws:lambda:eu-west-1:444455556666:layer:tracing"],
    );
    assert!(wrong.ends_with(2).err.contains("<version>"));
}

/// An account with `shop`, whose configuration names [`PROFILE_VERSION`], `cart`, which has none, and `plain`, which
/// uses no layers.
fn account() -> Gate {
    let gate = Gate::new();
    let csc = json!({"CodeSigningConfigArn": CSC, "CodeSigningConfigId": "csc-0123456789abcdef0",
        "AllowedPublishers": {"SigningProfileVersionArns": [PROFILE_VERSION]},
        "CodeSigningPolicies": {"UntrustedArtifactOnDeployment": "Enforce"}, "LastModified": "2026-11-21T21:44:00Z"});
    let signed = json!({"Arn": LAYER, "CodeSize": 9, "SigningProfileVersionArn": PROFILE_VERSION, "SigningJobArn": JOB});
    let unsigned = json!({"Arn": OTHER, "CodeSize": 9});
    let function = |name: &str, layers: Value| json!({"FunctionName": name, "CodeSha256": "c2hh", "Layers": layers});
    let functions = [
        function("shop", json!([signed, unsigned])),
        function("cart", json!([unsigned])),
        function("plain", json!([])),
    ];
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
        ("ListFunctions", json!({"Functions": functions})),
    ] {
        gate.aws
            .answers(&format!("lambda:{call}"), json(&answer.to_string()));
    }
    gate
}

#[test]
fn list_says_who_signed_and_what_enforce_says() {
    let gate = account();
    let ran = gate.run(&["layer", "list", "--format", "json"]);
    let report = report(ran.ends_with(1));
    assert_eq!(report["functions_total"], 3);
    let rows = report["functions"].as_array().unwrap();
    let told: Vec<_> = rows
        .iter()
        .map(|row| {
            let layers = row["layers"].as_array().unwrap().iter();
            let answers = layers.map(|layer| layer["enforce"].as_str().unwrap());
            (row["function"].as_str().unwrap(), answers.collect())
        })
        .collect();
    let expected: [(&str, Vec<&str>); 2] = [
        ("cart", vec!["no_configuration"]),
        ("shop", vec!["takes", "refuses"]),
    ];
    assert_eq!(told, expected);
    assert_eq!(rows[1]["layers"][0]["account"], "444455556666");
    assert_eq!(rows[1]["layers"][1]["why"], "is not signed");
    let text = gate.run(&["layer", "list"]);
    let out = &text.ends_with(1).out;
    assert!(
        out.contains(
            "2 of 3 functions use layers; Enforce takes 1, refuses 1, 1 without a configuration"
        ),
        "{out}"
    );
    assert!(text.err.is_empty(), "no progress in a pipe: {}", text.err);
}

#[test]
fn functions_without_a_configuration_are_held_against_the_given_one() {
    let gate = account();
    let ran = gate.run(&["layer", "list", "--csc", CSC, "--format", "json"]);
    let report = report(ran.ends_with(1));
    let cart = &report["functions"][0];
    assert_eq!(
        (&cart["is_attached"], &cart["layers"][0]["enforce"]),
        (&json!(false), &json!("refuses"))
    );
}
