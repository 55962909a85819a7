//! What is printed as JSON: the diagnosis, and what a probe found.

use countersign_gate::{client::doctor::Diagnosis, probe::ProbeReport};
use serde::Serialize;

use crate::io::error::CliError;

/// The whole report.
#[derive(Serialize)]
pub(super) struct Report<'a> {
    #[serde(flatten)]
    pub(super) diagnosis: &'a Diagnosis,
    /// Null without `--probe`.
    pub(super) probe: Option<&'a ProbeReport>,
    /// Why it was not probed, though that was asked for; null otherwise.
    pub(super) error: Option<&'a CliError>,
}
