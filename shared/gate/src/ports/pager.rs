//! Where pages go.

use super::error::PortError;
use std::{collections::BTreeMap, future::Future};

/// What `sns:Publish` is given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SnsMessage {
    subject: String,
    message: String,
    attributes: BTreeMap<&'static str, String>,
}

impl SnsMessage {
    /// A rendered page: `subject` within SNS's limits, `message` a JSON object with a text for each protocol,
    /// `attributes` not empty.
    pub(crate) fn new(
        subject: String,
        message: String,
        attributes: BTreeMap<&'static str, String>,
    ) -> Self {
        Self {
            subject,
            message,
            attributes,
        }
    }

    /// `Subject`: 1 to 99 printable ASCII characters.
    #[must_use]
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// `Message`, for `MessageStructure: json`: an object of one text for each protocol.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    /// `MessageAttributes`, all of type `String`: what subscriptions filter by.
    #[must_use]
    pub fn attributes(&self) -> &BTreeMap<&'static str, String> {
        &self.attributes
    }
}

/// Where pages go.
pub trait Pager: Sync {
    /// `Publish` with `Subject`, `Message`, `MessageStructure: json` and `MessageAttributes`.
    fn page(&self, message: &SnsMessage) -> impl Future<Output = Result<(), PortError>> + Send;
}
