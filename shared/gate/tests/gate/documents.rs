//! The documents say what the code does.

use std::fmt::Write;

use countersign_gate::{
    domain::ReasonCode,
    records::{
        Announced, Drift, DriftKind, Incident, Lease, Live, OpenAlerts, Outcome, PolicyDocument,
        Posture, Pruned, Publishing, Received, Recovered, Resent, Signing, Silence, SilenceState,
        SummaryEnvelope, SweepProgress, VerdictRecord, Waiting,
    },
};
use countersign_testkit::checkout;
use serde::{Serialize, de::DeserializeOwned};

const REASON_CODES: &str = "docs/reason-codes.md";
const RECORDS: &str = include_str!("../../../../docs/records.md");
const OPERATING: &str = include_str!("../../../../docs/operating.md");

#[test]
fn every_code_is_documented_and_no_other() {
    let found = std::fs::read_to_string(checkout::path(REASON_CODES)).unwrap();
    assert!(
        found == reason_codes(),
        "docs/reason-codes.md is not what the code says; write it anew with \
         `cargo test -p countersign-gate --test gate -- --ignored write_the_reason_codes`"
    );
}

#[test]
#[ignore = "writes docs/reason-codes.md from the code"]
fn write_the_reason_codes() {
    std::fs::write(checkout::path(REASON_CODES), reason_codes()).unwrap();
}

#[test]
fn codes_are_unique_and_speakable() {
    let mut names: Vec<&str> = ReasonCode::ALL.iter().map(|code| code.as_str()).collect();
    names.sort_unstable();
    let count = names.len();
    names.dedup();
    assert_eq!(names.len(), count);
    let is_code = |name: &&str| name.chars().all(|c| c.is_ascii_uppercase() || c == '_');
    assert!(names.iter().all(is_code));
    for code in ReasonCode::ALL {
        let json = serde_json::to_value(code).unwrap();
        assert_eq!(json, code.as_str());
        let about = code.about();
        for sentence in [about.meaning, about.cause, about.fix] {
            assert!(
                sentence.ends_with('.') && sentence.len() > 10,
                "{code}: {sentence}"
            );
        }
    }
}

fn reason_codes() -> String {
    let mut text = String::from(
        "# Reason codes\n\n\
         A code says why an upload was refused, superseded, failed or deployed with a warning. It \
         never changes its\nmeaning. Codes stand in `outcome.json` and `verdict.json` \
         ([records.md](records.md)), in the gate's events, in\npages, in the dimension `Reason` of \
         the metric `Rejected`, and in what `countersign verify` prints.\n\n\
         *Critical* codes say that somebody may be at work who should not be, or that the gate and \
         AWS do not see\nthe same thing; they page as critical.\n",
    );
    for code in ReasonCode::ALL {
        let about = code.about();
        let critical = if code.is_critical() {
            " *Critical.*"
        } else {
            ""
        };
        write!(
            text,
            "\n## `{code}`\n\n{}{critical}\n\n- Cause: {}\n- Fix: {}\n",
            about.meaning, about.cause, about.fix
        )
        .unwrap();
    }
    text
}

#[test]
fn samples_of_the_records_are_records() {
    check::<Received>("received.json");
    check::<Signing>("signing.json");
    check::<VerdictRecord>("verdict.json");
    check::<Outcome>("outcome.json");
    check::<Announced>("announced.json");
    check::<PolicyDocument>("policy.json");
    check::<SummaryEnvelope>("summary.dsse.json");
    check::<Waiting>("waiting.json");
    check::<Lease>("lease-deploy-2.json");
    check::<Live>("live.json");
    check::<Publishing>("publishing.json");
    check::<Pruned>("pruned.json");
    check::<Resent>("resent.json");
    check::<Drift>("drift/functions/checkout/OTHER_CODE_RUNS.json");
    check::<Posture>("posture.json");
    check::<SweepProgress>("sweep.json");
    check::<Incident>("alerts/functions/checkout/alias-changed-past-gate-f5a9fe4f2b33042a.json");
    check::<Recovered>("alerts/functions/checkout/recovered.json");
    check::<OpenAlerts>("alerts/open.json");
    check::<Silence>("silences/functions/checkout.json");
    check::<SilenceState>("alerts/silences/functions/checkout.json");
}

/// Each kind of drift has a row that says what it means and what to do, word for word.
#[test]
fn every_kind_of_drift_is_documented() {
    let rows: Vec<String> = DriftKind::ALL
        .iter()
        .map(|kind| {
            let severity = match (kind.is_critical(), kind.is_notice()) {
                (true, _) => "critical",
                (false, true) => "notice",
                (false, false) => "warning",
            };
            format!(
                "| `{kind}` | {severity} | {} | {} |",
                kind.meaning(),
                kind.fix()
            )
        })
        .collect();
    let found: Vec<&str> = OPERATING
        .lines()
        .filter(|line| {
            let mut cells = line.split(" | ").skip(1);
            line.starts_with("| `")
                && matches!(cells.next(), Some("critical" | "warning" | "notice"))
        })
        .collect();
    assert_eq!(found, rows);
}

/// The sample under a document's heading can be read, and is what would be written.
fn check<T: Serialize + DeserializeOwned>(name: &str) {
    let heading = format!("\n## `{name}`");
    let (_, section) = RECORDS
        .split_once(&heading)
        .unwrap_or_else(|| panic!("no {name}"));
    let (_, sample) = section.split_once("```json\n").expect("there is a sample");
    let (sample, _) = sample.split_once("```").expect("the sample ends");
    let written: serde_json::Value = serde_json::from_str(sample).unwrap();
    let read: T = serde_json::from_str(sample).unwrap_or_else(|e| panic!("{name}: {e}"));
    assert_eq!(serde_json::to_value(&read).unwrap(), written, "{name}");
}

/// Prints the records of one deployment, for the samples of the document.
#[test]
#[ignore = "prints sample records"]
fn print_records() {
    let world = crate::happy_path::sample_world();
    for (path, body) in &world.state().records {
        let _ = std::io::Write::write_all(
            &mut std::io::stderr(),
            format!("{path}\n{}\n", String::from_utf8_lossy(body)).as_bytes(),
        );
    }
}
