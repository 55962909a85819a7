//! The uploads, signed and records buckets.

use std::{collections::BTreeMap, time::Duration};

use aws_sdk_s3::{
    error::{ProvideErrorMetadata, SdkError},
    operation::{
        get_object::{GetObjectOutput, builders::GetObjectFluentBuilder},
        head_object::HeadObjectOutput,
        put_object::builders::PutObjectFluentBuilder,
    },
    primitives::{ByteStream, DateTime},
    types::MetadataDirective,
};
use countersign_gate::{
    domain::{SignedObject, Target, UploadId, VersionId},
    ports::{
        Clock as _, Creation, CurrentPackage, CurrentUpload, ObjectHead, PortError, Records,
        SignedObjects, UploadHead, Uploads,
    },
    verdict::Verified,
};
use jiff::Timestamp;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::{
    aws::Aws,
    error::{broken_off, code, required, status, trouble, unreadable},
};

/// The largest object read, in bytes: the largest package that Signer takes (250 MB) with room for
/// its signature. What is larger is not a package, and would only fill the memory.
const MAX_OBJECT_BYTES: u64 = 256 * 1024 * 1024;

const GET: &str = "s3:GetObject";
const PUT: &str = "s3:PutObject";
const HEAD: &str = "s3:HeadObject";
const COPY: &str = "s3:CopyObject";

/// Metadata of a target's current package: the label of its upload, base64 of the SHA-256 of the upload
/// and of the package.
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

/// How often a conditional write that met another one is tried again, and after how long.
const CONFLICTS: u32 = 4;
const CONFLICT_RETRY_INTERVAL: Duration = Duration::from_millis(250);

/// The header that tells which version an answer is about.
const VERSION: &str = "x-amz-version-id";

/// The header by which S3 tells a delete marker from a key that never was.
const DELETE_MARKER: &str = "x-amz-delete-marker";

impl Aws {
    fn get(&self, bucket: &str, key: &str) -> GetObjectFluentBuilder {
        self.connection.s3().get_object().bucket(bucket).key(key)
    }

    /// The request that writes a document to the records bucket.
    fn put(&self, path: &str, document: &[u8]) -> PutObjectFluentBuilder {
        let s3 = self.connection.s3();
        let request = s3.put_object().bucket(&self.stack.records_bucket).key(path);
        let request = request.content_type("application/json");
        request.body(ByteStream::from(document.to_vec()))
    }
}

impl Uploads for Aws {
    async fn head_upload(
        &self,
        key: &str,
        version: Option<&VersionId>,
    ) -> Result<UploadHead, PortError> {
        const CALL: &str = "s3:HeadObject";
        let request = self
            .connection
            .s3()
            .head_object()
            .bucket(&self.stack.uploads_bucket)
            .key(key);
        let answer = request
            .set_version_id(version.map(|v| v.as_str().to_owned()))
            .send()
            .await;
        match answer {
            Ok(head) => object_head(CALL, &head).map(UploadHead::Object),
            // A marker asked for by its version is 405, a current one is 404; both say so.
            Err(error) if matches!(status(&error), 404 | 405) => {
                let is_marker = error
                    .raw_response()
                    .and_then(|response| response.headers().get(DELETE_MARKER))
                    == Some("true");
                match (is_marker, status(&error)) {
                    (true, _) => Ok(UploadHead::DeleteMarker),
                    (false, 404) => Ok(UploadHead::Absent),
                    (false, _) => Err(trouble(CALL, error)),
                }
            }
            Err(error) => Err(trouble(CALL, error)),
        }
    }

    async fn read_upload(&self, upload: &UploadId) -> Result<Option<Vec<u8>>, PortError> {
        let request = self.get(&upload.bucket, &upload.key);
        read(request.version_id(upload.version.as_str())).await
    }

    async fn read_if_current(&self, wanted: &UploadId) -> Result<CurrentUpload, PortError> {
        let Some(object) = fetch(self.get(&wanted.bucket, &wanted.key)).await? else {
            return Ok(CurrentUpload::Deleted);
        };
        // The body of another version is left unread: the connection is closed instead.
        if object.version_id() != Some(wanted.version.as_str()) {
            return Ok(CurrentUpload::Other);
        }
        Ok(CurrentUpload::Current(body(object).await?))
    }

    async fn upload_tags(&self, upload: &UploadId) -> Result<BTreeMap<String, String>, PortError> {
        const CALL: &str = "s3:GetObjectTagging";
        let request = self
            .connection
            .s3()
            .get_object_tagging()
            .bucket(&upload.bucket)
            .key(&upload.key);
        match request.version_id(upload.version.as_str()).send().await {
            Ok(tagging) => Ok(tagging
                .tag_set
                .into_iter()
                .map(|tag| (tag.key, tag.value))
                .collect()),
            Err(error) if is_gone(&error) => Ok(BTreeMap::new()),
            Err(error) => Err(trouble(CALL, error)),
        }
    }
}

impl SignedObjects for Aws {
    async fn read_signed(
        &self,
        bucket: &str,
        key: &str,
    ) -> Result<Option<(SignedObject, Vec<u8>)>, PortError> {
        let Some(object) = fetch(self.get(bucket, key)).await? else {
            return Ok(None);
        };
        let version = required(GET, VERSION, object.version_id())?;
        let version = VersionId::parse(version).map_err(|e| unreadable(GET, VERSION, &e))?;
        let signed = SignedObject {
            bucket: bucket.to_owned(),
            key: key.to_owned(),
            version,
        };
        Ok(Some((signed, body(object).await?)))
    }

    async fn current_package(&self, target: &Target) -> Result<Option<CurrentPackage>, PortError> {
        let key = current_key(target);
        let bucket = &self.stack.signed_bucket;
        let head = self.connection.s3().head_object().bucket(bucket).key(&key);
        let head = match head.send().await {
            Ok(head) => head,
            Err(error) if status(&error) == 404 => return Ok(None),
            Err(error) => return Err(trouble(HEAD, error)),
        };
        let version = required(HEAD, VERSION, head.version_id())?;
        let metadata = |name| head.metadata().and_then(|all| all.get(name)).cloned();
        Ok(Some(CurrentPackage {
            etag: required(HEAD, "ETag", head.e_tag())?.to_owned(),
            object: SignedObject {
                bucket: bucket.clone(),
                key,
                version: VersionId::parse(version).map_err(|e| unreadable(HEAD, VERSION, &e))?,
            },
            upload: metadata(UPLOAD),
            source_sha256: metadata(SOURCE_SHA256),
            code_sha256: metadata(CODE_SHA256),
        }))
    }

    async fn read_signed_version(
        &self,
        object: &SignedObject,
    ) -> Result<Option<Vec<u8>>, PortError> {
        let request = self.get(&object.bucket, &object.key);
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
            .bucket(&self.stack.signed_bucket)
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
        let answer = match request.send().await {
            Ok(answer) => answer,
            // Replaced, created or deleted since it was seen, or being written by somebody else.
            Err(error) if matches!(status(&error), 404 | 409 | 412) && !is_no_source(&error) => {
                return Ok(None);
            }
            Err(error) => return Err(trouble(COPY, error)),
        };
        let version = required(COPY, VERSION, answer.version_id())?;
        Ok(Some(SignedObject {
            bucket: self.stack.signed_bucket.clone(),
            key,
            version: VersionId::parse(version).map_err(|e| unreadable(COPY, VERSION, &e))?,
        }))
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

impl Records for Aws {
    async fn read_record(&self, path: &str) -> Result<Option<Vec<u8>>, PortError> {
        read(self.get(&self.stack.records_bucket, path)).await
    }

    /// A try whose answer was lost is tried again, and then finds its own document: `Existed` does
    /// not mean that somebody else wrote it.
    async fn create_record(&self, path: &str, body: &[u8]) -> Result<Creation, PortError> {
        let mut tries = 0;
        loop {
            let answer = self.put(path, body).if_none_match("*").send().await;
            let Err(error) = answer else {
                return Ok(Creation::Created);
            };
            match status(&error) {
                412 => return Ok(Creation::Existed),
                // ConditionalRequestConflict: another conditional write of this key is under way. Who won is
                // known in a moment; by way of the queue it would be minutes.
                409 if tries < CONFLICTS => {
                    tries = tries.saturating_add(1);
                    self.sleep(CONFLICT_RETRY_INTERVAL).await;
                }
                409 => {
                    return Err(PortError::Unavailable {
                        call: PUT,
                        source: Box::new(error),
                    });
                }
                _ => return Err(trouble(PUT, error)),
            }
        }
    }

    async fn replace_record(&self, path: &str, body: &[u8]) -> Result<(), PortError> {
        match self.put(path, body).send().await {
            Ok(_) => Ok(()),
            Err(error) => Err(trouble(PUT, error)),
        }
    }

    async fn list_records(&self, prefix: &str) -> Result<Vec<String>, PortError> {
        const CALL: &str = "s3:ListObjectsV2";
        let request = self
            .connection
            .s3()
            .list_objects_v2()
            .bucket(&self.stack.records_bucket);
        let mut pages = request.prefix(prefix).into_paginator().send();
        let mut paths = Vec::new();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|error| trouble(CALL, error))?;
            paths.extend(
                page.contents
                    .into_iter()
                    .flatten()
                    .filter_map(|object| object.key),
            );
        }
        Ok(paths)
    }
}

/// The object, unless it is gone. Its body is still to come.
async fn fetch(request: GetObjectFluentBuilder) -> Result<Option<GetObjectOutput>, PortError> {
    match request.send().await {
        Ok(object) => Ok(Some(object)),
        Err(error) if is_gone(&error) => Ok(None),
        Err(error) => Err(trouble(GET, error)),
    }
}

/// The object's body, unless it is gone.
async fn read(request: GetObjectFluentBuilder) -> Result<Option<Vec<u8>>, PortError> {
    match fetch(request).await? {
        Some(object) => body(object).await.map(Some),
        None => Ok(None),
    }
}

/// Whether S3 says that there is no such key or version, or that the version is a delete marker.
/// A missing bucket is not among these: that is a fault of the stack.
fn is_gone<E: ProvideErrorMetadata>(error: &SdkError<E>) -> bool {
    matches!(code(error), "NoSuchKey" | "NoSuchVersion")
        || (code(error) == "MethodNotAllowed" && status(error) == 405)
}

fn object_head(call: &'static str, head: &HeadObjectOutput) -> Result<ObjectHead, PortError> {
    let size = required(call, "Content-Length", head.content_length())?;
    let tag_count = head.tag_count().unwrap_or_default();
    // `null` is how an object of an unversioned bucket is called; it pins nothing.
    let version = head
        .version_id()
        .filter(|version| *version != "null")
        .map(VersionId::parse);
    Ok(ObjectHead {
        version: version
            .transpose()
            .map_err(|e| unreadable(call, VERSION, &e))?,
        last_modified: timestamp(call, "Last-Modified", head.last_modified())?,
        size: u64::try_from(size).map_err(|e| unreadable(call, "Content-Length", &e))?,
        metadata: head
            .metadata()
            .into_iter()
            .flatten()
            .map(|(name, value)| (name.to_ascii_lowercase(), value.clone()))
            .collect(),
        tag_count: u32::try_from(tag_count)
            .map_err(|e| unreadable(call, "x-amz-tagging-count", &e))?,
    })
}

/// Reads a body whole, into memory that is asked for once.
async fn body(object: GetObjectOutput) -> Result<Vec<u8>, PortError> {
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

pub(crate) fn timestamp(
    call: &'static str,
    field: &'static str,
    time: Option<&DateTime>,
) -> Result<Timestamp, PortError> {
    let time = required(call, field, time)?;
    Timestamp::from_second(time.secs()).map_err(|error| unreadable(call, field, &error))
}
