//! `countersign check`: what is said of an unsigned package before it is uploaded.

#![expect(
    clippy::unwrap_used,
    reason = "a test stops at the first thing that is not as it should be"
)]

use std::{fs, path::Path, process::Command};

use countersign_cases::PKI;
use countersign_testkit::{
    checkout,
    fake_aws::{FakeAws, exception, json},
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

const KNOWN: [&str; 4] = ["--runtime", "python3.13", "--handler", "app.handler"];

#[test]
fn parts_not_judged_are_told_and_fail_when_strict() {
    let zip = ZipForge::new([EntryForge::file("app.py", "x")]).build();
    let folder = folder_with("shop.zip", &zip);
    for (options, words) in [
        (
            &[][..],
            "Whether it starts was not judged: give --function NAME, --configuration FILE, or --runtime",
        ),
        (
            &KNOWN[..2],
            "not judged where the handler is: the function's handler is not known",
        ),
        (
            &KNOWN[2..],
            "not judged where the handler is: the function's runtime is not known",
        ),
        (
            &["--runtime", "pyhton3.13", "--handler", "app.handler"],
            "did you mean python3.13?",
        ),
        (
            &["--runtime", "", "--handler", "app.handler"],
            "nothing is known of the runtime \"\"",
        ),
    ] {
        let arguments = [&["shop.zip"], options].concat();
        let (status, text) = check(folder.path(), &arguments);
        assert_eq!(status, 0, "{text}");
        assert!(text.contains(words), "{options:?}: {text}");
        let (status, _) = check(folder.path(), &[&arguments[..], &["--strict"]].concat());
        assert_eq!(status, 1, "{options:?}");
        let (_, json) = check(
            folder.path(),
            &[&arguments[..], &["--format", "json"]].concat(),
        );
        let report: serde_json::Value = serde_json::from_str(&json).unwrap();
        assert_eq!(report["is_signable"], true);
        assert!(report["start_not_judged"][0]["fix"].is_string(), "{json}");
    }
    let (status, text) = check(
        folder.path(),
        &[&["shop.zip", "--strict"], &KNOWN[..]].concat(),
    );
    assert_eq!(status, 0, "{text}");
    assert!(!text.contains("not judged"), "{text}");
    // What is only the function's own way is told, and no reason to fail.
    let variables =
        r#""Environment": {"Variables": {"AWS_LAMBDA_EXEC_WRAPPER": "/opt/start"}}, "State""#;
    let wrapped = CONFIGURATION.replace("\"State\"", variables);
    fs::write(folder.path().join("shop.json"), wrapped).unwrap();
    let (status, text) = check(
        folder.path(),
        &["shop.zip", "--configuration", "shop.json", "--strict"],
    );
    assert_eq!(status, 0, "{text}");
    assert!(text.contains("the function has a wrapper"), "{text}");
    // Nothing of a layer is started.
    let (status, text) = check(folder.path(), &["layers/common=shop.zip", "--strict"]);
    assert_eq!(status, 0, "{text}");
    assert!(!text.contains("not judged"), "{text}");
}

#[test]
fn package_without_a_file_would_be_rejected() {
    let folder = folder_with("empty.zip", &ZipForge::new([]).build());
    let (status, text) = check(folder.path(), &["empty.zip"]);
    assert_eq!(status, 1, "{text}");
    assert!(text.contains("PACKAGE_EMPTY"), "{text}");
    assert!(
        text.contains("see whether the folder is the right one"),
        "{text}"
    );
    fs::create_dir(folder.path().join("dist")).unwrap();
    let (status, text) = check(folder.path(), &["functions/shop=dist"]);
    assert_eq!(status, 1, "{text}");
    assert!(text.contains("PACKAGE_EMPTY"), "{text}");
}

#[test]
fn folder_is_checked_as_push_would_zip_it() {
    let folder = folder_with(
        "shop.zip",
        &ZipForge::new([EntryForge::file("app.py", "x")]).build(),
    );
    fs::create_dir(folder.path().join("src")).unwrap();
    fs::write(folder.path().join("src/app.py"), "x").unwrap();
    let (status, text) = check(
        folder.path(),
        &[&["functions/shop=src", "--strict"], &KNOWN[..]].concat(),
    );
    assert_eq!(status, 0, "{text}");
    assert!(
        text.contains("functions/shop=src would be signed."),
        "{text}"
    );
    fs::rename(
        folder.path().join("src/app.py"),
        folder.path().join("src/main.py"),
    )
    .unwrap();
    let (status, text) = check(
        folder.path(),
        &[&["functions/shop=src", "--strict"], &KNOWN[..]].concat(),
    );
    assert_eq!(status, 1, "{text}");
    assert!(text.contains("ENTRY_POINT_MISSING"), "{text}");
}

#[test]
fn argument_that_matches_nothing_is_an_error_also_among_others() {
    let folder = folder_with(
        "shop.zip",
        &ZipForge::new([EntryForge::file("app.py", "x")]).build(),
    );
    fs::create_dir(folder.path().join("src")).unwrap();
    fs::write(folder.path().join("src/app.py"), "x").unwrap();
    for (argument, words) in [
        ("src", "write functions/NAME=src"),
        ("gone.zip", "gone.zip"),
        ("functions/shop=gone.zip", "there is no gone.zip"),
        ("function/shop=shop.zip", "write functions/shop=shop.zip"),
    ] {
        for arguments in [&[argument][..], &["shop.zip", argument]] {
            let (status, text) = check(folder.path(), arguments);
            assert_eq!(status, 2, "{text}");
            assert!(text.contains(words), "{arguments:?}: {text}");
        }
    }
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
    for configuration in [
        CONFIGURATION.to_owned(),
        format!(r#"{{"Configuration": {CONFIGURATION}}}"#),
    ] {
        fs::write(folder.path().join("shop.json"), configuration).unwrap();
        let arguments = ["shop.zip", "--configuration", "shop.json"];
        let (status, text) = check(folder.path(), &arguments);
        assert_eq!(status, 0, "{text}");
        assert!(text.contains("zip what is in that folder"), "{text}");
        let (status, _) = check(folder.path(), &[&arguments[..], &["--strict"]].concat());
        assert_eq!(status, 1);
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

/// What `GetFunction` answers about a function of this configuration.
fn function(more: &str) -> String {
    format!(
        r#"{{"Configuration": {{"FunctionName": "shop", "PackageType": "Zip", "CodeSha256": "c2hh",
        "FunctionArn": "arn:aws:lambda:eu-west-1:111122223333:function:shop", "RevisionId": "r-1",
        "State": "Active", "LastUpdateStatus": "Successful", "LastModified": "2026-11-21T21:44:00.012+0000",
        "Runtime": "python3.13", "Handler": "app.handler", "Architectures": ["arm64"]{more}}}}}"#
    )
}

/// The command with `--function shop` over an AWS, in a folder that has a package of a zipped folder.
fn check_function(aws: &FakeAws, arguments: &[&str]) -> (i32, String) {
    let zip = ZipForge::new([EntryForge::file("shop/app.py", "x")]).build();
    let folder = folder_with("shop.zip", &zip);
    let output = aws
        .countersign()
        .args(["check", "shop.zip", "--function", "shop"])
        .args(arguments)
        .current_dir(folder.path())
        .output()
        .unwrap();
    let text = [output.stdout, output.stderr].concat();
    (
        output.status.code().unwrap(),
        String::from_utf8(text).unwrap(),
    )
}

#[test]
fn function_is_asked_what_it_would_start() {
    let aws = FakeAws::start().unwrap();
    aws.answers("lambda:GetFunction", json(&function("")));
    let (status, text) = check_function(&aws, &["--strict"]);
    assert_eq!(status, 1, "{text}");
    assert!(text.contains("ENTRY_POINT_MISSING"), "{text}");
    assert!(text.contains("zip what is in that folder"), "{text}");
    // Nothing else is asked of a function without layers.
    assert_eq!(aws.called(), ["lambda:GetFunction"]);
    // An option goes before what AWS says.
    let (status, text) = check_function(&aws, &["--strict", "--handler", "shop.app.handler"]);
    assert_eq!(status, 0, "{text}");
}

#[test]
fn layers_are_held_against_the_code_signing_configuration() {
    let aws = FakeAws::start().unwrap();
    let arn = "arn:aws:lambda:eu-west-1:111122223333:layer:common:3";
    let layers = format!(r#", "Layers": [{{"Arn": "{arn}", "CodeSize": 5}}]"#);
    aws.answers("lambda:GetFunction", json(&function(&layers)));
    let csc = "arn:aws:lambda:eu-west-1:111122223333:code-signing-config:csc-0123456789abcdef0";
    aws.answers(
        "lambda:GetFunctionCodeSigningConfig",
        json(&format!(
            r#"{{"CodeSigningConfigArn": "{csc}", "FunctionName": "shop"}}"#
        )),
    );
    aws.answers(
        "lambda:GetCodeSigningConfig",
        json(&format!(
            r#"{{"CodeSigningConfig": {{"CodeSigningConfigArn": "{csc}", "CodeSigningConfigId": "csc-1",
            "AllowedPublishers": {{"SigningProfileVersionArns": ["p"]}}, "LastModified": "2026-11-21T21:44:00Z",
            "CodeSigningPolicies": {{"UntrustedArtifactOnDeployment": "Enforce"}}}}}}"#
        )),
    );
    let (status, text) = check_function(&aws, &[]);
    assert_eq!(status, 0, "{text}");
    assert!(text.contains("LAYER_UNTRUSTED"), "{text}");
    assert!(!text.contains("whether its layers are trusted"), "{text}");
    // The handler may lie in the layer.
    assert!(!text.contains("zip what is in that folder"), "{text}");
    let (_, text) = check_function(&aws, &["--handler", "other.handler"]);
    assert!(!text.contains("ENTRY_POINT_MISSING"), "{text}");
    assert!(text.contains("the function has layers"), "{text}");
}

#[test]
fn trust_of_layers_is_not_judged_without_aws() {
    let zip = ZipForge::new([EntryForge::file("app.py", "x")]).build();
    let folder = folder_with("shop.zip", &zip);
    let layers = r#""State": "Active", "Layers": [{"Arn": "arn:aws:lambda:eu-west-1:1:layer:l:1", "CodeSize": 1}]"#;
    let with_layers = CONFIGURATION.replace(r#""State": "Active""#, layers);
    fs::write(folder.path().join("layers.json"), with_layers).unwrap();
    fs::write(folder.path().join("plain.json"), CONFIGURATION).unwrap();
    let told = "not judged whether its layers are trusted: ";
    let arguments = ["shop.zip", "--configuration", "layers.json"];
    let (status, text) = check(folder.path(), &arguments);
    assert_eq!(status, 0, "{text}");
    assert!(text.contains(told), "{text}");
    assert!(
        text.contains("fix: give --function NAME in place of --configuration"),
        "{text}"
    );
    // `--function` would tell.
    let (status, _) = check(folder.path(), &[&arguments[..], &["--strict"]].concat());
    assert_eq!(status, 1);
    let (status, text) = check(
        folder.path(),
        &["shop.zip", "--configuration", "plain.json", "--strict"],
    );
    assert_eq!(status, 0, "{text}");
    assert!(!text.contains(told), "{text}");
    // Nothing is attached to a layer.
    let of_layer = ["layers/l=shop.zip", "--configuration", "layers.json"];
    assert!(!check(folder.path(), &of_layer).1.contains(told));
}

#[test]
fn function_that_no_zip_can_be_deployed_to_is_told() {
    let aws = FakeAws::start().unwrap();
    let image = function("").replace("\"Zip\"", "\"Image\"");
    aws.answers("lambda:GetFunction", json(&image));
    let (status, text) = check_function(&aws, &[]);
    assert_eq!(status, 1, "{text}");
    assert!(text.contains("TARGET_IS_IMAGE"), "{text}");
    let missing = exception(404, "ResourceNotFoundException", "none");
    aws.answers("lambda:GetFunction", missing);
    let (status, text) = check_function(&aws, &[]);
    assert_eq!(status, 2, "{text}");
    assert!(text.contains("there is no function shop"), "{text}");
    let denied = exception(403, "AccessDeniedException", "no");
    aws.answers("lambda:GetFunction", denied);
    let (status, text) = check_function(&aws, &[]);
    assert_eq!(status, 2, "{text}");
    assert!(text.contains("lambda:ListTags"), "{text}");
}

#[test]
fn folder_is_told_as_a_table() {
    let good = ZipForge::new([EntryForge::file("app.py", "x")]).build();
    let folder = folder_with("good.zip", &good);
    fs::create_dir_all(folder.path().join("deep/er")).unwrap();
    // A zip by its first bytes, whatever it is called.
    fs::write(folder.path().join("deep/er/package"), &good).unwrap();
    fs::write(folder.path().join("deep/broken.zip"), b"no zip").unwrap();
    fs::write(folder.path().join("deep/readme.txt"), b"no zip").unwrap();
    let (status, text) = check(folder.path(), &["."]);
    assert_eq!(status, 1, "{text}");
    assert!(text.contains("rejected  ./deep/broken.zip\n"), "{text}");
    assert!(text.contains("signed    ./deep/er/package\n"), "{text}");
    assert!(!text.contains("readme"), "{text}");
    let counts = "3 packages: 2 would be signed, 0 of them with warnings; 1 would be rejected.\n";
    assert!(text.contains(counts), "{text}");
    assert!(text.contains("1  NOT_A_ZIP\n          fix: "), "{text}");
    let rest =
        "Whether they start was not judged, or not wholly, of 2 packages: give --function NAME";
    assert!(text.contains(rest), "{text}");
    let (_, text) = check(folder.path(), &["deep/er"]);
    assert!(text.contains("\n1 package: 1 would be signed"), "{text}");
    let (status, _) = check(folder.path(), &["good.zip", "deep/er"]);
    assert_eq!(status, 0);
    let (status, text) = check(folder.path(), &["deep/er", "gone.zip"]);
    assert_eq!(status, 2, "{text}");
    fs::remove_file(folder.path().join("deep/er/package")).unwrap();
    let (status, text) = check(folder.path(), &["deep/er"]);
    assert_eq!(status, 2, "{text}");
    assert!(text.contains("there is no zip below"), "{text}");
}
