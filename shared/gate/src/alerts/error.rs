//! Why an event was not handled.

use crate::{events::EventError, ports::PortError, records::RecordError};

/// Why an event was not handled.
#[derive(Debug, thiserror::Error)]
pub enum AlertError {
    /// The event is not understood.
    #[error(transparent)]
    Event(#[from] EventError),
    /// The page could not be sent, or the record could not be read.
    #[error(transparent)]
    Port(#[from] PortError),
    /// A record is there and makes no sense, or could not be made into JSON.
    #[error(transparent)]
    Record(RecordError),
    /// Other runs changed a document each time that this one was about to.
    #[error("other runs changed the document {path} each time")]
    Contended {
        /// Its key in the records bucket.
        path: String,
    },
    /// Another run is sending a page about the same thing.
    #[error("{what}")]
    Busy {
        /// What it is doing.
        what: &'static str,
    },
}

impl From<RecordError> for AlertError {
    fn from(error: RecordError) -> Self {
        match error {
            RecordError::Port(error) => Self::Port(error),
            error => Self::Record(error),
        }
    }
}
