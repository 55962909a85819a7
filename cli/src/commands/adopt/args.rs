//! The command line of `countersign adopt`.

use std::time::Duration;

use clap::Args;
use countersign_gate::domain::{CscArn, FunctionName, Target};

use crate::{
    aws::buckets::{RecordsBucket, UploadsBucket},
    io::{
        arguments::{CscArgument, parse_csc, parse_duration, parse_target},
        output::Format,
    },
};

const EXAMPLES: &str = "\
Examples:
  countersign adopt functions/shop functions/orders
  countersign adopt --all --format json
  countersign adopt functions/shop --apply
  countersign adopt --all --apply --enforce

Run it without --apply first: it says what would be done, and what stands against it. It takes \
lambda:ListFunctions, lambda:GetFunction, lambda:GetFunctionCodeSigningConfig, lambda:GetCodeSigningConfig, \
lambda:GetAlias and s3:GetObject and s3:ListBucket on the records bucket; with --apply \
lambda:PutFunctionCodeSigningConfig, and s3:PutObject and s3:GetObjectVersion on the uploads bucket, too.

It makes at most a tenth of the calls that Lambda allows the account, and has at most five uploads on \
their way. It can be cut off and run again at any time.

Exit status: 0 everything is done, or could be; 1 something stands against a function, or an upload did \
not end well; 2 the command line cannot be used, or AWS does not answer; 3 not known of some function.";

/// Bring existing functions under the gate
///
/// For each function: attaches the stack's code signing configuration, and has the package that it runs now
/// signed and deployed by way of an upload. Without --apply nothing is changed.
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// The functions, as functions/NAME
    #[arg(value_name = "TARGET", value_parser = parse_function, required_unless_present = "all")]
    pub(super) targets: Vec<FunctionName>,
    /// Every function of the account and region but the gate's own
    #[arg(long, conflicts_with = "targets")]
    pub(super) all: bool,
    /// Apply the changes; without this they are only shown
    #[arg(long)]
    pub(super) apply: bool,
    /// Only turn functions whose code came by way of the gate to the configuration of --csc, which has to enforce
    #[arg(long)]
    pub(super) enforce: bool,
    #[command(flatten)]
    pub(super) csc: CscArgument,
    /// A configuration under Warn that they have until --enforce [default: that of --csc]
    #[arg(long, value_name = "ARN", value_parser = parse_csc)]
    pub(super) warn_csc: Option<CscArn>,
    #[command(flatten)]
    pub(super) uploads_bucket: UploadsBucket,
    #[command(flatten)]
    pub(super) records_bucket: RecordsBucket,
    /// Wait at most this long for the outcomes of five uploads, such as 90s, 15m or 1h
    #[arg(long, value_name = "DURATION", default_value = "15m", value_parser = parse_duration)]
    pub(super) timeout: Duration,
    /// How to print the report
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub(super) format: Format,
}

fn parse_function(text: &str) -> Result<FunctionName, String> {
    match parse_target(text)? {
        Target::Function(name) => Ok(name),
        Target::Layer(_) => {
            Err("Lambda does not say which package a layer was made of: push it".to_owned())
        }
    }
}
