//! The bucket that Signer writes to, and where the last verified package of each target is kept.

use aws_sdk_s3::{
    error::{ProvideErrorMetadata, SdkError},
    types::MetadataDirective,
};
use countersign_gate::{
    domain::{SignedObject, Target, VersionId},
    ports::{CurrentPackage, PortError, SignedObjects},
    verdict::Verified,
};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::s3::{GET, VERSION, body, fetch, read};
use crate::{
    connection::Connection,
    error::{code, port_error, required, status, unreadable},
};

const HEAD: &str = "s3:HeadObject";
const COPY: &str = "s3:CopyObject";

/// Metadata of a target's current package: the label of its upload, base64 of the SHA-256 of the
/// upload and of the package.
const UPLOAD: &str = "upload";
const SOURCE_SHA256: &str = "source-sha256";
const CODE_SHA256: &str = "code-sha256";

/// What is written with an escape in the header that names a copy's source.
const KEY_BYTES: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'/')
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~');

/// [`SignedObjects`] over S3.
#[derive(Debug, Clone)]
pub struct SignedBucket {
    pub(super) connection: Connection,
    pub(super) bucket: String,
}

impl SignedBucket {
    /// The signed bucket of this name. A signing job's own object is read from where its record says.
    #[must_use]
    pub fn new(connection: Connection, bucket: String) -> Self {
        Self { connection, bucket }
    }
}

impl SignedObjects for SignedBucket {
    async fn read_signed(
        &self,
        bucket: &str,
        key: &str,
    ) -> Result<Option<(SignedObject, Vec<u8>)>, PortError> {
        let request = self.connection.s3().get_object().bucket(bucket).key(key);
        let Some(object) = fetch(request).await? else {
            return Ok(None);
        };
        let signed = pinned(GET, bucket, key, object.version_id())?;
        Ok(Some((signed, body(object).await?)))
    }

    async fn current_package(&self, target: &Target) -> Result<Option<CurrentPackage>, PortError> {
        let key = current_key(target);
        let request = self.connection.s3().head_object();
        let head = match request.bucket(&self.bucket).key(&key).send().await {
            Ok(head) => head,
            Err(error) if status(&error) == 404 => return Ok(None),
            Err(error) => return Err(port_error(HEAD, error)),
        };
        let metadata = |name| head.metadata().and_then(|all| all.get(name)).cloned();
        Ok(Some(CurrentPackage {
            etag: required(HEAD, "ETag", head.e_tag())?.to_owned(),
            object: pinned(HEAD, &self.bucket, &key, head.version_id())?,
            upload: metadata(UPLOAD),
            source_sha256: metadata(SOURCE_SHA256),
            code_sha256: metadata(CODE_SHA256),
        }))
    }

    async fn read_signed_version(
        &self,
        object: &SignedObject,
    ) -> Result<Option<Vec<u8>>, PortError> {
        let request = self.connection.s3().get_object();
        let request = request.bucket(&object.bucket).key(&object.key);
        read(request.version_id(object.version.as_str())).await
    }

    async fn replace_current_package(
        &self,
        verified: &Verified,
        seen: Option<&CurrentPackage>,
    ) -> Result<Option<SignedObject>, PortError> {
        let signed = verified.signed();
        let key = current_key(verified.target());
        let source = format!(
            "{}/{}?versionId={}",
            signed.bucket,
            utf8_percent_encode(&signed.key, KEY_BYTES),
            signed.version
        );
        let request = self
            .connection
            .s3()
            .copy_object()
            .bucket(&self.bucket)
            .key(&key)
            .copy_source(source)
            .metadata_directive(MetadataDirective::Replace)
            .content_type("application/zip")
            .metadata(UPLOAD, verified.upload().label())
            .metadata(SOURCE_SHA256, verified.source_sha256())
            .metadata(CODE_SHA256, verified.code_sha256());
        let request = match seen {
            Some(seen) => request.if_match(&seen.etag),
            None => request.if_none_match("*"),
        };
        let request = request
            .customize()
            .config_override(Connection::s3_package_call());
        let answer = match request.send().await {
            Ok(answer) => answer,
            // Replaced, created or deleted since it was seen, or being written by somebody else.
            Err(error) if matches!(status(&error), 404 | 409 | 412) && !is_no_source(&error) => {
                return Ok(None);
            }
            Err(error) => return Err(port_error(COPY, error)),
        };
        pinned(COPY, &self.bucket, &key, answer.version_id()).map(Some)
    }
}

/// Where the last verified package of a target is.
fn current_key(target: &Target) -> String {
    format!("current/{target}.zip")
}

/// Whether a copy failed because the version to copy is not there.
fn is_no_source<E: ProvideErrorMetadata>(error: &SdkError<E>) -> bool {
    matches!(code(error), "NoSuchKey" | "NoSuchVersion")
}

/// An object with the version that an answer is about, without which nothing is pinned.
fn pinned(
    call: &'static str,
    bucket: &str,
    key: &str,
    version: Option<&str>,
) -> Result<SignedObject, PortError> {
    let version = required(call, VERSION, version)?;
    Ok(SignedObject {
        bucket: bucket.to_owned(),
        key: key.to_owned(),
        version: VersionId::parse(version).map_err(|error| unreadable(call, VERSION, &error))?,
    })
}
