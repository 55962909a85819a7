//! `countersign status`: what became of a target's uploads, from the records in S3.

use countersign_aws::{Aws, AwsError, Connection};
use countersign_gate::{
    domain::{Stack, Target},
    outcome::RetryableError,
    ports::{PortError, Records},
    records::history,
};

use super::{
    args::Arguments,
    report::{Report, UploadReport},
    text,
};
use crate::io::{
    error::CliError,
    exit_status::ExitStatus,
    output::{self, Format},
};

/// How to learn the bucket's name.
const WHICH_BUCKET: &str = "the bucket is the output RecordsBucket of the stack: `sam list \
     stack-outputs --stack-name STACK --output json`; give it with --records-bucket or in \
     COUNTERSIGN_RECORDS_BUCKET";

/// Reads the records and prints.
pub(crate) fn run(arguments: &Arguments) -> Result<ExitStatus, CliError> {
    // A variable that is set to nothing is meant to be unset.
    let bucket = arguments.records_bucket.as_deref().unwrap_or_default();
    if bucket.is_empty() {
        let what = "it is not known which bucket holds the records";
        return Err(CliError::new(what, WHICH_BUCKET));
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| {
            let fix = "see whether the machine is out of memory or of open files";
            CliError::new(format!("cannot start talking to AWS: {error}"), fix)
        })?;
    let report = runtime.block_on(read(&arguments.target, bucket, arguments.limit))?;
    match arguments.format {
        Format::Json => output::print_json(&report)?,
        Format::Text => output::print(&text::render(&report))?,
    }
    Ok(ExitStatus::Success)
}

async fn read(target: &Target, bucket: &str, limit: u16) -> Result<Report, CliError> {
    let connection = Connection::from_environment().await;
    if connection.region().is_none() {
        return Err(CliError::new(
            "it is not known which region the records are in",
            "set AWS_REGION, or choose a profile that has a region with AWS_PROFILE",
        ));
    }
    let limit = usize::from(limit);
    // One more than is shown, to know whether there is more.
    let mut uploads = history(
        &records(connection, bucket),
        target,
        limit.saturating_add(1),
    )
    .await
    .map_err(|retry| unread(target, bucket, &retry))?;
    let has_more = uploads.len() > limit;
    uploads.truncate(limit);
    Ok(Report {
        target: target.clone(),
        records_bucket: bucket.to_owned(),
        uploads: uploads.into_iter().map(UploadReport::from).collect(),
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

fn unread(target: &Target, bucket: &str, retry: &RetryableError) -> CliError {
    CliError::new(
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
