//! An upload and its approvals: read from both buckets, and shown.

use std::{fmt::Write as _, path::Path};

use countersign_gate::{
    client::{Approval, ApprovalCount, ApprovalSubject, ApprovalsError, FoundApproval},
    domain::{StatementKey, Target, Upload, UploadDigest, VersionId},
    records::{UploadRecords, history},
};
use jiff::Timestamp;
use serde::Serialize;

use crate::{
    aws::session::Session,
    io::{
        error::CliError,
        escape::escape,
        input,
        moment::moment,
        style::{BOLD, DIM, OK, WARN, style},
    },
};

/// How far back an upload is looked for.
const MAX_HISTORY_UPLOADS: usize = 100;

/// Which upload is meant.
pub(crate) enum Wanted<'a> {
    /// The newest that waits.
    Newest,
    /// That of this version of the key.
    Version(&'a VersionId),
    /// The one with the bytes of this file.
    Package(&'a Path),
}

/// The target's uploads, newest first.
pub(crate) async fn read_history(
    session: &Session,
    target: &Target,
) -> Result<Vec<UploadRecords>, CliError> {
    history(&session.records, target, MAX_HISTORY_UPLOADS)
        .await
        .map_err(|error| session.unread_records(target, &error))
}

/// The upload that is meant.
pub(crate) fn subject<'h>(
    target: &'h Target,
    uploads: &'h [UploadRecords],
    wanted: &Wanted<'_>,
) -> Result<ApprovalSubject<'h>, CliError> {
    let version = match wanted {
        Wanted::Package(path) => {
            let bytes = input::read(path, "the package")?;
            let digest = UploadDigest::of_upload(&bytes);
            return Ok(ApprovalSubject::of_bytes(target, digest, uploads));
        }
        Wanted::Version(version) => Some(*version),
        Wanted::Newest => None,
    };
    ApprovalSubject::of_history(target, uploads, version).map_err(|error| {
        CliError::new(
            format!("there is nothing of {target} to approve: {error}"),
            format!(
                "see what was uploaded: countersign history {target}; for a package that is still to be uploaded, give its \
                 file with --package"
            ),
        )
    })
}

/// The approvals that there are now.
pub(crate) async fn read_approvals(
    session: &Session,
    subject: &ApprovalSubject<'_>,
) -> Result<Vec<FoundApproval>, CliError> {
    let found = subject.given(&session.uploads, &session.records, session.uploads_bucket());
    found.await.map_err(|error| match error {
        ApprovalsError::Uploads(error) => {
            let folder = StatementKey::approvals_of(subject.target, &subject.upload);
            session.failed_object(
                "read the approvals below",
                &folder,
                "s3:ListBucket and s3:GetObject",
                &error,
            )
        }
        ApprovalsError::Records(error) => {
            session.unread(&format!("who approved {}", subject.target), &error)
        }
    })
}

/// An upload and its approvals, as both commands print them; documented in docs/cli.md.
#[derive(Serialize)]
pub(crate) struct ApprovalReport {
    pub(crate) target: Target,
    /// Of the bytes that are approved, in hexadecimal.
    pub(crate) sha256: UploadDigest,
    /// `20261121T214400Z-<version id>`; null when nothing with these bytes is on record.
    pub(crate) upload: Option<String>,
    pub(crate) uploaded_at: Option<Timestamp>,
    pub(crate) version: Option<String>,
    pub(crate) uploaded_by: Option<String>,
    /// What the uploader said in the metadata; unproven.
    pub(crate) commit: Option<String>,
    #[serde(flatten)]
    pub(crate) count: ApprovalCount,
}

impl ApprovalReport {
    pub(crate) fn new(
        subject: &ApprovalSubject<'_>,
        found: &[FoundApproval],
        now: Timestamp,
    ) -> Self {
        let label = subject.records.map(|records| records.label.clone());
        let (uploaded_at, version) = label.as_deref().and_then(Upload::parse_label).unzip();
        let received = subject
            .records
            .and_then(|records| records.received.as_ref());
        Self {
            target: subject.target.clone(),
            sha256: subject.upload.clone(),
            upload: label,
            uploaded_at,
            version: version.map(|version| version.to_string()),
            uploaded_by: subject.uploader().map(str::to_owned),
            commit: received.and_then(|received| received.metadata.get("commit").cloned()),
            count: subject.count(found, now),
        }
    }

    /// What is approved, and how it stands. Writing to a String cannot fail; the results are dropped for that reason.
    pub(crate) fn render(&self, now: Timestamp) -> String {
        let mut text = String::new();
        let standing = style(DIM, format_args!("({})", self.count.standing));
        let _ = writeln!(text, "{} {standing}", style(BOLD, &self.target));
        let mut line = |label: &str, value: &str| {
            let _ = writeln!(text, "  {label:<12}{}", escape(value));
        };
        line("sha256", self.sha256.as_str());
        match (&self.version, self.uploaded_at) {
            (Some(version), Some(at)) => {
                line("uploaded", &moment(at, now));
                line("version", version);
            }
            _ => line("uploaded", "not yet, as far as it is on record"),
        }
        line("uploaded by", self.uploaded_by.as_deref().unwrap_or("-"));
        line("commit", self.commit.as_deref().unwrap_or("-"));
        if let Some(until) = self.count.wait_until {
            line("waits until", &moment(until, now));
        }
        for approval in &self.count.approvals {
            render_approval(&mut text, approval, now);
        }
        let _ = writeln!(text, "  {}", self.sum());
        text
    }

    /// What is still demanded, in a sentence.
    pub(crate) fn sum(&self) -> String {
        match (self.count.required, self.count.missing) {
            (Some(required), Some(0)) => {
                format!(
                    "{} {required} of {required} approvals",
                    style(OK, "enough:")
                )
            }
            (Some(required), Some(missing)) => {
                let there = required.saturating_sub(missing);
                let needed = style(WARN, format_args!("{missing} still needed:"));
                format!("{needed} {there} of {required} approvals")
            }
            _ if self.count.standing == "not uploaded" => {
                "how many are needed is known once it is uploaded and waits".to_owned()
            }
            _ => format!(
                "it waits for no approvals as far as it is on record; it is {}",
                self.count.standing
            ),
        }
    }
}

fn render_approval(text: &mut String, approval: &Approval, now: Timestamp) {
    let (label, colour) = match approval.counts {
        Some(true) => ("approved by", OK),
        Some(false) => ("not counted", WARN),
        None => ("given by", DIM),
    };
    let who = approval.principal.as_deref().unwrap_or("somebody");
    let label = style(colour, format_args!("{label:<12}"));
    let at = moment(approval.at, now);
    let _ = writeln!(text, "  {label}{}, {at}", escape(who));
    for said in [&approval.reason, &approval.why_not].into_iter().flatten() {
        let _ = writeln!(text, "  {:<12}{}", "", escape(said));
    }
}
