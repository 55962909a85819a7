//! The words of the gate: names, targets, uploads, code signing configurations, reason codes.
//!
//! Lives here: types that are parsed once and carry no behaviour of a use case. Private fields; the
//! only way in is a parser that returns an error with the offending text.
//!
//! May use: `countersign_package` only.
//!
//! Data passes through like this: text from an event, a key, a tag or an AWS answer is parsed into a
//! type of this room at the edge, and every other room works with the type.

mod arn;
mod attestation_folder;
mod break_glass;
mod code_signing_config;
mod freeze;
mod function_configuration;
mod gate_function;
mod lambda_code;
mod layer_metadata;
mod names;
mod person;
mod probe_function;
mod reason_code;
mod referenced_object;
mod shell_word;
mod signing_job;
mod stack;
mod stack_arn;
mod statement_key;
mod target;
mod target_tag;
mod upload;
mod upload_digest;
pub mod variables;
mod version_number;
mod weaker_parameter;

pub use arn::Arn;
pub use attestation_folder::AttestationFolder;
pub use break_glass::BreakGlass;
pub use code_signing_config::{Csc, CscPolicy};
pub use freeze::Freeze;
pub use function_configuration::{
    Architecture, AttachedLayer, CodeStorage, EXEC_WRAPPER, ExecWrapper, FunctionConfiguration,
};
pub use gate_function::GateFunction;
pub use lambda_code::{CodeIdentity, PackageType, Refusal, SIGNATURE_EXCEPTIONS};
pub use layer_metadata::{ARCHITECTURES, LayerMetadata, LayerMetadataError, RUNTIMES};
pub use names::{
    AliasName, CscArn, FunctionName, LayerName, LayerVersionArn, NameError, NamePattern,
    ProfileName, RevisionId, SigningJobId, VersionId,
};
pub use person::{Person, PersonalRoles, PrincipalError};
pub use probe_function::ProbeFunction;
pub use reason_code::{ReasonCode, ReasonText};
pub use referenced_object::{
    CurrentExpiry, LifecycleRule, NoncurrentExpiry, ObjectFate, PackageVersion, ReferencedObject,
};
pub(crate) use shell_word::{shell_word, shorthand_list};
pub use signing_job::{
    JobRevocation, JobStatus, ProfileStatus, SignedObject, SigningJob, SigningProfile,
};
pub use stack::{Scope, Stack};
pub use stack_arn::StackArn;
pub use statement_key::{
    APPROVALS, ATTESTATIONS, BREAK_GLASS, FREEZES, StatementKey, StatementKeyError, freeze_subject,
    is_freeze_subject,
};
pub use target::{KeyError, Target};
pub use target_tag::{
    ALIAS_TAG, APPROVALS_TAG, ARCHITECTURE_TAG, BUILDER_TAG, LEVEL_TAG, MANAGED_TAG, PROFILE_TAG,
    REF_TAG, SOURCE_TAG, TARGET_TAGS, WORKFLOW_TAG, is_managed,
};
pub use upload::{Upload, UploadId, Uploader, sha256_base64, subject_of_key};
pub use upload_digest::{UploadDigest, UploadDigestError};
pub use version_number::{VersionNumber, VersionNumberError};
pub use weaker_parameter::WeakerParameter;
