//! `countersign prune` against an AWS on loopback.

#![expect(
    clippy::unwrap_used,
    reason = "a test stops at the first thing that is not as it should be"
)]

#[expect(dead_code, reason = "other tests use the rest of it")]
mod gate;

use countersign_testkit::fake_aws::{exception, json};
use gate::{Gate, RECORDS, UPLOADS};
use serde_json::{Value, json};

const DELETE: &str = "lambda:DeleteFunction";

/// `shop` with the versions 1 to 7, of which somebody else published the second. An alias points at the first, the
/// third has provisioned concurrency, and the sixth is live.
fn account() -> Gate {
    let gate = Gate::new();
    let versions: Vec<Value> = (1..=7)
        .map(|number| {
            let description = if number == 2 { "by hand" } else { "countersign:0123456789abcdef" };
            json!({"FunctionName": "shop", "Version": number.to_string(), "Description": description})
        })
        .collect();
    for (call, answer) in [
        ("ListVersionsByFunction", json!({"Versions": versions})),
        (
            "ListAliases",
            json!({"Aliases": [{"Name": "old", "FunctionVersion": "1"}]}),
        ),
        (
            "ListProvisionedConcurrencyConfigs",
            json!({"ProvisionedConcurrencyConfigs":
                [{"FunctionArn": "arn:aws:lambda:eu-west-1:111122223333:function:shop:3"}]}),
        ),
        ("DeleteFunction", json!({})),
    ] {
        gate.aws
            .answers(&format!("lambda:{call}"), json(&answer.to_string()));
    }
    let upload = json!({"id": {"bucket": UPLOADS, "key": "functions/shop.zip", "version": "v1"},
        "at": "2026-01-01T00:00:00Z"});
    let live = json!({"schema": 1, "upload": upload, "source_sha256": "s", "profile_version_arn": null,
        "deployed": {"code_sha256": "c", "version": "6", "layer_version_arn": null, "alias": null, "unchanged": false}});
    gate.aws
        .put(RECORDS, "functions/shop/live.json", live.to_string());
    gate
}

fn prune(gate: &Gate, more: &[&str], status: i32) -> Value {
    let arguments = [&["prune", "functions/shop", "--format", "json"], more].concat();
    let ran = gate.run(&arguments);
    let report: Value = serde_json::from_str(&ran.ends_with(status).out).unwrap();
    report.pointer("/functions/0").unwrap().clone()
}

fn deleted(gate: &Gate) -> Vec<String> {
    let calls = gate.aws.calls().into_iter();
    calls
        .filter(|call| call.name == DELETE)
        .map(|call| call.request.query_value("Qualifier").unwrap().to_owned())
        .collect()
}

#[test]
fn dry_run_says_what_nothing_needs() {
    let gate = account();
    let row = prune(&gate, &["--keep", "1"], 0);
    assert_eq!(row.get("chosen"), Some(&json!(["4", "5"])));
    assert_eq!(row.get("in_use"), Some(&json!(["1", "3", "6"])));
    assert_eq!(deleted(&gate), [""; 0]);
    let text = gate.run(&["prune", "functions/shop", "--keep", "1"]);
    let out = &text.ends_with(0).out;
    assert!(
        out.contains("would go  4, 5") && out.contains("do it with --apply"),
        "{out}"
    );
    let row = prune(&gate, &["--keep", "9"], 0);
    assert_eq!(row.get("chosen"), Some(&json!([])));
}

#[test]
fn only_versions_are_deleted() {
    let gate = account();
    let row = prune(&gate, &["--keep", "1", "--apply"], 0);
    assert_eq!(row.get("deleted"), Some(&json!(["4", "5"])));
    assert_eq!(deleted(&gate), ["4", "5"], "each with its number");
}

/// What is deleted cannot be put back: that it was is told, whatever comes after.
#[test]
fn deletions_are_told_when_a_later_call_fails() {
    let gate = account();
    gate.aws.answers_once(DELETE, json("{}"));
    let denied = exception(403, "AccessDeniedException", "no");
    gate.aws.answers(DELETE, denied.clone());
    let arguments = ["prune", "functions/shop", "--keep", "1", "--apply"];
    let ran = gate.run(&[&arguments[..], &["--format", "json"]].concat());
    let report: Value = serde_json::from_str(&ran.ends_with(2).out).unwrap();
    let row = report.pointer("/functions/0").unwrap();
    assert_eq!(row.get("deleted"), Some(&json!(["4"])));
    let error = report.pointer("/error/what").and_then(Value::as_str);
    assert!(error.unwrap().contains("version 5"), "{report}");
    assert!(ran.err.contains("version 5"), "{}", ran.err);
    let text = gate.run(&arguments);
    assert!(
        text.ends_with(2).out.contains("deleted   none"),
        "{}",
        text.out
    );

    // A function that cannot be looked at does not hide the one before it.
    let gate = account();
    let call = "lambda:ListVersionsByFunction";
    gate.aws.answers_about(call, "orders", denied);
    let more = ["functions/orders", "--keep", "1", "--apply"];
    let ran = gate.run(
        &[
            &["prune", "functions/shop"],
            &more[..],
            &["--format", "json"],
        ]
        .concat(),
    );
    let report: Value = serde_json::from_str(&ran.ends_with(2).out).unwrap();
    let deleted = report.pointer("/functions/0/deleted");
    assert_eq!(deleted, Some(&json!(["4", "5"])));
    assert_eq!(report.pointer("/functions/1"), None);
}

#[test]
fn version_that_came_into_use_is_left() {
    let gate = account();
    gate.aws.answers_once(
        DELETE,
        exception(409, "ResourceConflictException", "an alias points at it"),
    );
    let row = prune(&gate, &["--keep", "1", "--apply"], 0);
    assert_eq!(row.get("deleted"), Some(&json!(["5"])));
    assert_eq!(row.get("in_use"), Some(&json!(["1", "3", "6", "4"])));
}

#[test]
fn nothing_is_chosen_without_every_answer() {
    let gate = account();
    gate.record("functions/shop", "v2", "received", &json!({}));
    let row = prune(&gate, &["--keep", "1", "--apply"], 3);
    assert_eq!(row.get("is_upload_under_way"), Some(&json!(true)));
    assert_eq!(deleted(&gate), [""; 0]);

    for call in [
        "ListVersionsByFunction",
        "ListAliases",
        "ListProvisionedConcurrencyConfigs",
    ] {
        let gate = account();
        gate.aws.answers(
            &format!("lambda:{call}"),
            exception(403, "AccessDeniedException", "no"),
        );
        let ran = gate.run(&["prune", "functions/shop", "--keep", "1", "--apply"]);
        assert!(ran.ends_with(2).err.contains(call), "{}", ran.err);
        assert_eq!(deleted(&gate), [""; 0], "{call}");
    }
}

#[test]
fn layers_and_no_number_are_refused() {
    let gate = account();
    let layer = gate.run(&["prune", "layers/tls", "--keep", "1"]);
    assert!(layer.ends_with(2).err.contains("functions may use them"));
    gate.run(&["prune", "functions/shop", "--keep", "0"])
        .ends_with(2);
    gate.run(&["prune", "functions/shop"]).ends_with(2);
}
