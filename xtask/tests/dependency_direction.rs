//! Dependencies point one way: package ← attest ← gate ← aws ← functions, cli. Only `aws` knows the AWS SDK,
//! and what is for tests stays out of what is shipped.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "in a test, a panic is the report"
)]

use std::{
    collections::{BTreeMap, BTreeSet},
    process::Command,
};

use countersign_testkit::checkout;
use serde_json::Value;

/// Every crate that is shipped, and the crates of this workspace that it may depend on.
const SHIPPED: [(&str, &[&str]); 9] = [
    ("countersign-package", &[]),
    ("countersign-attest", &["countersign-package"]),
    (
        "countersign-gate",
        &["countersign-attest", "countersign-package"],
    ),
    (
        "countersign-aws",
        &["countersign-gate", "countersign-package"],
    ),
    (
        "sign",
        &["countersign-aws", "countersign-gate", "countersign-package"],
    ),
    (
        "deploy",
        &["countersign-aws", "countersign-gate", "countersign-package"],
    ),
    (
        "alert",
        &["countersign-aws", "countersign-gate", "countersign-package"],
    ),
    (
        "sweep",
        &["countersign-aws", "countersign-gate", "countersign-package"],
    ),
    (
        "countersign",
        &[
            "countersign-attest",
            "countersign-aws",
            "countersign-gate",
            "countersign-package",
        ],
    ),
];
/// What the crates below the shell have no business with, by the beginning of its name.
const SHELL_ONLY: [&str; 6] = [
    "aws-",
    "aws_",
    "lambda_runtime",
    "tokio",
    "hyper",
    "reqwest",
];
const BELOW_THE_SHELL: [&str; 3] = [
    "countersign-package",
    "countersign-attest",
    "countersign-gate",
];

/// Named like the SDK and no part of it: AWS's cryptography, which neither waits nor talks to
/// anybody. Only the core verifies signatures.
const CRYPTOGRAPHY: (&str, &str) = ("countersign-package", "aws-lc-rs");

#[test]
fn dependencies_point_one_way() {
    let normal = dependencies(Value::is_null);
    for (name, allowed) in SHIPPED {
        let allowed: BTreeSet<&str> = allowed.iter().copied().collect();
        let present: BTreeSet<&str> = normal[name]
            .iter()
            .map(String::as_str)
            .filter(|dependency| normal.contains_key(*dependency))
            .collect();
        let surplus: Vec<_> = present.difference(&allowed).collect();
        assert!(surplus.is_empty(), "{name} must not depend on {surplus:?}");
    }
}

#[test]
fn only_the_adapters_know_the_sdk() {
    for (name, dependencies) in dependencies(Value::is_null) {
        let sdk = dependencies.iter().find(|dependency| {
            dependency.starts_with("aws-") && (name.as_str(), dependency.as_str()) != CRYPTOGRAPHY
        });
        let shipped = SHIPPED.iter().any(|(shipped, _)| *shipped == name);
        assert!(
            !shipped || name == "countersign-aws" || sdk.is_none(),
            "{name} must not depend on {sdk:?}; countersign-aws has the adapters"
        );
    }
}

/// A dev-dependency may be asynchronous: a test has to drive a future somehow.
#[test]
fn below_the_shell_nothing_is_asynchronous_or_of_aws() {
    let normal = dependencies(|kind| kind.is_null() || kind == "build");
    for name in BELOW_THE_SHELL {
        let shell = normal[name].iter().find(|dependency| {
            let is_of_the_shell = SHELL_ONLY
                .iter()
                .any(|prefix| dependency.starts_with(prefix));
            is_of_the_shell && (name, dependency.as_str()) != CRYPTOGRAPHY
        });
        assert!(shell.is_none(), "{name} must not depend on {shell:?}");
    }
}

/// Its library can fetch trust roots, with a client of HTTP and a runtime of its own, if a feature of it is switched
/// on by accident.
#[test]
fn attestations_are_verified_without_a_network() {
    let output = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args(["tree", "--package", "countersign-attest", "--offline"])
        .args(["--edges", "normal,build", "--prefix", "none"])
        .args(["--format", "{p}", "--manifest-path"])
        .arg(checkout::path("Cargo.toml"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    let tree = String::from_utf8(output.stdout).unwrap();
    let names: BTreeSet<&str> = tree
        .lines()
        .filter_map(|line| line.split(' ').next())
        .collect();
    assert!(names.contains("sigstore-verify"), "{tree}");
    let network = [
        "tokio",
        "hyper",
        "reqwest",
        "rustls",
        "native-tls",
        "sigstore-tuf",
    ];
    let found: Vec<_> = network
        .iter()
        .filter(|name| names.contains(*name))
        .collect();
    assert!(found.is_empty(), "countersign-attest brings {found:?}");
}

#[test]
fn every_shipped_crate_is_listed() {
    let tests = [
        "countersign-testkit",
        "countersign-e2e",
        "countersign-cases",
        "countersign-bench",
        "countersign-bench-bare",
    ];
    let listed: BTreeSet<&str> = SHIPPED
        .iter()
        .map(|(name, _)| *name)
        .chain(tests)
        .chain(["xtask"])
        .collect();
    let present = dependencies(|_| true);
    let unlisted: Vec<_> = present
        .keys()
        .filter(|name| !listed.contains(name.as_str()))
        .collect();
    assert!(unlisted.is_empty(), "say what {unlisted:?} may depend on");
}

/// The direct dependencies of each workspace member, of the kinds that are asked for.
fn dependencies(kind: impl Fn(&Value) -> bool) -> BTreeMap<String, Vec<String>> {
    let output = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args([
            "metadata",
            "--format-version",
            "1",
            "--no-deps",
            "--offline",
        ])
        .arg("--manifest-path")
        .arg(checkout::path("Cargo.toml"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    let packages = metadata["packages"].as_array().unwrap().iter();
    packages
        .map(|package| {
            let dependencies = package["dependencies"].as_array().unwrap().iter();
            let names = dependencies
                .filter(|dependency| kind(&dependency["kind"]))
                .map(|dependency| dependency["name"].as_str().unwrap().to_owned());
            (
                package["name"].as_str().unwrap().to_owned(),
                names.collect(),
            )
        })
        .collect()
}
