//! The table of cases, run against the command: it must decide as the core does, with the exit status
//! and the reason code that belong to the core's error.

#![expect(
    clippy::unwrap_used,
    reason = "a test stops at the first thing that is not as it should be"
)]

use std::{fs, path::Path, process::Command};

use countersign_cases::{Case, Expected, Fault, Sample, check_every};
use countersign_gate::{domain::ReasonCode, verdict::reasons};
use countersign_package::IntegrityError;
use countersign_testkit::{checkout, signature::SIGNED_AT};
use serde_json::Value;

#[test]
fn command_agrees_with_the_core_on_every_row() {
    let folder = tempfile::tempdir().unwrap();
    check_every(|case| {
        let sample = case.build();
        let fault = sample.judge();
        case.expected.compare(&fault)?;
        let (status, verdict) = verify(&sample, folder.path(), case)?;
        match fault {
            Ok(()) => accepted(status, &verdict),
            Err(fault) => refused(status, &verdict, &fault),
        }
    });
}

/// Runs the command on a row; the exit status and what it prints.
fn verify(sample: &Sample, folder: &Path, case: &Case) -> Result<(i32, Value), String> {
    let folder = folder.join(case.name.replace(|c: char| !c.is_ascii_alphanumeric(), "-"));
    fs::create_dir(&folder)
        .map_err(|error| format!("cannot make {}: {error}", folder.display()))?;
    let write = |name: &str, bytes: &[u8]| {
        let path = folder.join(name);
        fs::write(&path, bytes).unwrap();
        path
    };
    let mut command = Command::new(checkout::program("countersign"));
    command
        .arg("verify")
        .arg(write("package.zip", &sample.package));
    command
        .arg("--trust-root")
        .arg(write("root.pem", sample.roots.as_bytes()));
    command.args(["--at", SIGNED_AT, "--format", "json"]);
    if let Some(source) = &sample.source {
        command.arg("--source").arg(write("source.zip", source));
    }
    let output = command.output().map_err(|error| error.to_string())?;
    let status = output.status.code().ok_or("ended by a signal")?;
    let verdict = serde_json::from_slice(&output.stdout)
        .map_err(|error| format!("{error}: {}", String::from_utf8_lossy(&output.stderr)))?;
    Ok((status, verdict))
}

fn accepted(status: i32, verdict: &Value) -> Result<(), String> {
    // Whether it would start is no matter of the table; a file that nobody can read warns.
    let mut findings = findings(verdict).iter();
    let failed = findings.any(|finding| {
        finding["status"] == "fail"
            && (finding["check"] != "startable" || finding["code"] != "FILES_UNREADABLE")
    });
    match (status, verdict["decision"].as_str()) {
        (0, Some("accept" | "accept_with_warnings")) if !failed => Ok(()),
        _ => Err(format!("the command, status {status}: {verdict}")),
    }
}

fn refused(status: i32, verdict: &Value, fault: &Fault) -> Result<(), String> {
    let (check, code) = reason(fault);
    let is_told = findings(verdict).iter().any(|finding| {
        finding["check"] == check
            && finding["status"] == "fail"
            && finding["action"] == "block"
            && finding["code"] == code.as_str()
            && finding["fix"].is_string()
    });
    match (status, verdict["decision"].as_str()) {
        (1, Some("reject")) if is_told => Ok(()),
        _ => Err(format!(
            "the command, status {status}, without {check} {code:?}: {verdict}"
        )),
    }
}

/// Which check has to fail, with which code.
fn reason(fault: &Fault) -> (&'static str, ReasonCode) {
    match fault {
        Fault::Structure(error) => ("structure", reasons::of_structure(error)),
        Fault::Integrity(IntegrityError::Unsigned) => ("publisher", ReasonCode::Unsigned),
        Fault::Integrity(error) => ("integrity", reasons::of_integrity(error)),
        Fault::Origin(error) => ("origin", reasons::of_origin(error)),
    }
}

fn findings(verdict: &Value) -> &[Value] {
    verdict["findings"].as_array().map_or(&[], Vec::as_slice)
}

#[test]
fn checks_are_reported_once_in_order() {
    let folder = tempfile::tempdir().unwrap();
    let table = countersign_cases::table();
    let case = table
        .iter()
        .find(|case| matches!(case.expected, Expected::Accepted))
        .unwrap();
    let (_, verdict) = verify(&case.build(), folder.path(), case).unwrap();
    let checks: Vec<&str> = findings(&verdict)
        .iter()
        .filter_map(|finding| finding["check"].as_str())
        .collect();
    assert_eq!(
        checks,
        [
            "structure",
            "integrity",
            "origin",
            "claims",
            "expiry",
            "publisher",
            "revocation",
            "startable"
        ]
    );
}
