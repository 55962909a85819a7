//! The command line of `countersign check`.

use std::path::PathBuf;

use clap::Args;
use countersign_gate::domain::FunctionName;

use crate::io::output::Format;

const EXAMPLES: &str = "\
Examples:
  countersign check shop.zip --function shop
  countersign check shop.zip --runtime python3.13 --handler app.handler
  aws lambda get-function-configuration --function-name shop > shop.json
  countersign check shop.zip --configuration shop.json --strict
  countersign check functions/shop=src layers/openssl=openssl.zip
  countersign check dist/ ~/.m2/repository
  countersign check - --function shop < shop.zip

One package, or --configuration, may be -, which is standard input.

Exit status:
  0  it would be signed; perhaps there are warnings, or it was not judged
     whether it starts
  1  it would be rejected; with --strict, also when there are warnings, or when
     whether it starts, or whether layers are trusted, was not judged because
     the command line does not say enough; of several, any of them
  2  the command line or an input cannot be used, or AWS does not answer";

/// Say whether a package would be signed, and could start
///
/// Runs the checks that the gate runs before it has an unsigned package signed. With what is known of the
/// function, also says what would keep it from starting: a handler that is not there, a program for
/// another processor, files that the runtime cannot read. What was not looked at is told. Nothing is uploaded, and AWS is asked for
/// nothing but the configuration of --function. Folders and several files are told as a table.
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// Unsigned zip files; folders with some; or what `push` takes: functions/NAME=PATH or layers/NAME=PATH, where the
    /// path is a zip, or a folder that is zipped; - is a zip from standard input
    #[arg(value_name = "PACKAGE.zip", required = true)]
    pub(super) packages: Vec<PathBuf>,
    /// The function that it is for, whose configuration is read from AWS
    #[arg(long, value_name = "NAME", conflicts_with = "configuration", value_parser = function)]
    pub(super) function: Option<FunctionName>,
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
    /// End with 1 when there are warnings, or when it was not judged whether the package starts, or whether the function's
    /// layers are trusted, for want of the options above. That its code may lie behind layers or a wrapper does not count
    #[arg(long)]
    pub(super) strict: bool,
    /// How to print
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub(super) format: Format,
}

fn function(text: &str) -> Result<FunctionName, String> {
    FunctionName::parse(text).map_err(|error| crate::io::escape::escape(&error.to_string()))
}
