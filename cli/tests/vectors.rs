//! The command on data that nobody here wrote. `cargo xtask test` says when these tests had nothing to do.

#![expect(
    clippy::print_stderr,
    clippy::unwrap_used,
    reason = "a test stops at the first thing that is not as it should be"
)]

use std::{
    path::PathBuf,
    process::{Command, Output},
};

use countersign_package::format::FACTS;
use countersign_testkit::{checkout, signature::SIGNED_AT};
use serde_json::Value;

/// Data that nobody here wrote; absent in most checkouts.
fn vectors() -> Option<PathBuf> {
    let beside = checkout::path("../shared/vectors");
    let folder = std::env::var_os("COUNTERSIGN_VECTORS").map_or(beside, PathBuf::from);
    if !folder.is_dir() {
        eprintln!(
            "skipped: no vectors in {}; set COUNTERSIGN_VECTORS",
            folder.display()
        );
        return None;
    }
    Some(folder)
}

#[test]
fn independently_signed_package_is_accepted() {
    let Some(vectors) = vectors() else { return };
    let file = |name: &str| vectors.join(name).display().to_string();
    let output = run(&[
        "verify",
        &file("third-party-signed.zip"),
        "--source",
        &file("third-party-unsigned.zip"),
        "--trust-root",
        &file("third-party-root.pem"),
        "--at",
        SIGNED_AT,
        "--format",
        "json",
    ]);
    let verdict: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0), "{verdict:#}");
    assert_eq!(verdict["findings"][2]["check"], "origin");
    assert_eq!(verdict["findings"][2]["status"], "pass");
}

#[test]
fn genuine_signatures_can_be_inspected() {
    let Some(vectors) = vectors() else { return };
    for (name, signed_at) in [
        ("genuine-2022.SF", "2022-02-11T17:45:24.338Z"),
        ("genuine-2023.SF", "2023-09-20T18:24:14.421Z"),
    ] {
        let path = vectors.join(name).display().to_string();
        let output = run(&["inspect", &path, "--format", "json"]);
        let report: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(report["signature"]["signed_at"], signed_at);
    }
}

#[test]
fn genuine_signatures_explain_the_format() {
    let Some(vectors) = vectors() else { return };
    for name in ["genuine-2022.SF", "genuine-2023.SF", "genuine-2024.SF"] {
        let path = vectors.join(name).display().to_string();
        let output = run(&["verify", &path, "--explain-format", "--format", "json"]);
        let report: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(output.status.code(), Some(0), "{report:#}");
        assert_eq!(report["summary"]["confirmed"], 19, "{report:#}");
        assert_eq!(report["summary"]["differs"], 0);
        let text = run(&["verify", &path, "--explain-format"]);
        let text = String::from_utf8(text.stdout).unwrap();
        assert!(text.starts_with("19 facts confirmed, 0 differ"), "{text}");
    }
}

/// The README's command, about a package that is at hand instead of the one that it downloads: each fact has a line.
#[test]
fn command_of_the_readme_explains_a_package() {
    let Some(vectors) = vectors() else { return };
    let readme = std::fs::read_to_string(checkout::path("README.md")).unwrap();
    let named = "aws-dd-forwarder-3.127.0.zip";
    let command = readme
        .lines()
        .find_map(|line| {
            line.trim()
                .strip_prefix(&format!("countersign verify {named} "))
        })
        .unwrap();
    let package = vectors.join("third-party-signed.zip").display().to_string();
    let arguments: Vec<&str> = command.split(' ').collect();
    let output = run(&[&["verify", package.as_str()], arguments.as_slice()].concat());
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(1), "{text}");
    for fact in &FACTS {
        assert!(text.contains(fact.id()), "{}: {text}", fact.id());
    }
}

/// The facts that differ, by their names.
fn differing(report: &Value) -> Vec<&str> {
    let facts = report["facts"].as_array().unwrap().iter();
    facts
        .filter(|fact| fact["answer"] == "differs")
        .filter_map(|fact| fact["id"].as_str())
        .collect()
}

#[test]
fn independently_signed_package_explains_the_format() {
    let Some(vectors) = vectors() else { return };
    let file = |name: &str| vectors.join(name).display().to_string();
    let signed = file("third-party-signed.zip");
    let source = file("third-party-unsigned.zip");
    let root = file("third-party-root.pem");
    let explain = |arguments: &[&str]| {
        let first = [
            "verify",
            signed.as_str(),
            "--explain-format",
            "--format",
            "json",
        ];
        let output = run(&[&first, arguments].concat());
        let report: Value = serde_json::from_slice(&output.stdout).unwrap();
        (output.status.code(), report)
    };
    let (status, report) = explain(&["--source", &source, "--trust-root", &root]);
    // It is not AWS's signer, and shows where it departs from it.
    let own = ["outer-levels-indefinite", "signer-certificate"];
    assert_eq!(
        (status, differing(&report)),
        (Some(1), own.to_vec()),
        "{report:#}"
    );
    assert_eq!(report["summary"]["not_asked"], 0, "{report:#}");
    assert_eq!(report["summary"]["unknown"], 0, "{report:#}");
    // With the root of AWS, the two facts about the root differ, too.
    let (_, report) = explain(&["--source", &source]);
    let more = [&own[..], &["chain-to-root", "root-in-set"]].concat();
    assert_eq!(differing(&report), more);
}

fn run(arguments: &[&str]) -> Output {
    Command::new(checkout::program("countersign"))
        .args(arguments)
        .output()
        .unwrap()
}
