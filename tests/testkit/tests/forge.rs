//! The forge's own output, judged by programs that know nothing of this project: what is meant to
//! be right is right for OpenSSL and for Python's zipfile.

#![expect(clippy::print_stderr, reason = "a test that is skipped says so")]

use std::{
    fs,
    path::Path,
    process::{Command, Output},
};

use countersign_testkit::{
    package::{content_digest, sample, sign},
    pki::Pki,
    signature::SignatureForge,
};

/// [`countersign_testkit::signature::SIGNED_AT`] as `OpenSSL` takes it.
const SIGNED_AT_SECONDS: &str = "1790587166";

/// Runs a program, or says that it is not installed.
fn run(program: &str, arguments: &[&str], folder: &Path) -> Option<Output> {
    match Command::new(program)
        .args(arguments)
        .current_dir(folder)
        .output()
    {
        Ok(output) => Some(output),
        Err(error) => {
            eprintln!("skipped: {program} cannot be run here ({error})");
            None
        }
    }
}

#[test]
fn openssl_verifies_a_forged_signature_at_its_signing_time() {
    let folder = tempfile::tempdir().unwrap();
    let pki = Pki::new();
    let content = content_digest(&sample());
    fs::write(
        folder.path().join("signature.ber"),
        SignatureForge::new(&pki, &content).ber(),
    )
    .unwrap();
    fs::write(folder.path().join("content"), content).unwrap();
    fs::write(folder.path().join("root.pem"), pki.root_pem()).unwrap();
    let verify = [
        "cms",
        "-verify",
        "-inform",
        "DER",
        "-in",
        "signature.ber",
        "-content",
        "content",
        "-binary",
        "-CAfile",
        "root.pem",
        "-purpose",
        "any",
        "-attime",
        SIGNED_AT_SECONDS,
        "-out",
        "verified",
    ];
    let Some(output) = run("openssl", &verify, folder.path()) else {
        return;
    };
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

#[test]
fn python_reads_a_forged_package() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(
        folder.path().join("package.zip"),
        sign(&sample(), &Pki::new()).build(),
    )
    .unwrap();
    let script = "import zipfile; z = zipfile.ZipFile('package.zip'); assert z.testzip() is None; print(*z.namelist())";
    let Some(output) = run("python3", &["-c", script], folder.path()) else {
        return;
    };
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let names = String::from_utf8(output.stdout).unwrap();
    assert_eq!(
        names.trim(),
        "index.mjs lib/ lib/orders.mjs bin/migrate META_INF/ META_INF/aws_signer_signature_v1.0.SF"
    );
}

#[test]
fn two_runs_write_the_same_bytes() {
    let once = sign(&sample(), &Pki::new()).build();
    assert_eq!(once, sign(&sample(), &Pki::new()).build());
}
