//! The gate's own events: what others may react to, and what `alert` pages from.

use super::error::PortError;
use serde::Serialize;
use std::future::Future;

/// The `source` of every event of the gate.
pub const SOURCE: &str = "countersign";

/// An event that is ready to be put on the bus.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Announcement {
    detail_type: &'static str,
    detail: String,
    resources: Vec<String>,
}

impl Announcement {
    /// An event of this type, whose `detail` is `detail` as JSON.
    pub(crate) fn new(
        detail_type: &'static str,
        detail: &impl Serialize,
        resources: Vec<String>,
    ) -> Result<Self, serde_json::Error> {
        Ok(Self {
            detail_type,
            detail: serde_json::to_string(detail)?,
            resources,
        })
    }

    /// `DetailType`.
    #[must_use]
    pub fn detail_type(&self) -> &'static str {
        self.detail_type
    }

    /// `Detail`: a JSON object.
    #[must_use]
    pub fn detail(&self) -> &str {
        &self.detail
    }

    /// `Resources`: ARNs, perhaps none.
    #[must_use]
    pub fn resources(&self) -> &[String] {
        &self.resources
    }
}

/// The gate's own events, on the event bus.
pub trait Events: Sync {
    /// `PutEvents` with one entry. An entry that the answer counts as failed is trouble.
    fn announce(
        &self,
        announcement: &Announcement,
    ) -> impl Future<Output = Result<(), PortError>> + Send;
}
