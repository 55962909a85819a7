//! The command line of `countersign summary`.

use clap::Args;
use countersign_gate::domain::{Target, VersionId};

use crate::{
    aws::buckets::RecordsBucket,
    io::{
        arguments::{parse_target, parse_version_id},
        output::Format,
    },
};

const EXAMPLES: &str = "\
Examples:
  countersign summary functions/checkout --records-bucket RECORDS_BUCKET
  countersign summary functions/checkout --envelope > checkout.dsse.json
  countersign verify-summary checkout.dsse.json --key summary-key.pem

There is one of each deployment where the stack's parameter SummaryKey says so; its output SummaryKeyCommand writes the \
public key. s3:ListBucket and s3:GetObject on the records bucket are enough, with kms:Decrypt on the stack's key.

Exit status: 0 it was shown; 2 there is none, the command line cannot be used, or the records cannot be read.";

/// Show the signed summary of a deployment, for others to verify
///
/// Reads the SLSA verification summary that the gate signed after a deployment: which upload and which signed package
/// were verified, against which policy, and where they run. It is shown as it is on record, and not verified.
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// The function or layer, as functions/NAME or layers/NAME
    #[arg(value_parser = parse_target)]
    pub(super) target: Target,
    /// The summary of this version of the upload's key [default: the newest upload that has one]
    #[arg(long, value_name = "VERSION", value_parser = parse_version_id)]
    pub(super) version_id: Option<VersionId>,
    #[command(flatten)]
    pub(super) records_bucket: RecordsBucket,
    /// Print the envelope itself, byte by byte, for `verify-summary` and other programs
    #[arg(long, conflicts_with = "format")]
    pub(super) envelope: bool,
    /// How to print
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub(super) format: Format,
}
