//! Countersign's adapters: the ports of `countersign-gate` over AWS, and what its functions share.
//! This is the only crate that names the AWS SDK.
//!
//! An adapter keeps three things apart: what AWS answered, that it answered "there is none", and
//! that there was no answer. The last is trouble, and is tried again; it never becomes the second.

mod aws;
mod clock;
mod connection;
mod error;
mod eventbridge;
mod lambda;
mod layers;
#[cfg(feature = "logins")]
mod login;
mod s3;
#[cfg(feature = "shell")]
pub mod shell;
mod signer;
mod sns;
#[cfg(test)]
mod wire;

pub use aws::Aws;
pub use clock::SystemClock;
pub use connection::Connection;
pub use error::AwsError;
#[cfg(feature = "logins")]
pub use login::{Login, LoginMethod, LoginStep};
pub use sns::Topic;
