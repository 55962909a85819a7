//! The command line of `countersign diff`.

use std::path::PathBuf;

use clap::Args;
use countersign_gate::domain::{FunctionName, Target, Upload, VersionId};

use crate::{
    aws::buckets::{RecordsBucket, UploadsBucket},
    io::{arguments::parse_target, output::Format},
};

const EXAMPLES: &str = "\
Examples:
  countersign diff old.zip new.zip
  countersign diff functions/checkout checkout.zip      what is live, and a file
  countersign diff functions/checkout@VERSION functions/checkout
  countersign diff functions/checkout lambda:checkout   deployed, and what runs

Exit status: 0 it was shown, also when nothing differs; 2 a package cannot be read.";

/// Show what differs between two packages
///
/// Each is a file, an upload (functions/NAME@VERSION with its S3 version id or label), what is
/// live by the records (functions/NAME), or what Lambda has as $LATEST of a function (lambda:NAME), whoever put it
/// there. The signature is left out. Nothing is changed.
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// The package before
    #[arg(value_name = "OLD", value_parser = parse_side)]
    pub(super) old: Side,
    /// The package after
    #[arg(value_name = "NEW", value_parser = parse_side)]
    pub(super) new: Side,
    #[command(flatten)]
    pub(super) uploads_bucket: UploadsBucket,
    #[command(flatten)]
    pub(super) records_bucket: RecordsBucket,
    /// How to print
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub(super) format: Format,
}

/// One of the two packages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Side {
    File(PathBuf),
    Upload(Target, VersionId),
    Live(Target),
    Running(FunctionName),
}

/// Reads a file's path, TARGET@VERSION, TARGET or lambda:NAME. `functions/shop.zip` is a file: a target has no ending.
fn parse_side(text: &str) -> Result<Side, String> {
    if let Some(name) = text.strip_prefix("lambda:") {
        let name = FunctionName::parse(name).map_err(|error| error.to_string())?;
        return Ok(Side::Running(name));
    }
    let is_target = text.starts_with("functions/") || text.starts_with("layers/");
    if !is_target || text.strip_suffix(".zip").is_some() {
        return Ok(Side::File(PathBuf::from(text)));
    }
    let Some((target, version)) = text.split_once('@') else {
        return parse_target(text).map(Side::Live);
    };
    let version = match Upload::parse_label(version) {
        Some((_, version)) => version,
        None => VersionId::parse(version).map_err(|error| error.to_string())?,
    };
    Ok(Side::Upload(parse_target(target)?, version))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sides_are_told_apart() {
        let target = || Target::from_key("functions/shop.zip").unwrap();
        let version = || VersionId::parse("v1").unwrap();
        for (text, side) in [
            ("a.zip", Side::File("a.zip".into())),
            (
                "lambda:shop",
                Side::Running(FunctionName::parse("shop").unwrap()),
            ),
            (
                "functions/shop.zip",
                Side::File("functions/shop.zip".into()),
            ),
            ("./functions/shop", Side::File("./functions/shop".into())),
            ("functions/shop", Side::Live(target())),
            ("functions/shop@v1", Side::Upload(target(), version())),
            (
                "functions/shop@20261121T214400Z-v1",
                Side::Upload(target(), version()),
            ),
        ] {
            assert_eq!(parse_side(text), Ok(side), "{text}");
        }
        for text in ["functions/a b", "functions/shop@", "layers/x/y"] {
            assert!(parse_side(text).is_err(), "{text}");
        }
    }
}
