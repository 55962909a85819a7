//! `sweep.json`: how far a run of `sweep` came.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{drift::DriftKind, posture::TargetPosture, schema::Schema, store::Document};

/// How far a run came, for the attempt that goes on with it. While it is fresh, another run gives way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SweepProgress {
    /// 1.
    pub schema: Schema,
    /// When the run began. It names the run.
    pub began_at: Timestamp,
    /// When this was written.
    pub at: Timestamp,
    /// When the run ended; null while it goes on.
    pub ended_at: Option<Timestamp>,
    /// The key of the uploads bucket that was done last.
    pub done_through: Option<String>,
    /// See [`Posture`](super::Posture).
    pub unfinished: u32,
    /// See [`Posture`](super::Posture).
    pub targets: Vec<TargetPosture>,
    /// See [`Posture`](super::Posture).
    pub troubles: Vec<String>,
    /// The keys, and the parts of the account, that could not be looked at. They are not gone.
    #[serde(default)]
    pub failed: BTreeSet<String>,
    /// The drift that is open, by its subject.
    #[serde(default)]
    pub drift: BTreeMap<String, BTreeSet<DriftKind>>,
    /// The freezes that were looked at, by their subjects.
    #[serde(default)]
    pub freezes: BTreeSet<String>,
}

impl Document for SweepProgress {
    const FILE: &'static str = "sweep.json";
}
