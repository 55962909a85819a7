//! `countersign doctor` on the deployed stack: nothing of it fails, and what is broken on purpose fails exactly its check; and a probe, whose
//! facts the local AWS confirms until one of its behaviours is turned wrong.

use std::{collections::BTreeSet, process::Command};

use countersign_e2e::{
    local_stack::Protection, observer::Nobody, session::text, tools::environment,
};
use serde_json::{Value, json};

use crate::{alone, beside_others, local_stack};

/// Runs `countersign doctor` as the account's root, and gives what it printed as JSON.
fn doctor(arguments: &[&str]) -> Value {
    let stack = local_stack();
    let tests = std::env::current_exe().unwrap();
    let countersign = tests.ancestors().nth(2).unwrap().join("countersign");
    assert!(
        countersign.is_file(),
        "{} is not built: cargo xtask test --only unit",
        countersign.display()
    );
    let endpoint = stack.cloud().endpoint();
    let output = Command::new(countersign)
        .args([
            "doctor",
            "--stack",
            stack.stack().name(),
            "--format",
            "json",
        ])
        .args(arguments)
        .env_clear()
        .envs(environment(&endpoint, ("test", "test")))
        .output()
        .unwrap();
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| {
        let told = String::from_utf8_lossy(&output.stderr);
        panic!("{error}: {told}")
    })
}

/// The checks of the stack itself that failed or could not be told, by name. What other tests do to targets is theirs.
fn bad(report: &Value) -> BTreeSet<String> {
    let checks = report.pointer("/checks").and_then(Value::as_array).unwrap();
    checks
        .iter()
        .filter(|check| text(check, "/category").unwrap() != "targets")
        .filter(|check| {
            let result = text(check, "/result").unwrap();
            result == "failure" || result == "could_not_tell"
        })
        .map(|check| text(check, "/id").unwrap())
        .collect()
}

fn only(id: &str) -> BTreeSet<String> {
    BTreeSet::from([id.to_owned()])
}

#[test]
#[ignore = "needs the local AWS: cargo xtask test --only e2e"]
fn whole_stack_has_no_failure() {
    let _beside = beside_others();
    let report = doctor(&["--fix-hint"]);
    assert_eq!(bad(&report), BTreeSet::new(), "{report:#}");
}

/// One thing after the other is broken, seen, and mended.
#[test]
#[ignore = "needs the local AWS: cargo xtask test --only e2e"]
fn broken_part_fails_exactly_its_check() {
    let _alone = alone();
    let stack = local_stack();
    let root = stack.root();
    let call = |service: &str, operation: &str, arguments: Value| {
        root.call(service, operation, arguments).unwrap()
    };
    let rule = stack.resource("JobRule").unwrap();
    let alarm = stack.resource("SweepMissedAlarm").unwrap();
    let trail = stack.resource("Trail").unwrap();
    let signed = stack.resource("SignedBucket").unwrap();
    let sign = stack.resource("SignFunction").unwrap();
    let versioning =
        |status: &str| json!({"Bucket": signed, "VersioningConfiguration": {"Status": status}});
    let cases = [
        (
            "rule",
            ("events", "disable_rule", json!({"Name": rule})),
            ("events", "enable_rule", json!({"Name": rule})),
        ),
        (
            "alarms",
            (
                "cloudwatch",
                "disable_alarm_actions",
                json!({"AlarmNames": [alarm]}),
            ),
            (
                "cloudwatch",
                "enable_alarm_actions",
                json!({"AlarmNames": [alarm]}),
            ),
        ),
        (
            "trail",
            ("cloudtrail", "stop_logging", json!({"Name": trail})),
            ("cloudtrail", "start_logging", json!({"Name": trail})),
        ),
        (
            "bucket-versioning",
            ("s3", "put_bucket_versioning", versioning("Suspended")),
            ("s3", "put_bucket_versioning", versioning("Enabled")),
        ),
        (
            "function-concurrency",
            (
                "lambda",
                "put_function_concurrency",
                json!({"FunctionName": sign, "ReservedConcurrentExecutions": 0}),
            ),
            (
                "lambda",
                "delete_function_concurrency",
                json!({"FunctionName": sign}),
            ),
        ),
    ];
    for (id, (service, operation, broken), (mender, mend, mended)) in cases {
        call(service, operation, broken);
        let report = doctor(&[]);
        call(mender, mend, mended);
        assert_eq!(bad(&report), only(id), "{id}: {report:#}");
    }
    assert_eq!(bad(&doctor(&[])), BTreeSet::new());
}

/// The facts that were answered so.
fn answered(report: &Value, answer: &str) -> BTreeSet<String> {
    let facts = report
        .pointer("/probe/facts")
        .and_then(Value::as_array)
        .unwrap();
    facts
        .iter()
        .filter(|fact| text(fact, "/answer").unwrap() == answer)
        .map(|fact| text(fact, "/id").unwrap())
        .collect()
}

/// Settings of the local AWS, which go back when this is dropped.
struct Weather;

impl Weather {
    fn turns(settings: Value) -> Self {
        local_stack()
            .root()
            .call("control", "PUT settings", settings)
            .unwrap();
        Self
    }
}

impl Drop for Weather {
    fn drop(&mut self) {
        let defaults = json!({"otherwise": ""});
        let root = local_stack().root();
        let _told = root.call("control", "PUT settings", defaults);
    }
}

#[test]
#[ignore = "needs the local AWS: cargo xtask test --only e2e"]
fn probe_is_confirmed_and_names_nobody() {
    let _alone = alone();
    let stack = local_stack();
    let judged = "demo-dry-run";
    stack
        .create_function(judged, "before", Protection::Enforce)
        .unwrap();
    stack.wait_until_active(&Nobody, judged).unwrap();
    let root = stack.cloud().signer_root().display().to_string();
    let folder = stack.cloud().tools().local().join("doctor-probe.json");
    let file = folder.display().to_string();
    let common = [
        "--probe",
        "--trust-root",
        &root,
        "--dry-run-function",
        judged,
    ];
    let probe =
        |name: &str, more: &[&str]| doctor(&[&common[..], &["--probe-name", name], more].concat());

    let report = probe("demo-probe-1", &["--probe-report", &file]);
    assert_eq!(answered(&report, "differs"), BTreeSet::new(), "{report:#}");
    assert_eq!(answered(&report, "unknown"), BTreeSet::new(), "{report:#}");
    // Nobody but `sign` may start a job with the stack's profile, the account's root included.
    assert_eq!(
        answered(&report, "not_asked"),
        only("job-token"),
        "{report:#}"
    );
    assert!(answered(&report, "confirmed").len() >= 30, "{report:#}");
    let kept = std::fs::read_to_string(&folder).unwrap();
    let kept: Value = serde_json::from_str(&kept).unwrap();
    assert_eq!(Some(&kept), report.pointer("/probe"));
    for secret in ["000000000000", "countersign-", "demo-"] {
        assert!(!kept.to_string().contains(secret), "{secret}: {kept:#}");
    }
}

/// Facts that this AWS does otherwise at once, and what differs beside them because of it: mostly that the gate refuses.
/// Together are those that do not hide each other: a signature that cannot be read answers no more questions.
const OTHERWISE: [(&[&str], &[&str]); 25] = [
    (
        &[
            "notification-principal",
            "notification-sequencer",
            "signed-expiry",
            "signed-time",
            "made-by-kept",
            "outer-levels-indefinite",
            "signing-time-form",
            "expiry-form",
            "signer-certificate",
        ],
        &[],
    ),
    (&["upload-notified"], &["job-started"]),
    (&["job-started"], &["gate-prepared"]),
    (
        &["job-known"],
        &[
            "signed-key",
            "signed-version",
            "gate-verdict",
            "gate-prepared",
        ],
    ),
    (&["job-source"], &["job-event"]),
    (&["job-event"], &[]),
    (&["signed-version"], &["job-event"]),
    (&["signed-key"], &REFUSED),
    (&["job-owner", "signed-job", "signed-profile"], &REFUSED),
    (&["strict-zip"], &REFUSED),
    (
        &["signature-entry-name"],
        &["appended-last", "gate-verdict", "gate-prepared"],
    ),
    (
        &["entries-kept"],
        &["strict-zip", "gate-verdict", "gate-prepared"],
    ),
    (&["bodies-kept"], &OTHER_DIGEST),
    (
        &[
            "appended-last",
            "kinds-and-modes-kept",
            "name-marks-kept",
            "digest-formula",
            "algorithms",
            "attribute-order",
            "chain-to-root",
            "signature-value",
        ],
        &REFUSED,
    ),
    (&["certificate-set"], &NO_CHAIN),
    (&["root-in-set"], &NO_CHAIN),
    (&["armour"], &UNREADABLE),
    (&["strict-cms"], &REFUSED),
    (&["detached-signed-data"], &UNREADABLE),
    (&["one-signer"], &UNREADABLE),
    (&["algorithm-parameters"], &UNREADABLE),
    (&["seven-attributes", "job-arn", "profile-arn"], &UNREADABLE),
    (&["dry-run-valid"], &[]),
    (&["dry-run-unsigned", "dry-run-altered"], &[]),
    (&["dry-run-changes-nothing"], &[]),
];
/// What the gate makes of a package that is not as it has to be.
const REFUSED: [&str; 2] = ["gate-verdict", "gate-prepared"];
/// The same, of contents that are not those that were signed.
const OTHER_DIGEST: [&str; 3] = ["digest-formula", "gate-verdict", "gate-prepared"];
/// The same, of certificates that do not lead to the root.
const NO_CHAIN: [&str; 3] = ["chain-to-root", "gate-verdict", "gate-prepared"];
/// The same, of a signature that it cannot read.
const UNREADABLE: [&str; 3] = ["strict-cms", "gate-verdict", "gate-prepared"];

/// Each fact that is judged is done otherwise: it differs, and nothing else but what follows from it.
#[test]
#[ignore = "needs the local AWS: cargo xtask test --only e2e"]
fn each_difference_of_aws_is_found() {
    let _alone = alone();
    let stack = local_stack();
    let judged = "demo-judged";
    stack
        .create_function(judged, "before", Protection::Enforce)
        .unwrap();
    stack.wait_until_active(&Nobody, judged).unwrap();
    let root = stack.cloud().signer_root().display().to_string();
    let probe = |name: &str, more: &[&str]| {
        let common = ["--probe", "--trust-root", &root, "--probe-name", name];
        doctor(&[&common[..], more].concat())
    };
    for (number, (facts, also)) in OTHERWISE.iter().enumerate() {
        // What never comes is waited for so long.
        let mut more = vec!["--probe-timeout", "6s"];
        if facts.iter().any(|fact| fact.starts_with("dry-run-")) {
            more.extend(["--dry-run-function", judged]);
        }
        let weather = Weather::turns(json!({"otherwise": facts.join(",")}));
        let report = probe(&format!("demo-otherwise-{number}"), &more);
        drop(weather);
        let expected = facts.iter().chain(*also).map(|fact| (*fact).to_owned());
        assert_eq!(
            answered(&report, "differs"),
            expected.collect(),
            "{facts:?}: {report:#}"
        );
    }
    // Nothing was left out: what is confirmed of an AWS that does as it is taken to do was done otherwise above.
    let mut left = answered(
        &probe("demo-otherwise", &["--dry-run-function", judged]),
        "confirmed",
    );
    for fact in OTHERWISE.iter().flat_map(|(facts, _)| facts.iter()) {
        assert!(
            left.remove(*fact),
            "{fact} was not confirmed, or is there twice"
        );
    }
    let follow = REFUSED.iter().chain(&["validity"]);
    assert_eq!(left, follow.map(|fact| (*fact).to_owned()).collect());
}
