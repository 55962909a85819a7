//! `cargo xtask test`: every check, the cheap ones first, each with its name and time.

use std::{
    error::Error,
    ffi::OsString,
    path::Path,
    process::Command,
    time::{Duration, Instant},
};

use clap::{Args, ValueEnum};
use countersign_e2e::{HarnessError, cloud, observer::Observer, process, tools::Tools};

use crate::{terminal::Terminal, vectors};

/// The version that the policy in `deny.toml` was written for.
const CARGO_DENY: &str = "cargo-deny@0.20.2";
/// Nothing here calls an AWS; should something try, it finds nobody at this address.
const NOWHERE: &str = "http://127.0.0.1:9";

/// Which checks to run; without any option, all.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Run these steps alone.
    #[arg(long, value_name = "STEP")]
    only: Vec<Step>,
    /// Leave these steps out.
    #[arg(long, value_name = "STEP")]
    skip: Vec<Step>,
    /// Go on after a step that failed.
    #[arg(long)]
    keep_going: bool,
}

/// The steps, in the order in which they run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Step {
    /// Formatting.
    Format,
    /// The SAM template and its parameters, by SAM's linter and cfn-lint.
    Template,
    /// Licences, banned crates and sources of every dependency.
    Licences,
    /// Types and tests of the local AWS.
    Python,
    /// Clippy, with warnings denied.
    Clippy,
    /// The documentation, with warnings denied.
    Docs,
    /// Unit and integration tests.
    Unit,
    /// The functions as they are deployed.
    Build,
    /// The stack on the local AWS, end to end.
    E2e,
}

/// Runs the steps; whether all of them passed.
pub(crate) fn run(
    root: &Path,
    options: &Options,
    terminal: &Terminal,
) -> Result<bool, Box<dyn Error>> {
    let mut results: Vec<(Step, bool, Duration)> = Vec::new();
    let since = Instant::now();
    let tools = Tools::prepare(root, terminal)?;
    terminal.step("tools", "pinned, in .local/venv", since.elapsed());
    for step in options.steps() {
        terminal.heading(&format!("== {}", step.name()));
        let since = Instant::now();
        let passed = step.run(&tools, terminal)?;
        results.push((step, passed, since.elapsed()));
        if terminal.stop_asked() || !(passed || options.keep_going) {
            break;
        }
    }
    terminal.heading("== summary");
    for (step, passed, took) in &results {
        let word = if *passed { "passed" } else { "FAILED" };
        let took = process::duration(*took);
        terminal.line(&format!("  {word}  {:<9} {took:>12}", step.name()));
        if *step == Step::Unit
            && let Some(note) = vectors::left_out(root)
        {
            terminal.line(&format!("          {note}"));
        }
    }
    terminal.line(&format!("  in all {}", process::elapsed(since)));
    let complete = results.len() == options.steps().count();
    Ok(complete && results.iter().all(|(_, passed, _)| *passed))
}

impl Options {
    fn steps(&self) -> impl Iterator<Item = Step> {
        Step::value_variants()
            .iter()
            .filter(|step| self.only.is_empty() || self.only.contains(step))
            .filter(|step| !self.skip.contains(step))
            .copied()
    }
}

impl Step {
    fn name(self) -> String {
        self.to_possible_value()
            .map(|value| value.get_name().to_owned())
            .unwrap_or_default()
    }

    fn run(self, tools: &Tools, terminal: &Terminal) -> Result<bool, HarnessError> {
        match self {
            Self::Format => all(tools, &[&["fmt", "--all", "--check"]]),
            Self::Template => Ok(tool(tools, "sam", &["validate", "--lint"])?
                && tool(tools, "cfn-lint", &["template.yaml"])?),
            Self::Licences => licences(tools, terminal),
            Self::Python => Ok(python(tools, &["-m", "mypy"])?
                && python(tools, &["-m", "mypy", "--strict", "../e2e/src/python"])?
                && python(tools, &["-m", "pytest"])?),
            Self::Clippy => all(
                tools,
                &[&[
                    "clippy",
                    "--workspace",
                    "--all-targets",
                    "--locked",
                    "--",
                    "--deny",
                    "warnings",
                ]],
            ),
            Self::Docs => succeeds(
                cargo_command(tools, &["doc", "--workspace", "--no-deps", "--locked"])
                    .env("RUSTDOCFLAGS", "--deny warnings"),
            ),
            Self::Unit => all(tools, &[&["test", "--workspace", "--locked"]]),
            Self::Build => cloud::build(tools, terminal).map(|()| true),
            // Building again what is up to date takes seconds, and nothing stale is ever tested.
            Self::E2e => cloud::build(tools, terminal).and_then(|()| {
                all(
                    tools,
                    &[&[
                        "test",
                        "--locked",
                        "--package",
                        "countersign-e2e",
                        "--",
                        "--ignored",
                    ]],
                )
            }),
        }
    }
}

/// cargo-deny is built once into the checkout; without its optional parts that takes a minute.
fn licences(tools: &Tools, observer: &dyn Observer) -> Result<bool, HarnessError> {
    let place = tools.local().join("tools");
    let program = place.join("bin/cargo-deny");
    if !program.exists() {
        let mut install = cargo_command(tools, &["install", "--locked", "--debug", CARGO_DENY]);
        install
            .arg("--root")
            .arg(&place)
            .arg("--target-dir")
            .arg(place.join("build"));
        let log = tools.log("cargo-deny");
        process::run(
            observer,
            &tools.python(),
            "building cargo-deny",
            &install,
            &log,
        )?;
        // Half a gigabyte that nothing needs any more; if it cannot be removed, it is only that.
        drop(std::fs::remove_dir_all(place.join("build")));
    }
    succeeds(
        Command::new(program)
            .args(["--locked", "check", "licenses", "bans", "sources"])
            .current_dir(tools.root()),
    )
}

fn all(tools: &Tools, commands: &[&[&str]]) -> Result<bool, HarnessError> {
    for arguments in commands {
        if !succeeds(&mut cargo_command(tools, arguments))? {
            return Ok(false);
        }
    }
    Ok(true)
}

fn cargo_command(tools: &Tools, arguments: &[&str]) -> Command {
    let mut command = Command::new(cargo());
    command.args(arguments).current_dir(tools.root());
    command
}

fn tool(tools: &Tools, program: &str, arguments: &[&str]) -> Result<bool, HarnessError> {
    succeeds(tools.command(program, NOWHERE).args(arguments))
}

fn python(tools: &Tools, arguments: &[&str]) -> Result<bool, HarnessError> {
    succeeds(
        tools
            .command("python", NOWHERE)
            .args(arguments)
            .current_dir(tools.root().join("tests/local-aws")),
    )
}

fn succeeds(command: &mut Command) -> Result<bool, HarnessError> {
    let status = command.status().map_err(|source| HarnessError::Start {
        program: command.get_program().display().to_string(),
        source,
    })?;
    Ok(status.success())
}

/// The cargo that runs this, so that its toolchain is the one that is used.
pub(crate) fn cargo() -> OsString {
    std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into())
}
