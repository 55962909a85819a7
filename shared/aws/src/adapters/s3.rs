//! What the adapters of the three buckets share: reading an object whole, and listing the objects below a
//! prefix and the versions of a key.

use std::cmp::Reverse;

use aws_sdk_s3::{
    Client,
    error::{ProvideErrorMetadata, SdkError},
    operation::get_object::{GetObjectOutput, builders::GetObjectFluentBuilder},
    types::Object,
};
use countersign_gate::{
    domain::VersionId,
    ports::{PortError, UploadVersion},
};

use super::timestamp::timestamp;
use crate::error::{broken_off, code, port_error, required, status, unreadable};

/// The largest object read, in bytes: the largest package that Signer takes (250 MB) with room for
/// its signature. What is larger is not a package, and would only fill the memory.
const MAX_OBJECT_BYTES: u64 = 256 * 1024 * 1024;

pub(super) const GET: &str = "s3:GetObject";
pub(super) const LIST: &str = "s3:ListObjectsV2";

/// The header that tells which version an answer is about.
pub(super) const VERSION: &str = "x-amz-version-id";

/// The version that a listing tells; `null` pins nothing.
pub(super) fn listed_version(
    call: &'static str,
    version: Option<&str>,
) -> Result<Option<VersionId>, PortError> {
    let version = required(call, "VersionId", version)?;
    (version != "null")
        .then(|| VersionId::parse(version))
        .transpose()
        .map_err(|error| unreadable(call, "VersionId", &error))
}

/// All versions of one key and its delete markers, at most `max`: the current one first, then by time, the newest first.
pub(super) async fn versions_of_key(
    client: &Client,
    bucket: &str,
    key: &str,
    max: usize,
) -> Result<Vec<UploadVersion>, PortError> {
    const CALL: &str = "s3:ListObjectVersions";
    let mut found: Vec<UploadVersion> = Vec::new();
    let mut markers = (None, None);
    loop {
        let request = client.list_object_versions().bucket(bucket).prefix(key);
        let page = request
            .set_key_marker(markers.0.take())
            .set_version_id_marker(markers.1.take())
            .send()
            .await
            .map_err(|error| port_error(CALL, error))?;
        let is_key = |listed: Option<&str>| listed == Some(key);
        for item in page.versions().iter().filter(|item| is_key(item.key())) {
            found.push(UploadVersion {
                version: listed_version(CALL, item.version_id())?,
                last_modified: timestamp(CALL, "LastModified", item.last_modified())?,
                is_delete_marker: false,
                is_current: required(CALL, "IsLatest", item.is_latest())?,
            });
        }
        let deleted = page.delete_markers().iter();
        for item in deleted.filter(|item| is_key(item.key())) {
            found.push(UploadVersion {
                version: listed_version(CALL, item.version_id())?,
                last_modified: timestamp(CALL, "LastModified", item.last_modified())?,
                is_delete_marker: true,
                is_current: required(CALL, "IsLatest", item.is_latest())?,
            });
        }
        if !page.is_truncated().unwrap_or_default() || found.len() >= max {
            break;
        }
        let next_key = required(CALL, "NextKeyMarker", page.next_key_marker)?;
        // A key is listed before the longer ones that begin like it.
        if next_key != key {
            break;
        }
        markers = (Some(next_key), page.next_version_id_marker);
    }
    // The sort is stable: what S3 lists first of one second stays first.
    found.sort_by_key(|item| (!item.is_current, Reverse(item.last_modified)));
    found.truncate(max);
    Ok(found)
}

/// The objects below a prefix, at most `max`, and whether there are more.
///
/// S3 may answer with fewer than were asked for (AWS documentation, grade B): what a further page has counts, too.
pub(super) async fn list_objects(
    client: &Client,
    bucket: &str,
    prefix: &str,
    max: usize,
) -> Result<(Vec<Object>, bool), PortError> {
    let mut found = Vec::new();
    let mut token = None;
    loop {
        let missing = max.saturating_sub(found.len());
        let request = client.list_objects_v2().bucket(bucket).prefix(prefix);
        let page = request
            .set_max_keys(i32::try_from(missing).ok())
            .set_continuation_token(token.take())
            .send()
            .await
            .map_err(|error| port_error(LIST, error))?;
        found.extend(page.contents.into_iter().flatten());
        let has_more = page.is_truncated.unwrap_or_default();
        if !has_more || found.len() >= max {
            found.truncate(max);
            return Ok((found, has_more));
        }
        let next = page.next_continuation_token;
        token = Some(required(LIST, "NextContinuationToken", next)?);
    }
}

/// The object, unless it is gone. Its body is still to come.
pub(super) async fn fetch(
    request: GetObjectFluentBuilder,
) -> Result<Option<GetObjectOutput>, PortError> {
    match request.send().await {
        Ok(object) => Ok(Some(object)),
        Err(error) if is_gone(&error) => Ok(None),
        Err(error) => Err(port_error(GET, error)),
    }
}

/// The object's body, unless it is gone.
pub(super) async fn read(request: GetObjectFluentBuilder) -> Result<Option<Vec<u8>>, PortError> {
    match fetch(request).await? {
        Some(object) => body(object).await.map(Some),
        None => Ok(None),
    }
}

/// Whether S3 says that there is no such key or version, or that the version is a delete marker.
/// A missing bucket is not among these: that is a fault of the stack.
pub(super) fn is_gone<E: ProvideErrorMetadata>(error: &SdkError<E>) -> bool {
    matches!(code(error), "NoSuchKey" | "NoSuchVersion")
        || (code(error) == "MethodNotAllowed" && status(error) == 405)
}

/// Reads a body whole, into memory that is asked for once.
pub(super) async fn body(object: GetObjectOutput) -> Result<Vec<u8>, PortError> {
    let length = required(GET, "Content-Length", object.content_length())?;
    let length = u64::try_from(length).map_err(|e| unreadable(GET, "Content-Length", &e))?;
    if length > MAX_OBJECT_BYTES {
        let problem = format!("{length} bytes, more than any package has");
        return Err(unreadable(GET, "Content-Length", &problem));
    }
    let capacity = usize::try_from(length).map_err(|e| unreadable(GET, "Content-Length", &e))?;
    let mut bytes = Vec::with_capacity(capacity);
    let mut stream = object.body;
    while let Some(chunk) = stream.next().await {
        bytes.extend_from_slice(&chunk.map_err(|error| broken_off(GET, error))?);
    }
    if bytes.len() == capacity {
        Ok(bytes)
    } else {
        Err(unreadable(
            GET,
            "Content-Length",
            &format!("{length}, the body has {}", bytes.len()),
        ))
    }
}
