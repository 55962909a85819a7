//! `countersign status`: what became of a target's uploads, from the records in S3.

use std::process::ExitCode;

use clap::Args;
use countersign_aws::{Aws, AwsError, Connection};
use countersign_gate::{
    domain::{KeyError, Stack, Target, Upload},
    outcome::RetryableError,
    ports::{PortError, Records},
    records::{UploadRecords, history},
};
use jiff::Timestamp;
use serde::Serialize;

use crate::{
    input::Unusable,
    output::{self, Format},
    plain::plain,
    status_text,
};

const EXAMPLES: &str = "\
Examples:
  countersign status functions/checkout --records-bucket RECORDS_BUCKET
  export COUNTERSIGN_RECORDS_BUCKET=RECORDS_BUCKET
  countersign status layers/openssl --limit 1 --format json

The bucket is the output RecordsBucket of the stack. s3:ListBucket and s3:GetObject on it are
enough, with kms:Decrypt on the stack's key. Region, endpoint and credentials come from the
environment or a profile; those of an SSO login have to be handed over, by version 2 of aws:
  eval \"$(aws configure export-credentials --format env)\"

Exit status: 0 it was shown, even if there is nothing on record; 2 the command line cannot be used,
or the records cannot be read.";

/// How to learn the bucket's name.
const WHICH_BUCKET: &str = "the bucket is the output RecordsBucket of the stack: `sam list \
     stack-outputs --stack-name STACK --output json`; give it with --records-bucket or in \
     COUNTERSIGN_RECORDS_BUCKET";

/// Show what became of the uploads of a function or a layer
///
/// Reads the gate's records in S3 and tells, the newest first, of each upload how it ended and why, or
/// how far it has come. Nothing is changed.
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// The function or layer, as functions/NAME or layers/NAME
    #[arg(value_parser = target)]
    target: Target,
    /// The bucket that the stack keeps its records in
    #[arg(
        long,
        value_name = "BUCKET",
        env = "COUNTERSIGN_RECORDS_BUCKET",
        hide_env_values = true
    )]
    records_bucket: Option<String>,
    /// Show at most this many uploads, from 1 to 1000
    #[arg(long, value_name = "N", default_value = "20", value_parser = clap::value_parser!(u16).range(1..=1000))]
    limit: u16,
    /// How to print
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: Format,
}

/// Reads the records and prints.
pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode, Unusable> {
    // A variable that is set to nothing is meant to be unset.
    let bucket = arguments.records_bucket.as_deref().unwrap_or_default();
    if bucket.is_empty() {
        let what = "it is not known which bucket holds the records";
        return Err(Unusable::new(what, WHICH_BUCKET));
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| {
            let fix = "see whether the machine is out of memory or of open files";
            Unusable::new(format!("cannot start talking to AWS: {error}"), fix)
        })?;
    let report = runtime.block_on(read(&arguments.target, bucket, arguments.limit))?;
    match arguments.format {
        Format::Json => output::print_json(&report)?,
        Format::Text => output::print(&status_text::render(&report))?,
    }
    Ok(ExitCode::SUCCESS)
}

/// A target's history; documented in docs/cli.md.
#[derive(Serialize)]
pub(crate) struct Report {
    pub(crate) target: Target,
    pub(crate) records_bucket: String,
    /// Newest first.
    pub(crate) uploads: Vec<UploadReport>,
    /// Whether there are older uploads than those shown.
    pub(crate) has_more: bool,
}

/// One upload.
#[derive(Serialize)]
pub(crate) struct UploadReport {
    pub(crate) standing: &'static str,
    pub(crate) uploaded_at: Option<Timestamp>,
    pub(crate) version: Option<String>,
    #[serde(flatten)]
    pub(crate) chapter: UploadRecords,
}

impl From<UploadRecords> for UploadReport {
    fn from(chapter: UploadRecords) -> Self {
        let (uploaded_at, version) = Upload::parse_label(&chapter.label).unzip();
        Self {
            standing: chapter.standing(),
            uploaded_at,
            version: version.map(|version| version.to_string()),
            chapter,
        }
    }
}

async fn read(target: &Target, bucket: &str, limit: u16) -> Result<Report, Unusable> {
    let connection = Connection::from_environment().await;
    if connection.region().is_none() {
        return Err(Unusable::new(
            "it is not known which region the records are in",
            "set AWS_REGION, or choose a profile that has a region with AWS_PROFILE",
        ));
    }
    let limit = usize::from(limit);
    // One more than is shown, to know whether there is more.
    let mut chapters = history(
        &records(connection, bucket),
        target,
        limit.saturating_add(1),
    )
    .await
    .map_err(|retry| unread(target, bucket, &retry))?;
    let has_more = chapters.len() > limit;
    chapters.truncate(limit);
    Ok(Report {
        target: target.clone(),
        records_bucket: bucket.to_owned(),
        uploads: chapters.into_iter().map(UploadReport::from).collect(),
        has_more,
    })
}

/// The records in a bucket, and nothing else of AWS: of the stack only this one name is known here,
/// and the type gives access to no more.
fn records(connection: Connection, bucket: &str) -> impl Records {
    let stack = Stack {
        name: String::new(),
        uploads_bucket: String::new(),
        signed_bucket: String::new(),
        records_bucket: bucket.to_owned(),
    };
    Aws::new(connection, stack, String::new())
}

/// Reads TARGET. A bare name is not guessed at: a function and a layer may share it.
fn target(text: &str) -> Result<Target, String> {
    let why = |error| match error {
        KeyError::Prefix { .. } if !text.contains('/') && !text.is_empty() => {
            format!("write functions/{text} for the function, or layers/{text} for the layer")
        }
        KeyError::Name { .. } if Target::from_key(text).is_ok() => {
            "give the target, not the key: leave .zip away".to_owned()
        }
        KeyError::Name { source, .. } => source.to_string(),
        _ => "write functions/NAME or layers/NAME".to_owned(),
    };
    Target::try_from(text.to_owned()).map_err(|error| plain(&why(error)))
}

fn unread(target: &Target, bucket: &str, retry: &RetryableError) -> Unusable {
    Unusable::new(
        format!(
            "cannot read the records of {target} in the bucket {bucket}: {}",
            retry.error_chain()
        ),
        fix(bucket, retry),
    )
}

/// What to do about records that cannot be read.
fn fix(bucket: &str, retry: &RetryableError) -> String {
    let trouble = match retry {
        RetryableError::Port(trouble) => trouble,
        RetryableError::UnreadableRecord { path, .. } => {
            return format!(
                "a newer gate may have written it, so update this command; see it with `aws s3 cp \
                 s3://{bucket}/{path} -`"
            );
        }
        _ => return "try again".to_owned(),
    };
    if let Some(fix) = error_code(trouble).and_then(fix_of_code) {
        return fix.to_owned();
    }
    match trouble {
        PortError::Throttled { .. } => "try again in a minute, or with a smaller --limit".to_owned(),
        PortError::Denied { .. } => format!(
            "see with `aws sts get-caller-identity` who you are; it takes s3:ListBucket on \
             arn:aws:s3:::{bucket}, s3:GetObject on arn:aws:s3:::{bucket}/*, and kms:Decrypt on the \
             stack's key"
        ),
        PortError::Unavailable { .. } => {
            "check that there are credentials in the environment or the profile (`eval \"$(aws \
             configure export-credentials --format env)\"` hands over those of an SSO login), that \
             AWS_REGION and AWS_ENDPOINT_URL are what they should be, and that the network lets you out"
                .to_owned()
        }
        PortError::Unexpected { .. } => format!(
            "see whether `aws s3 ls s3://{bucket}/` works; if it does, report this with its text"
        ),
    }
}

/// The code of an error that AWS answered with.
fn error_code(trouble: &PortError) -> Option<&str> {
    let (PortError::Throttled { source, .. }
    | PortError::Denied { source, .. }
    | PortError::Unavailable { source, .. }
    | PortError::Unexpected { source, .. }) = trouble;
    match source.downcast_ref::<AwsError>()? {
        AwsError::Answer { code, .. } => Some(code),
        _ => None,
    }
}

/// Errors of S3 that say more than their class: <https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html>.
fn fix_of_code(code: &str) -> Option<&'static str> {
    match code {
        "NoSuchBucket" | "InvalidBucketName" => Some(WHICH_BUCKET),
        "PermanentRedirect" | "AuthorizationHeaderMalformed" => {
            Some("set AWS_REGION to the region of the stack: the bucket is in another one")
        }
        "ExpiredToken" | "InvalidAccessKeyId" | "InvalidToken" | "SignatureDoesNotMatch" => Some(
            "get new credentials; those of an SSO login are handed over with `eval \"$(aws configure \
             export-credentials --format env)\"`",
        ),
        _ => None,
    }
}
