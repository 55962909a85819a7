//! Each JSON output is as its schema in docs/schemas says, and each schema is held by an output.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test stops at the first thing that is not as it should be"
)]

mod gate;
mod schema;

use std::{collections::BTreeSet, fs, path::PathBuf};

use countersign_cases::PKI;
use countersign_testkit::{
    checkout,
    fake_aws::{exception, json},
    package::{sample, sign},
    signature::SIGNED_AT,
};
use gate::{Gate, package, refusal};
use schema::faults;
use serde_json::{Value, json};

const CSC: &str = "arn:aws:lambda:eu-west-1:111122223333:code-signing-config:csc-0123456789abcdef0";
const PROFILE: &str = "arn:aws:signer:eu-west-1:111122223333:/signing-profiles/shop/AbCdEfGh12";

/// Schemas that are held by another test, with its file.
const ELSEWHERE: [(&str, &str); 6] = [
    ("approvals", include_str!("approvals.rs")),
    ("approve", include_str!("approvals.rs")),
    ("audit", include_str!("audit.rs")),
    ("doctor", include_str!("doctor.rs")),
    ("summary", include_str!("summaries.rs")),
    ("verify-summary", include_str!("summaries.rs")),
];

fn folder() -> PathBuf {
    checkout::path("docs/schemas")
}

fn schema_of(name: &str) -> Value {
    let path = folder().join(format!("{name}.schema.json"));
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

/// An account with one function, `shop`, and one configuration.
fn account() -> Gate {
    let gate = Gate::new();
    gate.file("signed.zip", &sign(&sample(), &PKI).build());
    gate.file("new.zip", &package("handler.py", "other").build());
    let csc = json!({"CodeSigningConfigArn": CSC, "CodeSigningConfigId": "csc-0123456789abcdef0",
        "AllowedPublishers": {"SigningProfileVersionArns": [PROFILE]},
        "CodeSigningPolicies": {"UntrustedArtifactOnDeployment": "Enforce"},
        "LastModified": "2026-11-21T21:44:00Z"});
    let function = json!({"FunctionName": "shop", "CodeSha256": "c2hh", "PackageType": "Zip",
        "SigningProfileVersionArn": PROFILE, "Layers": [{"Arn": "arn:aws:lambda:eu-west-1:1:layer:l:1", "CodeSize": 1}]});
    let arn = "arn:aws:lambda:eu-west-1:111122223333:function:shop";
    let versions = ["1", "2"].map(
        |number| json!({"FunctionName": "shop", "Version": number, "Description": "countersign:x"}),
    );
    for (call, answer) in [
        ("GetCodeSigningConfig", json!({"CodeSigningConfig": csc})),
        (
            "ListCodeSigningConfigs",
            json!({"CodeSigningConfigs": [csc]}),
        ),
        (
            "ListFunctionsByCodeSigningConfig",
            json!({"FunctionArns": [arn]}),
        ),
        ("ListFunctions", json!({"Functions": [function]})),
        ("ListVersionsByFunction", json!({"Versions": versions})),
        ("ListAliases", json!({"Aliases": []})),
        (
            "ListProvisionedConcurrencyConfigs",
            json!({"ProvisionedConcurrencyConfigs": []}),
        ),
    ] {
        gate.aws
            .answers(&format!("lambda:{call}"), json(&answer.to_string()));
    }
    for call in ["lambda:GetFunction", "lambda:GetFunctionCodeSigningConfig"] {
        gate.aws
            .answers(call, exception(404, "ResourceNotFoundException", "none"));
    }
    gate.aws.answers(
        "signer:GetSigningProfile",
        exception(404, "ResourceNotFoundException", "none"),
    );
    gate.aws.answers(
        "sqs:GetQueueUrl",
        json(&json!({"QueueUrl": format!("{}/1/q", gate.aws.endpoint())}).to_string()),
    );
    gate.aws.answers("sqs:ReceiveMessage", json("{}"));
    let letter = json!({"Messages": [{"MessageId": "m", "ReceiptHandle": "h", "Body": "{}",
        "Attributes": {"SentTimestamp": "1795297440000"},
        "MessageAttributes": {"reason": {"DataType": "String", "StringValue": "UNREADABLE"}}}]});
    gate.aws
        .answers_once("sqs:ReceiveMessage", json(&letter.to_string()));
    let live = gate.upload("functions/shop", &package("handler.py", "one"));
    gate.end("functions/shop", &live, &json!({}));
    gate
}

/// What a command prints as JSON, whatever its exit status.
fn printed(gate: &Gate, arguments: &[&str]) -> Vec<Value> {
    let ran = gate.run(&[arguments, &["--format", "json"]].concat());
    let one = serde_json::from_str(&ran.out).map(|document| vec![document]);
    one.unwrap_or_else(|_| ran.events())
}

#[track_caller]
fn holds(name: &str, documents: &[Value]) {
    assert!(!documents.is_empty(), "{name}: nothing was printed");
    let schema = schema_of(name);
    for document in documents {
        assert_eq!(faults(&schema, document), Vec::<String>::new(), "{name}");
    }
}

/// Outputs that take more than a command, and the names of their schemas.
fn followed(gate: &Gate) -> BTreeSet<String> {
    let two = gate.upload("functions/shop", &package("handler.py", "two"));
    gate.end(
        "functions/shop",
        &two,
        &json!({"decided_at": "2026-11-21T21:45:09Z"}),
    );
    gate.live("functions/shop", &two, "7");
    holds(
        "event",
        &printed(gate, &["rollback", "functions/shop", "--dry-run"]),
    );

    let ended = gate.run_and_end(
        &["push", "functions/cart=new.zip", "--events", "events.jsonl"],
        &[("functions/cart", refusal())],
    );
    ended.ends_with(1);
    let kept = fs::read_to_string(gate.folder.path().join("events.jsonl")).unwrap();
    let events = kept.lines().map(|line| serde_json::from_str(line).unwrap());
    holds("event", &events.collect::<Vec<Value>>());
    let outputs = gate
        .run(&["ci-report", "events.jsonl", "--to", "outputs"])
        .out;
    let results = outputs
        .lines()
        .find_map(|line| line.strip_prefix("results="))
        .unwrap();
    holds("ci-results", &[serde_json::from_str(results).unwrap()]);

    let waiting = json!({"schema": 1, "delivery": "m/2", "attempt": 2, "since": "2026-11-21T21:44:01Z",
        "why": "Signer is throttled", "next_try_at": "2026-11-21T21:49:00Z", "give_up_at": "2026-11-21T22:44:01Z",
        "applied": null, "at": "2026-11-21T21:44:02Z"});
    gate.record("functions/tax", "version-9", "waiting", &waiting);
    let status = ["status", "functions/tax", "--version-id", "version-9"];
    let told = printed(gate, &status);
    let attempt = told.first().unwrap().pointer("/uploads/0/waiting/attempt");
    assert_eq!(attempt, Some(&json!(2)));
    holds("status", &told);

    let event = include_str!("../../events/alert-cloudtrail-code-changed.json");
    gate.file("event.json", event.as_bytes());
    holds("explain", &printed(gate, &["explain", "event.json"]));

    let posture = json!({"schema": 1, "stack": "countersign", "began_at": "2026-11-21T21:44:00Z",
        "ended_at": "2026-11-21T21:44:09Z", "unfinished": 0, "targets": [], "functions": [{"name": "shop",
        "code_sha256": "c2hh", "signing_profile_version": PROFILE, "code_signing_config": CSC, "policy": "Enforce"}],
        "configurations": [], "troubles": []});
    gate.aws
        .put(gate::RECORDS, "posture.json", posture.to_string());
    holds(
        "audit-impact",
        &printed(gate, &["audit", "impact", PROFILE]),
    );
    ["ci-results", "explain", "audit-impact"]
        .map(str::to_owned)
        .into()
}

#[test]
fn outputs_are_as_their_schemas_say() {
    let gate = account();
    let mut held = followed(&gate);
    for (name, arguments) in [
        ("verify", &["verify", "signed.zip", "--at", SIGNED_AT][..]),
        ("verify", &["verify", "shop.zip"]),
        ("inspect", &["inspect", "signed.zip"]),
        ("inspect", &["inspect", "shop.zip"]),
        (
            "verify-format",
            &["verify", "signed.zip", "--explain-format"],
        ),
        ("check-packages", &["check", "new.zip", "signed.zip"]),
        ("check", &["check", "signed.zip"]),
        (
            "check",
            &[
                "check",
                "new.zip",
                "--runtime",
                "python3.13",
                "--handler",
                "app.x",
            ],
        ),
        ("status", &["status", "functions/shop"]),
        ("history", &["history", "functions/shop"]),
        ("diff", &["diff", "shop.zip", "new.zip"]),
        ("event", &["wait", "functions/shop"]),
        ("event", &["push", "functions/shop=signed.zip"]),
        (
            "event",
            &["push", "functions/shop=new.zip", "--timeout", "0s"],
        ),
        (
            "event",
            &[
                "push",
                "functions/shop=signed.zip",
                "functions/cart=new.zip",
            ],
        ),
        ("redrive", &["redrive"]),
        ("adopt", &["adopt", "functions/shop", "--csc", CSC]),
        ("layer-list", &["layer", "list"]),
        ("prune", &["prune", "functions/shop", "--keep", "1"]),
        (
            "layer-adopt",
            &["layer", "adopt", "new.zip", "--as", "layers/new"],
        ),
        (
            "layer-adopt",
            &["layer", "adopt", "signed.zip", "--as", "layers/new"],
        ),
        ("csc-list", &["csc", "list"]),
        ("csc-diff", &["csc", "diff", CSC, CSC]),
        ("csc-change", &["csc", "remove", PROFILE, "--csc", CSC]),
        (
            "csc-change",
            &[
                "csc",
                "rotate",
                "--csc",
                CSC,
                "--from",
                PROFILE,
                "--to",
                "arn:aws:signer:eu-west-1:111122223333:/signing-profiles/next/AbCdEfGh12",
            ],
        ),
    ] {
        holds(name, &printed(&gate, arguments));
        held.insert(name.to_owned());
    }
    for (name, test) in ELSEWHERE {
        assert!(test.contains(&format!("{name}.schema.json")));
        held.insert(name.to_owned());
    }
    let there: BTreeSet<String> = fs::read_dir(folder())
        .unwrap()
        .map(|entry| {
            let name = entry.unwrap().file_name().into_string().unwrap();
            name.strip_suffix(".schema.json").unwrap().to_owned()
        })
        .collect();
    assert_eq!(held, there);
}

/// A schema that anything fits would hold nothing.
#[test]
fn schemas_find_what_is_wrong() {
    let gate = account();
    let good = printed(&gate, &["csc", "list"]).remove(0);
    let schema = schema_of("csc-list");
    for (pointer, wrong) in [
        ("", json!({})),
        ("/configurations", json!(null)),
        ("/configurations/0", json!({"arn": CSC})),
        ("/configurations/0/policy", json!("Perhaps")),
        ("/configurations/0/functions/0", json!(1)),
    ] {
        let mut document = good.clone();
        *document.pointer_mut(pointer).unwrap() = wrong;
        assert!(!faults(&schema, &document).is_empty(), "{pointer}");
    }
}
