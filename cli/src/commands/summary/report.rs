//! A summary on record, as it is printed.

use countersign_gate::{client::SignedSummary, domain::Target};
use serde::Serialize;
use serde_json::Value;

/// A summary on record; documented in docs/cli.md. Nothing of it is verified.
#[derive(Serialize)]
pub(super) struct Report {
    pub(super) target: Target,
    /// `20261121T214400Z-<version id>`
    pub(super) upload: String,
    /// `s3://…/summary.dsse.json`
    pub(super) record: String,
    /// The key that it names.
    pub(super) key: Option<String>,
    /// The in-toto statement; null if the payload is none.
    pub(super) statement: Option<Value>,
}

impl Report {
    pub(super) fn new(target: Target, bucket: &str, summary: SignedSummary) -> Self {
        Self {
            target,
            upload: summary.label,
            record: format!("s3://{bucket}/{}", summary.path),
            key: summary.key,
            statement: summary.statement,
        }
    }
}
