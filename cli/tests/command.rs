//! The command as people and scripts meet it: policies, exit statuses, text.

#![expect(
    clippy::unwrap_used,
    reason = "a test stops at the first thing that is not as it should be"
)]

mod bench;

use countersign_cases::PKI;
use countersign_testkit::{
    package::{content_digest, sample, sign},
    signature::{PROFILE_VERSION, SIGNED_AT, SignatureForge},
    zip::{EntryForge, ZipForge},
};
use serde_json::Value;

use bench::Bench;

impl Bench {
    fn put_zip(&self, name: &str, zip: &ZipForge) {
        self.put(name, &zip.build());
    }

    /// Verifies with the root of the tests at the moment of signing, and more arguments.
    fn verify(&self, package: &str, more: &[&str]) -> (i32, Value) {
        let at = if more.contains(&"--at") {
            &[][..]
        } else {
            &["--at", SIGNED_AT]
        };
        let common = [
            "verify",
            package,
            "--trust-root",
            "root.pem",
            "--format",
            "json",
        ];
        let output = self.run(&[&common, at, more].concat());
        let verdict = serde_json::from_slice(&output.stdout).unwrap();
        (output.status.code().unwrap(), verdict)
    }
}

/// Decision, and status, action and code of one check.
fn finding<'v>(verdict: &'v Value, check: &str) -> (&'v str, &'v str, &'v str, &'v str) {
    let all = verdict["findings"].as_array().unwrap();
    let found = all
        .iter()
        .find(|finding| finding["check"] == check)
        .unwrap();
    let text = |value: &'v Value| value.as_str().unwrap_or("-");
    (
        text(&verdict["decision"]),
        text(&found["status"]),
        text(&found["action"]),
        text(&found["code"]),
    )
}

#[test]
fn allowed_publisher_passes_under_both_policies() {
    let bench = Bench::new();
    for csc in ["enforce.json", "warn.json"] {
        let (status, verdict) =
            bench.verify("signed.zip", &["--csc", csc, "--source", "source.zip"]);
        assert_eq!(status, 0, "{verdict:#}");
        let (decision, result, _, _) = finding(&verdict, "publisher");
        assert_eq!((decision, result), ("accept", "pass"));
        assert_eq!(finding(&verdict, "origin").1, "pass");
    }
}

#[test]
fn foreign_publisher_follows_the_policy() {
    let bench = Bench::new();
    let (status, verdict) = bench.verify("signed.zip", &["--csc", "enforce-other.json"]);
    assert_eq!(
        finding(&verdict, "publisher"),
        ("reject", "fail", "block", "PUBLISHER_NOT_ALLOWED")
    );
    assert_eq!(status, 1);
    let (status, verdict) = bench.verify("signed.zip", &["--csc", "warn-other.json"]);
    let expected = (
        "accept_with_warnings",
        "fail",
        "warn",
        "PUBLISHER_NOT_ALLOWED",
    );
    assert_eq!(finding(&verdict, "publisher"), expected);
    assert_eq!(status, 0);
}

#[test]
fn unsigned_package_follows_the_policy() {
    let bench = Bench::new();
    let rejected = ("reject", "fail", "block", "UNSIGNED");
    for more in [&["--csc", "enforce.json"][..], &[]] {
        let (status, verdict) = bench.verify("source.zip", more);
        assert_eq!(finding(&verdict, "publisher"), rejected);
        assert_eq!(status, 1);
        assert_eq!(verdict["signature"], Value::Null);
    }
    let (status, verdict) = bench.verify("source.zip", &["--csc", "warn.json"]);
    // Lambda would only warn; the gate deploys nothing that no job signed.
    let warned = ("reject", "fail", "warn", "UNSIGNED");
    assert_eq!(finding(&verdict, "publisher"), warned);
    assert_eq!(finding(&verdict, "claims"), rejected);
    assert_eq!(status, 1);
    let text = headline_of(&bench, &["--csc", "warn.json"]);
    let headline = "source.zip is not signed; ask `countersign check` whether the gate would have it signed. As it \
                    stands, Lambda would take it under Warn, and the gate never deploys it.";
    assert!(text.starts_with(headline), "{text}");
    let text = headline_of(&bench, &[]);
    let headline = "source.zip is not signed; ask `countersign check` whether the gate would have it signed. As it \
                    stands, it would be rejected.\n";
    assert!(text.starts_with(headline), "{text}");
    // Two checks find it, and what it means is told once.
    assert_eq!(text.matches("UNSIGNED").count(), 1, "{text}");
    assert_eq!(text.matches("fix: Drop the package").count(), 1, "{text}");
    assert_eq!(text.matches("FAIL").count(), 2, "{text}");
}

fn headline_of(bench: &Bench, more: &[&str]) -> String {
    let output = bench.run(&[&["verify", "source.zip"], more].concat());
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn format_of_an_unsigned_package_is_not_explained() {
    let bench = Bench::new();
    let output = bench.run(&["verify", "source.zip", "--explain-format"]);
    let text = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{text}");
    assert!(
        text.contains("is not signed, so it tells nothing of Signer's format"),
        "{text}"
    );
    assert!(output.stdout.is_empty());
}

#[test]
fn expiry_is_judged_at_the_given_time() {
    let bench = Bench::new();
    let late = ["--at", "2037-12-28T09:19:26.806Z"];
    let just_before = ["--at", "2037-12-28T09:19:26.805Z"];
    let (status, verdict) = bench.verify(
        "signed.zip",
        &[&late[..], &["--csc", "enforce.json"]].concat(),
    );
    assert_eq!(
        finding(&verdict, "expiry"),
        ("reject", "fail", "block", "SIGNATURE_EXPIRED")
    );
    assert_eq!(status, 1);
    let (status, verdict) =
        bench.verify("signed.zip", &[&late[..], &["--csc", "warn.json"]].concat());
    let warned = ("accept_with_warnings", "fail", "warn", "SIGNATURE_EXPIRED");
    assert_eq!(finding(&verdict, "expiry"), warned);
    assert_eq!(status, 0);
    let (status, verdict) = bench.verify("signed.zip", &just_before);
    assert_eq!(finding(&verdict, "expiry").1, "pass");
    assert_eq!(status, 0);
}

#[test]
fn time_before_signing_is_inconclusive() {
    let bench = Bench::new();
    for csc in ["enforce.json", "warn.json"] {
        let more = ["--at", "2000-01-01T00:00:00Z", "--csc", csc];
        let (status, verdict) = bench.verify("signed.zip", &more);
        assert_eq!(
            finding(&verdict, "expiry"),
            (
                "inconclusive",
                "inconclusive",
                if csc == "warn.json" { "warn" } else { "block" },
                "EXPIRY_UNKNOWN"
            )
        );
        assert_eq!(status, 3);
    }
    let output = bench.run(&[
        "verify",
        "signed.zip",
        "--trust-root",
        "root.pem",
        "--at",
        "2000-01-01T00:00:00Z",
    ]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(
        text.contains("cannot be judged") && text.contains(SIGNED_AT),
        "{text}"
    );
}

#[test]
fn warn_does_not_soften_blocking_checks() {
    let bench = Bench::new();
    let tampered =
        sign(&sample(), &PKI).with(|zip| zip.entries[0] = EntryForge::file("index.mjs", "evil"));
    bench.put_zip("tampered.zip", &tampered);
    bench.put_zip(
        "prefixed.zip",
        &sign(&sample(), &PKI).with(|zip| zip.prefix = vec![0]),
    );
    bench.put_zip(
        "executable.zip",
        &sign(&sample(), &PKI).with(|zip| {
            zip.entries[0] = zip.entries[0].clone().mode(0o100_755);
        }),
    );
    for (package, check, code) in [
        ("tampered.zip", "integrity", "CONTENT_CHANGED"),
        ("prefixed.zip", "structure", "ZIP_AMBIGUOUS"),
        ("executable.zip", "origin", "ORIGIN_MISMATCH"),
    ] {
        let (status, verdict) =
            bench.verify(package, &["--csc", "warn.json", "--source", "source.zip"]);
        assert_eq!(finding(&verdict, check), ("reject", "fail", "block", code));
        assert_eq!(status, 1);
    }
}

#[test]
fn all_findings_are_reported_at_once() {
    let bench = Bench::new();
    bench.put_zip(
        "wrong.zip",
        &sign(&sample(), &PKI).with(|zip| {
            zip.entries[0] = zip.entries[0].clone().mode(0o100_755);
        }),
    );
    let more = [
        "--csc",
        "enforce-other.json",
        "--source",
        "source.zip",
        "--at",
        "2040-01-01T00:00:00Z",
    ];
    let (_, verdict) = bench.verify("wrong.zip", &more);
    for check in ["origin", "expiry", "publisher"] {
        assert_eq!(finding(&verdict, check).1, "fail", "{check}: {verdict:#}");
    }
}

#[test]
fn default_trust_root_is_that_of_aws() {
    let bench = Bench::new();
    let output = bench.run(&[
        "verify",
        "signed.zip",
        "--at",
        SIGNED_AT,
        "--format",
        "json",
    ]);
    let verdict: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        finding(&verdict, "integrity"),
        ("reject", "fail", "block", "CHAIN_UNTRUSTED")
    );
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn trust_roots_add_up() {
    let bench = Bench::new();
    let other = countersign_testkit::pki::PkiForge::new("another").mint();
    bench.put("other.pem", other.root_pem().trim_end().as_bytes());
    let (status, verdict) = bench.verify("signed.zip", &["--trust-root", "other.pem"]);
    assert_eq!(status, 0, "{verdict:#}");
}

#[test]
fn text_has_result_meaning_and_fix() {
    let bench = Bench::new();
    let arguments = [
        "verify",
        "signed.zip",
        "--trust-root",
        "root.pem",
        "--csc",
        "enforce-other.json",
    ];
    let output = bench.run(&[&arguments[..], &["--at", SIGNED_AT]].concat());
    let text = String::from_utf8(output.stdout).unwrap();
    for expected in [
        "would be rejected",
        "FAIL",
        "PUBLISHER_NOT_ALLOWED",
        "fix: ",
        "not judged",
        PROFILE_VERSION,
    ] {
        assert!(text.contains(expected), "no {expected} in:\n{text}");
    }
    assert!(!text.contains('\x1b'), "colour in a pipe:\n{text}");
}

#[test]
fn unjudged_checks_are_listed_with_how_to_judge_them() {
    let bench = Bench::new();
    let common = [
        "verify",
        "signed.zip",
        "--trust-root",
        "root.pem",
        "--at",
        SIGNED_AT,
    ];
    let text = |more: &[&str]| {
        let output = bench.run(&[&common[..], more].concat());
        assert_eq!(output.status.code(), Some(0));
        String::from_utf8(output.stdout).unwrap()
    };
    let source = ["--source", "source.zip"];
    let csc = ["--csc", "enforce.json"];
    let bare = text(&[]);
    let headline = "signed.zip would be deployed if origin, claims, publisher and revocation hold, \
                    which were not judged.\n";
    assert!(bare.starts_with(headline), "{bare}");
    for hint in [
        "--source SOURCE.zip",
        "--csc CSC.json",
        "only the gate can judge it",
    ] {
        assert!(bare.contains(hint), "no {hint} in:\n{bare}");
    }
    let whole = text(&[&source[..], &csc].concat());
    let headline =
        "signed.zip would be deployed if claims and revocation hold, which were not judged.\n";
    assert!(whole.starts_with(headline), "{whole}");
    for hint in ["--source", "--csc"] {
        assert!(!whole.contains(hint), "{hint} in:\n{whole}");
    }
    let warned = text(&["--csc", "warn-other.json"]);
    let headline = "signed.zip would be deployed with warnings if origin, claims and revocation hold, \
                    which were not judged.\n";
    assert!(warned.starts_with(headline), "{warned}");
}

#[test]
fn rejection_has_no_reservation() {
    let bench = Bench::new();
    let output = bench.run(&["verify", "source.zip"]);
    let text = String::from_utf8(output.stdout).unwrap();
    let headline = text.lines().next().unwrap();
    assert!(headline.ends_with("it would be rejected."), "{text}");
}

#[test]
fn one_entry_is_singular_in_text() {
    let bench = Bench::new();
    bench.put_zip("one.zip", &ZipForge::new([EntryForge::file("a", "body")]));
    for command in ["verify", "inspect"] {
        let text = String::from_utf8(bench.run(&[command, "one.zip"]).stdout).unwrap();
        assert!(
            text.contains("1 entry") && !text.contains("1 entries"),
            "{text}"
        );
    }
}

#[test]
fn inspect_shows_without_judging() {
    let bench = Bench::new();
    let pki = countersign_testkit::pki::PkiForge::new("nobody trusts this").mint();
    bench.put_zip("stranger.zip", &sign(&sample(), &pki));
    let output = bench.run(&["inspect", "stranger.zip", "--format", "json"]);
    assert_eq!(output.status.code(), Some(0));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let entries = report["package"]["entries"].as_array().unwrap();
    assert_eq!(entries.len(), 6);
    assert_eq!(entries[3]["name"], "bin/migrate");
    assert_eq!(
        (&entries[3]["kind"], &entries[3]["mode"]),
        (&"file".into(), &"100755".into())
    );
    assert_eq!(report["signature"]["profile_version_arn"], PROFILE_VERSION);
    assert_eq!(
        report["signature"]["attributes"].as_array().unwrap().len(),
        7
    );
    let text = String::from_utf8(bench.run(&["inspect", "stranger.zip"]).stdout).unwrap();
    assert!(text.contains("nothing here is verified"), "{text}");
    for judgement in ["trusted", "would be", "pass", "FAIL"] {
        assert!(!text.contains(judgement), "{judgement} in:\n{text}");
    }
}

#[test]
fn inspect_accepts_a_bare_signature() {
    let bench = Bench::new();
    let entry = SignatureForge::new(&PKI, &content_digest(&sample())).entry();
    bench.put("x.SF", &entry);
    let output = bench.run(&["inspect", "x.SF", "--format", "json"]);
    assert_eq!(output.status.code(), Some(0));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["package"], Value::Null);
    assert_eq!(
        report["signature"]["certificates"]
            .as_array()
            .unwrap()
            .len(),
        5
    );
    assert_eq!(report["signature"]["certificates"][0]["is_signer"], true);
}

#[test]
fn inspect_shows_entries_with_false_headers() {
    let bench = Bench::new();
    bench.put_zip(
        "lies.zip",
        &sample().with(|zip| zip.entries[0].change_both(|header| header.crc32 ^= 1)),
    );
    let output = bench.run(&["inspect", "lies.zip", "--format", "json"]);
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert!(
        report["package"]["contents_error"]
            .as_str()
            .unwrap()
            .contains("CRC-32")
    );
}

#[test]
fn help_has_examples_and_exit_statuses() {
    let bench = Bench::new();
    let output = bench.run(&["verify", "--help"]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert!(
        text.contains("Examples:") && text.contains("Exit status:"),
        "{text}"
    );
}
