//! The ports of the gate over AWS: one adapter a service or bucket, one file for each port or two.
//!
//! | adapter | port | calls |
//! |---|---|---|
//! | [`UploadsBucket`] | `Uploads`, `UploadInventory`, `UploadStore`, `Attestations`, `AttestationStore`, `StatementStore` | S3 |
//! | [`SignedBucket`] | `SignedObjects`, `PackageStorage` | S3 |
//! | [`RecordsBucket`] | `Records` | S3 |
//! | [`SignerApi`] | `Signer` | Signer |
//! | [`LambdaApi`] | `Functions`, `FunctionVersions`, `FunctionAliases`, `Layers`, `FunctionInventory`, `Adoption` | Lambda |
//! | [`EventBusApi`] | `Events` | EventBridge |
//! | [`FunctionQueues`] | `Redelivery` | SQS |
//! | [`DeadLetterQueues`] | `DeadLetters` | SQS |
//! | [`SnsTopic`] | `Pager` | SNS |
//! | `CloudTrail` (feature `lookup`) | `CallHistory` | CloudTrail |
//! | `IamPolicies` (feature `doctor`) | `AccessPolicies` | IAM |
//! | `SummaryKey` (feature `summaries`) | `SummarySigner` | KMS |
//! | `StsCaller` (feature `approvals`) | `Caller` | STS |
//! | [`SystemClock`] | `Clock` | none |
//! | `StackInspector` (feature `doctor`) | `StackInspection` | CloudFormation, Lambda, IAM, KMS, S3, SQS, EventBridge, SNS, CloudWatch, CloudTrail |
//!
//! May use: [`crate::connection`] for the clients, [`crate::error`] for errors. Adapters do not use
//! each other, but for the clock; what those of one service share is in a file that is named after the service. What `StackInspector` asks is in
//! `inspect_account.rs` and `inspect_parts.rs`.
//!
//! Data passes through like this: a port's request becomes the SDK's; the answer's fields are
//! parsed into the gate's types; an error that is an answer ("there is none", "refused") becomes a
//! value, and any other error a `PortError`.

mod attestations;
#[cfg(feature = "approvals")]
mod caller_identity;
mod clock;
#[cfg(feature = "lookup")]
mod cloud_trail;
mod dead_letter_queues;
mod event_bus_api;
#[cfg(feature = "function-runtime")]
mod function_queues;
#[cfg(feature = "doctor")]
mod iam_policies;
#[cfg(feature = "doctor")]
mod inspect_account;
#[cfg(feature = "doctor")]
mod inspect_parts;
#[cfg(feature = "adoption")]
mod lambda_adoption;
mod lambda_api;
mod lambda_inventory;
mod lambda_layers;
mod lambda_versions;
mod package_storage;
mod records_bucket;
mod s3;
mod signed_bucket;
mod signer_api;
mod sns_topic;
#[cfg(feature = "doctor")]
mod stack_inspector;
mod statement_store;
#[cfg(feature = "summaries")]
mod summary_key;
mod timestamp;
mod upload_store;
mod uploads_bucket;

#[cfg(feature = "approvals")]
pub use caller_identity::StsCaller;
pub use clock::SystemClock;
#[cfg(feature = "lookup")]
pub use cloud_trail::CloudTrail;
pub use dead_letter_queues::DeadLetterQueues;
pub use event_bus_api::EventBusApi;
#[cfg(feature = "function-runtime")]
pub use function_queues::FunctionQueues;
#[cfg(feature = "doctor")]
pub use iam_policies::IamPolicies;
pub use lambda_api::LambdaApi;
pub use records_bucket::RecordsBucket;
pub use signed_bucket::SignedBucket;
pub use signer_api::SignerApi;
pub use sns_topic::SnsTopic;
#[cfg(feature = "doctor")]
pub use stack_inspector::StackInspector;
#[cfg(feature = "summaries")]
pub use summary_key::SummaryKey;
pub use uploads_bucket::UploadsBucket;
