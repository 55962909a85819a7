//! The uploads bucket, for whoever uploads.

use super::error::PortError;
use crate::domain::{Target, VersionId};
use std::{collections::BTreeMap, future::Future};

/// What was uploaded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StoredVersion {
    /// The object is there, as this version.
    Version(VersionId),
    /// The object is there, and the bucket keeps no versions: nothing tells this upload from others.
    Unversioned,
}

/// Writing uploads. Of the gate itself, only the daily probe does, under one key: its other roles have no right to.
pub trait UploadStore: Sync {
    /// `PutObject` of the target's key. Metadata names are without `x-amz-meta-`; names and values are
    /// printable ASCII.
    fn put_upload(
        &self,
        target: &Target,
        package: &[u8],
        metadata: &BTreeMap<String, String>,
    ) -> impl Future<Output = Result<StoredVersion, PortError>> + Send;

    /// `CopyObject` of this version of the target's key over the key, with its metadata replaced and its
    /// tags kept; `None` when there is no such version.
    fn restore_upload(
        &self,
        target: &Target,
        version: &VersionId,
        metadata: &BTreeMap<String, String>,
    ) -> impl Future<Output = Result<Option<StoredVersion>, PortError>> + Send;
}
