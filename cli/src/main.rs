//! `countersign`: the gate's own judgement, for people and scripts.
//!
//! ```text
//! main ─► commands/<name>   args ─► run ─► report ─► text or JSON
//!            ├─► following  uploads on their way to an outcome: events, progress, result
//!            ├─► builds     what builds leave behind, and which package is whose
//!            ├─► aws        region and login, errors of AWS made into errors for people
//!            └─► io         files in, text and errors out, exit statuses
//! ```
//!
//! `commands` uses the rooms below it, each of which uses those below, never the other way. What is decided, and what AWS is asked, is in
//! `countersign-gate` and `countersign-aws`: nothing is decided here.

mod aws;
mod builds;
mod commands;
mod following;
mod io;

use std::{collections::BTreeMap, process::ExitCode};

use clap::{CommandFactory as _, Parser, Subcommand};
use jiff::Timestamp;

use crate::{
    commands::{
        adopt, audit, check, ci_report, completions, csc, diff, doctor, explain, history, inspect,
        layer, man, prune, push, redrive, rollback, status, verify, wait,
    },
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
    Check(check::Arguments),
    Push(push::Arguments),
    Wait(wait::Arguments),
    Status(status::Arguments),
    History(history::Arguments),
    Rollback(rollback::Arguments),
    Diff(diff::Arguments),
    Verify(verify::Arguments),
    Inspect(inspect::Arguments),
    Explain(explain::Arguments),
    Doctor(doctor::Arguments),
    Redrive(redrive::Arguments),
    Audit(audit::Arguments),
    Adopt(adopt::Arguments),
    Layer(layer::Arguments),
    Prune(prune::Arguments),
    Csc(csc::Arguments),
    CiReport(ci_report::Arguments),
    Completions(completions::Arguments),
    #[command(hide = true)]
    Man(man::Arguments),
}

fn main() -> ExitCode {
    let arguments = Arguments::try_parse().unwrap_or_else(|error| escape_clap_error(error).exit());
    let ended = match arguments.command {
        Command::Check(arguments) => check::run(&arguments),
        Command::Verify(arguments) => verify::run(&arguments, now()),
        Command::Inspect(arguments) => inspect::run(&arguments),
        Command::Explain(arguments) => explain::run(&arguments),
        Command::Doctor(arguments) => doctor::run(&arguments, now()),
        Command::Redrive(arguments) => redrive::run(&arguments),
        Command::Adopt(arguments) => adopt::run(&arguments),
        Command::Layer(arguments) => layer::run(&arguments, now()),
        Command::Prune(arguments) => prune::run(&arguments),
        Command::Csc(arguments) => csc::run(&arguments),
        Command::Completions(arguments) => completions::run(&arguments, Arguments::command()),
        Command::Man(arguments) => man::run(&arguments, Arguments::command()),
        Command::Audit(arguments) => audit::run(&arguments, now()),
        Command::CiReport(arguments) => ci_report::run(&arguments),
        Command::Status(arguments) => status::run(&arguments),
        Command::Wait(arguments) => wait::run(&arguments),
        Command::History(arguments) => history::run(&arguments),
        Command::Rollback(arguments) => rollback::run(&arguments),
        Command::Diff(arguments) => diff::run(&arguments),
        Command::Push(arguments) => push::run(&arguments, &variables()),
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

/// The environment, for what commands take from it beside their own options. Variables that are not UTF-8
/// are none of ours.
fn variables() -> BTreeMap<String, String> {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect()
}
