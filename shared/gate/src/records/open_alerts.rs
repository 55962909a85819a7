//! `alerts/open.json`: what `alert` looks at again when its schedule comes round.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::{schema::Schema, store::Document};
use crate::domain::Target;

/// `alerts/open.json`: what is to be looked at again by the clock.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenAlerts {
    /// 1.
    pub schema: Schema,
    /// The incidents that happened again and were not told since.
    pub repeats: BTreeSet<String>,
    /// The targets whose silence has not ended.
    pub silences: BTreeSet<Target>,
}

impl OpenAlerts {
    /// How many incidents may wait. One more is told at once.
    pub(crate) const MAX_REPEATS: usize = 1_000;
}

impl Document for OpenAlerts {
    const FILE: &'static str = "alerts/open.json";
}
