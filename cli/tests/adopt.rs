//! `countersign adopt` against an AWS on loopback and a gate that does what it is told.

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
    http::Response,
    package::{sample, sign},
};
use gate::{Gate, RECORDS, Ran, UPLOADS, refusal};
use serde_json::{Value, json};

const CSC: &str = "arn:aws:lambda:eu-west-1:111122223333:code-signing-config:csc-0123456789abcdef0";
const WARN: &str =
    "arn:aws:lambda:eu-west-1:111122223333:code-signing-config:csc-0123456789abcdef1";
const PROFILE: &str = "arn:aws:signer:eu-west-1:111122223333:/signing-profiles/shop/AbCdEfGh12";
const SECRET: &str = "X-Amz-Signature=0a1b2c3d";

const GET_FUNCTION: &str = "lambda:GetFunction";
const FUNCTION_CSC: &str = "lambda:GetFunctionCodeSigningConfig";
const ATTACH: &str = "lambda:PutFunctionCodeSigningConfig";

/// An account with one function, `shop`, that nobody signed and that has no configuration.
fn account() -> Gate {
    let gate = Gate::new();
    runs(&gate, &sample().build(), &json!({}));
    gate.aws.answers(FUNCTION_CSC, json("{}"));
    csc(&gate, "Enforce");
    gate.aws.answers(
        ATTACH,
        json(&json!({"CodeSigningConfigArn": CSC, "FunctionName": "shop"}).to_string()),
    );
    gate
}

/// What `GetFunction` tells of every function, with changes: `Configuration`, `Code` or `Tags`.
fn runs(gate: &Gate, package: &[u8], changes: &Value) {
    gate.aws.put("code", "shop.zip", package);
    let mut answer = json!({
        "Configuration": {"FunctionName": "shop", "FunctionArn": "arn:aws:lambda:eu-west-1:111122223333:function:shop",
            "CodeSha256": sha256_base64(package), "RevisionId": "r1", "State": "Active", "PackageType": "Zip",
            "LastUpdateStatus": "Successful", "LastModified": "2026-11-21T21:44:00.000+0000"},
        "Code": {"Location": format!("{}/code/shop.zip?{SECRET}", gate.aws.endpoint())},
        "Tags": {},
    });
    for (part, fields) in changes.as_object().unwrap() {
        let part = answer.get_mut(part).unwrap().as_object_mut().unwrap();
        part.extend(fields.as_object().unwrap().clone());
    }
    gate.aws.answers(GET_FUNCTION, json(&answer.to_string()));
}

/// What `GetCodeSigningConfig` tells of every configuration.
fn csc(gate: &Gate, policy: &str) {
    let answer = json!({"CodeSigningConfig": {"CodeSigningConfigArn": CSC, "CodeSigningConfigId": "csc-0123456789abcdef0",
        "AllowedPublishers": {"SigningProfileVersionArns": [PROFILE]},
        "CodeSigningPolicies": {"UntrustedArtifactOnDeployment": policy}, "LastModified": "2026-11-21T21:44:00Z"}});
    gate.aws
        .answers("lambda:GetCodeSigningConfig", json(&answer.to_string()));
}

fn attached(arn: &str) -> countersign_testkit::http::Response {
    json(&json!({"CodeSigningConfigArn": arn, "FunctionName": "shop"}).to_string())
}

/// Puts on record that the gate deployed this code to `shop`.
fn deployed(gate: &Gate, code_sha256: &str) {
    let upload = json!({"id": {"bucket": UPLOADS, "key": "functions/shop.zip", "version": "v1"},
        "at": "2026-11-21T21:44:00Z"});
    let live = json!({"schema": 1, "upload": upload, "source_sha256": "s", "profile_version_arn": PROFILE,
        "deployed": {"code_sha256": code_sha256, "version": "1", "layer_version_arn": null, "alias": null,
            "unchanged": false}});
    gate.aws
        .put(RECORDS, "functions/shop/live.json", live.to_string());
}

fn adopt<'a>(more: &[&'a str]) -> Vec<&'a str> {
    [
        &["adopt", "functions/shop", "--csc", CSC, "--format", "json"],
        more,
    ]
    .concat()
}

/// The one function of the report.
fn row(ran: &Ran) -> Value {
    let report: Value = serde_json::from_str(&ran.out)
        .unwrap_or_else(|error| panic!("{error}: {}{}", ran.out, ran.err));
    assert!(
        !ran.out.contains(SECRET) && !ran.err.contains(SECRET),
        "whoever reads this can read the code"
    );
    report.pointer("/functions/0").unwrap().clone()
}

fn changes(gate: &Gate) -> Vec<String> {
    let called = gate.aws.called().into_iter();
    called
        .filter(|call| call.contains(":Put") || call.contains(":Copy") || call.contains(":Update"))
        .collect()
}

#[test]
fn dry_run_says_what_would_be_done_and_changes_nothing() {
    let gate = account();
    let ran = gate.run(&adopt(&[]));
    let row = row(ran.ends_with(0));
    assert_eq!(row["state"], "planned");
    let attach = format!("attach {CSC}");
    assert_eq!(
        row["steps"],
        json!([attach, "sign and deploy what it runs, by way of an upload"])
    );
    assert_eq!(changes(&gate), [""; 0]);
    let text = gate.run(&["adopt", "functions/shop", "--csc", CSC]);
    assert!(
        text.ends_with(0).out.contains("do it with --apply"),
        "{}",
        text.out
    );
    // The address is the login; another one beside it would be refused.
    let calls = gate.aws.calls();
    let download = calls
        .iter()
        .find(|call| call.request.path == "/code/shop.zip")
        .unwrap();
    assert_eq!(download.request.header("authorization"), None);
    assert_eq!(
        download.request.query_value("X-Amz-Signature"),
        Some("0a1b2c3d")
    );
}

#[test]
fn running_code_is_signed_under_the_configuration() {
    let gate = account();
    gate.aws.answers_once(FUNCTION_CSC, json("{}"));
    gate.aws.answers(FUNCTION_CSC, attached(CSC));
    let ran = gate.run_and_end(
        &adopt(&["--apply", "--timeout", "30s"]),
        &[("functions/shop", json!({}))],
    );
    let row = row(ran.ends_with(0));
    assert_eq!(
        (&row["state"], &row["outcome"]),
        (&json!("done"), &json!("deployed"))
    );
    assert_eq!(
        changes(&gate),
        [ATTACH, "s3:PutObject"],
        "the configuration comes first"
    );
    assert_eq!(
        gate.aws.object(UPLOADS, "functions/shop.zip"),
        Some(sample().build()),
        "nothing is stripped"
    );
}

#[test]
fn second_run_finds_nothing_to_do() {
    let gate = account();
    gate.aws.answers(FUNCTION_CSC, attached(CSC));
    deployed(&gate, &sha256_base64(&sample().build()));
    let ran = gate.run(&adopt(&["--apply"]));
    assert_eq!(row(ran.ends_with(0))["state"], "adopted");
    assert_eq!(changes(&gate), [""; 0]);
}

#[test]
fn upload_that_is_on_its_way_is_waited_for() {
    let gate = account();
    gate.aws.answers(FUNCTION_CSC, attached(CSC));
    gate.end("functions/shop", "v1", &json!({}));
    let outcome = "functions/shop/20261121T214400Z-v1/outcome.json";
    gate.aws.delete(RECORDS, outcome);
    let ran = gate.run(&adopt(&["--apply", "--timeout", "0s"]));
    let row = row(ran.ends_with(3));
    assert_eq!(row["state"], "pending");
    assert!(
        row["fix"]
            .as_str()
            .unwrap()
            .contains("countersign wait functions/shop --upload 20261121T214400Z-v1")
    );
    assert_eq!(changes(&gate), [""; 0]);
}

/// The package is on its way, and nobody can look any more.
#[test]
fn adoptions_are_told_when_the_records_cannot_be_read_any_more() {
    let gate = account();
    gate.aws.answers_once(FUNCTION_CSC, json("{}"));
    gate.aws.answers(FUNCTION_CSC, attached(CSC));
    let none = Response::new(200, "<ListBucketResult></ListBucketResult>");
    gate.aws.answers_once("s3:ListObjectsV2", none);
    gate.aws
        .answers("s3:ListObjectsV2", s3_error(403, "AccessDenied"));
    let ran = gate.run(&adopt(&["--apply", "--timeout", "30s"]));
    let row = row(ran.ends_with(3));
    assert_eq!(changes(&gate), [ATTACH, "s3:PutObject"]);
    assert_eq!(row["state"], "not_known");
    let message = row["message"].as_str().unwrap();
    assert!(message.contains("s3:ListObjectsV2 was denied"), "{message}");
    let upload = row["upload"].as_str().unwrap();
    assert!(upload.starts_with("20261121T214400Z-"), "{upload}");
}

#[test]
fn refusal_of_the_gate_is_in_the_report() {
    let gate = account();
    gate.aws.answers(FUNCTION_CSC, attached(CSC));
    let ran = gate.run_and_end(
        &adopt(&["--apply", "--timeout", "30s"]),
        &[("functions/shop", refusal())],
    );
    let row = row(ran.ends_with(1));
    assert_eq!(
        (&row["state"], &row["outcome"]),
        (&json!("failed"), &json!("rejected"))
    );
    assert_eq!(row["message"], "NOT_A_ZIP: no zip");
}

#[test]
fn configuration_that_does_not_stay_is_told() {
    let gate = account();
    let row = row(gate.run(&adopt(&["--apply"])).ends_with(1));
    assert!(row["message"].as_str().unwrap().contains("again"), "{row}");
    assert_eq!(changes(&gate), [ATTACH], "nothing is uploaded");
}

#[test]
fn obstacles_are_told_before_anything_is_changed() {
    let configuration = |fields: Value| json!({"Configuration": fields});
    let resolved = json!({"S3Bucket": "b", "S3Key": "k", "S3ObjectVersion": "v"});
    for (changes_of, expected) in [
        (
            configuration(json!({"PackageType": "Image"})),
            "container image",
        ),
        (
            configuration(json!({"LastUpdateStatus": "InProgress"})),
            "under way",
        ),
        (
            configuration(
                json!({"LastUpdateStatus": "Failed", "LastUpdateStatusReason": "no room"}),
            ),
            "no room",
        ),
        (
            configuration(json!({"State": "Hibernating"})),
            "State is Hibernating",
        ),
        (json!({"Code": {"ResolvedS3Object": resolved}}), "REFERENCE"),
        (json!({"Code": {"Location": null}}), "where its package"),
        (
            configuration(json!({"SigningProfileVersionArn": PROFILE, "SigningJobArn": "j"})),
            PROFILE,
        ),
        (
            configuration(json!({"Environment": {"Variables": {"COUNTERSIGN_STACK": "gate"}}})),
            "deploys nothing to itself",
        ),
        (
            configuration(json!({"CodeSha256": "other="})),
            "and Lambda tells other=",
        ),
    ] {
        let gate = account();
        runs(&gate, &sample().build(), &changes_of);
        let row = row(gate.run(&adopt(&["--apply"])).ends_with(1));
        assert_eq!(row["state"], "refused");
        assert!(
            row["message"].as_str().unwrap().contains(expected),
            "{expected}: {row}"
        );
        assert!(row["fix"].as_str().unwrap().len() > 5, "{row}");
        assert_eq!(changes(&gate), [""; 0], "{expected}");
    }
}

#[test]
fn configuration_of_its_own_signature_and_drift_stand_against_a_function() {
    let gate = account();
    gate.aws.answers(FUNCTION_CSC, attached(WARN));
    let row_of = |gate: &Gate| row(gate.run(&adopt(&["--apply"])).ends_with(1));
    assert!(row_of(&gate)["message"].as_str().unwrap().contains(WARN));

    // Lambda need not know of the signature in the package.
    let gate = account();
    runs(&gate, &sign(&sample(), &PKI).build(), &json!({}));
    assert!(
        row_of(&gate)["message"]
            .as_str()
            .unwrap()
            .starts_with("ALREADY_SIGNED")
    );

    // What somebody brought past the gate is not made good by this.
    let gate = account();
    deployed(&gate, "ours=");
    assert!(
        row_of(&gate)["message"]
            .as_str()
            .unwrap()
            .contains("the gate deployed ours= last")
    );
    assert_eq!(changes(&gate), [""; 0]);
}

#[test]
fn alias_is_not_moved_to_other_code() {
    let gate = account();
    runs(
        &gate,
        &sample().build(),
        &json!({"Tags": {"countersign:alias": "live"}}),
    );
    gate.aws.answers(
        "lambda:GetAlias",
        json(r#"{"FunctionVersion":"3","RevisionId":"r"}"#),
    );
    let same = gate.run(&adopt(&[]));
    assert_eq!(
        row(same.ends_with(0))["state"],
        "planned",
        "the version has the same code"
    );
    let version = r#"{"Configuration":{"CodeSha256":"older=","State":"Active"}}"#;
    let latest = gate.aws.calls();
    assert!(
        latest
            .iter()
            .any(|call| call.request.query_value("Qualifier") == Some("3"))
    );
    let function = json(&serde_json::to_string(&json!({
        "Configuration": {"FunctionName": "shop", "FunctionArn": "a", "CodeSha256": sha256_base64(&sample().build()),
            "RevisionId": "r1", "State": "Active", "LastUpdateStatus": "Successful",
            "LastModified": "2026-11-21T21:44:00.000+0000"},
        "Code": {"Location": "http://x/y"}, "Tags": {"countersign:alias": "live"}})).unwrap());
    gate.aws.answers_once(GET_FUNCTION, function);
    gate.aws.answers_once(GET_FUNCTION, json(version));
    let row = row(gate.run(&adopt(&["--apply"])).ends_with(1));
    assert!(
        row["message"].as_str().unwrap().contains("alias live"),
        "{row}"
    );
    assert_eq!(changes(&gate), [""; 0]);
}

#[test]
fn no_answer_is_not_taken_for_one() {
    for (call, answer) in [
        (GET_FUNCTION, exception(403, "AccessDeniedException", "no")),
        (FUNCTION_CSC, exception(403, "AccessDeniedException", "no")),
    ] {
        let gate = account();
        gate.aws.answers(call, answer);
        let row = row(gate.run(&adopt(&["--apply"])).ends_with(3));
        assert_eq!(row["state"], "not_known");
        assert!(
            row["message"].as_str().unwrap().contains("was denied"),
            "{row}"
        );
        assert_eq!(changes(&gate), [""; 0]);
    }
    let gate = account();
    gate.aws.delete("code", "shop.zip");
    let row = row(gate.run(&adopt(&["--apply"])).ends_with(3));
    assert!(row["message"].as_str().unwrap().contains("404"), "{row}");
    let gate = account();
    gate.aws.put(RECORDS, "functions/shop/live.json", "{}");
    assert_eq!(
        gate.run(&adopt(&["--apply"])).status,
        3,
        "a record that cannot be read is no absence"
    );
    assert_eq!(changes(&gate), [""; 0]);
}

#[test]
fn enforcing_waits_for_the_code() {
    let gate = account();
    gate.aws.answers(FUNCTION_CSC, attached(CSC));
    let before = row(gate.run(&adopt(&["--enforce", "--apply"])).ends_with(1));
    assert!(
        before["message"]
            .as_str()
            .unwrap()
            .contains("by way of the gate yet"),
        "{before}"
    );

    deployed(&gate, &sha256_base64(&sample().build()));
    gate.aws.answers_once(FUNCTION_CSC, json("{}"));
    let after = row(gate.run(&adopt(&["--enforce", "--apply"])).ends_with(0));
    assert_eq!(after["state"], "done");
    assert_eq!(changes(&gate), [ATTACH]);

    csc(&gate, "Warn");
    let ran = gate.run(&adopt(&["--enforce"]));
    assert!(
        ran.ends_with(2).err.contains("UntrustedCode=Enforce"),
        "{}",
        ran.err
    );
    csc(&gate, "Enforce");
    let ran = gate.run(&adopt(&["--warn-csc", WARN]));
    assert!(ran.ends_with(2).err.contains("says Enforce"), "{}", ran.err);
}

/// An account whose sweep and whose function `sign` say so of the gate.
fn account_of_gate(variables: &Value) -> Gate {
    let gate = account();
    let posture = json!({"schema": 1, "stack": "gate", "began_at": "2026-11-21T21:44:00Z",
        "ended_at": "2026-11-21T21:44:00Z", "unfinished": 0, "targets": [], "functions": [], "troubles": []});
    gate.aws.put(RECORDS, "posture.json", posture.to_string());
    let sign = json!({"Configuration": {"FunctionName": "gate-sign", "FunctionArn": "a", "CodeSha256": "x",
        "RevisionId": "r1", "State": "Active", "LastUpdateStatus": "Successful",
        "LastModified": "2026-11-21T21:44:00.000+0000", "Environment": {"Variables": variables}}});
    gate.aws.answers_once(GET_FUNCTION, json(&sign.to_string()));
    gate
}

#[test]
fn function_without_the_tag_that_the_stack_demands_is_refused() {
    let gate = account_of_gate(
        &json!({"COUNTERSIGN_STACK": "gate", "COUNTERSIGN_REQUIRE_MANAGED_TAG": "true"}),
    );
    let ran = gate.run(&["adopt", "functions/shop", "--csc", CSC, "--format", "json"]);
    let report: Value = serde_json::from_str(&ran.ends_with(1).out).unwrap();
    let row = &report["functions"][0];
    assert_eq!(row["state"], "refused", "{row}");
    assert!(
        row.to_string().contains("--tags countersign:managed=true"),
        "{row}"
    );
}

#[test]
fn all_leaves_the_gate_out() {
    let gate = account_of_gate(
        &json!({"COUNTERSIGN_STACK": "gate", "COUNTERSIGN_TARGET_FUNCTIONS": "shop*"}),
    );
    let listed = ["gate-sign", "shop", "gate-sweep", "pay"]
        .map(|name| json!({"FunctionName": name, "CodeSha256": "x"}));
    gate.aws.answers(
        "lambda:ListFunctions",
        json(&json!({"Functions": listed}).to_string()),
    );
    let ran = gate.run(&["adopt", "--all", "--csc", CSC, "--format", "json"]);
    let report: Value = serde_json::from_str(&ran.ends_with(1).out).unwrap();
    let rows = report["functions"].as_array().unwrap();
    let told: Vec<_> = rows
        .iter()
        .map(|row| {
            (
                row["target"].as_str().unwrap(),
                row["state"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        told,
        [("functions/pay", "refused"), ("functions/shop", "planned")]
    );
    assert!(
        rows[0]["message"]
            .as_str()
            .unwrap()
            .contains("TargetFunctions is shop*"),
        "{}",
        rows[0]
    );
}

#[test]
fn wrong_command_line_makes_no_call() {
    let gate = account();
    for (arguments, expected) in [
        (&["adopt", "--csc", CSC][..], "<TARGET>"),
        (&["adopt", "layers/tls", "--csc", CSC], "push it"),
        (&["adopt", "functions/shop"], "--csc"),
        (
            &["adopt", "functions/shop", "--csc", "csc-1"],
            "code signing configuration",
        ),
        (&["adopt", "functions/shop", "--all", "--csc", CSC], "--all"),
    ] {
        let ran = gate.run(arguments);
        assert!(ran.ends_with(2).err.contains(expected), "{}", ran.err);
    }
    assert!(gate.aws.called().is_empty());
}
