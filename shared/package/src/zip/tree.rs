//! The tree that the entries unpack to: no two may unpack to the same place, none below a file or a
//! link.
//!
//! Paths are compared as on Lambda's file systems. Case matters there: `A` and `a` are two files,
//! as they are in honest packages. Unicode composition is set aside: composed and decomposed
//! spellings are two files on Linux, but one on the Mac where many packages are made, so that no
//! honest package has both.

use std::{borrow::Cow, cmp::Ordering};

use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};

use super::{
    entry::{Entry, EntryKind},
    entry_name::path,
    error::{LinkFault, NameFault, StructureError},
};
use crate::{escape::escape, limits::Limits};

/// Refuses two entries at one path, and entries below something that is not a directory.
pub(super) fn check_tree(entries: &[Entry<'_>], limits: &Limits) -> Result<(), StructureError> {
    let mut paths: Vec<(Cow<'_, str>, &Entry<'_>)> = Vec::with_capacity(entries.len());
    let mut copied = 0_usize;
    for entry in entries {
        let path = normalise(path(entry.name()));
        if let Cow::Owned(copy) = &path {
            copied = copied.saturating_add(copy.capacity());
        }
        if copied > limits.composed_bytes {
            return Err(StructureError::Name {
                name: escape(entry.name().as_bytes()),
                fault: NameFault::Budget,
            });
        }
        paths.push((path, entry));
    }
    // A stable sort: of two equal paths, the first in the archive stays first.
    paths.sort_by(|(a, _), (b, _)| tree_order(a, b));
    let mut previous: Option<&(Cow<'_, str>, &Entry<'_>)> = None;
    // The last path that is not a directory. In tree order all that is below it follows at once.
    let mut leaf: Option<&(Cow<'_, str>, &Entry<'_>)> = None;
    for current in &paths {
        let (path, entry) = current;
        if let Some((other_path, other)) = previous
            && path == other_path
        {
            let is_directory = |entry: &Entry<'_>| entry.kind() == EntryKind::Directory;
            let (name, other_name) = (entry.name().to_owned(), other.name().to_owned());
            return Err(match (is_directory(entry), is_directory(other)) {
                (true, false) => StructureError::FileAndDirectory {
                    name: other_name,
                    other: name,
                },
                (false, true) => StructureError::FileAndDirectory {
                    name,
                    other: other_name,
                },
                _ => StructureError::Duplicate {
                    name,
                    other: other_name,
                },
            });
        }
        if let Some((leaf_path, leaf)) = leaf
            && is_below(path, leaf_path)
        {
            let name = leaf.name().to_owned();
            return Err(match leaf.kind() {
                EntryKind::Symlink => StructureError::Link {
                    name,
                    fault: LinkFault::Through,
                },
                _ => StructureError::FileAndDirectory {
                    name,
                    other: entry.name().to_owned(),
                },
            });
        }
        if entry.kind() != EntryKind::Directory {
            leaf = Some(current);
        }
        previous = Some(current);
    }
    Ok(())
}

/// The spelling under which paths are compared.
pub(crate) fn normalise(path: &str) -> Cow<'_, str> {
    if path.is_ascii() || is_nfc_quick(path.chars()) == IsNormalized::Yes {
        Cow::Borrowed(path)
    } else {
        Cow::Owned(path.nfc().collect())
    }
}

/// Whether `path` is inside the directory `ancestor`.
pub(crate) fn is_below(path: &str, ancestor: &str) -> bool {
    path.strip_prefix(ancestor)
        .is_some_and(|rest| rest.starts_with('/'))
}

/// Orders paths so that what is below a path follows directly after it: the slash comes before all
/// else.
fn tree_order(a: &str, b: &str) -> Ordering {
    const CHUNK: usize = 16;
    // Whole chunks first, which are compared in one step: files of one directory have long common
    // prefixes, and an attacker's can be as long as a name may be.
    let (a_chunks, _) = a.as_bytes().as_chunks::<CHUNK>();
    let (b_chunks, _) = b.as_bytes().as_chunks::<CHUNK>();
    let chunks = a_chunks.iter().zip(b_chunks);
    let common = chunks
        .take_while(|(a, b)| a == b)
        .count()
        .saturating_mul(CHUNK);
    let differing = a.bytes().zip(b.bytes()).skip(common).find(|(a, b)| a != b);
    match differing {
        Some((b'/', _)) => Ordering::Less,
        Some((_, b'/')) => Ordering::Greater,
        Some((a, b)) => a.cmp(&b),
        None => a.len().cmp(&b.len()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn children_follow_their_directory() {
        let mut paths = ["a.b", "a/b", "a", "a/b/c", "a0", "a/b-c", "A"];
        paths.sort_by(|a, b| tree_order(a, b));
        assert_eq!(paths, ["A", "a", "a/b", "a/b/c", "a/b-c", "a.b", "a0"]);
        // The same below prefixes that end within, at the end of, and after a chunk.
        for prefix in [15, 16, 17, 32, 40].map(|length| "x".repeat(length)) {
            let mut prefixed = paths.map(|path| format!("{prefix}{path}"));
            prefixed.reverse();
            prefixed.sort_by(|a, b| tree_order(a, b));
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
