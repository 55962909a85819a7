//! Why an event was not handled.

use crate::{events::EventError, ports::PortError, records::RecordError};

/// Why an event was not handled.
#[derive(Debug, thiserror::Error)]
pub enum AlertError {
    /// The event is not understood.
    #[error(transparent)]
    Trigger(#[from] EventError),
    /// The page could not be sent, or the record could not be read.
    #[error(transparent)]
    PortError(#[from] PortError),
    /// The record is there and makes no sense.
    #[error(transparent)]
    Record(#[from] RecordError),
}
