//! The stack's buckets, by name: arguments or variables.

use clap::Args;

use crate::io::error::CliError;

/// How to learn the name of the records bucket.
pub(crate) const WHICH_RECORDS_BUCKET: &str = "the bucket is the output RecordsBucket of the stack: `sam list \
     stack-outputs --stack-name STACK --output json`; give it with --records-bucket or in \
     COUNTERSIGN_RECORDS_BUCKET";

/// How to learn the name of the uploads bucket.
pub(crate) const WHICH_UPLOADS_BUCKET: &str = "the bucket is the output UploadsBucket of the stack: `sam list \
     stack-outputs --stack-name STACK --output json`; give it with --uploads-bucket or in \
     COUNTERSIGN_UPLOADS_BUCKET";

/// For commands that read records.
#[derive(Args)]
pub(crate) struct RecordsBucket {
    /// The bucket that the stack keeps its records in
    #[arg(
        long,
        value_name = "BUCKET",
        env = "COUNTERSIGN_RECORDS_BUCKET",
        hide_env_values = true
    )]
    records_bucket: Option<String>,
}

/// For commands that read or write uploads.
#[derive(Args)]
pub(crate) struct UploadsBucket {
    /// The bucket that packages are uploaded to
    #[arg(
        long,
        value_name = "BUCKET",
        env = "COUNTERSIGN_UPLOADS_BUCKET",
        hide_env_values = true
    )]
    uploads_bucket: Option<String>,
}

impl RecordsBucket {
    /// The bucket's name.
    pub(crate) fn name(&self) -> Result<&str, CliError> {
        given(self.records_bucket.as_deref()).ok_or_else(|| {
            let what = "it is not known which bucket holds the records";
            CliError::new(what, WHICH_RECORDS_BUCKET)
        })
    }
}

impl UploadsBucket {
    /// The bucket's name.
    pub(crate) fn name(&self) -> Result<&str, CliError> {
        given(self.uploads_bucket.as_deref()).ok_or_else(|| {
            let what = "it is not known which bucket takes the uploads";
            CliError::new(what, WHICH_UPLOADS_BUCKET)
        })
    }
}

/// A variable that is set to nothing is meant to be unset.
fn given(bucket: Option<&str>) -> Option<&str> {
    bucket.filter(|name| !name.is_empty())
}
