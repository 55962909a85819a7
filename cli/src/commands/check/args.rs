//! The command line of `countersign check`.

use std::path::PathBuf;

use clap::Args;

use crate::io::output::Format;

const EXAMPLES: &str = "\
Examples:
  countersign check shop.zip
  countersign check shop.zip --runtime python3.13 --handler app.handler --architecture arm64
  aws lambda get-function-configuration --function-name shop > shop.json
  countersign check shop.zip --configuration shop.json --strict

Exit status:
  0  it would be signed; perhaps there are warnings
  1  it would be rejected; with --strict, also when there are warnings
  2  the command line or an input cannot be used";

/// Say whether a package would be signed and whether it could start, before it is uploaded
///
/// Runs the checks that the gate runs before it has an unsigned package signed. With what is known of the
/// function, also says what would keep it from starting: a handler that is not there, a program for
/// another processor, files that the runtime cannot read. Nothing is uploaded, and AWS is not asked.
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// The unsigned zip file
    #[arg(value_name = "PACKAGE.zip")]
    pub(super) package: PathBuf,
    /// What `aws lambda get-function-configuration` prints
    #[arg(long, value_name = "FUNCTION.json")]
    pub(super) configuration: Option<PathBuf>,
    /// The function's runtime, such as python3.13 or provided.al2023
    #[arg(long)]
    pub(super) runtime: Option<String>,
    /// The function's handler, such as app.handler
    #[arg(long)]
    pub(super) handler: Option<String>,
    /// The function's architecture
    #[arg(long, value_parser = ["x86_64", "arm64"])]
    pub(super) architecture: Option<String>,
    /// End with 1 when there are warnings
    #[arg(long)]
    pub(super) strict: bool,
    /// How to print
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub(super) format: Format,
}
