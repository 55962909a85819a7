//! The uploads bucket, for the gate.

use super::error::PortError;
use crate::domain::{UploadId, VersionId};
use jiff::Timestamp;
use std::{collections::BTreeMap, future::Future};

/// What S3 says about a key, or about one version of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UploadHead {
    /// There is an object.
    Object(ObjectHead),
    /// A delete marker: the key is deleted, its history is not.
    DeleteMarker,
    /// No such key, or no such version.
    Absent,
}

/// An object's headers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ObjectHead {
    /// The version, or `None` for an object of a bucket without versioning (`null` included).
    pub version: Option<VersionId>,
    /// `LastModified`, whole seconds.
    pub last_modified: Timestamp,
    /// Bytes.
    pub size: u64,
    /// User metadata, names without `x-amz-meta-`, in lower case.
    pub metadata: BTreeMap<String, String>,
    /// How many tags the object has (`x-amz-tagging-count`); 0 if S3 does not say.
    pub tag_count: u32,
}

/// What a read of a key's current version found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CurrentUpload {
    /// The wanted version is current; its bytes.
    Current(Vec<u8>),
    /// Another version is current.
    Other,
    /// A delete marker is current, or there is no such key.
    Deleted,
}

/// One version of a key, or a delete marker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UploadVersion {
    /// The version; `None` for what was stored while the bucket had no versions (`null`).
    pub version: Option<VersionId>,
    /// `LastModified`, whole seconds.
    pub last_modified: Timestamp,
    /// Whether it is a delete marker.
    pub is_delete_marker: bool,
    /// `IsLatest`: it is the current one.
    pub is_current: bool,
}

/// A statement about an upload: a small object that people or builders put into the uploads bucket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatementObject {
    /// The version, or `None` for an object of a bucket without versioning (`null` included).
    pub version: Option<VersionId>,
    /// `LastModified`, whole seconds.
    pub last_modified: Timestamp,
    /// Bytes.
    pub size: u64,
    /// The object; `None` when it has more bytes than were asked for, and was not read.
    pub body: Option<Vec<u8>>,
}

/// The uploads bucket.
pub trait Uploads: Sync {
    /// `HeadObject`. Without a version: the current one, which may be a delete marker. With one:
    /// that one, whether current or not.
    fn head_upload(
        &self,
        key: &str,
        version: Option<&VersionId>,
    ) -> impl Future<Output = Result<UploadHead, PortError>> + Send;

    /// `GetObject` of exactly this version; `None` when there is no such version, or it is a delete
    /// marker.
    fn read_upload(
        &self,
        upload: &UploadId,
    ) -> impl Future<Output = Result<Option<Vec<u8>>, PortError>> + Send;

    /// `GetObject` of the key's current version, with the version id of that same answer: whether an
    /// upload is current, and its bytes, in one call. The body is not read when the version is another
    /// than `wanted`.
    fn read_if_current(
        &self,
        wanted: &UploadId,
    ) -> impl Future<Output = Result<CurrentUpload, PortError>> + Send;

    /// `ListObjectVersions` of exactly this key: the versions and delete markers that there are, the
    /// current one first, then the newer before the older; at most `max`. S3 lists the versions of a
    /// key in the order in which they were stored, the last first (AWS documentation, grade B), so
    /// that versions of one second are in their order. It lists delete markers apart from versions:
    /// between a marker and a version of one second, neither of them current, the order is not told.
    fn list_versions(
        &self,
        key: &str,
        max: usize,
    ) -> impl Future<Output = Result<Vec<UploadVersion>, PortError>> + Send;

    /// `ListObjectsV2`: the keys that begin with `prefix` and have a current version, in order; at most `max` of them, and
    /// at most one page of 1,000.
    fn list_statements(
        &self,
        prefix: &str,
        max: usize,
    ) -> impl Future<Output = Result<Vec<String>, PortError>> + Send;

    /// `GetObject` of the key's current version, whose body is read when it has at most `max_bytes`; `None` when there is
    /// none.
    fn read_statement(
        &self,
        key: &str,
        max_bytes: u64,
    ) -> impl Future<Output = Result<Option<StatementObject>, PortError>> + Send;

    /// `GetObjectTagging` of exactly this version; empty when there are none or it is gone.
    fn upload_tags(
        &self,
        upload: &UploadId,
    ) -> impl Future<Output = Result<BTreeMap<String, String>, PortError>> + Send;
}
