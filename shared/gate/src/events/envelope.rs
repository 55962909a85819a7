//! The envelope of an EventBridge event, and why an event is not understood.

use crate::domain::NameError;
use jiff::Timestamp;
use serde::Deserialize;

/// `source` of an event that `sweep` sends again from the records, because the first was lost.
pub(crate) const RESENT_SOURCE: &str = "countersign.sweep";

/// Why an event is not understood.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EventError {
    /// It is not JSON, or lacks fields.
    #[error("the event is not JSON of a known form")]
    Json(#[from] serde_json::Error),
    /// Its source or its type is none that this function handles.
    #[error("unsupported event {detail_type:?} of {source_name:?}")]
    Kind {
        /// `source`
        source_name: String,
        /// `detail-type`
        detail_type: String,
    },
    /// A notification about something other than a created object.
    #[error("unsupported notification {event:?}")]
    Notification {
        /// `eventName`
        event: String,
    },
    /// A name in it breaks its rule.
    #[error(transparent)]
    Name(#[from] NameError),
    /// A key that does not decode to UTF-8.
    #[error("the key {key:?} is not encoded UTF-8")]
    Key {
        /// The key as it came.
        key: String,
    },
}

/// What every event of the bus has.
#[derive(Deserialize)]
pub(crate) struct Envelope {
    pub(crate) id: Option<String>,
    pub(crate) source: String,
    #[serde(rename = "detail-type")]
    pub(crate) detail_type: String,
    pub(crate) time: Timestamp,
    pub(crate) detail: serde_json::Value,
}
