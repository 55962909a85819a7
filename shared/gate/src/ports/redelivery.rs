//! Sending an event again that was lost.

use super::error::PortError;
use std::future::Future;

/// A function of the gate that brings an upload further: its queue gets the event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UploadFunction {
    /// The function that takes uploads in.
    Sign,
    /// The function that deploys what was signed.
    Deploy,
}

impl UploadFunction {
    /// Its name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Sign => "sign",
            Self::Deploy => "deploy",
        }
    }
}

/// The queues of the functions.
pub trait Redelivery: Sync {
    /// `SendMessage`.
    fn resend(
        &self,
        to: UploadFunction,
        body: &str,
    ) -> impl Future<Output = Result<(), PortError>> + Send;
}
