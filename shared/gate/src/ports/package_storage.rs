//! How long the packages in the signed bucket stay, for what Lambda reads from there.

use super::error::PortError;
use crate::domain::{LifecycleRule, PackageVersion};
use std::future::Future;

/// The signed bucket, as a place that Lambda reads code from.
pub trait PackageStorage: Sync {
    /// `GetBucketLifecycleConfiguration` of the signed bucket: the rules that are enabled and delete something. Empty where the
    /// bucket has none.
    fn lifecycle_rules(&self)
    -> impl Future<Output = Result<Vec<LifecycleRule>, PortError>> + Send;

    /// `ListObjectVersions` of one key of the signed bucket, the newest first.
    fn package_versions(
        &self,
        key: &str,
    ) -> impl Future<Output = Result<Vec<PackageVersion>, PortError>> + Send;
}
