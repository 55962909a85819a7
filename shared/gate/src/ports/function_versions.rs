//! The published versions of a function, what uses them, and the deletion of one.

use std::{collections::BTreeMap, future::Future};

use super::{error::PortError, functions::is_canary, listing::ListingPage};
use crate::domain::{FunctionName, Refusal, VersionNumber};

/// A published version, as a listing tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedFunctionVersion {
    /// Its number.
    pub number: VersionNumber,
    /// What it says of itself.
    pub description: String,
}

/// Lambda's answer to `DeleteFunction` of a version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum VersionDeletion {
    /// It is gone, or was before.
    Deleted,
    /// `ResourceConflictException`: an alias points at it, with all or with a part of its traffic, or something
    /// else uses it. (That Lambda deletes no version that an alias references is grade B, its words grade C.)
    InUse(Refusal),
}

/// One of `ListAliases`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedAlias {
    /// Its name.
    pub name: String,
    /// The version it points at.
    pub version: String,
    /// As of [`Alias`](super::Alias).
    pub weights: BTreeMap<String, String>,
    /// The published versions that it points at, with all or with a part of its traffic.
    pub versions: Vec<VersionNumber>,
}

impl ListedAlias {
    /// Whether another version gets some of its traffic.
    #[must_use]
    pub fn is_canary(&self) -> bool {
        is_canary(&self.weights)
    }
}

/// The aliases of a function.
pub trait FunctionAliases: Sync {
    /// A page of `ListAliases`; empty when there is no such function.
    fn list_aliases(
        &self,
        function: &FunctionName,
        marker: Option<&str>,
    ) -> impl Future<Output = Result<ListingPage<ListedAlias>, PortError>> + Send;
}

/// The published versions of a function.
pub trait FunctionVersions: Sync {
    /// A page of `ListVersionsByFunction`, without `$LATEST`; empty when there is no such function.
    fn list_function_versions(
        &self,
        function: &FunctionName,
        marker: Option<&str>,
    ) -> impl Future<Output = Result<ListingPage<ListedFunctionVersion>, PortError>> + Send;

    /// A page of `ListProvisionedConcurrencyConfigs`: the versions that have provisioned concurrency of their
    /// own. What an alias has is that of the version that it points at.
    fn list_provisioned_versions(
        &self,
        function: &FunctionName,
        marker: Option<&str>,
    ) -> impl Future<Output = Result<ListingPage<VersionNumber>, PortError>> + Send;

    /// `DeleteFunction` with `Qualifier`. Never without: that deletes the function.
    fn delete_version(
        &self,
        function: &FunctionName,
        version: VersionNumber,
    ) -> impl Future<Output = Result<VersionDeletion, PortError>> + Send;
}
