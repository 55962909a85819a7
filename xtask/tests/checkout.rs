//! The tasks work on the checkout in which they are started, wherever their program was built.

#![expect(clippy::unwrap_used, reason = "in a test, a panic is the report")]

use std::{
    fs,
    path::Path,
    process::{Command, Output},
};

use countersign_testkit::checkout;
use tempfile::TempDir;

/// Formatted as nobody would leave it.
const FAULT: &str = "pub   fn planted ( ) { }\n";

/// The program of this checkout, started elsewhere: as after a copy with the target directory.
fn format(folder: &Path) -> Output {
    Command::new(checkout::program("xtask"))
        .args(["test", "--only", "format"])
        .current_dir(folder)
        .output()
        .unwrap()
}

/// What Cargo and rustfmt look at, in another place.
fn copy() -> TempDir {
    let copy = TempDir::new().unwrap();
    copy_sources(&checkout::root(), copy.path());
    copy
}

fn copy_sources(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let (path, name) = (entry.path(), entry.file_name());
        let hidden = name.to_string_lossy().starts_with('.');
        if hidden || name == "target" {
            continue;
        }
        let looked_at = path.extension().is_some_and(|extension| {
            ["rs", "toml", "lock", "yaml"]
                .iter()
                .any(|known| extension == *known)
        });
        if path.is_dir() {
            copy_sources(&path, &to.join(name));
        } else if looked_at {
            fs::copy(&path, to.join(name)).unwrap();
        }
    }
}

#[test]
fn planted_fault_is_found_in_the_copy() {
    let copy = copy();
    let before = format(copy.path());
    assert!(!String::from_utf8_lossy(&before.stdout).contains("planted"));

    let file = copy.path().join("xtask/src/main.rs");
    let planted = format!("{}{FAULT}", fs::read_to_string(&file).unwrap());
    fs::write(&file, planted).unwrap();
    for folder in ["", "xtask/src", "tests/fuzz"] {
        let faulty = format(&copy.path().join(folder));
        let said = String::from_utf8_lossy(&faulty.stdout);
        assert!(!faulty.status.success(), "{folder}: {said}");
        assert!(said.contains("planted"), "{folder}: {said}");
    }
}

/// Paths that the compiler puts in are those of the checkout that was built, not of the one that runs.
#[test]
fn no_source_has_a_path_of_its_build() {
    let variables = ["CARGO_MANIFEST_DIR", "CARGO_BIN_EXE_"];
    let built_in = variables.map(|variable| format!("env!(\"{variable}"));
    let mut found = Vec::new();
    let mut folders = vec![checkout::root()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy();
            if path.is_dir() && !name.starts_with('.') && name != "target" {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(&path).unwrap();
                if built_in.iter().any(|written| text.contains(written)) {
                    found.push(path);
                }
            }
        }
    }
    assert!(
        found.is_empty(),
        "countersign_testkit::checkout finds files and programs at run time: {found:#?}"
    );
}

#[test]
fn folder_outside_a_checkout_is_named() {
    let nowhere = TempDir::new().unwrap();
    let output = format(nowhere.path());
    let said = String::from_utf8_lossy(&output.stderr);
    let named = nowhere.path().canonicalize().unwrap();
    assert!(!output.status.success());
    assert!(said.contains("is in no checkout"), "{said}");
    assert!(said.contains(&named.display().to_string()), "{said}");
}
