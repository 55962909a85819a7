//! The scripts of `ci/`, run as CI systems run them against an AWS on loopback, and the files that name them.

#![cfg(unix)]
#![expect(
    clippy::unwrap_used,
    reason = "a test stops at the first thing that is not as it should be"
)]

#[expect(dead_code, reason = "other tests use the rest of it")]
mod gate;

use std::{fs, path::PathBuf, process::Command};

use countersign_testkit::{
    checkout,
    http::{Response, Server},
};
use gate::{Gate, RECORDS, Ran, UPLOADS, refusal};
use serde_json::{Value, json};

const ROLE: &str = "arn:aws:iam::111122223333:role/ci";

/// Text that would do something, if somebody let it.
const HOSTILE: &str = "##[add-mask]x %0A::error::y\n::warning::z |\u{202e} <script>alert(1)</script> \
                       [x](http://evil.example) @team `` ]]> \" & state=deployed\r\n";

fn root() -> PathBuf {
    checkout::root()
}

/// `ci/push.sh` as a step of a CI system, with `countersign` in its path.
fn script(gate: &Gate, variables: &[(&str, &str)]) -> Command {
    let program = checkout::program("countersign");
    let path = format!("{}:/usr/bin:/bin", program.parent().unwrap().display());
    let mut command = Command::new("/bin/sh");
    command
        .arg(root().join("ci/push.sh"))
        .current_dir(gate.folder.path())
        .env_clear()
        .env("PATH", path)
        .env("AWS_ENDPOINT_URL", gate.aws.endpoint())
        .env("AWS_REGION", "eu-west-1")
        .env("AWS_ACCESS_KEY_ID", "test")
        .env("AWS_SECRET_ACCESS_KEY", "test")
        .env("COUNTERSIGN_UPLOADS_BUCKET", UPLOADS)
        .env("COUNTERSIGN_RECORDS_BUCKET", RECORDS)
        .env("COUNTERSIGN_TIMEOUT", "30s")
        .env("COUNTERSIGN_PACKAGES", "functions/shop=shop.zip")
        .envs(variables.iter().copied());
    command
}

fn run(gate: &Gate, variables: &[(&str, &str)], ends: &[(&str, Value)]) -> Ran {
    let mut command = script(gate, variables);
    gate.end_while(|| Ran::of(command.output().unwrap()), ends)
}

const GITHUB: [(&str, &str); 3] = [
    ("GITHUB_ACTIONS", "true"),
    ("GITHUB_STEP_SUMMARY", "summary.md"),
    ("GITHUB_OUTPUT", "output"),
];

fn file(gate: &Gate, name: &str) -> String {
    fs::read_to_string(gate.folder.path().join(name)).unwrap()
}

/// What GitHub's runner would take as a command, which is a line that begins with `::` behind its spaces, or has
/// `##[` anywhere, unless commands are stopped (grade C: the runner's source).
fn commands(log: &str) -> Vec<&str> {
    let mut stopped: Option<String> = None;
    let mut found = Vec::new();
    for line in log.lines() {
        match &stopped {
            Some(token) if line.trim() == format!("::{token}::") => stopped = None,
            Some(_) => {}
            None => match line.trim().strip_prefix("::stop-commands::") {
                Some(token) => stopped = Some(token.to_owned()),
                None if line.trim_start().starts_with("::") || line.contains("##[") => {
                    found.push(line);
                }
                None => {}
            },
        }
    }
    found
}

#[test]
fn deployment_on_github_is_told() {
    let gate = Gate::new();
    let ran = run(&gate, &GITHUB, &[("functions/shop", json!({}))]);
    ran.ends_with(0);
    let log = &ran.out;
    for expected in ["functions/shop received", "9.2 s after the upload"] {
        assert!(log.contains(expected), "no {expected} in:\n{log}");
    }
    assert_eq!(
        commands(log),
        ["::notice title=functions/shop deployed%2C version 7::version 7 is live"]
    );
    let output = file(&gate, "output");
    let lines: Vec<&str> = output.lines().collect();
    let label = "label=20261121T214400Z-version-1";
    assert_eq!(
        lines[..4],
        ["state=deployed", "version=7", "version-id=version-1", label]
    );
    let results: Value = serde_json::from_str(lines[4].strip_prefix("results=").unwrap()).unwrap();
    assert_eq!(results[0]["target"], "functions/shop");
    assert!(file(&gate, "summary.md").contains("### Countersign: deployed"));
    let dotenv = file(&gate, "countersign-reports/countersign.env");
    assert!(
        dotenv.contains("COUNTERSIGN_VERSION_ID=version-1\n"),
        "{dotenv}"
    );
}

#[test]
fn refusal_ends_the_step() {
    let gate = Gate::new();
    let ran = run(&gate, &GITHUB, &[("functions/shop", refusal())]);
    ran.ends_with(1);
    let expected = "::error title=functions/shop rejected::NOT_A_ZIP: no zip%0Aupload a zip";
    assert_eq!(commands(&ran.out), [expected]);
    let junit = file(&gate, "countersign-reports/junit.xml");
    assert!(junit.contains("failures=\"1\""), "{junit}");
    assert!(file(&gate, "output").starts_with("state=rejected\n"));
}

#[test]
fn text_of_others_is_inert() {
    let gate = Gate::new();
    let outcome = json!({"state": "failed", "code": "UNDECIDED", "message": HOSTILE, "fix": HOSTILE,
        "deployed": {"code_sha256": "c2hh", "version": HOSTILE, "layer_version_arn": null,
            "alias": HOSTILE, "unchanged": false}});
    let ran = run(&gate, &GITHUB, &[("functions/shop", outcome)]);
    ran.ends_with(5);
    let commands = commands(&ran.out);
    assert_eq!(commands.len(), 1, "{commands:?}");
    assert!(commands[0].starts_with("::error title=functions/shop failed"));
    assert!(!commands[0].contains("y\n"), "{commands:?}");
    assert!(commands[0].contains("%250A"), "{commands:?}");
    let output = file(&gate, "output");
    assert_eq!(output.lines().count(), 5, "{output}");
    assert_eq!(output.matches("\nstate=").count(), 0, "{output}");
    let summary = file(&gate, "summary.md");
    for live in ["<script", "](", "://", "@team", "##[", "\u{202e}", "``"] {
        assert!(!summary.contains(live), "{live} in:\n{summary}");
    }
    // A row ends where it should: five cells.
    let row = summary
        .lines()
        .find(|line| line.contains("UNDECIDED") || line.contains("&#95;"))
        .unwrap();
    assert_eq!(row.matches('|').count(), 6, "{row}");
    let junit = file(&gate, "countersign-reports/junit.xml");
    assert!(junit.contains("&lt;script&gt;"), "{junit}");
    assert!(!junit.contains("<script"), "{junit}");
    let dotenv = file(&gate, "countersign-reports/countersign.env");
    assert_eq!(dotenv.lines().count(), 4, "{dotenv}");
}

#[test]
fn several_packages_and_metadata_are_lines() {
    let gate = Gate::new();
    let variables = [
        (
            "COUNTERSIGN_PACKAGES",
            "functions/shop=shop.zip\n\nlayers/tls=shop.zip\n",
        ),
        (
            "COUNTERSIGN_METADATA",
            "team=shop $(touch owned)\ncompatible-runtimes=nodejs24.x\n",
        ),
    ];
    let ends = [
        ("functions/shop", json!({})),
        (
            "layers/tls",
            json!({"state": "superseded", "deployed": null}),
        ),
    ];
    let ran = run(&gate, &variables, &ends);
    ran.ends_with(4);
    assert!(commands(&ran.out).is_empty(), "{}", ran.out);
    let calls = gate.aws.calls();
    let put = calls
        .iter()
        .find(|call| call.name == "s3:PutObject")
        .unwrap();
    let team = put.request.header("x-amz-meta-team");
    assert_eq!(team, Some("shop $(touch owned)"));
    assert!(!gate.folder.path().join("owned").exists());
    let dotenv = file(&gate, "countersign-reports/countersign.env");
    assert!(
        dotenv.starts_with("COUNTERSIGN_STATE=superseded\nCOUNTERSIGN_VERSION=\n"),
        "{dotenv}"
    );
}

#[test]
fn package_is_never_an_option() {
    let gate = Gate::new();
    let ran = run(&gate, &[("COUNTERSIGN_PACKAGES", "--no-wait")], &[]);
    ran.ends_with(2);
    assert!(ran.out.contains("there is no --no-wait"), "{}", ran.out);
    assert!(gate.aws.called().is_empty());
}

#[test]
fn trouble_is_told() {
    let gate = Gate::new();
    let variables = [&GITHUB[..], &[("COUNTERSIGN_PACKAGES", "gone")]].concat();
    let ran = run(&gate, &variables, &[]);
    ran.ends_with(2);
    assert!(ran.out.contains("there is no gone"), "{}", ran.out);
    assert_eq!(commands(&ran.out).len(), 1);
    assert!(file(&gate, "output").starts_with("state=unusable\n"));
    let junit = file(&gate, "countersign-reports/junit.xml");
    assert!(
        junit.contains("tests=\"1\" failures=\"0\" errors=\"1\""),
        "{junit}"
    );
}

/// What the Security Token Service answers.
fn credentials() -> Response {
    let action = "AssumeRoleWithWebIdentity";
    Response::new(
        200,
        format!(
            "<{action}Response><{action}Result><Credentials><AccessKeyId>FROMTOKEN</AccessKeyId>\
             <SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken>\
             <Expiration>2099-01-01T00:00:00Z</Expiration></Credentials></{action}Result></{action}Response>"
        ),
    )
    .with("content-type", "text/xml")
}

/// Whether every call to S3 was signed with the role's key.
fn was_signed_by_role(gate: &Gate) -> bool {
    let calls = gate.aws.calls();
    let mut to_s3 = calls
        .iter()
        .filter(|call| call.name.starts_with("s3:"))
        .peekable();
    to_s3.peek().is_some()
        && to_s3.all(|call| {
            let signed = call.request.header("authorization").unwrap_or_default();
            signed.contains("Credential=FROMTOKEN/")
        })
}

#[test]
fn token_of_gitlab_takes_on_the_role() {
    let gate = Gate::new();
    gate.aws
        .answers("sts:AssumeRoleWithWebIdentity", credentials());
    let variables = [("AWS_ROLE_ARN", ROLE), ("COUNTERSIGN_ID_TOKEN", "a.b.c")];
    let ran = run(&gate, &variables, &[("functions/shop", json!({}))]);
    ran.ends_with(0);
    assert!(was_signed_by_role(&gate));
    assert!(!ran.out.contains("a.b.c"));
}

#[test]
fn token_of_github_takes_on_the_role() {
    let gate = Gate::new();
    gate.aws
        .answers("sts:AssumeRoleWithWebIdentity", credentials());
    let tokens = Server::start(|request| {
        let asked = request.query == "api-version=2.0&audience=sts.amazonaws.com"
            && request.header("authorization") == Some("bearer s3cret");
        if asked {
            Response::new(200, r#"{"count": 1, "value": "a.b.c"}"#)
        } else {
            Response::new(401, "{}")
        }
    })
    .unwrap();
    let url = format!("http://{}/token?api-version=2.0", tokens.address());
    let variables = [
        ("AWS_ROLE_ARN", ROLE),
        ("ACTIONS_ID_TOKEN_REQUEST_URL", &url),
        ("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "s3cret"),
    ];
    let ran = run(&gate, &variables, &[("functions/shop", json!({}))]);
    ran.ends_with(0);
    assert!(was_signed_by_role(&gate));
    for secret in ["a.b.c", "s3cret"] {
        assert!(!ran.out.contains(secret) && !ran.err.contains(secret));
    }
}

#[test]
fn role_without_a_token_is_told() {
    let gate = Gate::new();
    let ran = run(&gate, &[("AWS_ROLE_ARN", ROLE)], &[]);
    ran.ends_with(2);
    assert!(ran.err.contains("id-token: write"), "{}", ran.err);
    assert!(gate.aws.called().is_empty());
}

#[test]
fn action_gives_the_script_what_it_takes() {
    let read = |path: &str| fs::read_to_string(root().join(path)).unwrap();
    let (action, script) = (read("action.yml"), read("ci/push.sh"));
    let inputs = action
        .split("\noutputs:")
        .next()
        .unwrap()
        .split("\ninputs:\n")
        .nth(1)
        .unwrap();
    let inputs: Vec<&str> = inputs
        .lines()
        .filter_map(|line| line.strip_prefix("  ")?.strip_suffix(':'))
        .filter(|name| !name.starts_with(' '))
        .collect();
    assert_eq!(inputs.len(), 9);
    for input in inputs {
        // Into a variable, never into a script.
        let used = format!("${{{{ inputs.{input} }}}}");
        let line = action.lines().find(|line| line.contains(&used)).unwrap();
        let (name, value) = line.trim().split_once(": ").unwrap();
        assert_eq!(value, used);
        assert!(script.contains(name) || name == "AWS_REGION", "{name}");
    }
    for step in action.split("run: |\n").skip(1) {
        let commands = step.lines().take_while(|line| line.starts_with("        "));
        assert!(commands.clone().count() > 0);
        assert!(
            commands.into_iter().all(|line| !line.contains("${{")),
            "{step}"
        );
    }
    let outputs = ["state", "version", "version-id", "label", "results"];
    for output in outputs {
        assert!(action.contains(&format!("${{{{ steps.push.outputs.{output} }}}}")));
    }
}

#[test]
fn recipes_in_the_documentation_are_the_files() {
    let document = include_str!("../../docs/with-ci.md");
    for path in ["ci/gitlab.yml", "ci/buildspec.yml"] {
        let file = fs::read_to_string(root().join(path)).unwrap();
        assert!(
            document.contains(&format!("```yaml\n{file}```\n")),
            "{path}"
        );
        for script in ["ci/install.sh", "ci/push.sh"] {
            assert!(file.contains(script) && root().join(script).is_file());
        }
    }
}

/// A cache without a key has the command of another commit.
#[test]
fn command_is_built_anew_from_another_commit_only() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    for name in ["checkout/ci", "fakes", "tools"] {
        fs::create_dir_all(at(name)).unwrap();
    }
    fs::copy(root().join("ci/install.sh"), at("checkout/ci/install.sh")).unwrap();
    // A cargo that installs a command which says which commit it is of, and a git that knows the commit from a file.
    let fakes = [
        (
            "cargo",
            "mkdir -p \"$TOOLS/bin\"; printf '#!/bin/sh\\necho built from %s\\n' \"$(cat \"$COMMIT\")\" >\"$TOOLS/bin/countersign\"; chmod +x \"$TOOLS/bin/countersign\"",
        ),
        ("git", "cat \"$COMMIT\""),
    ];
    for (name, script) in fakes {
        fs::write(at("fakes").join(name), format!("#!/bin/sh\n{script}\n")).unwrap();
        let executable = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        fs::set_permissions(at("fakes").join(name), executable).unwrap();
    }
    let inherited = std::env::var_os("PATH").unwrap();
    let path = format!("{}:{}", at("fakes").display(), inherited.display());
    let install = |commit: &str| {
        fs::write(at("commit"), commit).unwrap();
        let output = Command::new("sh")
            .arg(at("checkout/ci/install.sh"))
            .arg(at("tools"))
            .env("PATH", &path)
            .env("TOOLS", at("tools"))
            .env("COMMIT", at("commit"))
            .output()
            .unwrap();
        assert!(output.status.success(), "{output:?}");
        let is_there = String::from_utf8(output.stdout)
            .unwrap()
            .contains("is there");
        (
            is_there,
            fs::read_to_string(at("tools/bin/countersign"))
                .unwrap()
                .contains(commit),
        )
    };
    assert_eq!(install("aaaa"), (false, true));
    assert_eq!(install("aaaa"), (true, true));
    assert_eq!(install("bbbb"), (false, true));
    // What an image brings was built elsewhere, and is taken as it is.
    fs::remove_file(at("tools/countersign.commit")).unwrap();
    assert_eq!(install("cccc"), (true, false));
}
