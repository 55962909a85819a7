//! A second opinion on the signature path (`src/second_opinion.rs`), over the table, mutants and genuine signatures.

#![expect(
    clippy::print_stderr,
    clippy::unwrap_used,
    reason = "a test stops at the first thing that is not as it should be; one that is skipped says so"
)]

use std::path::PathBuf;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use countersign_cases::{
    Fault, PKI, check_every,
    mutate::{Dice, mutate},
    second_opinion::agree,
};
use countersign_package::{IntegrityError, Limits, Package};
use countersign_testkit::package::{sample, sign};

/// Mutants of signatures that both look at.
const MUTANTS: u64 = 3_000;

#[test]
fn others_read_and_verify_what_the_core_accepts_of_the_table() {
    check_every(|case| {
        let sample = case.build();
        let Ok(package) = Package::read(&sample.package, &Limits::default()) else {
            return Ok(());
        };
        let Some(entry) = package.signature_entry() else {
            return Ok(());
        };
        let is_accepted = agree(entry, &sample.roots)?;
        let is_signature_at_fault = matches!(
            sample.judge(),
            Err(Fault::Integrity(IntegrityError::Signature(_)))
        );
        if is_accepted == is_signature_at_fault {
            return Err("the package is judged otherwise than its signature".to_owned());
        }
        Ok(())
    });
}

#[test]
fn others_read_and_verify_mutants_that_the_core_accepts() {
    let bytes = sign(&sample(), &PKI).build();
    let package = Package::read(&bytes, &Limits::default()).unwrap();
    let entry = package.signature_entry().unwrap();
    let text = str::from_utf8(entry).unwrap();
    let body: String = text.lines().filter(|line| !line.starts_with('-')).collect();
    let seeds = [STANDARD.decode(body).unwrap()];
    let mut accepted = 0_u64;
    for number in 0..MUTANTS {
        // Most are no signature any more; the first is left as it is.
        let mutant = match number {
            0 => seeds[0].clone(),
            _ => mutate(&mut Dice::new(number), &seeds),
        };
        match agree(&armoured(&mutant), &PKI.root_pem()) {
            Ok(is_accepted) => accepted = accepted.saturating_add(is_accepted.into()),
            Err(error) => panic!("mutant {number}: {error}"),
        }
    }
    assert!(accepted >= 1, "not even the signature itself is accepted");
}

fn armoured(bytes: &[u8]) -> Vec<u8> {
    let encoded = STANDARD.encode(bytes);
    let lines: Vec<&str> = encoded
        .as_bytes()
        .chunks(64)
        .map(|line| str::from_utf8(line).unwrap())
        .collect();
    let lines = lines.join("\n");
    format!("-----BEGIN PKCS7-----\n{lines}\n-----END PKCS7-----\n").into_bytes()
}

/// What AWS Signer itself signed, if it is at hand: no part of this repository.
#[test]
fn others_read_and_verify_genuine_signatures() {
    // Read at run time: a test that was copied with its checkout looks beside the copy.
    let beside = || {
        let package = std::env::var_os("CARGO_MANIFEST_DIR").unwrap();
        PathBuf::from(package).join("../../../shared/vectors")
    };
    let folder = std::env::var_os("COUNTERSIGN_VECTORS").map_or_else(beside, PathBuf::from);
    let Ok(roots) = std::fs::read_to_string(folder.join("aws-signer-root.pem")) else {
        eprintln!("skipped: there are no vectors in {}", folder.display());
        return;
    };
    for name in ["genuine-2022.SF", "genuine-2023.SF", "genuine-2024.SF"] {
        let entry = std::fs::read(folder.join(name)).unwrap();
        assert_eq!(agree(&entry, &roots), Ok(true), "{name}");
    }
}
