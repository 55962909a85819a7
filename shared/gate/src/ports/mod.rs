//! What the use cases need of the world: small traits, one for each service, one a file.
//!
//! Three kinds of answer are kept apart everywhere: a thing, the absence of the thing (`None`, or a
//! variant that says so), and no answer at all ([`PortError`]). An adapter must never turn the third
//! into the second: access denied is not the same as an absent object.
//!
//! The futures are `Send`, so that adapters can be used from any runtime, and every method takes
//! `&self`. One value may implement all of these traits: the method names do not overlap.
//!
//! May use: `domain`, `verdict` (effects ask for [`crate::verdict::Approved`]).
//!
//! Data passes through like this: a use case calls a trait; `countersign-aws` implements it with the
//! SDK, the tests with a small AWS in memory.

mod access_policies;
mod adoption;
mod attestations;
mod call_history;
mod caller;
mod clock;
mod dead_letters;
mod error;
mod event_bus;
mod function_inventory;
mod function_versions;
mod functions;
mod layers;
mod listing;
mod package_storage;
mod pager;
mod quota_share;
mod records;
mod redelivery;
mod signed_objects;
mod signer;
mod stack_inspection;
mod statement_store;
mod summary_signer;
mod upload_inventory;
mod upload_store;
mod uploads;

pub use access_policies::{AccessPolicies, AccessPolicy, Principal};
pub use adoption::{
    Adoption, AdoptionCandidate, CodeLocation, CscAttachment, GateEnvironment, LayerCandidate,
    LayerUser, PublishersChange,
};
pub use attestations::{
    AttestationListing, AttestationRead, AttestationStore, Attestations, ListedAttestation,
};
pub use call_history::CallHistory;
pub use caller::{Caller, CallerIdentity};
pub use clock::Clock;
pub use dead_letters::{DeadLetter, DeadLetters};
pub use error::{Cause, PortError, error_chain};
pub use event_bus::{Announcement, Events, SOURCE};
pub use function_inventory::{FunctionInventory, ListedFunction};
pub use function_versions::{
    FunctionAliases, FunctionVersions, ListedAlias, ListedFunctionVersion, VersionDeletion,
};
pub use functions::{
    Alias, AliasMove, CodeUpdate, Function, FunctionCsc, Functions, LATEST_PUBLISHED, Publication,
    UpdateOptions, UpdateStatus, UpdatedCode, Version, VersionPublish, VersionRequest,
    VersionState,
};
pub use layers::{LayerContent, LayerPublish, LayerRequest, LayerVersion, Layers};
pub use listing::{CONTROL_PLANE_INTERVAL, GET_FUNCTION_INTERVAL, ListingPage, Pages};
pub use package_storage::PackageStorage;
pub use pager::{Pager, SnsMessage};
pub use quota_share::QuotaShare;
pub use records::{Creation, RecordWithEtag, Records, Replacement};
pub use redelivery::{Redelivery, UploadFunction};
pub use signed_objects::{CurrentPackage, SignedObjects};
pub use signer::{JobRequest, JobStart, Signer};
pub use stack_inspection::{
    AlarmSettings, BucketSettings, DescribedStack, GateFunctionSettings, KeySettings,
    MappingFilter, QueueMapping, QueueSettings, RuleSettings, RuleTarget, SimulatedAction,
    StackInspection, StackResource, Subscription, TargetInput, TrailLogging, TrailSettings,
};
pub use statement_store::StatementStore;
pub use summary_signer::{SummarySignature, SummarySigner};
pub use upload_inventory::{ListedVersion, UploadInventory, VersionsCursor, VersionsPage};
pub use upload_store::{StoredVersion, UploadStore};
pub use uploads::{CurrentUpload, ObjectHead, StatementObject, UploadHead, UploadVersion, Uploads};
