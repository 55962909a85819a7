//! The uploads bucket and the bucket that Signer writes to.

use super::error::PortError;
use crate::domain::{SignedObject, UploadId, VersionId};
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

    /// `GetObjectTagging` of exactly this version; empty when there are none or it is gone.
    fn upload_tags(
        &self,
        upload: &UploadId,
    ) -> impl Future<Output = Result<BTreeMap<String, String>, PortError>> + Send;
}

/// The bucket that Signer writes to.
pub trait SignedObjects: Sync {
    /// `GetObject` of the key's current version, with the version id *of that same answer*, so that
    /// what was read is what is pinned. `None` when there is no such key. An answer without a version
    /// id (a bucket without versioning) is [`PortError::Unexpected`].
    fn read_signed(
        &self,
        bucket: &str,
        key: &str,
    ) -> impl Future<Output = Result<Option<(SignedObject, Vec<u8>)>, PortError>> + Send;
}
