//! `push`, `wait`, `history`, `rollback` and `diff` against an AWS on loopback and a gate that does what
//! it is told.

#![expect(
    clippy::unwrap_used,
    reason = "a test stops at the first thing that is not as it should be"
)]

mod gate;

use countersign_cases::PKI;
use countersign_gate::domain::sha256_base64;
use countersign_testkit::{
    fake_aws::{exception, json as json_answer, s3_error},
    package::{sample, sign},
};
use gate::{Gate, UPLOADS, package, refusal};
use serde_json::{Value, json};

/// Lambda takes 15.
const TOO_MANY_RUNTIMES: &str = "compatible-runtimes=a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p";

const PUSH: [&str; 2] = ["push", "functions/shop=shop.zip"];

fn end(state: &str) -> Value {
    json!({"state": state, "code": "REPLACED", "message": "so it ended", "deployed": null})
}

#[test]
fn push_waits_for_its_own_version() {
    let gate = Gate::new();
    gate.end("functions/shop", "version-0", &refusal());
    let ran = gate.run_and_end(&PUSH, &[("functions/shop", json!({}))]);
    ran.ends_with(0);
    for expected in [
        "functions/shop deployed, version 7",
        "live",
        "9.2 s after the upload",
    ] {
        assert!(ran.out.contains(expected), "no {expected} in:\n{}", ran.out);
    }
    for expected in ["functions/shop uploaded", "functions/shop received"] {
        assert!(ran.err.contains(expected), "no {expected} in:\n{}", ran.err);
    }
    assert!(
        !ran.out.contains("reason"),
        "one needs no table: {}",
        ran.out
    );
    let uploaded = gate.aws.object(UPLOADS, "functions/shop.zip");
    assert_eq!(uploaded, Some(sample().build()));
}

#[test]
fn push_exits_as_the_upload_ends() {
    for (fields, status) in [(refusal(), 1), (end("superseded"), 4), (end("failed"), 5)] {
        let gate = Gate::new();
        let ran = gate.run_and_end(&PUSH, &[("functions/shop", fields.clone())]);
        ran.ends_with(status);
        let state = fields["state"].as_str().unwrap();
        assert!(ran.out.contains(state), "{}", ran.out);
    }
}

#[test]
fn push_gives_up_after_its_timeout() {
    let gate = Gate::new();
    let ran = gate.run(&[&PUSH[..], &["--timeout", "1s"]].concat());
    ran.ends_with(3);
    assert!(ran.out.contains("has not taken it in"), "{}", ran.out);
}

#[test]
fn push_reports_events_as_json_lines() {
    let gate = Gate::new();
    let live = gate.upload("functions/shop", &package("handler.py", "old"));
    gate.end(
        "functions/shop",
        &live,
        &json!({"decided_at": "2026-11-20T21:44:09Z"}),
    );
    let arguments = [&PUSH[..], &["--format", "json"]].concat();
    let ran = gate.run_and_end(&arguments, &[("functions/shop", refusal())]);
    let events = ran.ends_with(1).events();
    let names: Vec<_> = events
        .iter()
        .map(|event| event["event"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["uploaded", "received", "ended"]);
    assert!(
        events
            .iter()
            .all(|event| event["target"] == "functions/shop")
    );
    let ended = &events[2];
    assert_eq!(ended["exit_status"], 1);
    assert_eq!(ended["outcome"]["code"], "NOT_A_ZIP");
    assert_eq!(ended["changes"]["removed"][0]["name"], "handler.py");
    assert!(ran.err.is_empty(), "{}", ran.err);
}

#[test]
fn events_are_kept_in_a_file() {
    let gate = Gate::new();
    let arguments = [&PUSH[..], &["--events", "events.jsonl"]].concat();
    let ran = gate.run_and_end(&arguments, &[("functions/shop", json!({}))]);
    ran.ends_with(0);
    assert!(ran.out.contains("functions/shop deployed"), "{}", ran.out);
    let kept = std::fs::read_to_string(gate.folder.path().join("events.jsonl")).unwrap();
    let names = kept.lines().map(|line| {
        let event: Value = serde_json::from_str(line).unwrap();
        event["event"].as_str().unwrap().to_owned()
    });
    assert_eq!(names.collect::<Vec<_>>(), ["uploaded", "received", "ended"]);
    let ran = gate.run(&[&PUSH[..], &["--events", "gone/events.jsonl"]].concat());
    ran.ends_with(2);
    assert!(ran.err.contains("cannot write the events"), "{}", ran.err);
}

#[test]
fn push_without_waiting_reads_no_records() {
    let gate = Gate::new();
    gate.run(&[&PUSH[..], &["--no-wait"]].concat()).ends_with(0);
    assert_eq!(gate.aws.called(), ["s3:PutObject", "s3:HeadObject"]);
}

/// Whoever may write and not look would otherwise take a deployment that is under way for one that did not happen.
#[test]
fn upload_that_cannot_be_looked_at_is_told_all_the_same() {
    let gate = Gate::new();
    let old = gate.upload("functions/shop", &package("handler.py", "old"));
    gate.end("functions/shop", &old, &json!({}));
    let label = format!("20261121T214400Z-{old}");
    gate.aws
        .answers("s3:HeadObject", s3_error(403, "AccessDenied"));
    let push = [&PUSH[..], &["--format", "json"]].concat();
    let rollback = [
        "rollback",
        "functions/shop",
        "--to",
        &label,
        "--format",
        "json",
    ];
    for arguments in [&push[..], &rollback[..]] {
        let ran = gate.run(arguments);
        let events = ran.ends_with(2).events();
        let uploaded = events.last().unwrap();
        assert_eq!(uploaded["event"], "uploaded");
        assert_eq!(uploaded["label"], Value::Null);
        let version = uploaded["version"].as_str().unwrap();
        for expected in [
            &format!("was uploaded as version {version}"),
            "s3:GetObjectVersion",
            "countersign history functions/shop",
        ] {
            assert!(ran.err.contains(expected), "no {expected} in:\n{}", ran.err);
        }
    }
}

#[test]
fn push_sends_metadata() {
    let gate = Gate::new();
    let mut command = gate.command(&[
        "push",
        "layers/tls=shop.zip",
        "--no-wait",
        "--metadata",
        "compatible-runtimes=nodejs24.x",
        "--metadata",
        "author=bob",
    ]);
    command
        .env("GITHUB_SHA", "4f2a91c")
        .env("GITHUB_ACTOR", "ann");
    let output = command.output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let calls = gate.aws.calls();
    let header = |name: &str| calls[0].request.header(name).map(str::to_owned);
    assert_eq!(header("x-amz-meta-commit").as_deref(), Some("4f2a91c"));
    assert_eq!(header("x-amz-meta-author").as_deref(), Some("bob"));
    assert_eq!(
        header("x-amz-meta-compatible-runtimes").as_deref(),
        Some("nodejs24.x")
    );
}

#[test]
fn attestation_is_uploaded_before_its_package() {
    let gate = Gate::new();
    gate.file("build.sigstore.json", b"{}");
    gate.file("huge.json", &vec![b' '; (1 << 20) + 1]);
    gate.file("a b.json", b"{}");
    let push = [&PUSH[..], &["--no-wait", "--attestation"]].concat();
    gate.run(&[&push[..], &["build.sigstore.json"]].concat())
        .ends_with(0);
    assert_eq!(
        gate.aws.called(),
        ["s3:PutObject", "s3:PutObject", "s3:HeadObject"]
    );
    let keys: Vec<String> = gate
        .aws
        .calls()
        .iter()
        .map(|call| call.request.path.clone())
        .collect();
    let package = std::fs::read(gate.folder.path().join("shop.zip")).unwrap();
    let folder = countersign_gate::domain::AttestationFolder::of_package(&package);
    assert_eq!(keys[0], format!("/uploads/{folder}build.sigstore.json"));
    assert_eq!(keys[1], "/uploads/functions/shop.zip");
    let before = gate.aws.called().len();
    for (more, words) in [
        (&["gone.json"][..], "cannot read the attestation"),
        (&["huge.json"], "1048577 bytes"),
        (&["a b.json"], "no name for an object"),
        (
            &[
                "build.sigstore.json",
                "--attestation",
                "build.sigstore.json",
            ],
            "two attestations",
        ),
        (
            &["build.sigstore.json", "functions/other=shop.zip"],
            "for one package",
        ),
    ] {
        let ran = gate.run(&[&push[..], more].concat());
        ran.ends_with(2);
        assert!(ran.err.contains(words), "no {words} in:\n{}", ran.err);
    }
    assert_eq!(gate.aws.called().len(), before, "nothing is uploaded");
    gate.aws
        .answers("s3:PutObject", s3_error(403, "AccessDenied"));
    let ran = gate.run(&[&push[..], &["build.sigstore.json"]].concat());
    ran.ends_with(2);
    assert!(ran.err.contains("attestations/"), "{}", ran.err);
}

#[test]
fn push_uploads_nothing_that_would_be_refused() {
    let gate = Gate::new();
    gate.file("signed.zip", &sign(&sample(), &PKI).build());
    gate.file("notes.zip", b"no zip");
    for (package, code) in [
        ("functions/other=signed.zip", "ALREADY_SIGNED"),
        ("functions/other=notes.zip", "NOT_A_ZIP"),
        ("layers/other=shop.zip", "LAYER_METADATA"),
    ] {
        let mut arguments = vec!["push", "functions/shop=shop.zip", package];
        if package.starts_with("layers") {
            arguments.extend(["--metadata", TOO_MANY_RUNTIMES]);
        }
        let ran = gate.run(&arguments);
        ran.ends_with(1);
        assert!(
            ran.err.contains(code) && ran.err.contains("fix:"),
            "{}",
            ran.err
        );
    }
    assert!(gate.aws.called().is_empty());
}

#[test]
fn several_uploads_exit_with_the_worst() {
    let gate = Gate::new();
    let arguments = ["push", "functions/shop=shop.zip", "functions/cart=shop.zip"];
    let ends = [("functions/shop", refusal()), ("functions/cart", json!({}))];
    let ran = gate.run_and_end(&arguments, &ends);
    ran.ends_with(1);
    for expected in ["functions/shop rejected", "functions/cart deployed"] {
        assert!(ran.out.contains(expected), "no {expected} in:\n{}", ran.out);
    }
    // At the end, a row each.
    let table: Vec<&str> = ran.out.lines().rev().take(3).collect();
    assert_eq!(
        table,
        [
            "functions/cart  deployed  7 (live)  -",
            "functions/shop  rejected  -         NOT_A_ZIP: no zip",
            "target          state     version   reason",
        ]
    );
}

#[test]
fn wrong_command_lines_make_no_call() {
    let gate = Gate::new();
    for (arguments, expected) in [
        (&["push", "shop.zip"][..], "functions/NAME=shop.zip"),
        (&["push", "functions/shop=gone.zip"], "gone.zip"),
        (
            &["push", "functions/a=shop.zip", "functions/a=shop.zip"],
            "given twice",
        ),
        (&["push", "functions/a=shop.zip", "--timeout", "15"], "15m"),
        (
            &["push", "functions/a=shop.zip", "--uploads-bucket", ""],
            "UploadsBucket",
        ),
        (
            &["push", "functions/a=shop.zip", "--metadata", "x"],
            "NAME=VALUE",
        ),
        (&["wait", "functions/a", "--upload", "a/b"], "version id"),
        (
            &["rollback", "functions/a", "--uploads-bucket", ""],
            "UploadsBucket",
        ),
    ] {
        let ran = gate.run(arguments);
        ran.ends_with(2);
        assert!(ran.err.contains(expected), "{arguments:?}: {}", ran.err);
    }
    assert!(gate.aws.called().is_empty());
}

#[test]
fn denied_upload_names_the_permission() {
    let gate = Gate::new();
    gate.aws
        .answers("s3:PutObject", s3_error(403, "AccessDenied"));
    let ran = gate.run(&PUSH);
    ran.ends_with(2);
    for expected in [
        "s3:PutObject on arn:aws:s3:::uploads/functions/shop.zip",
        "kms:Gen",
    ] {
        assert!(ran.err.contains(expected), "no {expected} in:\n{}", ran.err);
    }
}

#[test]
fn unversioned_bucket_is_told() {
    let gate = Gate::new();
    gate.aws.without_versions(UPLOADS);
    let ran = gate.run(&PUSH);
    ran.ends_with(2);
    assert!(ran.err.contains("keeps no versions"), "{}", ran.err);
}

#[test]
fn wait_follows_the_upload_that_is_named() {
    let gate = Gate::new();
    let first = gate.upload("functions/shop", &sample());
    let second = gate.upload("functions/shop", &sample());
    gate.end("functions/shop", &first, &end("superseded"));
    gate.end("functions/shop", &second, &json!({}));
    let label = format!("20261121T214400Z-{first}");
    for (more, status) in [
        (&[][..], 0),
        (&["--upload", &second][..], 0),
        (&["--upload", &first][..], 4),
        (&["--upload", &label][..], 4),
        (&["--upload", "version-9"][..], 2),
    ] {
        gate.run(&[&["wait", "functions/shop"][..], more].concat())
            .ends_with(status);
    }
    gate.run(&["wait", "functions/cart"]).ends_with(2);
    let called = gate.aws.called();
    assert!(
        !called.iter().any(|call| call == "s3:PutObject"),
        "{called:?}"
    );
}

#[test]
fn wait_without_time_looks_once() {
    let gate = Gate::new();
    gate.upload("functions/shop", &sample());
    let ran = gate.run(&[
        "wait",
        "functions/shop",
        "--timeout",
        "0s",
        "--format",
        "json",
    ]);
    let events = ran.ends_with(3).events();
    assert_eq!(events.len(), 1);
    assert_eq!(events[0]["event"], "not_known");
    assert_eq!(gate.aws.called(), ["s3:HeadObject", "s3:ListObjectsV2"]);
}

/// Three uploads: deployed as 6, deployed as 7, refused.
fn three_uploads() -> (Gate, [String; 3]) {
    let gate = Gate::new();
    let versions = ["one", "two", "three"]
        .map(|content| gate.upload("functions/shop", &package("handler.py", content)));
    let deployed = |version: &str, minute: u8| {
        json!({"decided_at": format!("2026-11-21T21:{minute}:00Z"),
            "deployed": {"code_sha256": "c2hh", "version": version, "layer_version_arn": null,
                "alias": "live", "unchanged": false}})
    };
    gate.end("functions/shop", &versions[0], &deployed("6", 45));
    gate.end("functions/shop", &versions[1], &deployed("7", 46));
    gate.end("functions/shop", &versions[2], &refusal());
    gate.live("functions/shop", &versions[1], "7");
    (gate, versions)
}

#[test]
fn history_marks_what_is_live() {
    let (gate, versions) = three_uploads();
    let ran = gate.run(&["history", "functions/shop", "--format", "json"]);
    let report: Value = serde_json::from_str(&ran.ends_with(0).out).unwrap();
    let live: Vec<_> = report["uploads"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|upload| upload["is_live"] == true)
        .collect();
    assert_eq!(live.len(), 1);
    assert_eq!(live[0]["version"], versions[1].as_str());
    let text = gate.run(&["history", "functions/shop"]).out;
    for expected in [
        "* deployed",
        "7 (live)",
        "NOT_A_ZIP",
        "4f2a91c",
        "ann",
        "2026-11-21 21:44:00 UTC, ",
    ] {
        assert!(text.contains(expected), "no {expected} in:\n{text}");
    }
}

#[test]
fn rollback_goes_back_to_the_package_before() {
    let (gate, versions) = three_uploads();
    let ran = gate.run_and_end(
        &["rollback", "functions/shop"],
        &[("functions/shop", json!({}))],
    );
    ran.ends_with(0);
    assert!(
        ran.err
            .contains(&format!("back to 20261121T214400Z-{}", versions[0])),
        "{}",
        ran.err
    );
    let now = gate.aws.object(UPLOADS, "functions/shop.zip");
    assert_eq!(now, Some(package("handler.py", "one").build()));
    let calls = gate.aws.calls();
    let copy = calls
        .iter()
        .find(|call| call.name == "s3:CopyObject")
        .unwrap();
    let header = |name: &str| copy.request.header(name);
    assert_eq!(header("x-amz-meta-commit"), Some("4f2a91c"));
    assert!(
        header("x-amz-meta-rollback-to")
            .unwrap()
            .ends_with(&versions[0])
    );
}

/// Uploads may be decided in another order than Lambda took them in.
#[test]
fn last_decision_is_not_taken_for_live() {
    let (gate, versions) = three_uploads();
    let late = json!({"decided_at": "2026-11-21T21:59:00Z",
        "deployed": {"code_sha256": "c2hh", "version": "6", "layer_version_arn": null,
            "alias": "live", "unchanged": false}});
    gate.end("functions/shop", &versions[0], &late);
    let ran = gate.run(&["history", "functions/shop"]);
    let lines: Vec<_> = ran.ends_with(0).out.lines().collect();
    let live = lines.iter().find(|line| line.starts_with('*')).unwrap();
    assert!(live.contains(&versions[1]), "{}", ran.out);
    let ran = gate.run(&["rollback", "functions/shop", "--dry-run"]);
    let back = format!("back to 20261121T214400Z-{}", versions[0]);
    assert!(ran.ends_with(0).err.contains(&back), "{}", ran.err);
    let one = format!("functions/shop@{}", versions[0]);
    let ran = gate.run(&["diff", &one, "functions/shop"]);
    let heading = format!("functions/shop@{}", versions[1]);
    assert!(ran.ends_with(0).out.contains(&heading), "{}", ran.out);
}

#[test]
fn rollback_goes_to_the_upload_that_is_named() {
    let (gate, versions) = three_uploads();
    for (to, expected) in [
        ("7", &versions[1]),
        ("6", &versions[0]),
        (&versions[0], &versions[0]),
    ] {
        let ran = gate.run(&["rollback", "functions/shop", "--to", to, "--dry-run"]);
        ran.ends_with(0);
        assert!(
            ran.err.contains(&format!("-{expected}")),
            "{to}: {}",
            ran.err
        );
    }
    for (to, expected) in [
        (versions[2].as_str(), "never deployed; it is rejected"),
        ("99", "no upload on record"),
    ] {
        let ran = gate.run(&["rollback", "functions/shop", "--to", to]);
        ran.ends_with(2);
        assert!(ran.err.contains(expected), "{to}: {}", ran.err);
    }
    let called = gate.aws.called();
    assert!(
        !called.iter().any(|call| call == "s3:CopyObject"),
        "{called:?}"
    );
}

#[test]
fn rollback_without_history_changes_nothing() {
    let gate = Gate::new();
    let ran = gate.run(&["rollback", "functions/shop"]);
    ran.ends_with(2);
    assert!(
        ran.err.contains("nothing on record was deployed"),
        "{}",
        ran.err
    );
    let only = gate.upload("functions/shop", &sample());
    gate.end("functions/shop", &only, &json!({}));
    let ran = gate.run(&["rollback", "functions/shop"]);
    ran.ends_with(2);
    assert!(
        ran.err.contains("nothing else was deployed before"),
        "{}",
        ran.err
    );
}

#[test]
fn rollback_to_a_version_that_is_gone_is_told() {
    let (gate, versions) = three_uploads();
    gate.aws
        .remove_version(UPLOADS, "functions/shop.zip", &versions[0]);
    let ran = gate.run(&["rollback", "functions/shop"]);
    ran.ends_with(2);
    assert!(
        ran.err.contains("not in the uploads bucket any more"),
        "{}",
        ran.err
    );
}

#[test]
fn diff_compares_files_uploads_and_what_is_live() {
    let (gate, versions) = three_uploads();
    gate.file("new.zip", &package("handler.py", "other").build());
    gate.file("more.zip", &package("more.py", "1").build());
    let third = format!("functions/shop@{}", versions[2]);
    for (old, new, expected) in [
        (
            "new.zip",
            "more.zip",
            "1 added, 1 removed, 0 changed, 0 the same",
        ),
        ("functions/shop", "new.zip", "3 -> 5 bytes"),
        (&third, "functions/shop", "5 -> 3 bytes"),
        (
            "functions/shop",
            "functions/shop",
            "0 added, 0 removed, 0 changed, 1 the same",
        ),
    ] {
        let ran = gate.run(&["diff", old, new]);
        ran.ends_with(0);
        assert!(ran.out.contains(expected), "{old} {new}:\n{}", ran.out);
    }
    let running = package("handler.py", "foreign!").build();
    gate.aws.put("code", "shop.zip", running.as_slice());
    let function = json!({
        "Configuration": {"FunctionName": "shop", "FunctionArn": "arn:aws:lambda:eu-west-1:111122223333:function:shop",
            "CodeSha256": sha256_base64(&running), "RevisionId": "r1", "State": "Active", "PackageType": "Zip",
            "LastUpdateStatus": "Successful", "LastModified": "2026-11-21T21:44:00.000+0000"},
        "Code": {"Location": format!("{}/code/shop.zip?signature", gate.aws.endpoint())},
    });
    gate.aws
        .answers("lambda:GetFunction", json_answer(&function.to_string()));
    let ran = gate.run(&["diff", "functions/shop", "lambda:shop"]);
    ran.ends_with(0);
    assert!(ran.out.contains("3 -> 8 bytes"), "{}", ran.out);
    let absent = exception(404, "ResourceNotFoundException", "Function not found");
    gate.aws.answers("lambda:GetFunction", absent);
    let ran = gate.run(&["diff", "functions/shop", "lambda:shop"]);
    ran.ends_with(2);
    assert!(ran.err.contains("no function shop"), "{}", ran.err);
    gate.run(&["diff", "new.zip", "functions/cart"])
        .ends_with(2);
    gate.run(&["diff", "new.zip", "functions/shop@gone"])
        .ends_with(2);
}

/// A report that names the refused one alone looks as if the others had been deployed.
#[test]
fn packages_beside_a_refused_one_are_told_as_held_back() {
    let gate = Gate::new();
    gate.file("none.zip", b"no zip");
    let push = ["push", "functions/a=none.zip", "layers/b=shop.zip"];
    let ran = gate.run(&[&push[..], &["--events", "events.jsonl"]].concat());
    ran.ends_with(1);
    assert!(ran.err.contains("layers/b: held back"), "{}", ran.err);
    assert!(gate.aws.called().is_empty());
    let report = |form: &str| {
        gate.run(&["ci-report", "events.jsonl", "--status", "1", "--to", form])
            .out
    };
    let junit = report("junit");
    assert!(
        junit.contains(r#"tests="2" failures="1" errors="0" skipped="1""#),
        "{junit}"
    );
    assert!(report("markdown").contains("held back"));
    assert!(report("dotenv").contains("COUNTERSIGN_STATE=refused"));
}
