//! Tells of an upload that S3 took, and which one it is.

use countersign_gate::{
    domain::{Target, Upload},
    ports::StoredVersion,
};

use crate::{
    aws::session::Session,
    following::{
        event::{Event, What},
        pin::pin_stored,
        reporter::Reporter,
    },
    io::error::CliError,
};

/// Finds the upload that S3 stored, and tells of it. What cannot be looked at afterwards is told as well, without a
/// label: it is in the bucket, and the gate goes on with it.
pub(crate) async fn tell_uploaded(
    session: &Session,
    target: &Target,
    stored: StoredVersion,
    bytes: u64,
    reporter: &Reporter,
) -> Result<Upload, CliError> {
    let version = match &stored {
        StoredVersion::Version(version) => Some(version.clone()),
        StoredVersion::Unversioned => None,
    };
    let pinned = pin_stored(session, target, stored).await;
    if let Some(version) = &version {
        reporter.tell(&Event {
            target,
            label: pinned.as_ref().ok().map(Upload::label),
            what: What::Uploaded {
                bucket: session.uploads_bucket(),
                key: &target.key(),
                version,
                bytes,
            },
        })?;
    }
    pinned
}
