//! The command line of `countersign verify`.

use std::path::PathBuf;

use clap::Args;
use jiff::Timestamp;

use crate::io::output::Format;

const EXAMPLES: &str = "\
Examples:
  countersign verify signed.zip
  countersign verify signed.zip --source upload.zip
  aws lambda get-code-signing-config --code-signing-config-arn ARN > csc.json
  countersign verify signed.zip --csc csc.json --format json
  countersign verify signed.zip --source upload.zip --explain-format
  aws s3 cp s3://SIGNED/current/functions/shop.zip - | countersign verify -

One of PACKAGE.zip, --source and --csc may be -, which is standard input.

Exit status:
  0  it would be deployed, perhaps with warnings
  1  it would be rejected
  2  the command line or an input cannot be used
  3  inconclusive

With --explain-format: 0 nothing differs, 1 something does, 3 nothing differs and something could not be told.";

/// Say whether a package would be deployed, and why not
///
/// Runs the checks of the gate's deploy function on a package and prints every finding. Structure,
/// integrity and origin always block; expiry, publisher and an unsigned package follow the code
/// signing configuration. Revocation is known to AWS alone and is not judged here.
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// The zip file to judge, or - for standard input
    #[arg(value_name = "PACKAGE.zip")]
    pub(super) package: PathBuf,
    /// The unsigned zip that it was made from; proves that nothing but the signature was added
    #[arg(long, value_name = "SOURCE.zip")]
    pub(super) source: Option<PathBuf>,
    /// What `aws lambda get-code-signing-config` prints; without it publishers are not judged
    #[arg(long, value_name = "CSC.json")]
    pub(super) csc: Option<PathBuf>,
    /// Trust the certificates in this PEM file instead of the root of AWS Signer; may be repeated
    #[arg(long = "trust-root", value_name = "ROOT.pem")]
    pub(super) trust_roots: Vec<PathBuf>,
    /// Judge as if it were this moment, such as 2026-11-21T22:00:00Z [default: now]
    #[arg(long, value_name = "RFC3339", value_parser = parse_timestamp)]
    pub(super) at: Option<Timestamp>,
    /// Give no verdict; say fact by fact what the package, or a signature entry alone, tells of Signer's format
    #[arg(long, conflicts_with_all = ["csc", "at"])]
    pub(super) explain_format: bool,
    /// How to print the verdict
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub(super) format: Format,
}

/// Reads RFC3339. There is no default for an offset: the same words would be another moment elsewhere.
fn parse_timestamp(text: &str) -> Result<Timestamp, &'static str> {
    text.parse()
        .map_err(|_| "write date, time and offset from UTC, such as 2026-11-21T22:00:00Z")
}
