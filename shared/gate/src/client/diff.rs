//! What differs between two packages, by their directories: no body is inflated.

use std::collections::BTreeMap;

use countersign_package::{Archive, Entry, EntryKind, SIGNATURE_DIRECTORY};
use serde::Serialize;

/// What differs. The signature is left out: it is another one in each package.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct PackageDiff {
    /// In the new package only.
    pub added: Vec<EntryChange>,
    /// In the old package only.
    pub removed: Vec<EntryChange>,
    /// In both, with another body, kind or mode.
    pub changed: Vec<EntryChange>,
    /// How many entries are the same.
    pub unchanged: usize,
}

/// An entry that differs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct EntryChange {
    /// Its name.
    pub name: String,
    /// Bytes of its body in the old package; null when it is not there.
    pub old_size: Option<u64>,
    /// Bytes of its body in the new package; null when it is not there.
    pub new_size: Option<u64>,
    /// Its mode in the old package, octal with the bits of the kind; null when none is recorded.
    pub old_mode: Option<String>,
    /// Its mode in the new package.
    pub new_mode: Option<String>,
}

impl PackageDiff {
    /// Whether the packages hold the same.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.added.is_empty() && self.removed.is_empty() && self.changed.is_empty()
    }
}

/// Compares two packages. Bodies are the same when their size and CRC-32 are: enough to show people what
/// they changed, and no proof of anything.
#[must_use]
pub fn diff(old: &Archive<'_>, new: &Archive<'_>) -> PackageDiff {
    let (old, new) = (by_name(old), by_name(new));
    let mut found = PackageDiff::default();
    for (name, entry) in &new {
        match old.get(name) {
            None => found.added.push(change(name, None, Some(entry))),
            Some(before) if is_same(before, entry) => {
                found.unchanged = found.unchanged.saturating_add(1);
            }
            Some(before) => found.changed.push(change(name, Some(before), Some(entry))),
        }
    }
    for (name, entry) in &old {
        if !new.contains_key(name) {
            found.removed.push(change(name, Some(entry), None));
        }
    }
    found
}

/// Directories say nothing that their files do not.
fn by_name<'a, 'b>(archive: &'b Archive<'a>) -> BTreeMap<&'a str, &'b Entry<'a>> {
    archive
        .entries()
        .iter()
        .filter(|entry| entry.kind() != EntryKind::Directory)
        .filter(|entry| !entry.name().starts_with(SIGNATURE_DIRECTORY))
        .map(|entry| (entry.name(), entry))
        .collect()
}

fn is_same(old: &Entry<'_>, new: &Entry<'_>) -> bool {
    let body = |entry: &Entry<'_>| (entry.kind(), entry.mode(), entry.size(), entry.crc32());
    body(old) == body(new)
}

fn change(name: &str, old: Option<&&Entry<'_>>, new: Option<&&Entry<'_>>) -> EntryChange {
    let mode = |entry: &&Entry<'_>| entry.mode().map(|mode| format!("{mode:06o}"));
    EntryChange {
        name: name.to_owned(),
        old_size: old.map(|entry| entry.size()),
        new_size: new.map(|entry| entry.size()),
        old_mode: old.and_then(mode),
        new_mode: new.and_then(mode),
    }
}
