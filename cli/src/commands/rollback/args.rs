//! The command line of `countersign rollback`.

use clap::Args;
use countersign_gate::domain::Target;

use crate::{
    aws::buckets::{RecordsBucket, UploadsBucket},
    following::args::FollowOptions,
    io::arguments::parse_target,
};

const EXAMPLES: &str = "\
Examples:
  countersign rollback functions/checkout
  countersign rollback functions/checkout --dry-run
  countersign rollback functions/checkout --to 7
  countersign rollback functions/checkout --to LABEL

It takes s3:PutObject and s3:GetObjectVersion on the key, s3:ListBucket on the records bucket, \
s3:GetObject on its objects, and kms:GenerateDataKey and kms:Decrypt on the stack's key; for uploads \
with tags also s3:GetObjectVersionTagging and s3:PutObjectTagging.

Exit status:
  0  deployed, or prepared for a function that does not exist yet
  1  rejected
  2  there is nothing to go back to, the command line cannot be used, or AWS
     does not answer
  3  not known when the timeout was over
  4  superseded: a newer upload took its place, or it was deleted
  5  failed: accepted, and could not be brought to run as it should";

/// Go back to what was deployed before
///
/// Uploads the newest package again that was deployed and is another one than what is live, or the one that
/// --to names, and follows it to its outcome. It is signed and judged as of today.
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// The function or layer, as functions/NAME or layers/NAME
    #[arg(value_parser = parse_target)]
    pub(super) target: Target,
    /// Go back to this one: a version of the function or layer, an S3 version id, or a label
    #[arg(long, value_name = "VERSION|LABEL")]
    pub(super) to: Option<String>,
    /// Say what would be uploaded again, and change nothing
    #[arg(long)]
    pub(super) dry_run: bool,
    /// Return as soon as the package is uploaded
    #[arg(long)]
    pub(super) no_wait: bool,
    #[command(flatten)]
    pub(super) uploads_bucket: UploadsBucket,
    #[command(flatten)]
    pub(super) records_bucket: RecordsBucket,
    #[command(flatten)]
    pub(super) follow: FollowOptions,
}
