//! Functions that are to come under the gate, for whoever brings them there.

use super::{error::PortError, functions::Function, listing::ListingPage};
use crate::domain::{AttachedLayer, CodeIdentity, Csc, CscArn, FunctionName, LayerVersionArn};
use std::{collections::BTreeSet, fmt, future::Future};

/// `GetFunction` of `$LATEST`, with what matters before a function comes under the gate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AdoptionCandidate {
    /// The function.
    pub function: Function,
    /// The ARNs of its layer versions that are not signed (`Layers[].SigningProfileVersionArn`, grade A).
    pub unsigned_layers: Vec<String>,
    /// Lambda reads its package out of a bucket of the customer's (`ResolvedS3Object`, grade A).
    pub is_referenced: bool,
    /// Where its package can be had.
    pub location: Option<CodeLocation>,
    /// What its environment says of a gate, if it is a function of one.
    pub gate: Option<GateEnvironment>,
}

/// A function of a gate, told by its environment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GateEnvironment {
    /// `COUNTERSIGN_STACK`
    pub stack: String,
    /// `COUNTERSIGN_TARGET_FUNCTIONS`
    pub target_functions: Option<String>,
    /// `COUNTERSIGN_REQUIRE_MANAGED_TAG`
    pub requires_managed_tag: bool,
}

/// A version of a layer, anybody's, as `GetLayerVersionByArn` tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LayerCandidate {
    /// Its code.
    pub code: CodeIdentity,
    /// `CompatibleRuntimes`; empty means: not said.
    pub runtimes: Vec<String>,
    /// `CompatibleArchitectures`; empty means: not said.
    pub architectures: Vec<String>,
    /// Where its package can be had.
    pub location: Option<CodeLocation>,
}

/// A function, and the layers that it uses, as `ListFunctions` tells them (grade B, as its code's signers).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LayerUser {
    /// The function's name.
    pub function: String,
    /// Its layers, in the order in which they are unpacked.
    pub layers: Vec<AttachedLayer>,
}

/// A presigned address, for some minutes (`Code.Location`): whoever has it can read the code.
#[derive(Clone, PartialEq, Eq)]
pub struct CodeLocation(String);

impl CodeLocation {
    /// An address as Lambda gave it.
    #[must_use]
    pub fn new(url: String) -> Self {
        Self(url)
    }

    /// The address.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for CodeLocation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CodeLocation(…)")
    }
}

/// Lambda's answer to `PutFunctionCodeSigningConfig`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CscAttachment {
    /// The function has the configuration.
    Attached,
    /// No such function.
    NoFunction,
    /// No such configuration.
    NoCsc,
    /// `ResourceConflictException`: an update is under way.
    Busy,
}

/// Lambda's answer to `UpdateCodeSigningConfig`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PublishersChange {
    /// The configuration as it is now.
    Changed(Csc),
    /// No such configuration.
    NoCsc,
}

/// What bringing a function under the gate takes, and changing who may sign for it. The gate itself never does it: its roles have no right to.
pub trait Adoption: Sync {
    /// `GetFunction`; `None` when there is no such function.
    fn candidate(
        &self,
        name: &FunctionName,
    ) -> impl Future<Output = Result<Option<AdoptionCandidate>, PortError>> + Send;

    /// `GetLayerVersionByArn`; `None` when there is none, or its owner shares it with others only.
    fn layer_candidate(
        &self,
        arn: &LayerVersionArn,
    ) -> impl Future<Output = Result<Option<LayerCandidate>, PortError>> + Send;

    /// `ListFunctions`, for the layers that functions use.
    fn list_layer_users(
        &self,
        marker: Option<&str>,
    ) -> impl Future<Output = Result<ListingPage<LayerUser>, PortError>> + Send;

    /// The package at this address, whole.
    fn download(
        &self,
        location: &CodeLocation,
    ) -> impl Future<Output = Result<Vec<u8>, PortError>> + Send;

    /// `PutFunctionCodeSigningConfig`.
    fn attach_csc(
        &self,
        name: &FunctionName,
        csc: &CscArn,
    ) -> impl Future<Output = Result<CscAttachment, PortError>> + Send;

    /// `UpdateCodeSigningConfig` with these publishers in place of those that it has. Nothing else is sent.
    fn set_publishers(
        &self,
        csc: &CscArn,
        publishers: &BTreeSet<String>,
    ) -> impl Future<Output = Result<PublishersChange, PortError>> + Send;
}
