//! A page: what a person is told, and how SNS carries it.

/// What `sns:Publish` is given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SnsMessage {
    subject: String,
    message: String,
}

impl SnsMessage {
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
}
