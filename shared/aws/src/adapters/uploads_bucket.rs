//! The bucket that uploads are dropped into.

use std::collections::BTreeMap;

use aws_sdk_s3::operation::head_object::HeadObjectOutput;
use countersign_gate::{
    domain::{UploadId, VersionId},
    ports::{
        CurrentUpload, ListedVersion, ObjectHead, PortError, StatementObject, UploadHead,
        UploadInventory, UploadVersion, Uploads, VersionsCursor, VersionsPage,
    },
};

use super::{
    s3::{
        GET, LIST, VERSION, body, fetch, is_gone, list_objects, listed_version, read,
        versions_of_key,
    },
    timestamp::timestamp,
};
use crate::{
    connection::Connection,
    error::{port_error, required, status, unreadable},
};

/// The header by which S3 tells a delete marker from a key that never was.
const DELETE_MARKER: &str = "x-amz-delete-marker";

/// [`Uploads`] over S3.
#[derive(Debug, Clone)]
pub struct UploadsBucket {
    pub(super) connection: Connection,
    pub(super) bucket: String,
}

impl UploadsBucket {
    /// The uploads bucket of this name.
    #[must_use]
    pub fn new(connection: Connection, bucket: String) -> Self {
        Self { connection, bucket }
    }
}

impl Uploads for UploadsBucket {
    async fn head_upload(
        &self,
        key: &str,
        version: Option<&VersionId>,
    ) -> Result<UploadHead, PortError> {
        const CALL: &str = "s3:HeadObject";
        let answer = self
            .connection
            .s3()
            .head_object()
            .bucket(&self.bucket)
            .key(key)
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
                    (false, _) => Err(port_error(CALL, error)),
                }
            }
            Err(error) => Err(port_error(CALL, error)),
        }
    }

    async fn read_upload(&self, upload: &UploadId) -> Result<Option<Vec<u8>>, PortError> {
        let request = self
            .connection
            .s3()
            .get_object()
            .bucket(&upload.bucket)
            .key(&upload.key)
            .version_id(upload.version.as_str());
        read(request).await
    }

    async fn read_if_current(&self, wanted: &UploadId) -> Result<CurrentUpload, PortError> {
        let request = self.connection.s3().get_object();
        let request = request.bucket(&wanted.bucket).key(&wanted.key);
        let Some(object) = fetch(request).await? else {
            return Ok(CurrentUpload::Deleted);
        };
        // The body of another version is left unread: the connection is closed instead.
        if object.version_id() != Some(wanted.version.as_str()) {
            return Ok(CurrentUpload::Other);
        }
        Ok(CurrentUpload::Current(body(object).await?))
    }

    async fn list_versions(&self, key: &str, max: usize) -> Result<Vec<UploadVersion>, PortError> {
        versions_of_key(self.connection.s3(), &self.bucket, key, max).await
    }

    async fn list_statements(&self, prefix: &str, max: usize) -> Result<Vec<String>, PortError> {
        let (objects, _) = list_objects(self.connection.s3(), &self.bucket, prefix, max).await?;
        let keys = objects.into_iter().map(|object| object.key);
        keys.map(|key| required(LIST, "Key", key)).collect()
    }

    async fn read_statement(
        &self,
        key: &str,
        max_bytes: u64,
    ) -> Result<Option<StatementObject>, PortError> {
        let request = self.connection.s3().get_object();
        let Some(object) = fetch(request.bucket(&self.bucket).key(key)).await? else {
            return Ok(None);
        };
        let size = required(GET, "Content-Length", object.content_length())?;
        let size =
            u64::try_from(size).map_err(|error| unreadable(GET, "Content-Length", &error))?;
        let version = object.version_id().filter(|version| *version != "null");
        let version = version.map(VersionId::parse).transpose();
        Ok(Some(StatementObject {
            version: version.map_err(|error| unreadable(GET, VERSION, &error))?,
            last_modified: timestamp(GET, "Last-Modified", object.last_modified())?,
            size,
            body: if size <= max_bytes {
                Some(body(object).await?)
            } else {
                None
            },
        }))
    }

    async fn upload_tags(&self, upload: &UploadId) -> Result<BTreeMap<String, String>, PortError> {
        const CALL: &str = "s3:GetObjectTagging";
        let answer = self
            .connection
            .s3()
            .get_object_tagging()
            .bucket(&upload.bucket)
            .key(&upload.key)
            .version_id(upload.version.as_str())
            .send()
            .await;
        match answer {
            Ok(tagging) => Ok(tagging
                .tag_set
                .into_iter()
                .map(|tag| (tag.key, tag.value))
                .collect()),
            Err(error) if is_gone(&error) => Ok(BTreeMap::new()),
            Err(error) => Err(port_error(CALL, error)),
        }
    }
}

impl UploadInventory for UploadsBucket {
    async fn list_all_versions(
        &self,
        from: Option<&VersionsCursor>,
    ) -> Result<VersionsPage, PortError> {
        const CALL: &str = "s3:ListObjectVersions";
        let request = self.connection.s3().list_object_versions();
        let page = request
            .bucket(&self.bucket)
            .set_key_marker(from.map(|from| from.key.clone()))
            .set_version_id_marker(from.and_then(|from| from.version.clone()))
            .send()
            .await
            .map_err(|error| port_error(CALL, error))?;
        let mut versions = Vec::new();
        for item in page.versions() {
            let size = required(CALL, "Size", item.size())?;
            versions.push(ListedVersion {
                key: required(CALL, "Key", item.key())?.to_owned(),
                version: listed_version(CALL, item.version_id())?,
                last_modified: timestamp(CALL, "LastModified", item.last_modified())?,
                size: u64::try_from(size).map_err(|error| unreadable(CALL, "Size", &error))?,
                is_current: required(CALL, "IsLatest", item.is_latest())?,
                is_delete_marker: false,
            });
        }
        for item in page.delete_markers() {
            versions.push(ListedVersion {
                key: required(CALL, "Key", item.key())?.to_owned(),
                version: listed_version(CALL, item.version_id())?,
                last_modified: timestamp(CALL, "LastModified", item.last_modified())?,
                size: 0,
                is_current: required(CALL, "IsLatest", item.is_latest())?,
                is_delete_marker: true,
            });
        }
        // S3 lists by the bytes of the key, versions and markers apart.
        versions.sort_by(|a, b| a.key.cmp(&b.key));
        let next = if page.is_truncated.unwrap_or_default() {
            Some(VersionsCursor {
                key: required(CALL, "NextKeyMarker", page.next_key_marker)?,
                version: page.next_version_id_marker,
            })
        } else {
            None
        };
        Ok(VersionsPage { versions, next })
    }
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
