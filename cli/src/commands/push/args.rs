//! The command line of `countersign push`.

use std::path::PathBuf;

use clap::Args;

use crate::{
    aws::buckets::{RecordsBucket, UploadsBucket},
    following::args::FollowOptions,
    io::arguments::{PackageArgument, check_metadata, parse_package},
};

const EXAMPLES: &str = "\
Examples:
  countersign push functions/checkout=dist/checkout.zip
  countersign push .aws-sam/build
  countersign push
  countersign push dist/functions/checkout.zip dist/layers/openssl.zip
  countersign push layers/tls=tls.zip --metadata compatible-architectures=arm64
  countersign push functions/shop=shop.zip --attestation bundle.sigstore.json
  countersign push functions/checkout=checkout.zip --format json --timeout 10m

The buckets are the outputs UploadsBucket and RecordsBucket of the stack. It takes s3:PutObject and \
s3:GetObjectVersion on the key, s3:ListBucket on the records bucket, s3:GetObject on its objects, \
and kms:GenerateDataKey and kms:Decrypt on the stack's key.

The exit status is that of the worst of all uploads.

Exit status:
  0  deployed, or prepared for a function that does not exist yet
  1  rejected; what the gate would only refuse is not even uploaded
  2  the command line or a file cannot be used, or AWS does not answer
  3  not known when the timeout was over
  4  superseded: a newer upload took its place, or it was deleted
  5  failed: accepted, and could not be brought to run as it should";

/// Upload packages and wait until they are deployed or refused
///
/// Checks each package as the gate will, uploads it with the commit, author and build that git and the
/// CI system tell, and follows exactly this version to its outcome.
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// What to upload, and for what: functions/NAME=PATH or layers/NAME=PATH, where the path is a zip,
    /// a folder or a package of a build; a zip that lies in a folder as it will in the bucket,
    /// …/functions/NAME.zip; what a build made (.aws-sam/build, cdk.out, .serverless, target/lambda,
    /// .chalice), or a part of it. Without any, all targets of countersign.toml
    #[arg(value_name = "TARGET=PATH", value_parser = parse_package)]
    pub(super) packages: Vec<PackageArgument>,
    /// Which package is whose, where builds do not say it [default: countersign.toml, where there is one]
    #[arg(long, value_name = "FILE.toml")]
    pub(super) config: Option<PathBuf>,
    #[command(flatten)]
    pub(super) uploads_bucket: UploadsBucket,
    #[command(flatten)]
    pub(super) records_bucket: RecordsBucket,
    #[command(flatten)]
    pub(super) follow: FollowOptions,
    /// Return as soon as the packages are uploaded
    #[arg(long)]
    pub(super) no_wait: bool,
    /// Add this to the object's metadata; may be repeated
    #[arg(long, value_name = "NAME=VALUE", value_parser = parse_metadata)]
    pub(super) metadata: Vec<(String, String)>,
    /// An attestation of the package, which is uploaded before it; may be repeated. It is for one package at a time
    #[arg(long, value_name = "FILE")]
    pub(super) attestation: Vec<PathBuf>,
    /// Take neither commit nor author nor build from git and the environment
    #[arg(long)]
    pub(super) no_git: bool,
}

/// Reads NAME=VALUE.
fn parse_metadata(text: &str) -> Result<(String, String), &'static str> {
    let (name, value) = text
        .split_once('=')
        .ok_or("write it as NAME=VALUE, such as commit=4f2a91c")?;
    check_metadata(name, value)?;
    Ok((name.to_owned(), value.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metadata_is_ascii() {
        let read = parse_metadata("compatible-runtimes=nodejs24.x,python3.14").unwrap();
        assert_eq!(read.1, "nodejs24.x,python3.14");
        for text in ["commit", "=x", "Commit=x", "author=J\u{fc}rgen", "a=b\nc"] {
            assert!(parse_metadata(text).is_err(), "{text}");
        }
    }
}
