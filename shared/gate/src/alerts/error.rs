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
    /// The record is there and makes no sense.
    #[error(transparent)]
    Record(#[from] RecordError),
}
