//! The command line of `countersign doctor`.

use clap::Args;

use crate::io::output::Format;

const EXAMPLES: &str = "\
Examples:
  countersign doctor
  countersign doctor --stack gate --fix-hint
  countersign doctor --format json > doctor.json

It only reads. policies/operator.json allows all that it asks; what it may not ask is told as that.

Exit status: 0 nothing failed, perhaps with warnings; 1 something failed; 2 the command line cannot be
used, or there is no way to AWS; 3 nothing failed, and something could not be told.";

/// Look whether the stack is whole, and whether the gate can do its work
///
/// Checks what CloudFormation made (functions, roles, key, buckets, queues, rules, subscriptions, alarms, a
/// trail), whom it trusts, and the targets. Each check says what it rests on, where the documents say more,
/// and what to do.
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// The stack
    #[arg(
        long,
        value_name = "NAME",
        env = "COUNTERSIGN_STACK",
        default_value = "countersign",
        hide_env_values = true
    )]
    pub(super) stack: String,
    /// Show the command that mends each failure or tells more, too
    #[arg(long)]
    pub(super) fix_hint: bool,
    /// How to print
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub(super) format: Format,
}
