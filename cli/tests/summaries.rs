//! Signed summaries: shown from the records, verified with a key, and by a program that shares nothing with ours.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test stops at the first thing that is not as it should be"
)]

#[expect(dead_code, reason = "other tests use the rest of it")]
mod gate;
mod schema;

use std::{fs, process::Command};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use countersign_testkit::{
    checkout,
    package::sample,
    pki::{Hash, Key},
};
use gate::{Gate, Ran};
use schema::faults;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

const KEY: &str = "arn:aws:kms:us-east-1:111122223333:key/7c9b0000-0000-4000-8000-000000000000";
const STACK: &str = "arn:aws:cloudformation:us-east-1:111122223333:stack/countersign/5d1e";
const RESOURCE: &str = "arn:aws:lambda:us-east-1:111122223333:function:shop:7";

fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}

/// A summary of `shop.zip`, as the gate writes one.
fn statement() -> Value {
    let upload = hex(&Sha256::digest(sample().build()));
    json!({
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [
            {"name": "upload", "digest": {"sha256": upload}},
            {"name": "signed-package", "digest": {"sha256": hex(&Sha256::digest(b"signed"))}},
        ],
        "predicateType": "https://slsa.dev/verification_summary/v1",
        "predicate": {
            "verifier": {"id": STACK, "version": {"countersign": "0.1.0"}},
            "timeVerified": "2026-11-21T21:44:00Z",
            "resourceUri": RESOURCE,
            "policy": {"uri": "s3://records/policy.json", "digest": {"sha256": hex(&[3; 32])}},
            "verificationResult": "PASSED",
            "verifiedLevels": ["SLSA_BUILD_LEVEL_2"],
            "slsaVersion": "1.1",
        },
    })
}

fn envelope(statement: &Value) -> Value {
    let payload = statement.to_string();
    let encoded = format!(
        "DSSEv1 28 application/vnd.in-toto+json {} {payload}",
        payload.len()
    );
    let signature = Key::p384("summaries").sign(Hash::Sha384, encoded.as_bytes());
    json!({
        "payloadType": "application/vnd.in-toto+json",
        "payload": STANDARD.encode(&payload),
        "signatures": [{"keyid": KEY, "sig": STANDARD.encode(signature.der())}],
    })
}

fn pem(key: &Key) -> String {
    let body = STANDARD.encode(key.public_key_info());
    let lines: Vec<&str> = body
        .as_bytes()
        .chunks(64)
        .map(|line| std::str::from_utf8(line).unwrap())
        .collect();
    format!(
        "-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n",
        lines.join("\n")
    )
}

/// A folder with `shop.zip`, a signed package, a summary of both and the key.
fn summarized() -> Gate {
    let gate = Gate::new();
    gate.file("signed.zip", b"signed");
    gate.file("other.zip", b"other");
    gate.file("key.pem", pem(&Key::p384("summaries")).as_bytes());
    gate.file("theirs.pem", pem(&Key::p384("theirs")).as_bytes());
    let envelope = envelope(&statement());
    gate.file("summary.json", envelope.to_string().as_bytes());
    gate.record("functions/shop", "v1", "summary.dsse", &envelope);
    gate
}

fn verified(gate: &Gate, more: &[&str]) -> Ran {
    let arguments = ["verify-summary", "summary.json", "--key", "key.pem"];
    gate.run(&[&arguments, more].concat())
}

fn schema_of(name: &str) -> Value {
    let path = checkout::path(&format!("docs/schemas/{name}"));
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

fn as_schema_says(name: &str, printed: &str) -> Value {
    let printed: Value = serde_json::from_str(printed).unwrap();
    assert_eq!(faults(&schema_of(name), &printed), Vec::<String>::new());
    printed
}

#[test]
fn summary_that_says_what_is_wanted_holds() {
    let gate = summarized();
    for wanted in [
        &[][..],
        &["--artifact", "shop.zip"],
        &["--artifact", "signed.zip", "--artifact", "shop.zip"],
        &["--resource", RESOURCE, "--verifier", STACK],
        &["--level", "2"],
        &["--level", "L1"],
    ] {
        verified(&gate, wanted).ends_with(0);
    }
    let told = verified(&gate, &["--artifact", "shop.zip"]);
    assert!(told.out.contains("shop.zip: upload"), "{}", told.out);
    let json = verified(&gate, &["--artifact", "shop.zip", "--format", "json"]);
    let json = as_schema_says("verify-summary.schema.json", &json.out);
    assert_eq!(json["summary"]["resource"], RESOURCE);
    assert_eq!(json["artifacts"][0]["name"], "upload");
}

#[test]
fn summary_that_says_otherwise_does_not_hold() {
    let gate = summarized();
    for (wanted, fault) in [
        (&["--artifact", "other.zip"][..], "does not speak of"),
        (&["--resource", "arn:other"], "and not arn:other"),
        (&["--verifier", "arn:other"], "it was verified by"),
        (&["--level", "3"], "L3 is wanted, and it says L2"),
        (&["--key", "theirs.pem"], "another key signed it"),
    ] {
        let ran = match wanted {
            ["--key", key] => gate.run(&["verify-summary", "summary.json", "--key", key]),
            wanted => verified(&gate, wanted),
        };
        ran.ends_with(1);
        assert!(ran.out.contains(fault), "{fault}: {}", ran.out);
    }
    // All that is wrong is told at once.
    let all = [
        "--artifact",
        "other.zip",
        "--level",
        "3",
        "--format",
        "json",
    ];
    let json = verified(&gate, &all);
    let json = as_schema_says("verify-summary.schema.json", &json.out);
    assert_eq!(json["faults"].as_array().unwrap().len(), 2);
    let failed = {
        let mut statement = statement();
        statement["predicate"]["verificationResult"] = json!("FAILED");
        statement["predicate"]["verifiedLevels"] = json!(["FAILED"]);
        envelope(&statement)
    };
    gate.file("summary.json", failed.to_string().as_bytes());
    let ran = verified(&gate, &["--format", "json"]);
    ran.ends_with(1);
    let json = as_schema_says("verify-summary.schema.json", &ran.out);
    assert_eq!(json["summary"]["passed"], false);
}

#[test]
fn unreadable_summary_is_unusable() {
    let gate = summarized();
    gate.file("no.json", b"{}");
    for arguments in [
        ["verify-summary", "no.json", "--key", "key.pem"],
        ["verify-summary", "absent.json", "--key", "key.pem"],
        ["verify-summary", "summary.json", "--key", "shop.zip"],
    ] {
        gate.run(&arguments).ends_with(2);
    }
    verified(&gate, &["--artifact", "absent.zip"]).ends_with(2);
    verified(&gate, &["--level", "4"]).ends_with(2);
}

#[test]
fn summary_is_shown_from_the_records() {
    let gate = summarized();
    let told = gate.run(&["summary", "functions/shop"]);
    told.ends_with(0);
    for words in [
        RESOURCE,
        KEY,
        "20261121T214400Z-v1",
        "nothing here is verified",
    ] {
        assert!(told.out.contains(words), "{words}: {}", told.out);
    }
    let json = gate.run(&["summary", "functions/shop", "--format", "json"]);
    let json = as_schema_says("summary.schema.json", &json.out);
    assert_eq!(json["statement"], statement());
    // As it is on record, for whoever verifies it.
    let envelope = gate.run(&["summary", "functions/shop", "--envelope"]);
    gate.file("shown.json", envelope.out.as_bytes());
    gate.run(&["verify-summary", "shown.json", "--key", "key.pem"])
        .ends_with(0);
    for arguments in [
        &["summary", "functions/other"][..],
        &["summary", "functions/shop", "--version-id", "v2"],
    ] {
        let none = gate.run(arguments);
        none.ends_with(2);
        assert!(none.err.contains("there is no summary"), "{}", none.err);
    }
    gate.run(&["summary", "functions/shop", "--version-id", "v1"])
        .ends_with(0);
}

/// Text of others in a record cannot act on a terminal.
#[test]
fn hostile_record_is_escaped() {
    let gate = summarized();
    let mut statement = statement();
    statement["predicate"]["resourceUri"] = json!("\u{1b}[2Jgone");
    gate.record(
        "functions/shop",
        "v1",
        "summary.dsse",
        &envelope(&statement),
    );
    let told = gate.run(&["summary", "functions/shop"]);
    assert!(!told.out.contains('\u{1b}'), "{:?}", told.out);
    gate.record(
        "functions/shop",
        "v1",
        "summary.dsse",
        &json!({"payloadType": "x",
        "payload": "no base64", "signatures": []}),
    );
    let told = gate.run(&["summary", "functions/shop"]);
    told.ends_with(0);
    assert!(
        told.out.contains("the payload is no statement"),
        "{}",
        told.out
    );
    gate.record("functions/shop", "v1", "summary.dsse", &json!([]));
    gate.run(&["summary", "functions/shop"]).ends_with(2);
}

/// The commands of docs/summary.md, which need OpenSSL and no Countersign: what our command takes, they take, and what
/// it refuses, they refuse. `jq` is done without here.
#[test]
fn openssl_verifies_the_same() {
    let Ok(found) = Command::new("openssl").arg("version").output() else {
        panic!("install OpenSSL: without it nobody else verifies a summary here")
    };
    assert!(found.status.success());
    let gate = summarized();
    let folder = gate.folder.path();
    let envelope: Value =
        serde_json::from_slice(&fs::read(folder.join("summary.json")).unwrap()).unwrap();
    let decoded = |value: &Value| STANDARD.decode(value.as_str().unwrap()).unwrap();
    gate.file("statement.json", &decoded(&envelope["payload"]));
    gate.file("statement.sig", &decoded(&envelope["signatures"][0]["sig"]));
    let document = fs::read_to_string(checkout::path("docs/summary.md")).unwrap();
    let command_with = |words: &str| {
        let mut lines = document.lines();
        let found = lines.find(|line| line.starts_with(words));
        found.unwrap_or_else(|| panic!("{words}")).to_owned()
    };
    let encode = command_with("printf 'DSSEv1");
    let verify = command_with("openssl dgst").replace("summary-key.pem", "$KEY");
    let holds = |key: &str| {
        let script = format!("set -e\n{encode}\n{verify}");
        let mut shell = Command::new("sh");
        shell.args(["-c", &script]).env("KEY", key);
        shell.current_dir(folder).output().unwrap().status.success()
    };
    assert!(holds("key.pem"));
    assert!(!holds("theirs.pem"));
    let changed = statement().to_string().replace("shop:7", "shop:8");
    gate.file("statement.json", changed.as_bytes());
    assert!(!holds("key.pem"));
}

/// docs/cli.md has the fields that are printed.
#[test]
fn printed_json_is_documented() {
    let document = fs::read_to_string(checkout::path("docs/cli.md")).unwrap();
    for (heading, schema) in [
        ("\n## `countersign summary`\n", "summary.schema.json"),
        (
            "\n## `countersign verify-summary`\n",
            "verify-summary.schema.json",
        ),
    ] {
        let (_, section) = document.split_once(heading).unwrap();
        let (_, sample) = section.split_once("```json\n").unwrap();
        let (sample, _) = sample.split_once("```").unwrap();
        as_schema_says(schema, sample);
    }
}
