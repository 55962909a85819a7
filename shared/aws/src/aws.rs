//! All ports of a stack in one value, as the functions `sign`, `deploy` and `sweep` need them.

use std::{collections::BTreeMap, time::Duration};

use countersign_gate::{
    domain::{
        AliasName, AttestationFolder, Csc, CscArn, FunctionName, LayerName, LifecycleRule,
        PackageVersion, ProfileName, RevisionId, SignedObject, SigningJob, SigningJobId,
        SigningProfile, Stack, Target, UploadId, VersionId, VersionNumber,
    },
    ports::{
        Alias, AliasMove, Announcement, AttestationListing, AttestationRead, Attestations, Clock,
        CodeUpdate, Creation, CurrentPackage, CurrentUpload, Events, Function, FunctionAliases,
        FunctionCsc, FunctionInventory, FunctionVersions, Functions, JobRequest, JobStart,
        LayerContent, LayerPublish, LayerRequest, LayerVersion, Layers, ListedAlias,
        ListedFunction, ListedFunctionVersion, ListingPage, PackageStorage, PortError,
        RecordWithEtag, Records, Replacement, SignedObjects, Signer, StatementObject,
        StoredVersion, UpdateOptions, UpdatedCode, UploadHead, UploadInventory, UploadStore,
        UploadVersion, Uploads, Version, VersionDeletion, VersionPublish, VersionRequest,
        VersionsCursor, VersionsPage,
    },
    verdict::{Approved, Verified},
};
use jiff::Timestamp;

#[cfg(feature = "function-runtime")]
use crate::adapters::FunctionQueues;
use crate::{
    adapters::{
        EventBusApi, LambdaApi, RecordsBucket, SignedBucket, SignerApi, SystemClock, UploadsBucket,
    },
    connection::Connection,
};
#[cfg(feature = "function-runtime")]
use countersign_gate::ports::{Redelivery, UploadFunction};

/// One adapter a port. The use cases ask for one value that has them all. `Queues` are those of other
/// functions, which `sweep` alone has.
#[derive(Debug, Clone)]
pub struct Aws<Queues = ()> {
    clock: SystemClock,
    uploads: UploadsBucket,
    signed: SignedBucket,
    records: RecordsBucket,
    signer: SignerApi,
    lambda: LambdaApi,
    events: EventBusApi,
    #[cfg_attr(
        not(feature = "function-runtime"),
        expect(dead_code, reason = "only functions send messages")
    )]
    queues: Queues,
}

impl Aws {
    /// AWS for one stack, whose own events go to `event_bus` (a name or an ARN).
    #[must_use]
    pub fn new(connection: Connection, stack: Stack, event_bus: String) -> Self {
        Self {
            clock: SystemClock,
            uploads: UploadsBucket::new(connection.clone(), stack.uploads_bucket),
            signed: SignedBucket::new(connection.clone(), stack.signed_bucket),
            records: RecordsBucket::new(connection.clone(), stack.records_bucket),
            signer: SignerApi::new(connection.clone()),
            lambda: LambdaApi::new(connection.clone()),
            events: EventBusApi::new(connection, event_bus),
            queues: (),
        }
    }

    /// The same with the queues of the functions `sign` and `deploy`.
    #[cfg(feature = "function-runtime")]
    #[must_use]
    pub fn with_queues(self, queues: FunctionQueues) -> Aws<FunctionQueues> {
        let Self {
            clock,
            uploads,
            signed,
            records,
            signer,
            lambda,
            events,
            queues: (),
        } = self;
        Aws {
            clock,
            uploads,
            signed,
            records,
            signer,
            lambda,
            events,
            queues,
        }
    }
}

impl<Queues: Sync> Clock for Aws<Queues> {
    fn now(&self) -> Timestamp {
        self.clock.now()
    }

    async fn sleep(&self, duration: Duration) {
        self.clock.sleep(duration).await;
    }
}

/// Implements a port by handing each call to the adapter in a field.
macro_rules! delegate {
    ($port:ident to $field:ident: $($methods:tt)+) => {
        crate::delegate::delegate! { [Queues: Sync] $port for [Aws<Queues>] to $field: $($methods)+ }
    };
}

delegate! { Uploads to uploads:
    fn head_upload(key: &str, version: Option<&VersionId>) -> UploadHead;
    fn read_upload(upload: &UploadId) -> Option<Vec<u8>>;
    fn read_if_current(wanted: &UploadId) -> CurrentUpload;
    fn list_versions(key: &str, max: usize) -> Vec<UploadVersion>;
    fn list_statements(prefix: &str, max: usize) -> Vec<String>;
    fn read_statement(key: &str, max_bytes: u64) -> Option<StatementObject>;
    fn upload_tags(upload: &UploadId) -> BTreeMap<String, String>;
}

delegate! { Attestations to uploads:
    fn list_attestations(folder: &AttestationFolder, max: u16) -> AttestationListing;
    fn read_attestation(key: &str, max_bytes: u64) -> AttestationRead;
}

delegate! { UploadStore to uploads:
    fn put_upload(target: &Target, package: &[u8], metadata: &BTreeMap<String, String>) -> StoredVersion;
    fn restore_upload(target: &Target, version: &VersionId, metadata: &BTreeMap<String, String>) -> Option<StoredVersion>;
}

delegate! { SignedObjects to signed:
    fn read_signed(bucket: &str, key: &str) -> Option<(SignedObject, Vec<u8>)>;
    fn current_package(target: &Target) -> Option<CurrentPackage>;
    fn read_signed_version(object: &SignedObject) -> Option<Vec<u8>>;
    fn replace_current_package(verified: &Verified, seen: Option<&CurrentPackage>) -> Option<SignedObject>;
}

delegate! { PackageStorage to signed:
    fn lifecycle_rules() -> Vec<LifecycleRule>;
    fn package_versions(key: &str) -> Vec<PackageVersion>;
}

delegate! { Records to records:
    fn read_record(path: &str) -> Option<Vec<u8>>;
    fn create_record(path: &str, body: &[u8]) -> Creation;
    fn replace_record(path: &str, body: &[u8]) -> ();
    fn read_record_with_etag(path: &str) -> Option<RecordWithEtag>;
    fn replace_record_as_seen(path: &str, body: &[u8], seen: Option<&RecordWithEtag>) -> Replacement;
    fn list_records(prefix: &str) -> Vec<String>;
    fn list_record_folders(prefix: &str) -> Vec<String>;
}

delegate! { Signer to signer:
    fn start_job(request: &JobRequest) -> JobStart;
    fn describe_job(id: &SigningJobId) -> Option<SigningJob>;
    fn profile(name: &ProfileName, owner: &str) -> Option<SigningProfile>;
}

delegate! { Functions to lambda:
    fn function(name: &FunctionName) -> Option<Function>;
    fn function_csc(name: &FunctionName) -> FunctionCsc;
    fn csc(arn: &CscArn) -> Option<Csc>;
    fn dry_run_update(name: &FunctionName, signed: &SignedObject, seen: &Function, options: UpdateOptions) -> CodeUpdate<()>;
    fn update_code(name: &FunctionName, approved: &Approved, seen: &Function, options: UpdateOptions) -> CodeUpdate<UpdatedCode>;
    fn publish_version(request: &VersionRequest) -> VersionPublish;
    fn version(function: &FunctionName, version: &str) -> Option<Version>;
    fn alias(function: &FunctionName, alias: &AliasName) -> Option<Alias>;
    fn move_alias(function: &FunctionName, alias: &AliasName, version: &str, revision: &RevisionId) -> AliasMove;
}

delegate! { Layers to lambda:
    fn layer_versions(layer: &LayerName, max: u8) -> Vec<LayerVersion>;
    fn layer_content(layer: &LayerName, version: i64) -> Option<LayerContent>;
    fn publish_layer(request: &LayerRequest, approved: &Approved) -> LayerPublish;
}

delegate! { Events to events:
    fn announce(announcement: &Announcement) -> ();
}

delegate! { UploadInventory to uploads:
    fn list_all_versions(from: Option<&VersionsCursor>) -> VersionsPage;
}

delegate! { FunctionInventory to lambda:
    fn list_functions(marker: Option<&str>) -> ListingPage<ListedFunction>;
    fn list_cscs(marker: Option<&str>) -> ListingPage<Csc>;
    fn functions_of_csc(csc: &CscArn, marker: Option<&str>) -> ListingPage<String>;
}

delegate! { FunctionAliases to lambda:
    fn list_aliases(function: &FunctionName, marker: Option<&str>) -> ListingPage<ListedAlias>;
}

delegate! { FunctionVersions to lambda:
    fn list_function_versions(function: &FunctionName, marker: Option<&str>) -> ListingPage<ListedFunctionVersion>;
    fn list_provisioned_versions(function: &FunctionName, marker: Option<&str>) -> ListingPage<VersionNumber>;
    fn delete_version(function: &FunctionName, version: VersionNumber) -> VersionDeletion;
}

#[cfg(feature = "function-runtime")]
impl Redelivery for Aws<FunctionQueues> {
    async fn resend(&self, to: UploadFunction, body: &str) -> Result<(), PortError> {
        self.queues.resend(to, body).await
    }
}
