//! The command line of `countersign redrive`.

use clap::Args;
use countersign_gate::domain::GateFunction;

use crate::io::{arguments::StackArgument, output::Format};

const EXAMPLES: &str = "\
Examples:
  countersign redrive
  countersign redrive --function deploy --all --dry-run
  countersign redrive --message 5fea7756-0ea4-451a-a703-a558b933e274

The queues take messages from nobody but AWS and the gate: to put one back, you have to be one of the \
stack's AdministratorRoles for that time. To look takes no more than sqs:GetQueueUrl, sqs:ReceiveMessage \
and sqs:ChangeMessageVisibility on the dead-letter queues, with kms:Decrypt on the stack's key.

Exit status: 0 it was shown, or put back; 2 the command line cannot be used, there is no such message, \
or AWS does not answer.";

/// List dead letters, and put them back into their queues
///
/// Shows what the functions of the gate gave up, and why. With --all or --message, messages go back into
/// the queue that they came from: each is sent first and deleted then, so that an interruption leaves it
/// twice and never loses it. Twice is harmless, as every function is idempotent.
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(super) stack: StackArgument,
    /// Look at the dead letters of this function only: sign, deploy, alert or sweep
    #[arg(long, value_name = "FUNCTION", value_parser = function)]
    pub(super) function: Option<GateFunction>,
    /// Put all of them back
    #[arg(long, conflicts_with = "message")]
    pub(super) all: bool,
    /// Put this one back
    #[arg(long, value_name = "ID")]
    pub(super) message: Option<String>,
    /// Only say what would be put back
    #[arg(long)]
    pub(super) dry_run: bool,
    /// How to print
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub(super) format: Format,
}

fn function(text: &str) -> Result<GateFunction, String> {
    let mut all = GateFunction::ALL.into_iter();
    all.find(|function| function.as_str() == text)
        .ok_or_else(|| "expected sign, deploy, alert or sweep".to_owned())
}
