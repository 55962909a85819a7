//! `countersign status`: what became of a target's uploads, from the records in S3.

use countersign_aws::{Login, RecordsBucket};
use countersign_gate::{
    domain::Target,
    ports::error_chain,
    records::{RecordError, history},
};

use super::{
    args::Arguments,
    report::{Report, UploadReport},
    text,
};
use crate::{
    aws::{
        diagnosis::{Request, explain},
        session::{Session, block_on},
    },
    io::{
        error::CliError,
        exit_status::ExitStatus,
        output::{self, Format},
    },
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
    let report = block_on(read(&arguments.target, bucket, arguments.limit))?;
    match arguments.format {
        Format::Json => output::print_json(&report)?,
        Format::Text => output::print(&text::render(&report))?,
    }
    Ok(ExitStatus::Success)
}

async fn read(target: &Target, bucket: &str, limit: u16) -> Result<Report, CliError> {
    let Session { connection, login } = Session::connect().await?;
    let limit = usize::from(limit);
    // One more than is shown, to know whether there is more.
    let records = RecordsBucket::new(connection, bucket.to_owned());
    let mut uploads = history(&records, target, limit.saturating_add(1))
        .await
        .map_err(|error| unread(target, bucket, &error, &login))?;
    let has_more = uploads.len() > limit;
    uploads.truncate(limit);
    Ok(Report {
        target: target.clone(),
        records_bucket: bucket.to_owned(),
        uploads: uploads.into_iter().map(UploadReport::from).collect(),
        has_more,
    })
}

fn unread(target: &Target, bucket: &str, error: &RecordError, login: &Login) -> CliError {
    let what = format!("cannot read the records of {target} in the bucket {bucket}");
    match error {
        RecordError::Port(error) => {
            let request = Request {
                what,
                permissions: format!(
                    "s3:ListBucket on arn:aws:s3:::{bucket}, s3:GetObject on arn:aws:s3:::{bucket}/*, \
                     and kms:Decrypt on the stack's key"
                ),
                bucket,
                which_bucket: WHICH_BUCKET,
                when_throttled: "try again in a minute, or with a smaller --limit",
            };
            explain(&request, error, login)
        }
        RecordError::Unreadable { path, .. } => CliError::new(
            format!("{what}: {}", error_chain(error)),
            format!(
                "a newer gate may have written it, so update this command; see it with `aws s3 cp \
                 s3://{bucket}/{path} -`"
            ),
        ),
    }
}
