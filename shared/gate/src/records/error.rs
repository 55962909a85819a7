//! Why a record could not be read or written.

use crate::ports::PortError;

/// A record that could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// S3 gave no answer.
    #[error(transparent)]
    Port(#[from] PortError),
    /// A record is there that this version of the gate cannot read.
    #[error("the record {path} cannot be read")]
    Unreadable {
        /// Its key in the records bucket.
        path: String,
        /// What is wrong with it.
        source: serde_json::Error,
    },
    /// A record could not be made into JSON.
    #[error("the record {path} cannot be written as JSON")]
    Unwritable {
        /// Its key in the records bucket.
        path: String,
        /// What is wrong with it.
        source: serde_json::Error,
    },
}
