//! The tree that the entries unpack to: no two may unpack to the same place, none below a file or a
//! link.
//!
//! Paths are compared as on Lambda's file systems. Case matters there: `A` and `a` are two files,
//! as they are in honest packages. Unicode composition is set aside: composed and decomposed
//! spellings are two files on Linux, but one on the Mac where many packages are made, so that no
//! honest package has both.
//!
//! Then the same is checked for every other reading of the names (`code_page.rs`): what is one tree
//! for one program may not be another for the next.

use std::{borrow::Cow, cmp::Ordering, iter::from_fn, ptr};

use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};

use super::{
    code_page::{READINGS, Reading},
    entry::{Entry, EntryKind},
    error::{NameFault, StructureError},
};
use crate::{escape::escape, limits::Limits};

/// An entry and the path under which it is compared.
struct Node<'e, 'a> {
    path: Cow<'e, [u8]>,
    entry: &'e Entry<'a>,
}

/// Two entries that cannot both be unpacked.
struct Conflict<'e, 'a> {
    /// What the one that comes first in tree order is for the other.
    cause: Cause,
    first: &'e Entry<'a>,
    second: &'e Entry<'a>,
}

/// Why two entries cannot both be unpacked.
enum Cause {
    /// They have one path.
    SamePath,
    /// The second is below the first, which is a file.
    BelowFile,
    /// The second is below the first, which is a link.
    BelowLink,
}

/// Refuses two entries at one path, and entries below something that is not a directory.
pub(super) fn check_tree(entries: &[Entry<'_>], limits: &Limits) -> Result<(), StructureError> {
    let mut nodes = Vec::with_capacity(entries.len());
    let mut copied = 0_usize;
    for entry in entries {
        let path = match normalise(entry.path()) {
            Cow::Borrowed(path) => Cow::Borrowed(path.as_bytes()),
            Cow::Owned(path) => {
                copied = copied.saturating_add(path.capacity());
                Cow::Owned(path.into_bytes())
            }
        };
        if copied > limits.composed_bytes {
            return Err(over_budget(entry));
        }
        nodes.push(Node { path, entry });
    }
    // A stable sort: of two equal paths, the first in the archive stays first.
    nodes.sort_by(|a, b| tree_order(&a.path, &b.path));
    check_in_order(nodes.iter()).map_err(Conflict::into_error)?;
    check_cut_names(&nodes)?;
    check_readings(&nodes, limits)
}

/// The same for minizip, which cuts a name behind its last `..`, and drops dots and slashes that are
/// then in front: for it, `lib/..app.js` is `app.js`. Such a name must not be another one's when it is cut.
///
/// Two names that are cut to the same are accepted: `[...id].js` in two folders, as Next.js names its routes.
/// So is `.env` beside `env`, of which minizip drops the dot.
fn check_cut_names(nodes: &[Node<'_, '_>]) -> Result<(), StructureError> {
    const DOTS: &[u8] = b"..";
    for node in nodes {
        let Some(at) = memchr::memmem::rfind(&node.path, DOTS) else {
            continue;
        };
        let behind = node.path.get(at.saturating_add(DOTS.len())..);
        let behind = behind.unwrap_or_default();
        let start = behind.iter().position(|byte| !b"./".contains(byte));
        let Some(rest) = start.and_then(|start| behind.get(start..)) else {
            continue;
        };
        let found = nodes.binary_search_by(|other| tree_order(&other.path, rest));
        let Some(other) = found.ok().and_then(|at| nodes.get(at)) else {
            continue;
        };
        let is_directory = |node: &Node<'_, '_>| node.entry.kind() == EntryKind::Directory;
        if !(is_directory(node) && is_directory(other)) {
            return Err(StructureError::NamesCollide {
                name: node.entry.name().to_owned(),
                other: other.entry.name().to_owned(),
                reader: "cuts names behind `..`, as minizip does",
            });
        }
    }
    Ok(())
}

/// The same for programs that read names in another encoding.
///
/// A program may spell some names of a kind and leave others as they are: yauzl does not look at a code page
/// where an extra field has the name in UTF-8, and Info-ZIP asks for the version of the writer, too. So each name
/// as a reading has it is held against all other names, spelled and as they are.
fn check_readings(nodes: &[Node<'_, '_>], limits: &Limits) -> Result<(), StructureError> {
    let is_plain = |entry: &Entry<'_>| {
        let bytes = entry.name().as_bytes();
        bytes.iter().all(|byte| matches!(byte, b' '..=b'~'))
    };
    let odd: Vec<_> = nodes.iter().filter(|node| !is_plain(node.entry)).collect();
    if odd.is_empty() {
        return Ok(());
    }
    for reading in &READINGS {
        let mut respelt = Vec::new();
        let mut copied = 0_usize;
        for node in odd.iter().filter(|node| reading.applies(node.entry)) {
            let path = compose(reading.path_of(node.entry));
            copied = copied.saturating_add(path.capacity());
            if copied > limits.respelt_bytes {
                return Err(over_budget(node.entry));
            }
            let path = Cow::Owned(path);
            let entry = node.entry;
            respelt.push(Node { path, entry });
        }
        if respelt.is_empty() {
            continue;
        }
        respelt.sort_by(|a, b| tree_order(&a.path, &b.path));
        check_in_order(merge(nodes.iter(), respelt.iter()))
            .map_err(|conflict| conflict.into_reading_error(reading))?;
    }
    Ok(())
}

/// Two sorted sequences as one.
fn merge<'n, 'e: 'n, 'a: 'e>(
    one: impl Iterator<Item = &'n Node<'e, 'a>>,
    other: impl Iterator<Item = &'n Node<'e, 'a>>,
) -> impl Iterator<Item = &'n Node<'e, 'a>> {
    let (mut one, mut other) = (one.peekable(), other.peekable());
    from_fn(move || {
        let takes_other = match (one.peek(), other.peek()) {
            (Some(one), Some(other)) => tree_order(&other.path, &one.path) == Ordering::Less,
            (None, _) => true,
            (_, None) => false,
        };
        if takes_other {
            other.next()
        } else {
            one.next()
        }
    })
}

/// Walks nodes in tree order, in which all that is below a path follows it at once. An entry that comes in two
/// spellings is in nobody's way with its other one.
fn check_in_order<'n, 'e: 'n, 'a: 'e>(
    nodes: impl Iterator<Item = &'n Node<'e, 'a>>,
) -> Result<(), Conflict<'e, 'a>> {
    let mut previous: Option<&Node<'_, '_>> = None;
    // The last path that is not a directory.
    let mut leaf: Option<&Node<'_, '_>> = None;
    for node in nodes {
        let conflict = |first: &Node<'e, 'a>, cause| Conflict {
            cause,
            first: first.entry,
            second: node.entry,
        };
        if let Some(previous) = previous
            && previous.path == node.path
            && !ptr::eq(previous.entry, node.entry)
            && !is_one_directory(previous.entry, node.entry)
        {
            return Err(conflict(previous, Cause::SamePath));
        }
        if let Some(leaf) = leaf
            && is_below(&node.path, &leaf.path)
            && !ptr::eq(leaf.entry, node.entry)
        {
            let cause = match leaf.entry.kind() {
                EntryKind::Symlink => Cause::BelowLink,
                EntryKind::File | EntryKind::Directory => Cause::BelowFile,
            };
            return Err(conflict(leaf, cause));
        }
        if node.entry.kind() != EntryKind::Directory {
            leaf = Some(node);
        }
        // One without a mode agrees with all, and must not stand between two that do not.
        previous = previous
            .filter(|before| before.path == node.path && node.entry.mode().is_none())
            .or(Some(node));
    }
    Ok(())
}

/// Whether two entries list one directory twice, as Gradle and the Kotlin compiler do.
///
/// Whoever unpacks the second finds that the directory exists, and it has no content that could
/// differ. Only the mode could, where both have one: then the first or the last wins, by the
/// reader.
fn is_one_directory(one: &Entry<'_>, other: &Entry<'_>) -> bool {
    let is_directory = |entry: &Entry<'_>| entry.kind() == EntryKind::Directory;
    let modes_agree = match (one.mode(), other.mode()) {
        (Some(one), Some(other)) => one & 0o7_777 == other & 0o7_777,
        _ => true,
    };
    is_directory(one) && is_directory(other) && one.path() == other.path() && modes_agree
}

impl Conflict<'_, '_> {
    fn into_error(self) -> StructureError {
        let (first, second) = (self.first, self.second);
        let is_directory = |entry: &Entry<'_>| entry.kind() == EntryKind::Directory;
        let name = |entry: &Entry<'_>| entry.name().to_owned();
        match self.cause {
            Cause::BelowFile => StructureError::FileAndDirectory {
                name: name(first),
                other: name(second),
            },
            Cause::BelowLink => StructureError::BelowLink {
                name: name(second),
                link: name(first),
            },
            Cause::SamePath if is_directory(first) != is_directory(second) => {
                let (file, other) = if is_directory(second) {
                    (first, second)
                } else {
                    (second, first)
                };
                StructureError::FileAndDirectory {
                    name: name(file),
                    other: name(other),
                }
            }
            Cause::SamePath => {
                let content = |entry: &Entry<'_>| (entry.size(), entry.crc32());
                StructureError::Duplicate {
                    name: name(second),
                    other: name(first),
                    same_content: content(first) == content(second),
                }
            }
        }
    }

    fn into_reading_error(self, reading: &Reading) -> StructureError {
        StructureError::NamesCollide {
            name: self.second.name().to_owned(),
            other: self.first.name().to_owned(),
            reader: reading.description,
        }
    }
}

fn over_budget(entry: &Entry<'_>) -> StructureError {
    StructureError::Name {
        name: escape(entry.name().as_bytes()),
        fault: NameFault::Budget,
    }
}

/// The spelling under which paths are compared.
pub(super) fn normalise(path: &str) -> Cow<'_, str> {
    if path.is_ascii() || is_nfc_quick(path.chars()) == IsNormalized::Yes {
        Cow::Borrowed(path)
    } else {
        Cow::Owned(path.nfc().collect())
    }
}

/// The same for a path that need not be UTF-8.
fn compose(path: Vec<u8>) -> Vec<u8> {
    let composed = str::from_utf8(&path)
        .ok()
        .and_then(|path| match normalise(path) {
            Cow::Owned(composed) => Some(composed.into_bytes()),
            Cow::Borrowed(_) => None,
        });
    composed.unwrap_or(path)
}

/// Whether `path` is inside the directory `ancestor`.
fn is_below(path: &[u8], ancestor: &[u8]) -> bool {
    path.strip_prefix(ancestor)
        .is_some_and(|rest| rest.starts_with(b"/"))
}

/// Orders paths so that what is below a path follows directly after it: the slash comes before all
/// else.
fn tree_order(a: &[u8], b: &[u8]) -> Ordering {
    const CHUNK: usize = 16;
    // Whole chunks first, which are compared in one step: files of one directory have long common
    // prefixes, and an attacker's can be as long as a name may be.
    let (a_chunks, _) = a.as_chunks::<CHUNK>();
    let (b_chunks, _) = b.as_chunks::<CHUNK>();
    let chunks = a_chunks.iter().zip(b_chunks);
    let common = chunks
        .take_while(|(a, b)| a == b)
        .count()
        .saturating_mul(CHUNK);
    let differing = a.iter().zip(b).skip(common).find(|(a, b)| a != b);
    match differing {
        Some((b'/', _)) => Ordering::Less,
        Some((_, b'/')) => Ordering::Greater,
        Some((a, b)) => a.cmp(b),
        None => a.len().cmp(&b.len()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn children_follow_their_directory() {
        let mut paths = ["a.b", "a/b", "a", "a/b/c", "a0", "a/b-c", "A"];
        paths.sort_by(|a, b| tree_order(a.as_bytes(), b.as_bytes()));
        assert_eq!(paths, ["A", "a", "a/b", "a/b/c", "a/b-c", "a.b", "a0"]);
        // The same below prefixes that end within, at the end of, and after a chunk.
        for prefix in [15, 16, 17, 32, 40].map(|length| "x".repeat(length)) {
            let mut prefixed = paths.map(|path| format!("{prefix}{path}"));
            prefixed.reverse();
            prefixed.sort_by(|a, b| tree_order(a.as_bytes(), b.as_bytes()));
            assert_eq!(prefixed, paths.map(|path| format!("{prefix}{path}")));
        }
    }

    #[test]
    fn composed_and_decomposed_spellings_are_one_path() {
        assert_eq!(normalise("e\u{301}"), "\u{e9}");
        assert_eq!(normalise("\u{e9}"), "\u{e9}");
        assert_ne!(normalise("E"), "e");
    }
}
