//! Which upload it is that was just made: its version, and its place in the target's history.

use countersign_gate::{
    domain::{Target, Upload, UploadId, VersionId},
    ports::{StoredVersion, UploadHead, Uploads as _},
};

use crate::{aws::session::Session, io::error::CliError};

/// The upload that S3 stored as this version. Its folder of records has its time in the name, which only
/// S3 knows.
pub(crate) async fn pin_stored(
    session: &Session,
    target: &Target,
    stored: StoredVersion,
) -> Result<Upload, CliError> {
    match stored {
        StoredVersion::Version(version) => {
            let pinned = pin_version(session, target, version.clone()).await;
            pinned.map_err(|error| uploaded_all_the_same(session, target, &version, &error))
        }
        StoredVersion::Unversioned => Err(CliError::new(
            format!(
                "s3://{}/{} was written, and the bucket keeps no versions: the gate takes nothing from it",
                session.uploads_bucket(),
                target.key()
            ),
            "check that this is the stack's own uploads bucket, and that nobody suspended its versioning",
        )),
    }
}

/// The error of an upload that S3 took, and that cannot be followed: whoever reads "denied" must not take it for one
/// that did not happen.
fn uploaded_all_the_same(
    session: &Session,
    target: &Target,
    version: &VersionId,
    error: &CliError,
) -> CliError {
    let (bucket, key) = (session.uploads_bucket(), target.key());
    CliError::new(
        format!(
            "s3://{bucket}/{key} was uploaded as version {version}, and the gate goes on with it; it cannot be \
             followed from here: {}",
            error.what
        ),
        format!(
            "{}; what became of it: countersign history {target}",
            error.fix
        ),
    )
}

/// The upload that this version of the target's key is.
pub(crate) async fn pin_version(
    session: &Session,
    target: &Target,
    version: VersionId,
) -> Result<Upload, CliError> {
    let key = target.key();
    let head = session
        .uploads
        .head_upload(&key, Some(&version))
        .await
        .map_err(|error| {
            let what = format!("look at version {version} of");
            session.failed_upload(&what, target, "s3:GetObjectVersion", &error)
        })?;
    match head {
        UploadHead::Object(head) => Ok(Upload {
            id: UploadId {
                bucket: session.uploads_bucket().to_owned(),
                key,
                version,
            },
            at: head.last_modified,
        }),
        UploadHead::DeleteMarker | UploadHead::Absent => Err(CliError::new(
            format!(
                "there is no version {version} of s3://{}/{key}",
                session.uploads_bucket()
            ),
            format!(
                "see which uploads there are: countersign history {target}; a version may have been \
                 deleted for good"
            ),
        )),
    }
}

/// The upload that is the current version of the target's key.
pub(crate) async fn pin_current(session: &Session, target: &Target) -> Result<Upload, CliError> {
    let (bucket, key) = (session.uploads_bucket(), target.key());
    let head = session
        .uploads
        .head_upload(&key, None)
        .await
        .map_err(|error| session.failed_upload("look at", target, "s3:GetObject", &error))?;
    let (what, fix) = match head {
        UploadHead::Object(head) => match head.version {
            Some(version) => {
                return Ok(Upload {
                    id: UploadId {
                        bucket: bucket.to_owned(),
                        key,
                        version,
                    },
                    at: head.last_modified,
                });
            }
            None => return pin_stored(session, target, StoredVersion::Unversioned).await,
        },
        UploadHead::DeleteMarker => ("is deleted", "give the upload that you mean with --upload"),
        UploadHead::Absent => ("does not exist", "upload a package first: countersign push"),
    };
    Err(CliError::new(format!("s3://{bucket}/{key} {what}"), fix))
}
