//! Measures what the project promises: the speed of a verification, and of a cold start.
//!
//! - `verify`: whole verifications beside the floor for the same bytes, `jarsigner` and Python.
//! - `libraries`: the inflaters, hashes and curves to choose from, each by itself.
//! - `start`: each function's release binary beside a bare one and a Python one.
//!
//! Each prints a table and writes JSON. Goals that are missed are printed, not hidden; only a wrong
//! answer makes the run fail.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program for people to run: tables go to standard output, progress to standard error"
)]

mod cli;
mod content;
mod contestant;
mod fixture;
mod floor;
mod function;
mod jar;
mod libraries;
mod measure;
mod python;
mod start;
mod table;
mod verify;

use clap::Parser as _;

/// What ends a run: told to whoever runs the bench, so that any error will do.
type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

fn main() -> Outcome<()> {
    match cli::Command::parse() {
        cli::Command::Verify(options) => verify::run(&options),
        cli::Command::Libraries(options) => libraries::run(&options),
        cli::Command::Start(options) => start::run(&options),
        cli::Command::Contestant(job) => contestant::run(&job),
    }
}
