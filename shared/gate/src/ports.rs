//! What the use cases need of the world: small traits, one for each service.
//!
//! Three kinds of answer are kept apart everywhere: a thing, the absence of the thing (`None`, or a
//! variant that says so), and no answer at all ([`Trouble`]). An adapter must never turn the third
//! into the second: an access that is denied is not an object that is absent.
//!
//! The futures are `Send`, so that adapters can be used from any runtime, and every method takes
//! `&self`. One value may implement all of these traits: the method names do not overlap.

use std::{collections::BTreeMap, future::Future, time::Duration};

use countersign_package::ProfileVersionArn;
use jiff::Timestamp;

use crate::{
    announce::Announcement,
    csc::Csc,
    names::{
        AliasName, CscArn, FunctionName, LayerName, ProfileName, RevisionId, SigningJobId,
        VersionId,
    },
    page::SnsMessage,
    proof::Approved,
    trouble::Trouble,
    upload::UploadId,
};

/// What time it is, and waiting.
pub trait Clock: Sync {
    /// Now.
    fn now(&self) -> Timestamp;
    /// Returns after `duration`.
    fn sleep(&self, duration: Duration) -> impl Future<Output = ()> + Send;
}

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
    ) -> impl Future<Output = Result<UploadHead, Trouble>> + Send;

    /// `GetObject` of exactly this version; `None` when there is no such version, or it is a delete
    /// marker.
    fn read_upload(
        &self,
        upload: &UploadId,
    ) -> impl Future<Output = Result<Option<Vec<u8>>, Trouble>> + Send;

    /// `GetObjectTagging` of exactly this version; empty when there are none or it is gone.
    fn upload_tags(
        &self,
        upload: &UploadId,
    ) -> impl Future<Output = Result<BTreeMap<String, String>, Trouble>> + Send;
}

/// One version of an object in the signed bucket: what Lambda is told to fetch.
#[derive(
    Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
pub struct SignedObject {
    /// The signed bucket.
    pub bucket: String,
    /// The key: the upload's folder, the job's id, `.zip`.
    pub key: String,
    /// The version that was read, and is therefore the one that was judged.
    pub version: VersionId,
}

/// The bucket that Signer writes to.
pub trait SignedObjects: Sync {
    /// `GetObject` of the key's current version, with the version id *of that same answer*, so that
    /// what was read is what is pinned. `None` when there is no such key. An answer without a version
    /// id (a bucket without versioning) is [`Trouble::Unexpected`].
    fn read_signed(
        &self,
        bucket: &str,
        key: &str,
    ) -> impl Future<Output = Result<Option<(SignedObject, Vec<u8>)>, Trouble>> + Send;
}

/// Whether a conditional write was the first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Creation {
    /// The document is there now, and this call put it there.
    Created,
    /// There was one already; nothing was changed.
    Existed,
}

/// The records bucket. Paths are keys, without a leading slash.
pub trait Records: Sync {
    /// `GetObject`; `None` when there is none.
    fn read_record(
        &self,
        path: &str,
    ) -> impl Future<Output = Result<Option<Vec<u8>>, Trouble>> + Send;

    /// `PutObject` with `If-None-Match: *`. S3 answers 409 while another conditional write to the
    /// same key is under way: that is [`Trouble::Unavailable`], or is retried by the adapter.
    fn create_record(
        &self,
        path: &str,
        body: &[u8],
    ) -> impl Future<Output = Result<Creation, Trouble>> + Send;

    /// `PutObject`; the bucket's versions keep what was there.
    fn replace_record(
        &self,
        path: &str,
        body: &[u8],
    ) -> impl Future<Output = Result<(), Trouble>> + Send;

    /// `ListObjectsV2`, all pages: the paths that begin with `prefix`, in order.
    fn list_records(
        &self,
        prefix: &str,
    ) -> impl Future<Output = Result<Vec<String>, Trouble>> + Send;
}

/// What Signer is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobRequest {
    /// The profile to sign with, in this account and region.
    pub profile: ProfileName,
    /// The upload to sign.
    pub source: UploadId,
    /// The signed bucket.
    pub bucket: String,
    /// Where in the signed bucket: the upload's folder, with its final slash.
    pub prefix: String,
    /// [`UploadId::client_token`].
    pub token: String,
}

/// Signer's answer to `StartSigningJob`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JobStart {
    /// A job with this id runs, or ran: a repeated token answers with the first job.
    Job(SigningJobId),
    /// Signer will not sign this, now or later: no such profile, a canceled one, a source it does
    /// not take (`ResourceNotFoundException`, `ValidationException`).
    Refused(Refusal),
}

/// A refusal in AWS's own words.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Refusal {
    /// The exception's name: `CodeVerificationFailedException`.
    pub exception: String,
    /// Its message.
    pub message: String,
}

impl Refusal {
    /// Whether Lambda refused for the signature's sake. AWS was seen to use
    /// `CodeVerificationFailedException` for tampering too (grade C); the model has two more.
    #[must_use]
    pub fn is_about_signature(&self) -> bool {
        matches!(
            self.exception.as_str(),
            "CodeVerificationFailedException"
                | "InvalidCodeSignatureException"
                | "CodeSigningConfigNotFoundException"
        )
    }
}

/// How a signing job stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JobStatus {
    /// Not done yet.
    InProgress,
    /// Signed; the job says where.
    Succeeded,
    /// Not signed, and never will be under this job.
    Failed {
        /// `statusReason`, perhaps empty.
        reason: String,
    },
}

/// `DescribeSigningJob`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SigningJob {
    /// The job.
    pub id: SigningJobId,
    /// How it stands.
    pub status: JobStatus,
    /// Bucket, key and version that were signed; `None` for what is not an S3 object.
    pub source: Option<UploadId>,
    /// Bucket and key of the signed object (`signedObject.s3`; it has no version id).
    pub signed: Option<(String, String)>,
    /// The profile's name.
    pub profile: ProfileName,
    /// The profile's version, ten alphanumerics.
    pub profile_version: String,
    /// The account that owns the profile's use: `jobOwner`.
    pub owner: String,
    /// `signatureExpiresAt`.
    pub expires_at: Option<Timestamp>,
    /// When the job's signature was revoked (`revocationRecord`), and why.
    pub revocation: Option<JobRevocation>,
}

/// A job's signature was revoked: whatever its time, it counts no more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobRevocation {
    /// `revokedAt`.
    pub at: Timestamp,
    /// Who gave which reason.
    pub reason: String,
}

/// `GetSigningProfile`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SigningProfile {
    /// The version that this answer is about (`profileVersionArn`).
    pub version_arn: ProfileVersionArn,
    /// How it stands.
    pub status: ProfileStatus,
}

/// How a signing profile stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProfileStatus {
    /// It signs.
    Active,
    /// It signs no more; what it signed stays valid.
    Canceled,
    /// What it signed at or after this time is invalid.
    Revoked {
        /// `revocationRecord.revocationEffectiveFrom`.
        effective_from: Timestamp,
    },
}

/// AWS Signer.
pub trait Signer: Sync {
    /// `StartSigningJob`.
    fn start_job(
        &self,
        request: &JobRequest,
    ) -> impl Future<Output = Result<JobStart, Trouble>> + Send;

    /// `DescribeSigningJob`; `None` when there is no such job.
    fn describe_job(
        &self,
        id: &SigningJobId,
    ) -> impl Future<Output = Result<Option<SigningJob>, Trouble>> + Send;

    /// `GetSigningProfile`; `None` when there is no such profile. `owner` is the account of the
    /// profile. A status that is not known is [`Trouble::Unexpected`].
    fn profile(
        &self,
        name: &ProfileName,
        owner: &str,
    ) -> impl Future<Output = Result<Option<SigningProfile>, Trouble>> + Send;
}

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
    /// `SourceKMSKeyArn`: the customer's own key that Lambda keeps the zip under.
    pub code_key: Option<String>,
    /// `RevisionId` of `$LATEST`.
    pub revision: RevisionId,
    /// `LastUpdateStatus`, with `State`.
    pub update: UpdateStatus,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
}

/// By what Lambda tells code apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CodeIdentity {
    /// `CodeSha256`: base64 of the SHA-256 of the zip.
    pub sha256: String,
    /// `SigningJobArn`, when the package is signed.
    pub job_arn: Option<String>,
    /// `SigningProfileVersionArn`, when the package is signed.
    pub profile_version_arn: Option<String>,
}

/// Lambda's answer to `UpdateFunctionCode`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CodeUpdate<T> {
    /// Taken; of a dry run: it would be taken.
    Taken(T),
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
            Self::Taken(said) => CodeUpdate::Taken(make(said)?),
            Self::Refused(refusal) => CodeUpdate::Refused(refusal),
            Self::RevisionChanged => CodeUpdate::RevisionChanged,
            Self::Busy => CodeUpdate::Busy,
            Self::Gone => CodeUpdate::Gone,
        })
    }
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
}

/// Lambda's answer to `PublishVersion`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum VersionPublish {
    /// The version's number. When neither code nor configuration changed since the last version,
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
}

/// `GetAlias`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alias {
    /// The version it points at.
    pub version: String,
    /// Whether another version gets some of its traffic (`RoutingConfig`).
    pub splits_traffic: bool,
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
}

/// Functions and their code signing configurations.
pub trait Functions: Sync {
    /// `GetFunction`; `None` when there is no such function. It draws on a quota of its own (100/s),
    /// so waiting polls it rather than `GetFunctionConfiguration`.
    fn function(
        &self,
        name: &FunctionName,
    ) -> impl Future<Output = Result<Option<Function>, Trouble>> + Send;

    /// `GetFunctionCodeSigningConfig`; `None` when the function has none, or is gone.
    fn csc_of(
        &self,
        name: &FunctionName,
    ) -> impl Future<Output = Result<Option<CscArn>, Trouble>> + Send;

    /// `GetCodeSigningConfig`; `None` when there is no such configuration.
    fn csc(&self, arn: &CscArn) -> impl Future<Output = Result<Option<Csc>, Trouble>> + Send;

    /// `UpdateFunctionCode` with `DryRun`, of exactly this version of the signed object, upon the function as it
    /// was seen. Nothing but whether it is taken is read from the answer: nobody has recorded what else a dry
    /// run says.
    fn try_code(
        &self,
        name: &FunctionName,
        signed: &SignedObject,
        seen: &Function,
    ) -> impl Future<Output = Result<CodeUpdate<()>, Trouble>> + Send;

    /// `UpdateFunctionCode` with the approved package's bucket, key and version, upon the function as it was
    /// seen: with its `RevisionId`, so that no other change is undone, and with its `SourceKMSKeyArn`, since
    /// Lambda uses a key of its own when none is given (its API reference, grade B). That the package is
    /// approved is in the type.
    fn update_code(
        &self,
        name: &FunctionName,
        approved: &Approved,
        seen: &Function,
    ) -> impl Future<Output = Result<CodeUpdate<CodeIdentity>, Trouble>> + Send;

    /// `PublishVersion` with `CodeSha256` and `Description`.
    fn publish_version(
        &self,
        request: &VersionRequest,
    ) -> impl Future<Output = Result<VersionPublish, Trouble>> + Send;

    /// `GetFunction` of a published version; `None` when there is no such version or function.
    fn version(
        &self,
        function: &FunctionName,
        version: &str,
    ) -> impl Future<Output = Result<Option<VersionState>, Trouble>> + Send;

    /// `GetAlias`; `None` when there is none.
    fn alias(
        &self,
        function: &FunctionName,
        alias: &AliasName,
    ) -> impl Future<Output = Result<Option<Alias>, Trouble>> + Send;

    /// `UpdateAlias` with `RevisionId` and an empty `RoutingConfig`: all traffic goes to `version`.
    fn move_alias(
        &self,
        function: &FunctionName,
        alias: &AliasName,
        version: &str,
        revision: &RevisionId,
    ) -> impl Future<Output = Result<AliasMove, Trouble>> + Send;
}

/// What becomes a layer version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LayerRequest {
    /// The layer.
    pub layer: LayerName,
    /// At most 256 characters.
    pub description: String,
    /// `CompatibleRuntimes`, at most 15; empty means: not said.
    pub runtimes: Vec<String>,
    /// `CompatibleArchitectures`, at most 2; empty means: not said.
    pub architectures: Vec<String>,
}

/// One published version of a layer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LayerVersion {
    /// `Version`.
    pub version: i64,
    /// `LayerVersionArn`.
    pub arn: String,
    /// `Description`, perhaps empty.
    pub description: String,
}

/// A layer version's content (`Content` of `GetLayerVersion` and of `PublishLayerVersion`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LayerContent {
    /// The version.
    pub version: LayerVersion,
    /// Its code.
    pub code: CodeIdentity,
}

/// Lambda's answer to `PublishLayerVersion`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LayerPublish {
    /// It is there.
    Published(LayerContent),
    /// It will be refused again: size, zip, storage, an unknown runtime.
    Refused(Refusal),
}

/// Layers. Lambda does not judge them when they are published (grade C), so nobody but the gate
/// stands between an upload and a layer version.
pub trait Layers: Sync {
    /// `ListLayerVersions`, newest first, at most `most`.
    fn layer_versions(
        &self,
        layer: &LayerName,
        most: u8,
    ) -> impl Future<Output = Result<Vec<LayerVersion>, Trouble>> + Send;

    /// `GetLayerVersion`; `None` when there is none.
    fn layer_content(
        &self,
        layer: &LayerName,
        version: i64,
    ) -> impl Future<Output = Result<Option<LayerContent>, Trouble>> + Send;

    /// `PublishLayerVersion` from the approved package's bucket, key and version.
    fn publish_layer(
        &self,
        request: &LayerRequest,
        approved: &Approved,
    ) -> impl Future<Output = Result<LayerPublish, Trouble>> + Send;
}

/// The gate's own events, on the event bus.
pub trait Events: Sync {
    /// `PutEvents` with one entry. An entry that the answer counts as failed is trouble.
    fn announce(
        &self,
        announcement: &Announcement,
    ) -> impl Future<Output = Result<(), Trouble>> + Send;
}

/// Where pages go.
pub trait Pager: Sync {
    /// `Publish` with `Subject`, `Message` and `MessageStructure: json`.
    fn page(&self, message: &SnsMessage) -> impl Future<Output = Result<(), Trouble>> + Send;
}
