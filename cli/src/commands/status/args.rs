//! The command line of `countersign status`.

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
  countersign status functions/checkout --records-bucket RECORDS_BUCKET
  export COUNTERSIGN_RECORDS_BUCKET=RECORDS_BUCKET
  countersign status layers/openssl --limit 1 --format json
  countersign status functions/checkout --version-id VERSION_ID

The bucket is the output RecordsBucket of the stack. s3:ListBucket and s3:GetObject on it are \
enough, with kms:Decrypt on the stack's key. Region, endpoint and credentials come from the \
environment or a profile, as for aws: keys, `aws login`, SSO, credential_process, a role, OIDC.

Exit status: 0 it was shown, even if there is nothing on record; 2 the command line cannot be used, \
or the records cannot be read.

Exit status with --version-id:
  0  deployed, or prepared for a function that does not exist yet
  1  rejected
  2  the command line cannot be used, or the records cannot be read
  3  on its way, or not on record
  4  superseded: a newer upload took its place, or it was deleted
  5  failed: accepted, and could not be brought to run as it should";

/// Show what became of the uploads of a function or a layer
///
/// Reads the gate's records in S3 and tells, the newest first, of each upload how it ended and why, or
/// how far it has come. Nothing is changed.
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
    /// Show this upload alone, by its S3 version id, and end with an exit status that says how it stands
    #[arg(long, value_name = "ID", conflicts_with = "limit", value_parser = parse_version_id)]
    pub(super) version_id: Option<VersionId>,
    /// How to print
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub(super) format: Format,
}
