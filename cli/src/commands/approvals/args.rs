//! The command line of `countersign approvals`.

use std::path::PathBuf;

use clap::Args;
use countersign_gate::domain::{Target, VersionId};

use crate::{
    aws::buckets::{RecordsBucket, UploadsBucket},
    io::{
        arguments::{parse_target, parse_version_id},
        output::Format,
    },
};

const EXAMPLES: &str = "\
Examples:
  countersign approvals functions/checkout
  countersign approvals functions/checkout --version-id VERSION_ID
  countersign approvals functions/checkout --package checkout.zip --format json

What policies/approver.json allows is enough: s3:ListBucket and s3:GetObject below approvals/ of the uploads bucket, the \
same on the target's records and below approvals/ of the records bucket, and kms:Decrypt on the stack's key.

Exit status: 0 it was shown, whatever is missing; 2 there is no such upload, the command line cannot be used, or a \
bucket cannot be read.";

/// Show who approved an upload, and what is still needed
///
/// Of the newest upload that waits for people; if none does, of the newest that has not ended, or of the newest. Counts as
/// the gate does, by what it put on record when it began to wait. Nothing is changed.
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// The function or layer, as functions/NAME or layers/NAME
    #[arg(value_parser = parse_target)]
    pub(super) target: Target,
    /// Show those of this upload, by its S3 version id
    #[arg(long, value_name = "ID", conflicts_with = "package", value_parser = parse_version_id)]
    pub(super) version_id: Option<VersionId>,
    /// Show those of this package, uploaded or not
    #[arg(long, value_name = "FILE")]
    pub(super) package: Option<PathBuf>,
    #[command(flatten)]
    pub(super) uploads_bucket: UploadsBucket,
    #[command(flatten)]
    pub(super) records_bucket: RecordsBucket,
    /// How to print
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub(super) format: Format,
}
