//! A target's history, as it is printed.

use countersign_gate::{
    domain::{Target, Upload},
    records::UploadRecords,
};
use jiff::Timestamp;
use serde::Serialize;

/// A target's history; documented in docs/cli.md.
#[derive(Serialize)]
pub(super) struct Report {
    pub(super) target: Target,
    pub(super) records_bucket: String,
    /// Newest first.
    pub(super) uploads: Vec<UploadReport>,
    /// Whether there are older uploads than those shown.
    pub(super) has_more: bool,
}

/// One upload.
#[derive(Serialize)]
pub(super) struct UploadReport {
    pub(super) standing: &'static str,
    pub(super) uploaded_at: Option<Timestamp>,
    pub(super) version: Option<String>,
    #[serde(flatten)]
    pub(super) records: UploadRecords,
}

impl From<UploadRecords> for UploadReport {
    fn from(records: UploadRecords) -> Self {
        let (uploaded_at, version) = Upload::parse_label(&records.label).unzip();
        Self {
            standing: records.status(),
            uploaded_at,
            version: version.map(|version| version.to_string()),
            records,
        }
    }
}
