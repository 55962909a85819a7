//! `countersign wait`: follow one upload to its outcome.

use countersign_gate::{
    domain::{Upload, UploadId, VersionId},
    ports::Clock as _,
};

use super::args::Arguments;
use crate::{
    aws::session::{Session, block_on},
    following::{
        pin::{pin_current, pin_version},
        reporter::Reporter,
        result::tell_result,
        watch::{Followed, watch},
    },
    io::{error::CliError, exit_status::ExitStatus},
};

/// Finds the upload, and waits.
pub(crate) fn run(arguments: &Arguments) -> Result<ExitStatus, CliError> {
    let records_bucket = arguments.records_bucket.name()?;
    // A label says all that the records are found by.
    let labelled = arguments.upload.as_deref().and_then(Upload::parse_label);
    let uploads_bucket = match labelled {
        Some(_) => None,
        None => Some(arguments.uploads_bucket.name()?),
    };
    let version = match (&labelled, &arguments.upload) {
        (None, Some(version)) => Some(parse_version(version)?),
        _ => None,
    };
    let reporter = Reporter::of(&arguments.follow)?;
    let target = &arguments.target;
    block_on(async {
        let session = Session::connect()
            .await?
            .with_uploads(uploads_bucket)
            .with_records(records_bucket);
        let upload = match (labelled, version) {
            (Some((at, version)), _) => Upload {
                id: UploadId {
                    bucket: String::new(),
                    key: target.key(),
                    version,
                },
                at,
            },
            (None, Some(version)) => pin_version(&session, target, version).await?,
            (None, None) => pin_current(&session, target).await?,
        };
        let mut followed = [Followed::new(target.clone(), upload)];
        watch(&session, &mut followed, arguments.follow.timeout, &reporter).await?;
        let [followed] = &followed;
        tell_result(followed, None, session.clock.now(), &reporter)
    })
}

fn parse_version(version: &str) -> Result<VersionId, CliError> {
    VersionId::parse(version).map_err(|error| {
        CliError::new(
            format!("--upload: {error}"),
            "give the version id that S3 answered with, or a label out of countersign history",
        )
    })
}
