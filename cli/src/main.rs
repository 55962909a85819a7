//! `countersign`: the gate's own judgement, for people and scripts.
//!
//! ```text
//! main ─► commands/<name>   args ─► run ─► report ─► text or JSON
//!            ├─► aws        region and login, errors of AWS made into errors for people
//!            └─► io         files in, text and errors out, exit statuses
//! ```
//!
//! `commands` uses `aws` and `io`, `aws` uses `io`, never the other way. What is decided, and what AWS is asked, is in
//! `countersign-gate` and `countersign-aws`: nothing is decided here.

mod aws;
mod commands;
mod io;

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use jiff::Timestamp;

use crate::{
    commands::{inspect, status, verify},
    io::{error::CliError, escape::escape_clap_error, exit_status::ExitStatus, output, style},
};

/// Judge packages for AWS Lambda the way the Countersign gate does.
#[derive(Parser)]
#[command(version, max_term_width = 100, styles = style::HELP, arg_required_else_help = true)]
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
    let arguments = Arguments::try_parse().unwrap_or_else(|error| escape_clap_error(error).exit());
    let ended = match arguments.command {
        Command::Verify(arguments) => verify::run(&arguments, now()),
        Command::Inspect(arguments) => inspect::run(&arguments),
        Command::Status(arguments) => status::run(&arguments),
    };
    let status = ended.unwrap_or_else(|error: CliError| {
        output::print_error(&error);
        ExitStatus::Unusable
    });
    status.into()
}

/// The one place where the clock is read.
#[expect(
    clippy::disallowed_methods,
    reason = "main is the shell: everything below it takes the time as an argument"
)]
fn now() -> Timestamp {
    Timestamp::now()
}
