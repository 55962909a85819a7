//! Silences: what people write to keep pages about a target quiet for a time, and what `alert` keeps of it.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{incident::ALERTS_FOLDER, schema::Schema};
use crate::domain::Target;

/// Where people write silences.
pub(crate) const SILENCES_FOLDER: &str = "silences/";

/// `silences/functions/<name>.json`: a planned change. Whoever may write it here may keep pages about the target
/// quiet; that it begins and ends is told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Silence {
    /// Why, for those who are told that it begins.
    pub reason: String,
    /// When it ends.
    pub until: Timestamp,
    /// The detections and reason codes that are silenced; all of them if there are none.
    #[serde(default)]
    pub detections: BTreeSet<String>,
}

/// `alerts/silences/functions/<name>.json`: a silence as `alert` took it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SilenceState {
    /// 1.
    pub schema: Schema,
    /// The target.
    pub target: Target,
    /// The entity tag of the document that it was taken from: another content is another silence.
    pub etag: String,
    /// The silence; null when it cannot be honoured.
    pub silence: Option<Silence>,
    /// Why it cannot be honoured.
    pub fault: Option<String>,
    /// When it was seen first.
    pub began_at: Timestamp,
    /// Whether that it begins was told.
    pub began_told: bool,
    /// What was kept quiet, by detection or reason code.
    pub kept_quiet: BTreeMap<String, u32>,
    /// When it was over.
    pub ended_at: Option<Timestamp>,
    /// Whether that it ended was told.
    pub ended_told: bool,
}

/// Where a target's silence is written.
pub(crate) fn silence_path(target: &Target) -> String {
    format!("{SILENCES_FOLDER}{target}.json")
}

/// Where what became of it is kept.
pub(crate) fn silence_state_path(target: &Target) -> String {
    format!("{ALERTS_FOLDER}silences/{target}.json")
}
