//! The uploads of a target, a row each.

use countersign_gate::{
    client::live_upload,
    domain::{ReasonCode, Target, Upload},
    records::{Live, Received, UploadRecords},
};
use jiff::Timestamp;
use serde::Serialize;

/// The rows; documented in docs/cli.md.
#[derive(Serialize)]
pub(super) struct Report {
    pub(super) target: Target,
    /// Newest first.
    pub(super) uploads: Vec<Row>,
}

/// One upload.
#[derive(Serialize)]
pub(super) struct Row {
    pub(super) label: String,
    pub(super) uploaded_at: Option<Timestamp>,
    /// The S3 version.
    pub(super) version: Option<String>,
    pub(super) standing: &'static str,
    pub(super) code: Option<ReasonCode>,
    /// The version of the function or layer that it became.
    pub(super) deployed_version: Option<String>,
    pub(super) alias: Option<String>,
    pub(super) commit: Option<String>,
    pub(super) author: Option<String>,
    pub(super) build: Option<String>,
    pub(super) uploaded_by: Option<String>,
    pub(super) took_ms: Option<i64>,
    /// Whether it is what runs, by `live.json`.
    pub(super) is_live: bool,
}

impl Report {
    pub(super) fn new(target: Target, uploads: &[UploadRecords], live: Option<&Live>) -> Self {
        let live = live_upload(uploads, live).map(|upload| upload.label.as_str());
        Self {
            target,
            uploads: uploads
                .iter()
                .map(|upload| Row::new(upload, live == Some(upload.label.as_str())))
                .collect(),
        }
    }
}

impl Row {
    fn new(upload: &UploadRecords, is_live: bool) -> Self {
        let (uploaded_at, version) = Upload::parse_label(&upload.label).unzip();
        let outcome = upload.outcome.as_ref();
        let deployed = outcome.and_then(|outcome| outcome.deployed.as_ref());
        let metadata = |name: &str| metadata(upload.received.as_ref(), name);
        Self {
            label: upload.label.clone(),
            uploaded_at,
            version: version.map(|version| version.to_string()),
            standing: upload.status(),
            code: outcome.and_then(|outcome| outcome.code),
            deployed_version: deployed.and_then(|deployed| deployed.version.clone()),
            alias: deployed.and_then(|deployed| deployed.alias.clone()),
            commit: metadata("commit"),
            author: metadata("author"),
            build: metadata("build"),
            uploaded_by: upload
                .received
                .as_ref()
                .and_then(|received| received.uploaded_by.principal.clone()),
            took_ms: outcome.map(|outcome| outcome.took_ms),
            is_live,
        }
    }
}

fn metadata(received: Option<&Received>, name: &str) -> Option<String> {
    received?.metadata.get(name).cloned()
}
