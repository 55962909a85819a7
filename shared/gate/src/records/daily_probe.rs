//! `probe.json`: what the probe of every day found, the last time.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{schema::Schema, store::Document};

/// The last probe. Earlier ones are versions of the object.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DailyProbe {
    /// 1.
    pub schema: Schema,
    /// When it began.
    pub began_at: Timestamp,
    /// How many facts were confirmed.
    pub confirmed: usize,
    /// Facts that are otherwise than they were taken to be.
    pub differs: Vec<DifferingFact>,
    /// Facts that AWS gave no answer to, or that take what was not there.
    pub unknown: Vec<String>,
    /// Why nothing was asked; null when it was.
    pub impossible: Option<String>,
}

/// A fact that is otherwise.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DifferingFact {
    /// Its name, as `countersign doctor --probe` has it.
    pub id: String,
    /// What was seen.
    pub seen: String,
}

impl Document for DailyProbe {
    const FILE: &'static str = "probe.json";
}
