//! Functions, their versions and aliases, and their code signing configurations.

use super::error::PortError;
use crate::{
    domain::{
        AliasName, Architecture, CodeIdentity, CodeStorage, Csc, CscArn, FunctionConfiguration,
        FunctionName, ReferencedObject, Refusal, RevisionId, SignedObject,
    },
    verdict::Approved,
};
use std::{collections::BTreeMap, future::Future};

/// How the last change of a function stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UpdateStatus {
    /// Done.
    Successful,
    /// Under way (also: `State` is `Pending`).
    InProgress,
    /// It failed; the old code runs on.
    Failed {
        /// `LastUpdateStatusReason`, or `StateReason`.
        reason: String,
    },
    /// A value that this gate does not know: neither done nor failed, and waited for as long as anything is.
    Unknown {
        /// Which, of what: `State is Hibernating`.
        what: String,
    },
}

/// `GetFunction` of `$LATEST`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Function {
    /// The unqualified ARN.
    pub arn: String,
    /// `PackageType` is `Image`.
    pub is_image: bool,
    /// Its code.
    pub code: CodeIdentity,
    /// What of its configuration decides which code runs.
    pub configuration: FunctionConfiguration,
    /// The object that Lambda reads its code from; `None` when it keeps a copy.
    pub referenced: Option<ReferencedObject>,
    /// `SourceKMSKeyArn`: the customer's own key that Lambda keeps the zip under.
    pub kms_key_arn: Option<String>,
    /// It runs on Managed Instances (`CapacityProviderConfig`, grade A): calls without a qualifier run what was
    /// published to latest ([`LATEST_PUBLISHED`]), and not `$LATEST`.
    pub is_on_managed_instances: bool,
    /// `RevisionId` of `$LATEST`.
    pub revision: RevisionId,
    /// `LastUpdateStatus`, with `State`.
    pub update: UpdateStatus,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
}

/// What `UpdateFunctionCode` says besides which package it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct UpdateOptions {
    /// `S3ObjectStorageMode`. It is said at every update: left out, a reference turns into a copy (grade B).
    pub storage: CodeStorage,
    /// `Architectures`, which only this call takes (grade A); `None`: it is left out, and the function keeps its own.
    pub architecture: Option<Architecture>,
}

/// Lambda's answer to `UpdateFunctionCode`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CodeUpdate<T> {
    /// Taken; of a dry run: it would be taken.
    Accepted(T),
    /// Refused: the signature, the size, the zip, the storage. Will be refused again.
    Refused(Refusal),
    /// `PreconditionFailedException`: the function is not in the revision that was given.
    RevisionChanged,
    /// `ResourceConflictException`: an update is under way.
    Busy,
    /// `ResourceNotFoundException`: no such function.
    Gone,
}

impl<T> CodeUpdate<T> {
    /// Makes something else of what Lambda says of code that it took.
    pub fn try_map<U, E>(self, make: impl FnOnce(T) -> Result<U, E>) -> Result<CodeUpdate<U>, E> {
        Ok(match self {
            Self::Accepted(said) => CodeUpdate::Accepted(make(said)?),
            Self::Refused(refusal) => CodeUpdate::Refused(refusal),
            Self::RevisionChanged => CodeUpdate::RevisionChanged,
            Self::Busy => CodeUpdate::Busy,
            Self::Gone => CodeUpdate::Gone,
        })
    }
}

/// What Lambda says of code that it took.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UpdatedCode {
    /// Its code now.
    pub code: CodeIdentity,
    /// `LastUpdateStatus` is `Successful` already; as a rule it is `InProgress` (Lambda's developer guide,
    /// grade B).
    pub is_done: bool,
}

/// `GetFunctionCodeSigningConfig`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FunctionCsc {
    /// The function has this configuration.
    Attached(CscArn),
    /// It has none.
    NoneAttached,
    /// There is no such function.
    NoFunction,
}

/// The qualifier of what calls without one run on Managed Instances. `GetFunction` takes it (its pattern in the
/// service model, grade A).
pub const LATEST_PUBLISHED: &str = "$LATEST.PUBLISHED";

/// What `$LATEST` is published as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Publication {
    /// A version with a number of its own.
    Version,
    /// What calls without a qualifier run on Managed Instances (`PublishTo`, grade A).
    LatestPublished,
}

/// What becomes a version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VersionRequest {
    /// The function.
    pub function: FunctionName,
    /// Lambda publishes only if `$LATEST` has this code.
    pub code_sha256: String,
    /// At most 256 characters.
    pub description: String,
    /// As what.
    pub publication: Publication,
}

/// Lambda's answer to `PublishVersion`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum VersionPublish {
    /// The version's number; of [`Publication::LatestPublished`], what Lambda says in its place (grade D). When neither code nor configuration changed since the last version,
    /// Lambda answers with that one.
    Version(String),
    /// `$LATEST` has other code than was asked for (`InvalidParameterValueException`).
    CodeChanged,
    /// `ResourceConflictException`: an update is under way.
    Busy,
    /// No such function.
    Gone,
    /// Anything that will be refused again.
    Refused(Refusal),
}

/// `GetFunction` of a published version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    /// Its code. It never changes.
    pub code: CodeIdentity,
    /// What of its configuration decides which code runs. It never changes.
    pub configuration: FunctionConfiguration,
    /// Whether it can be invoked.
    pub state: VersionState,
}

/// Whether a published version can be invoked (`State`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum VersionState {
    /// It can. A version that was idle for long counts: its next invocation wakes it.
    Ready,
    /// Not yet: Lambda prepares its network interfaces or its snapshot.
    Pending,
    /// It never will.
    Failed {
        /// `StateReason`.
        reason: String,
    },
    /// A state that this gate does not know: not ready, and waited for as long as anything is.
    Unknown {
        /// As Lambda spells it.
        state: String,
    },
}

/// `GetAlias`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alias {
    /// The version it points at.
    pub version: String,
    /// The versions that get some of its traffic beside [`Alias::version`], each with its share as
    /// Lambda writes it (`RoutingConfig.AdditionalVersionWeights`, 0.0 to 1.0). A canary.
    pub weights: BTreeMap<String, String>,
    /// Its own revision.
    pub revision: RevisionId,
}

/// Lambda's answer to `UpdateAlias`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AliasMove {
    /// It points at the version now, with all its traffic.
    Moved,
    /// `PreconditionFailedException`: someone moved it since it was read.
    RevisionChanged,
    /// `ResourceConflictException`: the version, or something else, is not ready for it.
    Busy,
    /// No such alias, version or function.
    Gone,
    /// Anything that will be refused again: `InvalidParameterValueException`, for instance for
    /// provisioned concurrency.
    Refused(Refusal),
}

impl Alias {
    /// Whether another version gets some of its traffic. While an alias with provisioned concurrency moves,
    /// AWS itself gives the old version all of it (1.0): that is no canary (grade C).
    #[must_use]
    pub fn is_canary(&self) -> bool {
        is_canary(&self.weights)
    }
}

/// Whether any of these shares is less than all.
pub(super) fn is_canary(weights: &BTreeMap<String, String>) -> bool {
    let share = |weight: &String| weight.parse::<f64>().unwrap_or_default();
    weights.values().any(|weight| share(weight) < 1.0)
}

/// Functions and their code signing configurations.
pub trait Functions: Sync {
    /// `GetFunction`; `None` when there is no such function. It draws on a quota of its own (100/s),
    /// so waiting polls it rather than `GetFunctionConfiguration`.
    fn function(
        &self,
        name: &FunctionName,
    ) -> impl Future<Output = Result<Option<Function>, PortError>> + Send;

    /// `GetFunctionCodeSigningConfig`.
    fn function_csc(
        &self,
        name: &FunctionName,
    ) -> impl Future<Output = Result<FunctionCsc, PortError>> + Send;

    /// `GetCodeSigningConfig`; `None` when there is no such configuration.
    fn csc(&self, arn: &CscArn) -> impl Future<Output = Result<Option<Csc>, PortError>> + Send;

    /// `UpdateFunctionCode` with `DryRun`, of exactly this version of the signed object, upon the function as it
    /// was seen. Nothing but whether it is taken is read from the answer: nobody has recorded what else a dry
    /// run says.
    fn dry_run_update(
        &self,
        name: &FunctionName,
        signed: &SignedObject,
        seen: &Function,
        options: UpdateOptions,
    ) -> impl Future<Output = Result<CodeUpdate<()>, PortError>> + Send;

    /// `UpdateFunctionCode` with the approved package's bucket, key and version, upon the function as it was
    /// seen: with its `RevisionId`, so that no other change is undone, and with its `SourceKMSKeyArn`, since
    /// Lambda uses a key of its own when none is given (its API reference, grade B). That the package is
    /// approved is in the type.
    fn update_code(
        &self,
        name: &FunctionName,
        approved: &Approved,
        seen: &Function,
        options: UpdateOptions,
    ) -> impl Future<Output = Result<CodeUpdate<UpdatedCode>, PortError>> + Send;

    /// `PublishVersion` with `CodeSha256`, `Description` and perhaps `PublishTo`.
    fn publish_version(
        &self,
        request: &VersionRequest,
    ) -> impl Future<Output = Result<VersionPublish, PortError>> + Send;

    /// `GetFunction` of a published version, or of [`LATEST_PUBLISHED`]; `None` when there is no such version or function.
    fn version(
        &self,
        function: &FunctionName,
        version: &str,
    ) -> impl Future<Output = Result<Option<Version>, PortError>> + Send;

    /// `GetAlias`; `None` when there is none.
    fn alias(
        &self,
        function: &FunctionName,
        alias: &AliasName,
    ) -> impl Future<Output = Result<Option<Alias>, PortError>> + Send;

    /// `UpdateAlias` with `RevisionId` and an empty `RoutingConfig`: all traffic goes to `version`.
    fn move_alias(
        &self,
        function: &FunctionName,
        alias: &AliasName,
        version: &str,
        revision: &RevisionId,
    ) -> impl Future<Output = Result<AliasMove, PortError>> + Send;
}
