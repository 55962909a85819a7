//! Why an upload is no longer what should run.

use super::ending::OutcomeDraft;
use crate::{domain::ReasonCode, records::UploadState};

/// What S3 says of the key of an upload that is not the current version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Superseded {
    /// A delete marker is current, or the key is gone.
    KeyDeleted,
    /// Another version is current, and this one was deleted for good: the current one may be older.
    VersionDeleted,
    /// Another version is current and this one is still there, so the current one is newer.
    Replaced,
}

impl Superseded {
    /// The reason code and a sentence.
    pub(crate) fn reason_and_message(self) -> (ReasonCode, &'static str) {
        match self {
            Self::KeyDeleted => (
                ReasonCode::Deleted,
                "the key was deleted; nothing is current",
            ),
            Self::VersionDeleted => (
                ReasonCode::Deleted,
                "this version was deleted for good; another version of the key is current",
            ),
            Self::Replaced => (
                ReasonCode::Replaced,
                "a newer version of the key is current",
            ),
        }
    }

    /// The outcome of an upload that was not applied.
    pub(crate) fn draft(self) -> OutcomeDraft {
        let (code, message) = self.reason_and_message();
        OutcomeDraft::new(UploadState::Superseded, code, message)
    }
}
