//! `cargo xtask test`: every check, the cheap ones first, each with its name and time.

use std::{
    error::Error,
    ffi::OsString,
    path::Path,
    process::Command,
    sync::atomic::{AtomicBool, Ordering},
    thread::{Scope, ScopedJoinHandle},
    time::{Duration, Instant},
};

use clap::{Args, ValueEnum};
use countersign_e2e::{
    HarnessError, cloud,
    observer::{Poll, wait_until},
    process,
    tools::Tools,
};

use crate::{
    templates,
    terminal::{Background, Terminal},
    vectors,
};

/// Nothing here calls an AWS; should something try, it finds nobody at this address.
const UNREACHABLE_ENDPOINT: &str = "http://127.0.0.1:9";
/// After this, waiting for the build of the functions is given up.
const BUILD_TIMEOUT: Duration = Duration::from_hours(1);
/// Parts of the names of the tests that take most of the time, and that seldom fail alone: the gate's model
/// through its schedules, the table once more through processes of the command, other readers and writers,
/// each bit flipped, mutants by the thousand, a checkout that was copied.
const SLOW_TESTS: [&str; 7] = [
    "model::",
    "command_agrees_with_the_core_on_every_row",
    "programs_agree_on_every_package_that",
    "changed_bit_",
    "mutants_of_",
    "writer_",
    "planted_fault_is_found_in_the_copy",
];

/// Which checks to run; without any option, all.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Run the inner loop: format, clippy and the quick unit tests.
    ///
    /// Needs no Python tools, builds no release binary and starts no local AWS. A few tests that
    /// take most of the time are left out, the gate's model first of all; the summary names them.
    #[arg(long, conflicts_with = "only")]
    fast: bool,
    /// Check this crate alone, by the name in its Cargo.toml; may be repeated.
    ///
    /// Narrows clippy, docs and unit. Steps that are not about single crates are left out, but for
    /// format.
    #[arg(long, value_name = "CRATE")]
    package: Vec<String>,
    /// Run this step alone; may be repeated.
    #[arg(long, value_name = "STEP")]
    only: Vec<Step>,
    /// Leave this step out; may be repeated.
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
    /// The templates and their parameters, and those of the examples, by cfn-lint and checkov.
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
    let steps = options.steps();
    if steps.is_empty() {
        return Err("these options leave no step to run".into());
    }
    let since = Instant::now();
    let given_up = AtomicBool::new(false);
    let results = std::thread::scope(|scope| {
        let mut runner = StepRunner {
            root,
            options,
            terminal,
            tools: None,
            early_build: None,
        };
        let results = runner.walk(&steps, scope, &given_up);
        // A build that nobody waits for any more ends here.
        given_up.store(true, Ordering::Relaxed);
        results
    })?;
    terminal.heading("== summary");
    for (step, passed, took) in &results {
        let word = if *passed { "passed" } else { "FAILED" };
        let took = process::duration(*took);
        terminal.line(&format!("  {word}  {:<9} {took:>12}", step.name()));
        if *step == Step::Unit {
            let notes = options
                .left_out()
                .into_iter()
                .chain(vectors::left_out(root));
            for note in notes {
                terminal.line(&format!("          {note}"));
            }
        }
    }
    terminal.line(&format!("  in all {}", process::elapsed(since)));
    let complete = results.len() == steps.len();
    Ok(complete && results.iter().all(|(_, passed, _)| *passed))
}

impl Options {
    fn steps(&self) -> Vec<Step> {
        Step::value_variants()
            .iter()
            .filter(|step| !self.fast || step.is_fast())
            .filter(|step| self.package.is_empty() || step.is_of_a_crate())
            .filter(|step| self.only.is_empty() || self.only.contains(step))
            .filter(|step| !self.skip.contains(step))
            .copied()
            .collect()
    }

    /// What Cargo is told about the crates to look at.
    fn scope(&self) -> Vec<&str> {
        if self.package.is_empty() {
            return vec!["--workspace"];
        }
        let named = self.package.iter();
        named.flat_map(|name| ["--package", name]).collect()
    }

    /// What the step `unit` passes over, for the summary.
    fn left_out(&self) -> Option<String> {
        self.fast
            .then(|| format!("left out, for they take longest: {}", SLOW_TESTS.join(", ")))
    }
}

impl Step {
    fn name(self) -> String {
        self.to_possible_value()
            .map(|value| value.get_name().to_owned())
            .unwrap_or_default()
    }

    fn is_fast(self) -> bool {
        matches!(self, Self::Format | Self::Clippy | Self::Unit)
    }

    fn is_of_a_crate(self) -> bool {
        matches!(self, Self::Format | Self::Clippy | Self::Docs | Self::Unit)
    }

    /// Whether it uses what is in `.local/venv`.
    fn needs_tools(self) -> bool {
        matches!(
            self,
            Self::Template | Self::Licences | Self::Python | Self::Build | Self::E2e
        )
    }
}

/// A step, whether it passed, and how long it took.
type StepResult = (Step, bool, Duration);

/// What the steps work with.
struct StepRunner<'a, 'scope> {
    root: &'a Path,
    options: &'a Options,
    terminal: &'a Terminal,
    tools: Option<Tools>,
    early_build: Option<ScopedJoinHandle<'scope, Result<(), HarnessError>>>,
}

impl<'a, 'scope> StepRunner<'a, 'scope> {
    /// Runs the steps in their order, to the first that fails.
    fn walk(
        &mut self,
        steps: &[Step],
        scope: &'scope Scope<'scope, 'a>,
        given_up: &'a AtomicBool,
    ) -> Result<Vec<StepResult>, Box<dyn Error>> {
        let mut results: Vec<StepResult> = Vec::new();
        // First, so that what is missing on the machine is said before anything slow begins.
        if steps.iter().any(|step| step.needs_tools()) {
            self.tools()?;
        }
        for step in steps {
            self.terminal.heading(&format!("== {}", step.name()));
            let since = Instant::now();
            // The build is awaited by its own step; begun once more, it would be in the way of the steps behind that.
            let is_to_come = results.iter().all(|(done, ..)| *done != Step::Build);
            if *step != Step::Format && is_to_come && steps.contains(&Step::Build) {
                self.build_early(scope, given_up)?;
            }
            let passed = self.run(*step)?;
            results.push((*step, passed, since.elapsed()));
            if self.terminal.stop_asked() || !(passed || self.options.keep_going) {
                break;
            }
        }
        Ok(results)
    }

    /// Has the functions built beside the steps before: linking them takes minutes of one processor each, and so do the
    /// tests of the local AWS.
    /// Cargo keeps a lock for each profile and target, so that the two hinder each other only by their load.
    fn build_early(
        &mut self,
        scope: &'scope Scope<'scope, 'a>,
        given_up: &'a AtomicBool,
    ) -> Result<(), HarnessError> {
        if self.early_build.is_some() {
            return Ok(());
        }
        let tools = self.tools()?;
        let observer = Background {
            terminal: self.terminal,
            given_up,
        };
        self.terminal
            .line("  the functions are built beside this (.local/logs/sam-build.log)");
        self.early_build = Some(scope.spawn(move || cloud::build(&tools, &observer)));
        Ok(())
    }

    /// Builds the functions, or waits for the build that began before.
    fn build(&mut self) -> Result<(), HarnessError> {
        let Some(build) = self.early_build.take() else {
            return cloud::build(&self.tools()?, self.terminal);
        };
        let what = "building the functions, since the second step";
        wait_until(self.terminal, what, BUILD_TIMEOUT, || {
            Ok(if build.is_finished() {
                Poll::Ready(())
            } else {
                Poll::Pending("sam build".to_owned())
            })
        })?;
        build
            .join()
            .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    }

    /// The pinned tools; brings them up to date the first time.
    fn tools(&mut self) -> Result<Tools, HarnessError> {
        if let Some(tools) = &self.tools {
            return Ok(tools.clone());
        }
        let since = Instant::now();
        let tools = Tools::prepare(self.root, self.terminal)?;
        self.terminal
            .step("tools", "pinned, in .local/venv", since.elapsed());
        self.tools = Some(tools.clone());
        Ok(tools)
    }

    fn run(&mut self, step: Step) -> Result<bool, Box<dyn Error>> {
        match step {
            Step::Format => succeeds(self.cargo("fmt").args(["--all", "--check"])),
            Step::Template => templates::lint(&self.tools()?, self.terminal),
            Step::Licences => tool(
                &self.tools()?,
                "cargo-deny",
                &["--locked", "check", "licenses", "bans", "sources"],
            ),
            Step::Python => {
                let tools = self.tools()?;
                Ok(python(&tools, &["-m", "mypy"])? && python(&tools, &["-m", "pytest"])?)
            }
            Step::Clippy => {
                let mut command = self.cargo("clippy");
                command.args(self.options.scope());
                command.args(["--all-targets", "--locked"]);
                if !self.options.package.is_empty() {
                    // What the crate is built on is looked at when it is named itself.
                    command.arg("--no-deps");
                }
                succeeds(command.args(["--", "--deny", "warnings"]))
            }
            Step::Docs => succeeds(
                self.cargo("doc")
                    .args(self.options.scope())
                    .args(["--no-deps", "--locked"])
                    .env("RUSTDOCFLAGS", "--deny warnings"),
            ),
            Step::Unit => {
                let mut command = self.cargo("test");
                command.args(self.options.scope());
                // All that fails is told in one run.
                command.args(["--locked", "--no-fail-fast"]);
                if self.options.fast {
                    command.arg("--");
                    command.args(SLOW_TESTS.iter().flat_map(|name| ["--skip", name]));
                }
                succeeds(&mut command)
            }
            Step::Build => {
                self.build()?;
                Ok(true)
            }
            // Building again what is up to date takes seconds, and nothing stale is ever tested.
            Step::E2e => {
                let tools = self.tools()?;
                cloud::build(&tools, self.terminal)?;
                Ok(self.package()?
                    && succeeds(
                        self.cargo("test")
                            .args(["--locked", "--package", "countersign-e2e"])
                            .args(["--", "--ignored"]),
                    )?)
            }
        }
    }

    /// The folder of a release, of what was built, for the tests that deploy it.
    fn package(&self) -> Result<bool, Box<dyn Error>> {
        // By Cargo: the program of this process may have been built anew since, by the step `unit`.
        let mut command = self.cargo("run");
        command.args(["--quiet", "--locked", "--package", "xtask", "--", "package"]);
        succeeds(command.args(["--no-build", "--architecture", "x86_64"]))
    }

    fn cargo(&self, subcommand: &str) -> Command {
        let mut command = Command::new(cargo());
        command.arg(subcommand).current_dir(self.root);
        command
    }
}

fn tool(tools: &Tools, program: &str, arguments: &[&str]) -> Result<bool, Box<dyn Error>> {
    succeeds(tools.command(program, UNREACHABLE_ENDPOINT).args(arguments))
}

fn python(tools: &Tools, arguments: &[&str]) -> Result<bool, Box<dyn Error>> {
    succeeds(
        tools
            .command("python", UNREACHABLE_ENDPOINT)
            .args(arguments)
            .current_dir(tools.root().join("tests/local-aws")),
    )
}

fn succeeds(command: &mut Command) -> Result<bool, Box<dyn Error>> {
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

#[cfg(test)]
mod tests {
    use clap::Parser;
    use countersign_testkit::checkout;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        options: Options,
    }

    fn options(line: &str) -> Options {
        let words = std::iter::once("test").chain(line.split_whitespace());
        Line::try_parse_from(words).unwrap().options
    }

    fn steps(line: &str) -> String {
        let names: Vec<_> = options(line)
            .steps()
            .iter()
            .map(|step| step.name())
            .collect();
        names.join(" ")
    }

    #[test]
    fn options_select_steps_in_their_order() {
        for (line, expected) in [
            (
                "",
                "format template licences python clippy docs unit build e2e",
            ),
            ("--fast", "format clippy unit"),
            ("--fast --skip format", "clippy unit"),
            ("--package sign", "format clippy docs unit"),
            (
                "--fast --package sign --package alert",
                "format clippy unit",
            ),
            ("--only unit --only clippy", "clippy unit"),
            ("--only e2e --package sign", ""),
            ("--only unit --skip unit", ""),
        ] {
            assert_eq!(steps(line), expected, "{line}");
        }
        assert!(Line::try_parse_from(["test", "--fast", "--only", "e2e"]).is_err());
    }

    #[test]
    fn fast_steps_need_no_tools() {
        let fast = options("--fast").steps();
        assert!(fast.iter().all(|step| !step.needs_tools()));
        assert!(Step::Python.needs_tools() && Step::E2e.needs_tools());
    }

    /// A name that nothing has would leave nothing out.
    #[test]
    fn slow_tests_are_there() {
        let mut sources = Vec::new();
        for folder in ["cli", "functions", "shared", "tests/cases", "xtask/tests"] {
            read(&checkout::path(folder), &mut sources);
        }
        for name in SLOW_TESTS {
            let is_it = |line: &&str| match name.strip_suffix("::") {
                Some(module) => line.trim() == format!("mod {module};"),
                None => line.starts_with("fn ") && line.contains(name),
            };
            let lines = sources.iter().flat_map(|text| text.lines());
            let found = lines.filter(is_it).count();
            // The start of a name is that of several tests; a whole name is that of one.
            let is_start = name.ends_with('_');
            assert!(found == 1 || (is_start && found > 1), "{name}: {found}");
        }
    }

    fn read(folder: &Path, sources: &mut Vec<String>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                read(&path, sources);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                sources.push(std::fs::read_to_string(path).unwrap());
            }
        }
    }

    #[test]
    fn named_crates_replace_the_workspace() {
        assert_eq!(options("").scope(), ["--workspace"]);
        let named = options("--package sign --package alert");
        assert_eq!(named.scope(), ["--package", "sign", "--package", "alert"]);
    }
}
