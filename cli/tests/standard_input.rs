//! `-` is standard input, once a command, and what comes that way is judged as a file is.

#![expect(
    clippy::unwrap_used,
    reason = "a test stops at the first thing that is not as it should be"
)]

mod bench;

use std::{
    fs,
    io::Write as _,
    process::{Output, Stdio},
};

use bench::Bench;
use countersign_testkit::{
    signature::SIGNED_AT,
    zip::{EntryForge, ZipForge},
};

/// Runs the command with this file of the bench on its standard input.
fn piped(bench: &Bench, file: &str, arguments: &[&str]) -> Output {
    let mut child = bench
        .command(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let bytes = fs::read(bench.path(file)).unwrap();
    child.stdin.take().unwrap().write_all(&bytes).unwrap();
    child.wait_with_output().unwrap()
}

fn text(output: &Output) -> String {
    let all = [output.stdout.as_slice(), &output.stderr].concat();
    String::from_utf8(all).unwrap()
}

#[test]
fn standard_input_is_judged_as_a_file() {
    let bench = Bench::new();
    let app = ZipForge::new([EntryForge::file("app.py", "x")]);
    bench.put("app.zip", &app.build());
    bench.put(
        "shop.json",
        br#"{"FunctionName": "shop", "Runtime": "python3.13", "Handler": "gone.handler"}"#,
    );
    let cases: [(&[&str], &str); 6] = [
        (
            &[
                "verify",
                "signed.zip",
                "--source",
                "source.zip",
                "--at",
                SIGNED_AT,
            ],
            "signed.zip",
        ),
        (
            &["verify", "signed.zip", "--source", "source.zip"],
            "source.zip",
        ),
        (
            &["verify", "signed.zip", "--csc", "warn-other.json"],
            "warn-other.json",
        ),
        (&["inspect", "signed.zip"], "signed.zip"),
        (&["check", "app.zip"], "app.zip"),
        (
            &["check", "app.zip", "--configuration", "shop.json"],
            "shop.json",
        ),
    ];
    for (of_file, file) in cases {
        let dashed = of_file
            .iter()
            .map(|word| if *word == file { "-" } else { *word });
        let of_pipe: Vec<&str> = dashed.collect();
        let json = ["--format", "json"];
        let expected = bench.run(&[of_file, &json].concat());
        let found = piped(&bench, file, &[of_pipe.as_slice(), &json].concat());
        assert!(!expected.stdout.is_empty(), "{of_file:?}");
        assert_eq!(text(&found), text(&expected), "{of_pipe:?}");
        assert_eq!(found.status, expected.status, "{of_pipe:?}");
    }
}

#[test]
fn text_names_standard_input() {
    let bench = Bench::new();
    for arguments in [&["verify", "-"][..], &["inspect", "-"], &["check", "-"]] {
        let told = text(&piped(&bench, "signed.zip", arguments));
        assert!(told.starts_with("standard input "), "{arguments:?}: {told}");
    }
    // Of several, it is one row of the table.
    let told = text(&piped(&bench, "source.zip", &["check", "-", "signed.zip"]));
    assert!(told.contains("standard input\n"), "{told}");
    let told = text(&piped(
        &bench,
        "root.pem",
        &["verify", "signed.zip", "--csc", "-"],
    ));
    assert!(told.contains("cannot use standard input: "), "{told}");
}

#[test]
fn standard_input_is_read_once() {
    let bench = Bench::new();
    for arguments in [
        &["verify", "-", "--source", "-"][..],
        &["verify", "signed.zip", "--source", "-", "--csc", "-"],
        &["check", "-", "-"],
        &["check", "-", "--configuration", "-"],
    ] {
        let output = bench.run(arguments);
        let told = text(&output);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {told}");
        let expected =
            "standard input (-) is given 2 times, and can be read once\n  fix: give - once";
        assert!(told.contains(expected), "{arguments:?}: {told}");
    }
}
