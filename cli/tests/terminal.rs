//! What reaches a terminal, and what must not: colours, control characters, a reader that goes away.

#![expect(
    clippy::print_stderr,
    clippy::unwrap_used,
    reason = "a test stops at the first thing that is not as it should be"
)]

mod bench;

use std::process::{Command, Stdio};

use countersign_testkit::{
    checkout,
    package::sample,
    zip::{EntryForge, ZipForge},
};

use bench::Bench;

#[test]
fn colour_can_be_forced() {
    let bench = Bench::new();
    let output = bench
        .command(&["verify", "signed.zip"])
        .env("CLICOLOR_FORCE", "1")
        .output()
        .unwrap();
    assert!(
        String::from_utf8(output.stdout)
            .unwrap()
            .contains("\x1b[1m")
    );
}

#[test]
fn no_color_turns_colour_off() {
    let bench = Bench::new();
    for arguments in [&["verify", "signed.zip"][..], &["verify", "absent.zip"]] {
        let output = bench
            .command(arguments)
            .env("CLICOLOR_FORCE", "1")
            .env("NO_COLOR", "1")
            .output()
            .unwrap();
        assert!(!output.stdout.contains(&0x1b), "{arguments:?}");
        assert!(!output.stderr.contains(&0x1b), "{arguments:?}");
    }
}

/// Runs the command on a terminal of its own, made by Python; `None` where there is no Python. Standard error
/// goes to that terminal, too.
fn on_a_terminal(bench: &Bench, arguments: &[&str], variables: &[(&str, &str)]) -> Option<String> {
    let script = "import pty, sys; pty.spawn(sys.argv[1:])";
    let output = Command::new("python3")
        .args(["-c", script])
        .arg(checkout::program("countersign"))
        .args(arguments)
        .current_dir(bench.path(""))
        .stdin(Stdio::null())
        // Whatever has a say in colours.
        .env_remove("CI")
        .env_remove("NO_COLOR")
        .env_remove("CLICOLOR")
        .env_remove("CLICOLOR_FORCE")
        .env("TERM", "xterm-256color")
        .envs(variables.iter().copied())
        .output();
    match output {
        Ok(output) if output.status.success() => Some(String::from_utf8(output.stdout).unwrap()),
        told => {
            eprintln!("skipped: python3 makes no terminal here: {told:?}");
            None
        }
    }
}

#[test]
fn terminal_gets_colour_by_default() {
    let bench = Bench::new();
    let none: &[(&str, &str)] = &[];
    for (arguments, variables, is_coloured) in [
        (&["verify", "signed.zip"][..], none, true),
        (&["inspect", "signed.zip"], none, true),
        (&["verify", "absent.zip"], none, true),
        (&["verify", "signed.zip"], &[("NO_COLOR", "1")], false),
        (&["verify", "absent.zip"], &[("NO_COLOR", "1")], false),
        (&["verify", "signed.zip"], &[("TERM", "dumb")], false),
        (&["verify", "signed.zip", "--format", "json"], none, false),
    ] {
        let Some(shown) = on_a_terminal(&bench, arguments, variables) else {
            return;
        };
        assert!(
            shown.contains(".zip") || shown.contains("decision"),
            "{shown:?}"
        );
        assert_eq!(
            shown.contains("\x1b["),
            is_coloured,
            "{arguments:?} {variables:?}: {shown:?}"
        );
    }
}

#[test]
fn file_name_is_escaped() {
    let bench = Bench::new();
    let odd = ZipForge::new([EntryForge::file("a\u{202e}b\u{2028}c", "body")]);
    bench.put("odd.zip", &odd.build());
    let text = String::from_utf8(bench.run(&["inspect", "odd.zip"]).stdout).unwrap();
    assert!(text.contains("a\\u{202e}b\\u{2028}c"), "{text}");
}

/// A path with a sequence that turns the background red, and one that reverses the direction.
const HOSTILE: &str = "e\x1b[41mvil\u{202e}.zip";
const SHOWN: &str = "e\\u{1b}[41mvil\\u{202e}.zip";

#[test]
fn argument_is_escaped() {
    let bench = Bench::new();
    bench.put(HOSTILE, &sample().build());
    let cases: [&[&str]; 11] = [
        &["verify", HOSTILE],
        &["inspect", HOSTILE],
        &["verify", "absent/e\x1b[41mvil\u{202e}.zip"],
        &[
            "verify",
            "source.zip",
            "--source",
            "absent/e\x1b[41mvil\u{202e}.zip",
        ],
        &["verify", "source.zip", "--csc", HOSTILE],
        &["verify", "source.zip", "--trust-root", HOSTILE],
        &["verify", "source.zip", "--at", HOSTILE],
        &["verify", "source.zip", "--format", HOSTILE],
        &["verify", "source.zip", HOSTILE],
        &["status", HOSTILE],
        &["status", "functions/e\x1b[41mvil\u{202e}.zip"],
    ];
    for arguments in cases {
        // As on a terminal: nothing is taken out on the way.
        let output = bench
            .command(arguments)
            .env("CLICOLOR_FORCE", "1")
            .output()
            .unwrap();
        let text = [output.stdout, output.stderr]
            .map(|bytes| String::from_utf8(bytes).unwrap())
            .concat();
        assert!(text.contains(SHOWN), "{arguments:?}: {text:?}");
        assert!(
            !text.contains("\x1b[41m") && !text.contains('\u{202e}'),
            "{arguments:?}: {text:?}"
        );
    }
}

#[test]
fn broken_pipe_is_no_error() {
    let bench = Bench::new();
    for arguments in [&["verify", "signed.zip"][..], &["inspect", "signed.zip"]] {
        let mut child = bench
            .command(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        assert!(
            output.status.code().is_some_and(|status| status <= 1),
            "{:?}",
            output.status
        );
        assert!(
            output.stderr.is_empty(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
}

/// An AWS that thinks before it says no, for as long as the test runs.
fn slow_aws() -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut request = [0; 4096];
            let _ = std::io::Read::read(&mut stream, &mut request);
            std::thread::sleep(std::time::Duration::from_millis(1_600));
            let answer =
                b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
            let _ = std::io::Write::write_all(&mut stream, answer);
        }
    });
    endpoint
}

#[test]
fn progress_is_shown_on_a_terminal_only() {
    let bench = Bench::new();
    let endpoint = slow_aws();
    let variables = [
        ("AWS_ENDPOINT_URL", endpoint.as_str()),
        ("AWS_REGION", "eu-west-1"),
        ("AWS_ACCESS_KEY_ID", "key"),
        ("AWS_SECRET_ACCESS_KEY", "secret"),
        ("AWS_EC2_METADATA_DISABLED", "true"),
        ("COUNTERSIGN_RECORDS_BUCKET", "records"),
    ];
    let progress = "reading what the last sweep saw";
    let output = bench.command(&["audit"]).envs(variables).output().unwrap();
    let piped = String::from_utf8(output.stderr).unwrap();
    assert!(
        !piped.contains(progress) && !piped.contains('\r'),
        "{piped:?}"
    );
    assert!(
        piped.contains("denied") || piped.contains("403"),
        "{piped:?}"
    );
    for (arguments, progress) in [
        (&["audit"][..], progress),
        (
            &["check", "source.zip", "--function", "shop"],
            "reading the configuration of the function shop",
        ),
        (
            &["diff", "source.zip", "lambda:shop"],
            "reading what shop runs",
        ),
    ] {
        let Some(shown) = on_a_terminal(&bench, arguments, &variables) else {
            return;
        };
        assert!(shown.contains(progress), "{shown:?}");
        let (_, after) = shown.rsplit_once(progress).unwrap();
        assert!(
            after.contains("\r\x1b[K"),
            "the line is taken away: {shown:?}"
        );
    }
}

#[test]
fn many_packages_are_counted_while_they_are_checked() {
    let bench = Bench::new();
    // One that takes its time: a pipe that nobody writes to for a while.
    let pipe = bench.path("z.zip");
    let made = Command::new("mkfifo").arg(&pipe).status().unwrap();
    assert!(made.success());
    std::thread::spawn(move || {
        std::thread::sleep(std::time::Duration::from_millis(2500));
        std::fs::write(pipe, sample().build())
    });
    let arguments = ["check", "source.zip", "z.zip"];
    if let Some(shown) = on_a_terminal(&bench, &arguments, &[]) {
        assert!(shown.contains("checked 1 of 2 packages"), "{shown:?}");
        assert!(shown.contains("2 packages: "), "{shown:?}");
    }
}
