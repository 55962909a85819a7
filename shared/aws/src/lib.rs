//! Countersign's adapters: the ports of `countersign-gate` over AWS, and what its functions share.
//! This is the only crate that names the AWS SDK.
//!
//! An adapter keeps three things apart: what AWS answered, that it answered "there is none", and
//! that there was no answer. The last is a `PortError`, and is tried again; it never becomes the
//! second.
//!
//! # The rooms
//!
//! ```text
//! 3  function_runtime    main of the functions: environment, batches of a queue, logs, metrics
//! 2  aws.rs              all ports of one stack in one value
//!    alert_aws.rs        those of the function alert
//!    delegate.rs         how several adapters are one value
//! 1  adapters            one adapter a service or bucket
//! 0  connection.rs       region, credentials, retries, timeouts, clients
//!    error.rs            what the SDK says, in the gate's terms
//!    login.rs            how a person logs in to AWS (feature `logins`, for the command line)
//! ```
//!
//! # The way of a message
//!
//! ```text
//! Lambda ── function_runtime/batch.rs     a batch of a queue; each message by itself, under its deadline
//!        ── functions/<name>/src/main.rs  the handler: one use case of countersign-gate over `Aws`
//!        ── aws.rs, delegate.rs           which adapter has the port that the use case calls
//!        ── adapters/<port>.rs            the request, and the answer as the port tells it
//!        ── connection.rs, error.rs       retries and timeouts; what failed, in the gate's terms
//!        ── batch.rs                      done, returned to the queue for later, or set aside
//! ```
//!
//! `adapter_tests` drives the adapters over a socket: the real SDK against the testkit's AWS.
//!
//! The command line takes the adapters one by one ([`RecordsBucket::new`]); the functions take
//! [`Aws`] and, with the feature `function-runtime`, the module of that name.

#[cfg(test)]
mod adapter_tests;
mod adapters;
mod alert_aws;
mod aws;
mod connection;
mod delegate;
mod error;
#[cfg(feature = "function-runtime")]
pub mod function_runtime;
#[cfg(feature = "logins")]
mod login;

#[cfg(feature = "lookup")]
pub use adapters::CloudTrail;
#[cfg(feature = "function-runtime")]
pub use adapters::FunctionQueues;
#[cfg(feature = "approvals")]
pub use adapters::StsCaller;
#[cfg(feature = "summaries")]
pub use adapters::SummaryKey;
pub use adapters::{
    DeadLetterQueues, EventBusApi, LambdaApi, RecordsBucket, SignedBucket, SignerApi, SnsTopic,
    SystemClock, UploadsBucket,
};
#[cfg(feature = "doctor")]
pub use adapters::{IamPolicies, StackInspector};
pub use alert_aws::AlertAws;
pub use aws::Aws;
pub use connection::Connection;
pub use error::AwsError;
#[cfg(feature = "logins")]
pub use login::{Login, LoginMethod, LoginStep};
