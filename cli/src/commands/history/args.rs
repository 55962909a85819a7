//! The command line of `countersign history`.

use clap::Args;
use countersign_gate::domain::Target;

use crate::{
    aws::buckets::RecordsBucket,
    io::{arguments::parse_target, output::Format},
};

const EXAMPLES: &str = "\
Examples:
  countersign history functions/checkout
  countersign history functions/checkout --format json > history.json
  jq -r '.uploads[] | select(.is_live).label' history.json

Exit status: 0 it was shown, even if there is nothing on record; 2 the command line cannot be used, \
or the records cannot be read.";

/// List the uploads of a function or a layer
///
/// One line an upload, the newest first: how it ended, as which version, of which commit, by whom.
/// What is live by the records is marked with a star.
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// The function or layer, as functions/NAME or layers/NAME
    #[arg(value_parser = parse_target)]
    pub(super) target: Target,
    #[command(flatten)]
    pub(super) records_bucket: RecordsBucket,
    /// Show at most this many uploads, from 1 to 1000
    #[arg(long, value_name = "N", default_value = "20", value_parser = clap::value_parser!(u16).range(1..=1000))]
    pub(super) limit: u16,
    /// How to print
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub(super) format: Format,
}
