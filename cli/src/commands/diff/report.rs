//! What differs, with what was compared.

use countersign_gate::client::PackageDiff;
use serde::Serialize;

/// Documented in docs/cli.md.
#[derive(Serialize)]
pub(super) struct Report {
    /// What was compared: a path, or a target with the label of an upload.
    pub(super) old: String,
    pub(super) new: String,
    #[serde(flatten)]
    pub(super) diff: PackageDiff,
}
