//! A probe over an AWS that does what it is taken to do, and over one that does one thing otherwise: exactly the fact for it differs.

mod daily;
mod memory_aws;

use std::{collections::BTreeSet, time::Duration};

use countersign_gate::{
    domain::{FunctionName, NamePattern},
    probe::{PROBE_FACTS, ProbeError, ProbeReport, ProbeSetup, ProbeWorld, probe},
};
use countersign_package::{
    TrustRoots,
    format::{FACTS, FormatFact},
};

use crate::world::{
    packages::{ACCOUNT, PROFILE, pki},
    run::run,
};

use memory_aws::{Aws, Otherwise};

fn ask(
    otherwise: Otherwise,
    function: &str,
    dry_run: Option<&str>,
) -> Result<ProbeReport, ProbeError> {
    let aws = Aws::new(otherwise);
    let world = ProbeWorld {
        uploads: &aws,
        records: &aws,
        signed: &aws,
        signer: &aws,
        lambda: &aws,
        clock: &aws,
    };
    let name = |text: &str| FunctionName::parse(text).unwrap();
    let (function, dry_run) = (name(function), dry_run.map(name));
    let scope = NamePattern::parse("*o*").unwrap();
    let roots = TrustRoots::from_pem(pki().root_pem().as_bytes()).unwrap();
    let setup = ProbeSetup {
        function: &function,
        scope: Some(&scope),
        dry_run_function: dry_run.as_ref(),
        uploads_bucket: "uploads",
        records_bucket: "records",
        region: "us-east-1",
        account: ACCOUNT,
        roots: &roots,
        timeout: Duration::from_secs(150),
    };
    run(probe(&world, &setup))
}

fn answered(report: &ProbeReport, answer: &str) -> Vec<&'static str> {
    let facts = report.facts.iter().filter(|fact| fact.answer == answer);
    facts.map(|fact| fact.id).collect()
}

#[test]
fn facts_are_confirmed_where_aws_does_what_it_is_taken_to_do() {
    let report = ask(Otherwise::Nothing, "doctor-probe", Some("judged")).unwrap();
    assert_eq!(answered(&report, "differs"), [""; 0], "{report:#?}");
    assert_eq!(answered(&report, "unknown"), [""; 0], "{report:#?}");
    assert_eq!(answered(&report, "not_asked"), [""; 0], "{report:#?}");
    let told: BTreeSet<&str> = report.facts.iter().map(|fact| fact.id).collect();
    let all = FACTS.iter().map(FormatFact::id);
    let all: BTreeSet<&str> = all.chain(PROBE_FACTS.iter().map(|fact| fact.id)).collect();
    assert_eq!(told, all);
    assert!(report.summary.confirmed >= 30);
}

#[test]
fn each_difference_of_aws_is_exactly_told() {
    let cases: [(Otherwise, &[&str]); 21] = [
        (Otherwise::ModesDropped, &["kinds-and-modes-kept"]),
        (Otherwise::NobodyNamed, &["notification-principal"]),
        (Otherwise::EventLost, &["job-event"]),
        (Otherwise::TokenForgotten, &["job-token"]),
        (Otherwise::ExpiryOfItsOwn, &["signed-expiry"]),
        (Otherwise::ForeignSource, &["job-source"]),
        (Otherwise::AlteredTaken, &["dry-run-altered"]),
        (Otherwise::UnsignedTaken, &["dry-run-unsigned"]),
        (Otherwise::ValidRefused, &["dry-run-valid"]),
        (Otherwise::DryRunChanges, &["dry-run-changes-nothing"]),
        (Otherwise::NoSequencer, &["notification-sequencer"]),
        (Otherwise::NeverStarted, &["job-started"]),
        (Otherwise::JobPaused, &["job-known"]),
        (Otherwise::OtherKey, &["signed-key"]),
        (Otherwise::NothingSigned, &["signed-version"]),
        (Otherwise::OtherOwner, &["job-owner"]),
        (Otherwise::OtherJobSigned, &["signed-job"]),
        (Otherwise::OtherProfileVersion, &["signed-profile"]),
        (Otherwise::SignedLate, &["signed-time"]),
        (Otherwise::Refused, &["gate-verdict"]),
        (Otherwise::NotPrepared, &["gate-prepared"]),
    ];
    let mut provoked = BTreeSet::from(["upload-notified"]);
    for (otherwise, expected) in cases {
        let report = ask(otherwise, "doctor-probe", Some("judged")).unwrap();
        assert_eq!(
            answered(&report, "differs"),
            expected,
            "{otherwise:?}: {report:#?}"
        );
        provoked.extend(expected);
    }
    // Without a notification nothing comes after it: the next test. Facts of the format have their own, in `tests/cases`.
    let of_format: BTreeSet<&str> = FACTS.iter().map(FormatFact::id).collect();
    let provoked: BTreeSet<&str> = provoked.difference(&of_format).copied().collect();
    let all: BTreeSet<&str> = PROBE_FACTS.iter().map(|fact| fact.id).collect();
    assert_eq!(provoked, all, "every fact is provoked");
}

#[test]
fn silence_and_denial_are_no_confirmation() {
    let report = ask(Otherwise::NeverNotified, "doctor-probe", None).unwrap();
    assert_eq!(
        answered(&report, "differs"),
        ["upload-notified", "job-started"]
    );
    assert_eq!(answered(&report, "confirmed"), [""; 0], "{report:#?}");
    assert!(report.took_seconds >= 150, "{}", report.took_seconds);
    let report = ask(Otherwise::ReadDenied, "doctor-probe", Some("judged")).unwrap();
    assert_eq!(answered(&report, "differs"), [""; 0], "{report:#?}");
    let unknown = answered(&report, "unknown");
    for id in [
        "signed-version",
        "digest-formula",
        "signed-job",
        "dry-run-valid",
    ] {
        assert!(unknown.contains(&id), "{id}: {report:#?}");
    }
}

#[test]
fn report_names_nobody() {
    for otherwise in [
        Otherwise::Nothing,
        Otherwise::ReadDenied,
        Otherwise::ValidRefused,
    ] {
        let report = ask(otherwise, "doctor-probe", Some("judged")).unwrap();
        let text = serde_json::to_string(&report).unwrap();
        for secret in [
            ACCOUNT,
            PROFILE,
            "doctor-probe",
            "judged\"",
            "uploads\"",
            "AROAEXAMPLE",
            "cf0489c1",
            "user/ann",
        ] {
            assert!(!text.contains(secret), "{secret}: {report:#?}");
        }
    }
}

#[test]
fn targets_are_never_probed() {
    let exists = ask(Otherwise::Nothing, "shop", None).unwrap_err();
    assert!(matches!(exists, ProbeError::FunctionExists(_)), "{exists}");
    let outside = ask(Otherwise::Nothing, "bank", None).unwrap_err();
    assert!(
        matches!(outside, ProbeError::OutOfScope { .. }),
        "{outside}"
    );
    let target = ask(Otherwise::Nothing, "doctor-probe", Some("shop")).unwrap_err();
    assert!(matches!(target, ProbeError::IsTarget(_)), "{target}");
    for error in [exists, outside, target] {
        assert!(error.fix().starts_with("give another"), "{error}");
    }
}
