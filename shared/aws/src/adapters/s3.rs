//! What the adapters of the three buckets share: reading an object whole, and the versions that listings tell.

use aws_sdk_s3::{
    error::{ProvideErrorMetadata, SdkError},
    operation::get_object::{GetObjectOutput, builders::GetObjectFluentBuilder},
};
use countersign_gate::{domain::VersionId, ports::PortError};

use crate::error::{broken_off, code, port_error, required, status, unreadable};

/// The largest object read, in bytes: the largest package that Signer takes (250 MB) with room for
/// its signature. What is larger is not a package, and would only fill the memory.
const MAX_OBJECT_BYTES: u64 = 256 * 1024 * 1024;

pub(super) const GET: &str = "s3:GetObject";

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
