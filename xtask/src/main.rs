//! `cargo xtask`: what a person or a CI does with this repository.

mod burst;
mod checkout;
mod detections;
mod latency;
mod local;
mod package;
mod promise;
mod stop;
mod templates;
mod terminal;
mod test;
mod vectors;
mod writers;

use std::{
    error::Error,
    ffi::OsString,
    path::Path,
    process::{Command, ExitCode},
};

use clap::{Parser, Subcommand, ValueEnum};

use crate::{stop::Stop, terminal::Terminal};

/// Tasks of this repository.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// Show the gate at work on a local AWS: build, deploy, five scenes. Then stay up until Ctrl-C.
    Local(local::Options),
    /// Run every check there is, the cheap ones first.
    Test(test::Options),
    /// Write the folder of a release: plain CloudFormation, the functions' zips, an SBOM, checksums.
    Package(package::Options),
    /// Write the detections as rules of Sigma, Panther or Elastic.
    Detections(Box<detections::Options>),
    /// Install programs that write zips, pinned, from npm and `PyPI`, for the matrix of writers in the tests.
    Writers,
    /// Measure.
    Bench {
        /// What to measure.
        what: Bench,
        /// Options of the bench; `-- --help` lists them.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        options: Vec<OsString>,
    },
}

/// What can be measured.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Bench {
    /// How fast packages are verified.
    Verify,
    /// How fast the functions start, how much memory they take, and how large they are.
    Start,
    /// How fast inflaters, hashes and P-384 are, each by itself.
    Libraries,
    /// How many schedules of the gate's model hold.
    Promise,
    /// How long an upload takes until it is live, and what of that the gate adds.
    Latency,
    /// Whether many uploads at once all come to their end while Lambda throttles, and how long that takes.
    Burst,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let stop = Stop::on_signals();
    let terminal = Terminal::new(stop);
    match run(arguments.task, &terminal) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            terminal.error(error.as_ref());
            ExitCode::FAILURE
        }
    }
}

/// Runs the task; whether it succeeded.
fn run(task: Task, terminal: &Terminal) -> Result<bool, Box<dyn Error>> {
    let root = checkout::current()?;
    match task {
        Task::Local(options) => local::run(&root, &options, terminal),
        Task::Test(options) => test::run(&root, &options, terminal),
        Task::Package(options) => package::run(&root, &options, terminal),
        Task::Detections(options) => detections::run(&root, &options, terminal),
        Task::Writers => writers::run(&root, terminal),
        Task::Bench { what, options } => bench(&root, what, &options, terminal),
    }
}

fn bench(
    root: &Path,
    what: Bench,
    options: &[OsString],
    terminal: &Terminal,
) -> Result<bool, Box<dyn Error>> {
    let what = match what {
        Bench::Verify => "verify",
        Bench::Start => "start",
        Bench::Libraries => "libraries",
        Bench::Promise => return promise::run(root, options),
        Bench::Latency => return latency::run(root, options, terminal),
        Bench::Burst => return burst::run(root, options, terminal),
    };
    let status = Command::new(test::cargo())
        .args([
            "run",
            "--release",
            "--locked",
            "--package",
            "countersign-bench",
            "--",
            what,
        ])
        .args(options)
        .current_dir(root)
        .status()?;
    Ok(status.success())
}
