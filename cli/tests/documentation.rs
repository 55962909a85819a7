//! The JSON in docs/cli.md has exactly the fields that the command prints.

#![expect(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "a test stops at the first thing that is not as it should be"
)]

use std::{collections::BTreeSet, fs, process::Command};

use countersign_cases::PKI;
use countersign_gate::client::audit::FindingKind;
use countersign_testkit::{
    checkout,
    fake_aws::{FakeAws, exception, json},
    package::{sample, sign},
    signature::SIGNED_AT,
    zip::{EntryForge, ZipForge},
};
use serde_json::Value;

const DOCUMENTATION: &str = include_str!("../../docs/cli.md");

const SCVS: &str = include_str!("../../docs/scvs.md");

const SLSA: &str = include_str!("../../docs/slsa.md");

const RECORDS: &str = include_str!("../../docs/records.md");

/// The JSON examples of the documentation, in order.
fn documented() -> Vec<Value> {
    examples(DOCUMENTATION)
}

fn examples(text: &str) -> Vec<Value> {
    let blocks = text.split("```json\n").skip(1);
    blocks
        .map(|block| block.split("```").next().expect("the block ends"))
        .map(|block| serde_json::from_str(block).expect("an example is JSON"))
        .collect()
}

/// What the command prints about the signed sample.
fn printed(arguments: &[&str]) -> Value {
    let folder = tempfile::tempdir().unwrap();
    fs::write(
        folder.path().join("signed.zip"),
        sign(&sample(), &PKI).build(),
    )
    .unwrap();
    let output = Command::new(checkout::program("countersign"))
        .args(arguments)
        .args(["signed.zip", "--format", "json"])
        .current_dir(folder.path())
        .output()
        .unwrap();
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Every field of a document as a path; elements of a list share theirs.
fn fields(document: &Value) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    collect(document, String::new(), &mut found);
    found
}

fn collect(value: &Value, path: String, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                collect(member, format!("{path}.{name}"), found);
            }
        }
        Value::Array(elements) => {
            for element in elements {
                collect(element, format!("{path}[]"), found);
            }
        }
        _ => drop(found.insert(path)),
    }
}

#[test]
fn verify_prints_what_is_documented() {
    let printed = printed(&["verify", "--at", SIGNED_AT]);
    assert_eq!(fields(&printed), fields(&documented()[0]));
}

#[test]
fn explained_format_prints_what_is_documented() {
    let printed = printed(&["verify", "--explain-format"]);
    let documented = &documented()[1];
    assert_eq!(fields(&printed), fields(documented));
    let facts = printed["facts"].as_array().unwrap();
    let shown = &documented["facts"][0];
    let same = facts.iter().find(|fact| fact["id"] == shown["id"]).unwrap();
    assert_eq!(same, shown);
}

#[test]
fn inspect_prints_what_is_documented() {
    assert_eq!(fields(&printed(&["inspect"])), fields(&documented()[2]));
}

#[test]
fn check_prints_what_is_documented() {
    let folder = tempfile::tempdir().unwrap();
    let zip = ZipForge::new([EntryForge::file("shop/app.py", "x")]).build();
    fs::write(folder.path().join("shop.zip"), zip).unwrap();
    let output = Command::new(checkout::program("countersign"))
        .args(["check", "shop.zip", "--runtime", "python3.13"])
        .args(["--handler", "app.handler", "--format", "json"])
        .current_dir(folder.path())
        .output()
        .unwrap();
    let printed: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(printed, documented()[3]);
}

#[test]
fn check_counts_what_is_documented() {
    let folder = tempfile::tempdir().unwrap();
    let zip = |mode| {
        let entry = EntryForge::file("app.py", "x").mode(mode);
        ZipForge::new([entry]).build()
    };
    fs::create_dir(folder.path().join("more")).unwrap();
    for (name, body) in [
        ("good.zip", zip(0o100_644)),
        ("more/closed.jar", zip(0o100_600)),
        ("more/broken.zip", b"no zip".to_vec()),
        (
            "readme.txt",
            b"no zip, and nobody takes it for one".to_vec(),
        ),
    ] {
        fs::write(folder.path().join(name), body).unwrap();
    }
    let output = Command::new(checkout::program("countersign"))
        .args(["check", ".", "--format", "json"])
        .current_dir(folder.path())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    let printed: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(printed["counts"], documented()[4]);
    let paths: Vec<_> = printed["packages"].as_array().unwrap().iter().collect();
    assert_eq!(paths[0]["path"], "./good.zip");
    let mut of_one = fields(paths[1]);
    assert!(of_one.remove(".path"));
    assert!(of_one.contains(".refusal.code"), "{of_one:?}");
}

#[test]
fn status_prints_what_is_documented() {
    let aws = FakeAws::start().unwrap();
    let records = examples(RECORDS);
    let find = |field: &str, value: &str| {
        let found = records.iter().find(|record| record[field] == value);
        found.expect("it is documented").to_string()
    };
    let received = records.first().expect("received.json is documented");
    let folder = "functions/checkout/20260928T120001Z-3sL4kqtJlcpXroDTDmJ-rmSpXd3dIbrH";
    for (name, body) in [
        ("received", received.to_string()),
        ("outcome", find("state", "rejected")),
    ] {
        aws.put("records", &format!("{folder}/{name}.json"), body);
    }
    let output = aws
        .countersign()
        .args(["status", "functions/checkout", "--format", "json"])
        .env("COUNTERSIGN_RECORDS_BUCKET", "records")
        .output()
        .unwrap();
    let printed: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(fields(&printed), fields(&documented()[5]));
}

/// A line as it is whenever it is printed: without the words on how long ago something was.
fn without_age(line: &str) -> String {
    match (line.split_once(" UTC, "), line.rsplit_once(" ago (")) {
        (Some((before, _)), Some((_, after))) => format!("{before} UTC, … ago ({after}"),
        _ => line.to_owned(),
    }
}

#[test]
fn readme_shows_what_is_printed_of_the_sample_records() {
    const README: &str = include_str!("../../README.md");
    let aws = FakeAws::start().unwrap();
    let records = examples(RECORDS);
    let mut outcomes = records
        .iter()
        .filter(|record| record["took_ms"].is_number());
    let deployed = outcomes.find(|record| record["state"] == "deployed");
    let label = "20260928T120001Z-3sL4kqtJlcpXroDTDmJ-rmSpXd3dIbrH";
    let path = format!("functions/checkout/{label}/outcome.json");
    aws.put("records", &path, deployed.unwrap().to_string());
    let output = aws
        .countersign()
        .args(["wait", "functions/checkout", "--upload", label])
        .env("COUNTERSIGN_RECORDS_BUCKET", "records")
        .output()
        .unwrap();
    let printed = String::from_utf8(output.stdout).unwrap();
    let printed = printed.replace("functions/checkout", "functions/shop");
    let printed: Vec<String> = printed.lines().map(without_age).collect();
    let shown = README.lines().map(without_age);
    let shown: Vec<String> = shown
        .skip_while(|line| *line != printed[0])
        .take(printed.len())
        .collect();
    assert_eq!(shown, printed);
    assert!(shown.iter().any(|line| line.contains("UTC, … ago (1.0 s")));
}

/// The commands that the help of a command lists.
fn commands_of(command: &[&str]) -> Vec<String> {
    let help = Command::new(checkout::program("countersign"))
        .args(command)
        .arg("--help")
        .output()
        .unwrap();
    let help = String::from_utf8(help.stdout).unwrap();
    // At the top they stand in groups.
    let commands = match help.split_once("Commands:\n") {
        Some((_, commands)) => commands.split("\n\n").next(),
        None if command.is_empty() => help
            .split_once("\n\n")
            .and_then(|(_, rest)| rest.split("Options:\n").next()),
        None => None,
    };
    commands
        .unwrap_or_default()
        .lines()
        .filter_map(|line| line.strip_prefix("  ")?.split(' ').next())
        .filter(|command| !matches!(*command, "" | "help"))
        .map(str::to_owned)
        .collect()
}

#[test]
fn commands_are_listed_by_what_they_are_for() {
    let output = Command::new(checkout::program("countersign"))
        .arg("--help")
        .output()
        .unwrap();
    let help = String::from_utf8(output.stdout).unwrap();
    for words in [
        "Without AWS:\n",
        "Deploy:\n",
        "Look:\n",
        "Set up and repair:\n",
        "COUNTERSIGN_UPLOADS_BUCKET",
        "COUNTERSIGN_RECORDS_BUCKET",
        "COUNTERSIGN_CSC_ARN",
        "AWS_PROFILE",
        "AWS_REGION",
        "--profile",
    ] {
        assert!(help.contains(words), "{words}: {help}");
    }
    let listed = commands_of(&[]);
    // What a shell completes is every command that there is.
    let script = Command::new(checkout::program("countersign"))
        .args(["completions", "bash"])
        .output()
        .unwrap();
    let script = String::from_utf8(script.stdout).unwrap();
    let there: BTreeSet<&str> = script
        .lines()
        .filter_map(|line| line.trim().strip_prefix("countersign,")?.strip_suffix(')'))
        .filter(|name| *name != "help")
        .collect();
    assert!(there.len() > 15, "{there:?}");
    let listed: BTreeSet<&str> = listed.iter().map(String::as_str).collect();
    assert_eq!(listed, there);
}

/// The commands, and the commands of each, such as `csc rotate`.
fn all_commands() -> Vec<String> {
    let mut commands = commands_of(&[]);
    let nested: Vec<String> = commands
        .iter()
        .flat_map(|command| {
            let of_command = commands_of(&[command]).into_iter();
            of_command.map(move |inner| format!("{command} {inner}"))
        })
        .collect();
    commands.extend(nested);
    commands
}

fn help_of(command: &str) -> String {
    let help = Command::new(checkout::program("countersign"))
        .args(command.split(' '))
        .arg("--help")
        .output()
        .unwrap();
    String::from_utf8(help.stdout).unwrap()
}

/// Words that are left over where a paragraph was wrapped by hand and is wrapped again.
fn strays(help: &str) -> Vec<&str> {
    let indent = |line: &str| line.len().saturating_sub(line.trim_start().len());
    let lines: Vec<&str> = help.lines().collect();
    lines
        .windows(3)
        .filter(|three| {
            let [before, line, after] = three else {
                return false;
            };
            // Rows, which are two columns in, are written one by one, and not wrapped.
            let is_one =
                indent(before) == indent(line) && indent(line) != 2 && !line.trim().is_empty();
            is_one
                && before.len() > 70
                && !after.trim().is_empty()
                && line.split_whitespace().count() <= 2
        })
        .filter_map(|three| three.get(1).copied())
        .collect()
}

#[test]
fn no_words_of_a_help_text_stand_alone() {
    let long = "a".repeat(75);
    assert_eq!(strays(&format!("{long}\nstray\n{long}\n")), ["stray"]);
    for command in all_commands() {
        let help = help_of(&command);
        assert_eq!(strays(&help), [""; 0], "{command}: {help}");
        assert!(
            help.contains("Examples:\n") && help.contains("Exit status:"),
            "{command}: {help}"
        );
    }
}

/// What a terminal has that nobody made wider. An example or a line of a table that is longer is broken there, and
/// then it can no longer be pasted; a word that is longer is not broken at all.
#[test]
fn help_texts_fit_eighty_columns() {
    let pages = tempfile::tempdir().unwrap();
    let mut man = Command::new(checkout::program("countersign"));
    let made = man.arg("man").arg(pages.path()).output().unwrap();
    assert!(made.status.success(), "{made:?}");
    let too_long = |help: &str| {
        let lines = help.lines().filter(|line| line.chars().count() > 80);
        lines.map(str::to_owned).collect::<Vec<_>>()
    };
    let whole = Command::new(checkout::program("countersign"))
        .arg("--help")
        .output()
        .unwrap();
    assert_eq!(too_long(&String::from_utf8(whole.stdout).unwrap()), [""; 0]);
    for command in all_commands() {
        let help = help_of(&command);
        assert_eq!(too_long(&help), [""; 0], "{command}");
        let shown: BTreeSet<&str> = help.lines().collect();
        let page = format!("countersign-{}.1", command.replace(' ', "-"));
        let written = rows_of(&fs::read_to_string(pages.path().join(page)).unwrap());
        assert_ne!(written, [""; 0], "{command}");
        for row in &written {
            assert!(shown.contains(row.as_str()), "{command}: broken: {row}");
        }
    }
}

/// The rows of examples and exit statuses as they are written: a manual page has them unbroken.
fn rows_of(page: &str) -> Vec<String> {
    let plain = page
        .replace("\\-", "-")
        .replace("\\*(Aq", "'")
        // roff's name for a backslash that is printed.
        .replace("\\e", "\\")
        .replace("\\\\", "\\");
    let rows = plain.lines().filter(|line| line.starts_with("  "));
    rows.map(|row| row.trim_end().to_owned()).collect()
}

#[test]
fn options_are_documented() {
    let commands = all_commands();
    for known in ["verify", "csc rotate"] {
        assert!(commands.contains(&known.to_owned()), "{commands:?}");
    }
    for command in commands {
        let help = help_of(&command);
        assert!(help.contains("Usage:"), "{command}: {help}");
        // An option may stand in a sentence.
        let words = help
            .split(|c: char| !(c.is_ascii_alphanumeric() || c == '-' || c == '_'))
            .filter(|word| word.starts_with("--") && word.len() > 2);
        for option in words.filter(|option| *option != "--help") {
            assert!(DOCUMENTATION.contains(option), "{option} is not documented");
        }
    }
}

#[test]
fn findings_of_an_audit_are_documented() {
    for kind in FindingKind::all() {
        if let FindingKind::Drift(_) = kind {
            continue;
        }
        let (name, severity) = (kind.as_str(), kind.severity().as_str());
        let row = format!("| `{name}` | {severity} | {} |", kind.meaning());
        assert!(DOCUMENTATION.contains(&row), "{row}");
    }
    let schema: Value =
        serde_json::from_str(include_str!("../../docs/schemas/audit.schema.json")).unwrap();
    let described = schema
        .pointer("/$defs/finding/properties/kind/enum")
        .unwrap();
    let kinds: Vec<&str> = FindingKind::all().map(FindingKind::as_str).collect();
    assert_eq!(*described, serde_json::json!(kinds));
}

/// The rows of a table that name this control of SCVS or SLSA.
fn row_of(control: &str) -> Option<&'static str> {
    let (document, start) = if let Some(number) = control.strip_prefix("SCVS ") {
        (SCVS, format!("| {number} "))
    } else if let Some(name) = control.strip_prefix("SLSA 1.1 verification: ") {
        match name {
            "expectations" => (SLSA, "| **Expectations** ".to_owned()),
            place => (SLSA, format!("| **Where**: {place} ")),
        }
    } else {
        return None;
    };
    let mut rows = document.lines().filter(|line| line.starts_with(&start));
    Some(rows.next().expect("the control has a row"))
}

#[test]
fn controls_of_findings_are_those_that_their_pages_name() {
    let mut controls = BTreeSet::new();
    for kind in FindingKind::all() {
        for control in kind.controls() {
            if let Some(row) = row_of(control) {
                let word = format!("`{}`", kind.as_str());
                assert!(row.contains(&word), "{control} does not name {word}");
                controls.insert(*control);
            }
        }
    }
    // And each finding that such a row names has its control.
    for control in &controls {
        let row = row_of(control).unwrap();
        for kind in FindingKind::all() {
            let is_named = row.contains(&format!("`{}`", kind.as_str()));
            let has_it = kind.controls().contains(control);
            assert_eq!(is_named, has_it, "{control}: {}", kind.as_str());
        }
    }
    assert_eq!(controls.len(), 4, "{controls:?}");
}

#[test]
fn first_day_uses_commands_that_exist() {
    let document = include_str!("../../docs/first-day.md");
    let blocks = document.split("```sh\n").skip(1);
    let lines = blocks.flat_map(|block| block.split("```").next().unwrap().lines());
    let mut commands = BTreeSet::new();
    for line in lines.filter_map(|line| line.strip_prefix("countersign ")) {
        let mut words = line.split_whitespace().take_while(|word| *word != ">");
        let command = words.next().unwrap().to_owned();
        let help = Command::new(checkout::program("countersign"))
            .args([command.as_str(), "--help"])
            .output()
            .unwrap();
        assert!(help.status.success(), "{line}");
        let help = String::from_utf8(help.stdout).unwrap();
        for option in words.filter(|word| word.starts_with("--")) {
            assert!(help.contains(option), "{line}: no {option}");
        }
        commands.insert(command);
    }
    let walked = [
        "adopt", "audit", "check", "diff", "explain", "history", "push", "rollback", "wait",
    ];
    assert!(commands.iter().eq(walked.iter()), "{commands:?}");
}

#[test]
fn adopt_prints_what_is_documented() {
    let documented = documented();
    let documented = documented.last().unwrap();
    let aws = FakeAws::start().unwrap();
    let csc = documented["csc"].as_str().unwrap();
    let configuration = serde_json::json!({"CodeSigningConfig": {"CodeSigningConfigArn": csc,
        "CodeSigningConfigId": "csc-0123456789abcdef0", "AllowedPublishers": {"SigningProfileVersionArns": ["p"]},
        "CodeSigningPolicies": {"UntrustedArtifactOnDeployment": "Enforce"}, "LastModified": "2026-11-21T21:44:00Z"}});
    aws.answers(
        "lambda:GetCodeSigningConfig",
        json(&configuration.to_string()),
    );
    aws.answers(
        "lambda:GetFunction",
        exception(404, "ResourceNotFoundException", "none"),
    );
    aws.answers(
        "lambda:GetFunctionCodeSigningConfig",
        exception(404, "ResourceNotFoundException", "none"),
    );
    let output = aws
        .countersign()
        .args(["adopt", "functions/shop", "--csc", csc, "--format", "json"])
        .env("COUNTERSIGN_RECORDS_BUCKET", "records")
        .output()
        .unwrap();
    let printed: Value = serde_json::from_slice(&output.stdout).unwrap();
    // Lists of a function that is not there are empty.
    let lists = |field: &String| field.ends_with("[]");
    let documented = fields(documented).into_iter().filter(|field| !lists(field));
    assert_eq!(fields(&printed), documented.collect());
    assert_eq!(printed["functions"][0]["state"], "refused");
}
