//! The command line of `countersign prune`.

use std::num::NonZeroU32;

use clap::Args;
use countersign_gate::domain::{FunctionName, Target};

use crate::{
    aws::buckets::RecordsBucket,
    io::{arguments::parse_target, output::Format},
};

const EXAMPLES: &str = "\
Examples:
  countersign prune functions/shop --keep 5
  countersign prune functions/shop functions/orders --keep 5 --days 90 --apply

It leaves what others published, the newest versions, what records name, what an alias points at, and what has \
provisioned concurrency; and everything while an upload of the function is on its way. Whoever calls a version by its \
number is not seen. At most 20 versions of a function are deleted at a time.

It takes lambda:ListVersionsByFunction, lambda:ListAliases, lambda:ListProvisionedConcurrencyConfigs, and s3:GetObject \
and s3:ListBucket on the records bucket; with --apply lambda:DeleteFunction on the versions, too.

Exit status:
  0  it was shown or done
  2  the command line cannot be used, or AWS does not answer
  3  an upload of a function is on its way: it is not known what is needed";

/// Delete old versions of functions that nothing needs
///
/// By the rules of the stack's parameter `KeepVersions`, for functions whose storage fills up now. Without --apply nothing is
/// changed. What is deleted cannot be put back.
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// The functions, as functions/NAME
    #[arg(value_name = "TARGET", value_parser = parse_function, required = true)]
    pub(super) targets: Vec<FunctionName>,
    /// Keep so many of the newest versions that the gate published
    #[arg(long, value_name = "NUMBER")]
    pub(super) keep: NonZeroU32,
    /// Keep the versions that records of so many days name
    #[arg(long, value_name = "NUMBER", default_value_t = 30)]
    pub(super) days: u32,
    /// Apply the changes; without this they are only shown
    #[arg(long)]
    pub(super) apply: bool,
    #[command(flatten)]
    pub(super) records_bucket: RecordsBucket,
    /// How to print the report
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub(super) format: Format,
}

fn parse_function(text: &str) -> Result<FunctionName, String> {
    match parse_target(text)? {
        Target::Function(name) => Ok(name),
        Target::Layer(_) => {
            Err("versions of layers are not deleted: functions may use them".to_owned())
        }
    }
}
