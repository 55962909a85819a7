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

use std::{collections::BTreeMap, fmt::Write as _, process::ExitCode};

use clap::{CommandFactory as _, FromArgMatches as _, Parser, Subcommand};
use jiff::Timestamp;

use crate::{
    aws::session,
    commands::{
        adopt, approvals, approve, audit, check, ci_report, completions, csc, diff, doctor,
        explain, history, inspect, layer, man, prune, push, redrive, rollback, status, summary,
        verify, verify_summary, wait,
    },
    io::{error::CliError, escape::escape_clap_error, exit_status::ExitStatus, output, style},
};

/// Judge packages for AWS Lambda the way the Countersign gate does.
#[derive(Parser)]
#[command(version, max_term_width = 80, styles = style::HELP, arg_required_else_help = true)]
struct Arguments {
    /// The profile to ask AWS by.
    #[arg(
        help = "The profile to ask AWS by, as AWS_PROFILE names it",
        long,
        global = true,
        value_name = "NAME",
        help_heading = "Options for AWS"
    )]
    profile: Option<String>,
    /// The region of the stack.
    #[arg(
        help = "The region of the stack, as AWS_REGION names it",
        long,
        global = true,
        value_name = "REGION",
        help_heading = "Options for AWS"
    )]
    region: Option<String>,
    #[command(subcommand)]
    command: Command,
}

/// The commands by what they are for, as `countersign --help` lists them.
const GROUPS: [(&str, &[&str]); 4] = [
    (
        "Without AWS",
        &[
            "check",
            "verify",
            "verify-summary",
            "inspect",
            "explain",
            "ci-report",
            "completions",
            "man",
        ],
    ),
    ("Deploy", &["push", "wait", "approve", "rollback"]),
    (
        "Look",
        &["status", "history", "approvals", "summary", "diff", "audit"],
    ),
    (
        "Set up and repair",
        &["doctor", "adopt", "layer", "csc", "redrive", "prune"],
    ),
];

const ENVIRONMENT: &str = "\
Variables:
  COUNTERSIGN_UPLOADS_BUCKET   the stack's output UploadsBucket
  COUNTERSIGN_RECORDS_BUCKET   the stack's output RecordsBucket
  COUNTERSIGN_CSC_ARN          the stack's output CodeSigningConfig
  AWS_PROFILE, AWS_REGION      who asks, and where the stack is

`countersign help COMMAND` shows a command's options, with examples.";

/// The definition of the command line, with its commands in groups.
fn command() -> clap::Command {
    let command = Arguments::command();
    let mut groups = String::new();
    let (heading, literal) = (style::HELP.get_header(), style::HELP.get_literal());
    for (name, commands) in GROUPS {
        let _ = writeln!(groups, "{heading}{name}:{heading:#}");
        for name in commands {
            let found = command.find_subcommand(name);
            let about = found.and_then(clap::Command::get_about);
            let about = about.map(ToString::to_string).unwrap_or_default();
            // The longest name has fourteen letters.
            let _ = writeln!(groups, "  {literal}{name:<14}{literal:#}  {about}");
        }
        groups.push('\n');
    }
    let template = format!(
        "{{about-with-newline}}\n{{usage-heading}} {{usage}}\n\n{groups}{heading}Options:{heading:#}\n{{options}}{{after-help}}"
    );
    command.help_template(template).after_help(ENVIRONMENT)
}

#[derive(Subcommand)]
enum Command {
    Check(check::Arguments),
    Push(push::Arguments),
    Wait(wait::Arguments),
    Status(status::Arguments),
    History(history::Arguments),
    Approve(approve::Arguments),
    Approvals(approvals::Arguments),
    Rollback(rollback::Arguments),
    Diff(diff::Arguments),
    Summary(summary::Arguments),
    Verify(verify::Arguments),
    VerifySummary(verify_summary::Arguments),
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
    Man(man::Arguments),
}

fn main() -> ExitCode {
    let arguments = command()
        .try_get_matches()
        .and_then(|matches| Arguments::from_arg_matches(&matches))
        .unwrap_or_else(|error| escape_clap_error(error).exit());
    let variables = variables();
    let is_set = |name: &&str| variables.get(*name).is_some_and(|value| !value.is_empty());
    let variable = ["AWS_REGION", "AWS_DEFAULT_REGION"]
        .into_iter()
        .find(is_set);
    let region = arguments.region.filter(|region| !region.is_empty());
    let region = region.or_else(|| variables.get(variable?).cloned());
    session::choose(arguments.profile, region);
    let ended = match arguments.command {
        Command::Check(arguments) => check::run(&arguments),
        Command::Verify(arguments) => verify::run(&arguments, now()),
        Command::VerifySummary(arguments) => verify_summary::run(&arguments),
        Command::Summary(arguments) => summary::run(&arguments),
        Command::Inspect(arguments) => inspect::run(&arguments),
        Command::Explain(arguments) => explain::run(&arguments),
        Command::Doctor(arguments) => doctor::run(&arguments, now()),
        Command::Redrive(arguments) => redrive::run(&arguments),
        Command::Adopt(arguments) => adopt::run(&arguments),
        Command::Layer(arguments) => layer::run(&arguments, now()),
        Command::Prune(arguments) => prune::run(&arguments),
        Command::Csc(arguments) => csc::run(&arguments),
        Command::Completions(arguments) => completions::run(&arguments, command()),
        Command::Man(arguments) => man::run(&arguments, command()),
        Command::Audit(arguments) => audit::run(&arguments, now()),
        Command::CiReport(arguments) => ci_report::run(&arguments),
        Command::Status(arguments) => status::run(&arguments, now()),
        Command::Wait(arguments) => wait::run(&arguments),
        Command::History(arguments) => history::run(&arguments, now()),
        Command::Approve(arguments) => approve::run(&arguments, now()),
        Command::Approvals(arguments) => approvals::run(&arguments, now()),
        Command::Rollback(arguments) => rollback::run(&arguments),
        Command::Diff(arguments) => diff::run(&arguments),
        Command::Push(arguments) => push::run(&arguments, &variables),
    };
    let status = ended.unwrap_or_else(|error: CliError| {
        output::print_error(&error);
        ExitStatus::Unusable
    });
    status.into()
}

/// The one place where the clock is read. In whole seconds, as reports show it.
#[expect(
    clippy::disallowed_methods,
    reason = "main is the shell: everything below it takes the time as an argument"
)]
fn now() -> Timestamp {
    let now = Timestamp::now();
    Timestamp::from_second(now.as_second()).unwrap_or(now)
}

/// The environment, for what commands take from it beside their own options. Variables that are not UTF-8
/// are none of ours.
fn variables() -> BTreeMap<String, String> {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect()
}
