//! What was approved or withdrawn, as it is printed.

use countersign_gate::{client::ApprovalSubject, domain::UploadDigest};
use jiff::Timestamp;
use serde::Serialize;

use crate::{
    following::approval::ApprovalReport,
    io::{
        escape::escape,
        style::{BOLD, style},
    },
};

/// What was done.
#[derive(Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Done {
    Approved,
    AlreadyApproved,
    WouldApprove,
    Withdrawn,
    WouldWithdraw,
}

impl Done {
    fn sentence(self) -> &'static str {
        match self {
            Self::Approved => "approved as",
            Self::AlreadyApproved => "approved by you before, as",
            Self::WouldApprove => "would be approved as",
            Self::Withdrawn => "withdrawn:",
            Self::WouldWithdraw => "would be withdrawn:",
        }
    }
}

/// What was approved or withdrawn; documented in docs/cli.md.
#[derive(Serialize)]
pub(super) struct Report {
    pub(super) done: Done,
    /// The principal that asks, by its unique id.
    pub(super) you: String,
    /// The objects that this is about, `s3://…`.
    pub(super) objects: Vec<String>,
    /// The upload and its approvals as they are afterwards.
    #[serde(flatten)]
    pub(super) approvals: ApprovalReport,
}

impl Report {
    /// As text. What is approved stands first, what was done last.
    pub(super) fn render(&self, now: Timestamp) -> String {
        let objects: Vec<String> = self.objects.iter().map(|object| escape(object)).collect();
        let done = style(BOLD, self.done.sentence());
        format!(
            "{}  {done} {}\n",
            self.approvals.render(now),
            objects.join(", ")
        )
    }
}

/// The approval, for people: the gate reads nothing of it.
#[derive(Serialize)]
pub(super) struct Document<'a> {
    schema: u32,
    target: String,
    sha256: &'a UploadDigest,
    /// The upload that was looked at.
    upload: Option<&'a str>,
    reason: Option<&'a str>,
}

impl<'a> Document<'a> {
    pub(super) fn new(subject: &'a ApprovalSubject<'_>, reason: Option<&'a str>) -> Self {
        Self {
            schema: 1,
            target: subject.target.to_string(),
            sha256: &subject.upload,
            upload: subject.records.map(|records| records.label.as_str()),
            reason,
        }
    }
}
