//! What is accepted although some programs show it differently.

use std::fmt;

use super::{code_page::in_cp437, entry::Entry};
use crate::numbers::widen;

/// Something about an archive that does no harm and that its author should know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Warning {
    /// Names in UTF-8 that flag 11 does not mark as such. No two of them meet in any reading, but
    /// some programs show them in another way.
    UnmarkedNames {
        /// How many entries have such a name.
        count: u64,
        /// The first of them.
        name: String,
        /// What a program shows that takes it for CP437, as APPNOTE has it.
        shown: String,
    },
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnmarkedNames { count, name, shown } => {
                let entries = if *count == 1 {
                    "entry has a name"
                } else {
                    "entries have names"
                };
                write!(
                    f,
                    "{count} {entries} in UTF-8 without the mark for it; some programs unpack `{name}` as `{shown}`"
                )
            }
        }
    }
}

/// The warnings about these entries.
pub(super) fn warnings(entries: &[Entry<'_>]) -> Vec<Warning> {
    let mut unmarked = entries
        .iter()
        .filter(|entry| !entry.is_marked_utf8() && !entry.name().is_ascii());
    let Some(first) = unmarked.next() else {
        return Vec::new();
    };
    let others = widen(unmarked.count());
    vec![Warning::UnmarkedNames {
        count: others.saturating_add(1),
        name: first.name().to_owned(),
        shown: in_cp437(first.name()),
    }]
}
