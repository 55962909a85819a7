//! The uploads bucket, for whoever uploads: the command line, and the daily probe.

use std::{collections::BTreeMap, fmt::Display, time::Duration};

use aws_sdk_s3::{config::retry::RetryConfig, primitives::ByteStream, types::MetadataDirective};
use countersign_gate::{
    domain::{Target, VersionId},
    ports::{PortError, StoredVersion, UploadStore},
};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::{
    s3::{VERSION, is_gone},
    uploads_bucket::UploadsBucket,
};
use crate::{
    connection::{Connection, timeouts},
    error::{port_error, unreadable},
};

/// The slowest line that an upload is given time for, in bytes a second: 512 kbit/s.
const MIN_BYTES_PER_SECOND: u64 = 64 * 1024;

/// What an upload takes beside its bytes.
const MIN_UPLOAD_TIME: Duration = Duration::from_secs(30);

impl UploadStore for UploadsBucket {
    async fn put_upload(
        &self,
        target: &Target,
        package: &[u8],
        metadata: &BTreeMap<String, String>,
    ) -> Result<StoredVersion, PortError> {
        const CALL: &str = "s3:PutObject";
        // Tried again as every call, since an upload whose answer was lost hinders nothing: the same bytes come a second
        // time as a newer version, which supersedes the first.
        let request = self
            .connection
            .s3()
            .put_object()
            .bucket(&self.bucket)
            .key(target.key())
            .content_type("application/zip")
            .set_metadata(Some(metadata.clone().into_iter().collect()))
            .body(ByteStream::from(package.to_vec()));
        let time = upload_time(package.len());
        let patience = timeouts(time, time);
        let config = aws_sdk_s3::config::Builder::new().timeout_config(patience);
        let answer = request.customize().config_override(config).send().await;
        let stored = answer.map_err(|error| port_error(CALL, error))?;
        version(CALL, stored.version_id())
    }

    async fn restore_upload(
        &self,
        target: &Target,
        from: &VersionId,
        metadata: &BTreeMap<String, String>,
    ) -> Result<Option<StoredVersion>, PortError> {
        const CALL: &str = "s3:CopyObject";
        let (bucket, key) = (&self.bucket, target.key());
        // Each copy that S3 made is an upload, also one whose answer was lost.
        let copy = Connection::s3_package_call().retry_config(RetryConfig::disabled());
        let answer = self
            .connection
            .s3()
            .copy_object()
            .bucket(bucket)
            .key(&key)
            // The name of a bucket and the key of a target need no encoding.
            .copy_source(format!("{bucket}/{key}?versionId={}", encoded(from)))
            .metadata_directive(MetadataDirective::Replace)
            .content_type("application/zip")
            .set_metadata(Some(metadata.clone().into_iter().collect()))
            .customize()
            .config_override(copy)
            .send()
            .await;
        match answer {
            Ok(copied) => version(CALL, copied.version_id()).map(Some),
            Err(error) if is_gone(&error) => Ok(None),
            Err(error) => Err(port_error(CALL, error)),
        }
    }
}

fn encoded(version: &VersionId) -> impl Display {
    utf8_percent_encode(version.as_str(), NON_ALPHANUMERIC)
}

/// How long an upload of so many bytes may take.
fn upload_time(bytes: usize) -> Duration {
    let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
    let seconds = bytes.checked_div(MIN_BYTES_PER_SECOND).unwrap_or_default();
    MIN_UPLOAD_TIME.saturating_add(Duration::from_secs(seconds))
}

fn version(call: &'static str, version: Option<&str>) -> Result<StoredVersion, PortError> {
    match version {
        // `null` is the version of an object that was written while versioning was suspended.
        None | Some("null") => Ok(StoredVersion::Unversioned),
        Some(version) => VersionId::parse(version)
            .map(StoredVersion::Version)
            .map_err(|error| unreadable(call, VERSION, &error)),
    }
}
