//! `countersign check`: what is said of an unsigned package before it is uploaded.

#![expect(
    clippy::unwrap_used,
    reason = "a test stops at the first thing that is not as it should be"
)]

use std::{fs, path::Path, process::Command};

use countersign_cases::PKI;
use countersign_testkit::{
    checkout,
    package::{sample, sign},
    zip::{EntryForge, ZipForge},
};

/// The exit status, and everything that was printed.
fn check(folder: &Path, arguments: &[&str]) -> (i32, String) {
    let output = Command::new(checkout::program("countersign"))
        .arg("check")
        .args(arguments)
        .current_dir(folder)
        .output()
        .unwrap();
    let text = [output.stdout, output.stderr].concat();
    (
        output.status.code().unwrap(),
        String::from_utf8(text).unwrap(),
    )
}

fn folder_with(name: &str, bytes: &[u8]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join(name), bytes).unwrap();
    folder
}

const CONFIGURATION: &str = r#"{"FunctionName": "shop", "Runtime": "python3.13",
    "Handler": "app.handler", "Architectures": ["arm64"], "State": "Active"}"#;

#[test]
fn sound_package_would_be_signed() {
    let zip = ZipForge::new([EntryForge::file("app.py", "x")]).build();
    let folder = folder_with("shop.zip", &zip);
    let (status, text) = check(folder.path(), &["shop.zip"]);
    assert_eq!(status, 0, "{text}");
    assert!(text.contains("would be signed."), "{text}");
}

#[test]
fn signed_or_unsound_package_would_be_rejected() {
    for (zip, code) in [
        (sign(&sample(), &PKI).build(), "ALREADY_SIGNED"),
        (b"no zip".to_vec(), "NOT_A_ZIP"),
    ] {
        let folder = folder_with("shop.zip", &zip);
        let (status, text) = check(folder.path(), &["shop.zip"]);
        assert_eq!(status, 1, "{text}");
        assert!(text.contains(code) && text.contains("fix: "), "{text}");
    }
}

#[test]
fn start_faults_warn_and_fail_when_strict() {
    let zip = ZipForge::new([EntryForge::file("shop/app.py", "x")]).build();
    let folder = folder_with("shop.zip", &zip);
    for (configuration, wrapped) in [
        (CONFIGURATION.to_owned(), false),
        (format!(r#"{{"Configuration": {CONFIGURATION}}}"#), false),
        (
            CONFIGURATION.replace(
                "\"State\"",
                r#""Environment": {"Variables": {"AWS_LAMBDA_EXEC_WRAPPER": "/opt/w"}}, "State""#,
            ),
            true,
        ),
    ] {
        fs::write(folder.path().join("shop.json"), configuration).unwrap();
        let arguments = ["shop.zip", "--configuration", "shop.json"];
        let (status, text) = check(folder.path(), &arguments);
        assert_eq!(status, 0, "{text}");
        assert_eq!(
            text.contains("zip what is in that folder"),
            !wrapped,
            "{text}"
        );
        let (status, _) = check(folder.path(), &[&arguments[..], &["--strict"]].concat());
        assert_eq!(status, i32::from(!wrapped));
    }
    let other = [
        "shop.zip",
        "--runtime",
        "python3.13",
        "--handler",
        "shop.app.handler",
    ];
    let (status, text) = check(folder.path(), &[&other[..], &["--strict"]].concat());
    assert_eq!(status, 0, "{text}");
}

#[test]
fn unusable_configuration_says_what_to_give() {
    let zip = ZipForge::new([EntryForge::file("app.py", "x")]).build();
    let folder = folder_with("shop.zip", &zip);
    for wrong in ["", "{}", "[]", r#"{"Role": "x"}"#] {
        fs::write(folder.path().join("shop.json"), wrong).unwrap();
        let arguments = ["shop.zip", "--configuration", "shop.json"];
        let (status, text) = check(folder.path(), &arguments);
        assert_eq!(status, 2, "{text}");
        assert!(text.contains("get-function-configuration"), "{text}");
    }
}
