//! Everything in the uploads bucket.

use super::error::PortError;
use crate::domain::VersionId;
use jiff::Timestamp;
use std::future::Future;

/// One version of a key of the uploads bucket, or a delete marker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedVersion {
    /// The key.
    pub key: String,
    /// The version; `None` for what was stored while the bucket had no versions (`null`).
    pub version: Option<VersionId>,
    /// `LastModified`, whole seconds.
    pub last_modified: Timestamp,
    /// Bytes; 0 of a delete marker.
    pub size: u64,
    /// `IsLatest`.
    pub is_current: bool,
    /// Whether it is a delete marker.
    pub is_delete_marker: bool,
}

/// Where a listing goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VersionsCursor {
    /// `KeyMarker`: this key was listed, or the versions of it before `version`.
    pub key: String,
    /// `VersionIdMarker`; `None` begins with the next key.
    pub version: Option<String>,
}

/// A page of a listing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct VersionsPage {
    /// In the order of their keys; of one key in no order.
    pub versions: Vec<ListedVersion>,
    /// Where the next page begins; `None` after the last.
    pub next: Option<VersionsCursor>,
}

/// The uploads bucket as a whole.
pub trait UploadInventory: Sync {
    /// `ListObjectVersions` of the whole bucket, one page of at most 1,000 versions and markers.
    fn list_all_versions(
        &self,
        from: Option<&VersionsCursor>,
    ) -> impl Future<Output = Result<VersionsPage, PortError>> + Send;
}
