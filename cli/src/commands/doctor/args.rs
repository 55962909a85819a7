//! The command line of `countersign doctor`.

use std::{path::PathBuf, time::Duration};

use clap::Args;
use countersign_gate::domain::FunctionName;

use crate::io::{
    arguments::{StackArgument, parse_duration},
    escape::escape,
    output::Format,
};

const EXAMPLES: &str = "\
Examples:
  countersign doctor
  countersign doctor --stack gate --fix-hint
  countersign doctor --format json > doctor.json
  countersign doctor --probe --probe-report probe.json

It only reads, unless --probe is given. policies/operator.json allows all that it asks; what it may not \
ask is told as that.

Exit status: 0 nothing failed, perhaps with warnings; 1 something failed; 2 the command line cannot be \
used, or there is no way to AWS; 3 nothing failed, and something could not be told.";

/// Check whether the stack is complete and the gate can work
///
/// Checks what CloudFormation made (functions, roles, key, buckets, queues, rules, subscriptions, alarms, a
/// trail), whom it trusts, and the targets. Each check says what it rests on, where the documents say more,
/// and what to do.
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(super) stack: StackArgument,
    /// Also show the command that fixes or explains each failure
    #[arg(long)]
    pub(super) fix_hint: bool,
    /// Send a tiny package through the gate, for a function that is not there, and say fact by fact whether AWS does what it
    /// is taken to do
    #[arg(long)]
    pub(super) probe: bool,
    /// The name of that function; the stack's parameter `TargetFunctions` has to allow it
    #[arg(long, value_name = "NAME", default_value = "doctor-probe", value_parser = function, requires = "probe")]
    pub(super) probe_name: FunctionName,
    /// A function that Lambda judges packages for by dry runs, which change nothing; it must be no target
    #[arg(long, value_name = "NAME", value_parser = function, requires = "probe")]
    pub(super) dry_run_function: Option<FunctionName>,
    /// Wait at most this long for the probe's outcome, such as 90s or 3m
    #[arg(long, value_name = "DURATION", default_value = "150s", value_parser = parse_duration, requires = "probe")]
    pub(super) probe_timeout: Duration,
    /// Write what the probe found to this file, too: it names no account, and can be handed to the maintainers
    #[arg(long, value_name = "FILE", requires = "probe")]
    pub(super) probe_report: Option<PathBuf>,
    /// Trust the certificates in this PEM file instead of the root of AWS Signer; may be repeated
    #[arg(long = "trust-root", value_name = "ROOT.pem", requires = "probe")]
    pub(super) trust_roots: Vec<PathBuf>,
    /// How to print
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub(super) format: Format,
}

fn function(text: &str) -> Result<FunctionName, String> {
    FunctionName::parse(text).map_err(|error| escape(&error.to_string()))
}
