//! The command line of `countersign layer`.

use std::{path::PathBuf, time::Duration};

use clap::{Args, Subcommand};
use countersign_gate::domain::{CscArn, LayerName, LayerVersionArn, Target};
use countersign_package::ProfileVersionArn;

use crate::{
    aws::buckets::{RecordsBucket, UploadsBucket},
    io::{
        arguments::{parse_csc, parse_duration, parse_target},
        escape::escape,
        output::Format,
    },
};

const EXAMPLES: &str = "\
Examples:
  countersign layer list
  countersign layer adopt arn:aws:lambda:eu-west-1:444455556666:layer:tracing:7
  countersign layer adopt tracing.zip --as layers/tracing --apply

Exit status:
  0  nothing stands against what was asked
  1  something does
  2  the command line cannot be used, or AWS does not answer
  3  an upload had not ended in time";

const LIST_EXAMPLES: &str = "\
Examples:
  countersign layer list
  countersign layer list --csc ARN --format json

It takes lambda:ListFunctions, lambda:ListCodeSigningConfigs and lambda:ListFunctionsByCodeSigningConfig, with --csc \
lambda:GetCodeSigningConfig, too. Whether a signature was revoked is not asked: `countersign audit` has it of the \
functions that the gate deploys to.

Exit status:
  0  Enforce would take all layers
  1  it would refuse one
  2  the command line cannot be used, or AWS does not answer";

const ADOPT_EXAMPLES: &str = "\
Examples:
  countersign layer adopt arn:aws:lambda:eu-west-1:444455556666:layer:tracing:7
  countersign layer adopt ARN --publisher PROFILE_VERSION_ARN --apply
  countersign layer adopt tracing.zip --as layers/tracing --apply

Run it without --apply first: it says who signed the layer, and what stands against it. It takes lambda:GetLayerVersion \
on the version of the layer, and s3:GetObject and s3:ListBucket on the records bucket; with --apply s3:PutObject and \
s3:GetObjectVersion on the uploads bucket, too.

Exit status:
  0  it is done, or could be
  1  something stands against it, or the upload did not end well
  2  the command line cannot be used, or AWS does not answer
  3  the upload had not ended in time";

/// Take layers of vendors under the gate, and see who uses which
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(super) question: Question,
}

/// What is asked for.
#[derive(Subcommand)]
pub(super) enum Question {
    List(ListArguments),
    Adopt(Box<AdoptArguments>),
}

/// List the layers that functions use, who signed them, and what Enforce says to each
#[derive(Args)]
#[command(after_help = LIST_EXAMPLES)]
pub(super) struct ListArguments {
    /// Judge functions without a code signing configuration of their own by this one
    #[arg(long, value_name = "ARN", env = "COUNTERSIGN_CSC_ARN", hide_env_values = true, value_parser = parse_csc)]
    pub(super) csc: Option<CscArn>,
    /// How to print
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub(super) format: Format,
}

/// Have the gate sign and publish a layer of a vendor
///
/// Verifies the vendor's signature where there is one, takes exactly the signature off, proves that the rest is byte for
/// byte the same, and uploads it. The gate signs it and publishes it as a layer of this account.
#[derive(Args)]
#[command(after_help = ADOPT_EXAMPLES)]
pub(super) struct AdoptArguments {
    /// The version of the layer, or a zip
    #[arg(value_name = "ARN|ZIP", value_parser = parse_source)]
    pub(super) source: Source,
    /// The layer that it becomes [default: layers/ and the name in the ARN]
    #[arg(long = "as", value_name = "TARGET", value_parser = parse_layer)]
    pub(super) target: Option<LayerName>,
    /// Take it only if this version of a signing profile signed it
    #[arg(long, value_name = "PROFILE_VERSION_ARN", value_parser = parse_publisher)]
    pub(super) publisher: Option<ProfileVersionArn>,
    /// Trust the certificates in this PEM file instead of the root of AWS Signer; may be repeated
    #[arg(long = "trust-root", value_name = "ROOT.pem")]
    pub(super) trust_roots: Vec<PathBuf>,
    /// Apply the changes; without this they are only shown
    #[arg(long)]
    pub(super) apply: bool,
    #[command(flatten)]
    pub(super) uploads_bucket: UploadsBucket,
    #[command(flatten)]
    pub(super) records_bucket: RecordsBucket,
    /// Wait at most this long for the outcome, such as 90s, 15m or 1h
    #[arg(long, value_name = "DURATION", default_value = "15m", value_parser = parse_duration)]
    pub(super) timeout: Duration,
    /// How to print the report
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub(super) format: Format,
}

/// Where the layer is.
#[derive(Clone, Debug)]
pub(super) enum Source {
    /// On Lambda, perhaps of another account.
    Lambda(LayerVersionArn),
    /// A file.
    File(PathBuf),
}

fn parse_source(text: &str) -> Result<Source, String> {
    if !text.starts_with("arn:") {
        return Ok(Source::File(PathBuf::from(text)));
    }
    let arn = LayerVersionArn::parse(text).map_err(|error| escape(&error.to_string()))?;
    Ok(Source::Lambda(arn))
}

fn parse_layer(text: &str) -> Result<LayerName, String> {
    match parse_target(text)? {
        Target::Layer(name) => Ok(name),
        Target::Function(_) => Err("write layers/NAME: it becomes a layer".to_owned()),
    }
}

fn parse_publisher(text: &str) -> Result<ProfileVersionArn, String> {
    ProfileVersionArn::parse(text).map_err(|error| {
        let error = escape(&error.to_string());
        format!("{error}; write the ARN of a version of a signing profile")
    })
}
