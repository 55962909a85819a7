//! The command line of `countersign inspect`.

use std::path::PathBuf;

use clap::Args;

use crate::io::output::Format;

const EXAMPLES: &str = "\
Examples:
  countersign inspect signed.zip
  countersign inspect aws_signer_signature_v1.0.SF --format json
  unzip -p x.zip META_INF/aws_signer_signature_v1.0.SF | countersign inspect -

Exit status: 0 it was shown, 2 it cannot be read. Nothing here is a judgement: use verify for that.";

/// Show what is inside a package or signature, without judging
///
/// Prints the entries with their kinds and modes, and the signature with its attributes, claims and
/// certificates, as they describe themselves. Nothing is verified.
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// A zip file, or the signature entry (.SF) taken out of one; - is standard input
    #[arg(value_name = "PACKAGE.zip|x.SF")]
    pub(super) file: PathBuf,
    /// How to print
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub(super) format: Format,
}
