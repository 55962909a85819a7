//! The command line of `countersign approve`.

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
  countersign approve functions/checkout --dry-run
  countersign approve functions/checkout --version-id ID --reason 'PR 1234'
  countersign approve functions/checkout --package checkout.zip
  countersign approve functions/checkout --withdraw

What policies/approver.json allows is enough: s3:PutObject, s3:GetObject, s3:DeleteObject and s3:ListBucket below \
approvals/ of the uploads bucket, s3:GetObject and s3:ListBucket on the target's records and below approvals/ of the \
records bucket, and kms:GenerateDataKey and kms:Decrypt on the stack's key.

Exit status: 0 it is approved, was approved by you before, or is withdrawn; 2 your approval would not count, there is \
nothing to approve or to withdraw, the command line cannot be used, or AWS does not answer.";

/// Approve an upload, so that it is deployed
///
/// Name what you reviewed, by --version-id or --package. Without either, nothing is approved: the newest upload that waits
/// for people is shown, with the command that approves it. The approval goes into the uploads bucket. It is of these bytes
/// for this target, whichever upload brings them, and counts if you are another person than who uploaded.
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// The function or layer, as functions/NAME or layers/NAME
    #[arg(value_parser = parse_target)]
    pub(super) target: Target,
    /// Approve this upload, by its S3 version id
    #[arg(long, value_name = "ID", conflicts_with = "package", value_parser = parse_version_id)]
    pub(super) version_id: Option<VersionId>,
    /// Approve this package, uploaded or not
    #[arg(long, value_name = "FILE")]
    pub(super) package: Option<PathBuf>,
    /// Why, for those who read the approval
    #[arg(long, value_name = "TEXT", value_parser = parse_reason)]
    pub(super) reason: Option<String>,
    /// Take back what you approved, before it is deployed
    #[arg(long, conflicts_with = "reason")]
    pub(super) withdraw: bool,
    /// Say what would be approved or withdrawn, and change nothing
    #[arg(long)]
    pub(super) dry_run: bool,
    #[command(flatten)]
    pub(super) uploads_bucket: UploadsBucket,
    #[command(flatten)]
    pub(super) records_bucket: RecordsBucket,
    /// How to print
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub(super) format: Format,
}

/// A reason is for people, and is shown in one line.
const MAX_REASON_CHARS: usize = 500;

fn parse_reason(text: &str) -> Result<String, String> {
    let text = text.trim();
    if text.is_empty() || text.chars().count() > MAX_REASON_CHARS {
        return Err(format!("write 1 to {MAX_REASON_CHARS} characters"));
    }
    Ok(text.to_owned())
}
