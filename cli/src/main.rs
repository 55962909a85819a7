//! `countersign`: the gate's own judgement, for people and scripts.
//!
//! Exit status: 0 it would be deployed, or it was shown; 1 it would be rejected; 2 usage, unreadable
//! input, or no answer from AWS; 3 it cannot be said.

mod input;
mod inspect;
mod output;
mod paint;
mod plain;
mod roots;
mod status;
mod status_text;
mod verify;

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use jiff::Timestamp;

use crate::input::Unusable;

/// Judge packages for AWS Lambda the way the Countersign gate does.
#[derive(Parser)]
#[command(version, max_term_width = 100, styles = paint::HELP, arg_required_else_help = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Verify(verify::Arguments),
    Inspect(inspect::Arguments),
    Status(status::Arguments),
}

fn main() -> ExitCode {
    let arguments = Arguments::try_parse().unwrap_or_else(|error| plain::complaint(error).exit());
    let outcome = match arguments.command {
        Command::Verify(arguments) => verify::run(&arguments, now()),
        Command::Inspect(arguments) => inspect::run(&arguments),
        Command::Status(arguments) => status::run(&arguments),
    };
    outcome.unwrap_or_else(|unusable: Unusable| output::complain(&unusable))
}

/// The one place where the clock is read.
#[expect(
    clippy::disallowed_methods,
    reason = "main is the shell: everything below it takes the time as an argument"
)]
fn now() -> Timestamp {
    Timestamp::now()
}
