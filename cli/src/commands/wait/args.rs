//! The command line of `countersign wait`.

use clap::Args;
use countersign_gate::domain::Target;

use crate::{
    aws::buckets::{RecordsBucket, UploadsBucket},
    following::args::FollowOptions,
    io::arguments::parse_target,
};

const EXAMPLES: &str = "\
Examples:
  countersign wait functions/checkout
  countersign wait functions/checkout --upload 3sL4kqtJlcpXroDTDmJ-rmSpXd3dIbrH
  countersign wait functions/checkout --timeout 0s     look once

Exit status:
  0  deployed, or prepared for a function that does not exist yet
  1  rejected
  2  the command line cannot be used, or AWS does not answer
  3  not known when the timeout was over
  4  superseded: a newer upload took its place, or it was deleted
  5  failed: accepted, and could not be brought to run as it should";

/// Wait for the outcome of an upload
///
/// Follows one upload of a function or a layer, by default the current version of its key. Nothing is
/// changed.
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// The function or layer, as functions/NAME or layers/NAME
    #[arg(value_parser = parse_target)]
    pub(super) target: Target,
    /// The upload: its S3 version id, or its label as records have it [default: the current version]
    #[arg(long, value_name = "VERSION|LABEL")]
    pub(super) upload: Option<String>,
    #[command(flatten)]
    pub(super) uploads_bucket: UploadsBucket,
    #[command(flatten)]
    pub(super) records_bucket: RecordsBucket,
    #[command(flatten)]
    pub(super) follow: FollowOptions,
}
