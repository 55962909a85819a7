//! Every function of the account and region, and which code signing configuration each has.

use super::{error::PortError, listing::ListingPage};
use crate::domain::{CodeIdentity, Csc, CscArn, PackageType};
use std::future::Future;

/// A function as `ListFunctions` tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedFunction {
    /// Its name.
    pub name: String,
    /// Its code. That `ListFunctions` tells who signed it is grade B: its reference lists the few fields that it
    /// leaves out.
    pub code: CodeIdentity,
    /// How its code is packed.
    pub package_type: PackageType,
}

/// All functions and configurations. The listings cost a call for 50 functions, and one for each
/// configuration: far less than asking each function for its own.
pub trait FunctionInventory: Sync {
    /// `ListFunctions`.
    fn list_functions(
        &self,
        marker: Option<&str>,
    ) -> impl Future<Output = Result<ListingPage<ListedFunction>, PortError>> + Send;

    /// `ListCodeSigningConfigs`.
    fn list_cscs(
        &self,
        marker: Option<&str>,
    ) -> impl Future<Output = Result<ListingPage<Csc>, PortError>> + Send;

    /// `ListFunctionsByCodeSigningConfig`: the names of the functions that have this configuration. Empty
    /// when there is no such configuration any more.
    fn functions_of_csc(
        &self,
        csc: &CscArn,
        marker: Option<&str>,
    ) -> impl Future<Output = Result<ListingPage<String>, PortError>> + Send;
}
