//! Writers from the registries, each at a fixed version: `cargo xtask writers` installs them into the checkout
//! (`tests/packages/` has the lists and the scripts that call them). Without them, the tests here say so and pass.

use countersign_testkit::checkout;

use super::matrix::{Writer, check, plain_only, refused, small, with_links, writer};

/// Where they are installed, from the root of the checkout.
const INSTALLED: &str = ".local/writers";

/// What the scripts of the rows find the libraries and the calls by.
pub(super) fn environment() -> [(&'static str, std::path::PathBuf); 3] {
    let installed = checkout::path(INSTALLED);
    [
        ("NODE_PATH", installed.join("node_modules")),
        ("PYTHON", installed.join("venv/bin/python")),
        ("CALLS", checkout::path("tests/packages")),
    ]
}

macro_rules! node {
    ($name:literal) => {
        writer($name, "node", concat!("node \"$CALLS/pack.cjs\" ", $name))
    };
}

macro_rules! python {
    ($name:literal) => {
        // The program that makes the environment is asked whether it is there.
        writer(
            $name,
            "python3",
            concat!("\"$PYTHON\" \"$CALLS/pack.py\" ", $name),
        )
    };
}

static NODE: [Writer; 19] = [
    with_links(small(node!("archiver-5"))),
    with_links(small(node!("archiver-6"))),
    with_links(node!("archiver-7")),
    with_links(small(node!("archiver-7-zip64"))),
    with_links(small(node!("archiver-7-store"))),
    small(node!("yazl-2")),
    node!("yazl-3"),
    small(node!("yazl-3-buffers")),
    small(node!("jszip")),
    small(node!("jszip-unix")),
    small(node!("jszip-stream")),
    node!("fflate"),
    small(node!("fflate-stream")),
    small(node!("adm-zip")),
    // Its descriptors have no signature: bsdtar, reading a pipe, and busybox stop at the first directory.
    plain_only(refused(node!("zip.js"), "Descriptor")),
    small(node!("zip.js-no-descriptor")),
    // It asks for zip64 sizes and has no room for them: bsdtar, reading a pipe, and busybox stop.
    plain_only(refused(
        node!("zip.js-no-descriptor-zip64"),
        "HeadersDisagree",
    )),
    small(node!("cdk-assets")),
    // It opens all files at once, and so fails on 20,000 of them under a usual limit.
    small(node!("serverless")),
];

static PYTHON: [Writer; 7] = [
    small(python!("stream-zip-32")),
    python!("stream-zip-64"),
    small(python!("stream-zip-auto")),
    plain_only(refused(python!("pex"), "Prefix")),
    plain_only(python!("pex-flat-zipped")),
    plain_only(refused(python!("shiv"), "Prefix")),
    plain_only(python!("chalice")),
];

/// Packs with every row, or says why not.
fn check_all(writers: &[Writer], needs: &str) {
    let installed = checkout::path(INSTALLED).join(needs);
    if !installed.exists() {
        eprintln!(
            "skipped: {INSTALLED}/{needs} is not there; `cargo xtask writers` installs it, for which it needs {}",
            writers
                .first()
                .map(|writer| writer.program)
                .unwrap_or_default()
        );
        return;
    }
    writers.iter().for_each(check);
}

#[test]
fn writer_of_npm_packs_every_fixture() {
    check_all(&NODE, "node_modules");
}

#[test]
fn writer_of_pypi_packs_every_fixture() {
    check_all(&PYTHON, "venv");
}
