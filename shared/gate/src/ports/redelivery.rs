//! Sending an event again that was lost.

use super::error::PortError;
use std::future::Future;

/// Whose queue gets it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Receiver {
    /// The function that takes uploads in.
    Sign,
    /// The function that deploys what was signed.
    Deploy,
}

impl Receiver {
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
        to: Receiver,
        body: &str,
    ) -> impl Future<Output = Result<(), PortError>> + Send;
}
