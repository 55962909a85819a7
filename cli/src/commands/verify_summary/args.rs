//! The command line of `countersign verify-summary`.

use std::path::PathBuf;

use clap::Args;
use countersign_attest::Level;

use crate::io::output::Format;

const EXAMPLES: &str = "\
Examples:
  countersign verify-summary checkout.dsse.json --key summary-key.pem
  countersign verify-summary checkout.dsse.json --key summary-key.pem \\
    --artifact shop.zip --resource FUNCTION_VERSION_ARN --verifier STACK_ARN
  countersign summary functions/checkout --envelope > checkout.dsse.json

The stack's output SummaryKeyCommand writes the key. Keep it where nobody who could write the summary can change it.

Exit status:
  0  the summary is the key's, says PASSED, and says all that was asked for
  1  it is not, or it says otherwise
  2  the command line or an input cannot be used";

/// Say whether a signed summary says of a package what is wanted
///
/// Verifies a SLSA verification summary (DSSE) with a public key, and compares what it says: the artifacts, what they are
/// for, who verified them and with which build level. What is not asked for is not compared. No network is needed.
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// The summary, as `countersign summary --envelope` prints it; - is standard input
    #[arg(value_name = "SUMMARY.json")]
    pub(super) summary: PathBuf,
    /// The public key of the verifier, in PEM (P-384 or P-256)
    #[arg(long, value_name = "KEY.pem")]
    pub(super) key: PathBuf,
    /// A file that it has to speak of: the zip as it was uploaded, or as Signer signed it; may be repeated
    #[arg(long = "artifact", value_name = "FILE")]
    pub(super) artifacts: Vec<PathBuf>,
    /// What it has to be for: the ARN of a function's version, or of a layer's
    #[arg(long, value_name = "ARN")]
    pub(super) resource: Option<String>,
    /// Who has to have verified it: of Countersign, the ARN of its stack
    #[arg(long, value_name = "URI")]
    pub(super) verifier: Option<String>,
    /// The SLSA build level that it has to say at least: 1, 2 or 3
    #[arg(long, value_name = "LEVEL")]
    pub(super) level: Option<Level>,
    /// How to print
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub(super) format: Format,
}
