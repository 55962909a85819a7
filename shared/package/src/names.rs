//! Names: each must be one safe relative path for every reader, and no two may unpack to the same place.
//!
//! Judged as Lambda's file systems see them: case matters there, so that `A` and `a` are two files, as they are in
//! honest packages. Unicode composition is another thing: composed and decomposed spellings are
//! two files on Linux, but one on the Mac where many packages are made, so no honest package has both.

use std::borrow::Cow;
use std::cmp::Ordering;

use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};

use crate::archive::{Entry, EntryKind};
use crate::error::{LinkFault, NameFault, StructureError};
use crate::limits::Limits;

/// Takes a raw name as text, if it is a relative path of plain components.
pub(crate) fn judge<'a>(raw: &'a [u8], limits: &Limits) -> Result<&'a str, StructureError> {
    let refuse = |fault| StructureError::Name {
        name: escape(raw),
        fault,
    };
    let name = std::str::from_utf8(raw).map_err(|_| refuse(NameFault::NotUtf8))?;
    match fault(name, limits) {
        Some(fault) => Err(refuse(fault)),
        None => Ok(name),
    }
}

fn fault(name: &str, limits: &Limits) -> Option<NameFault> {
    let path = name.strip_suffix('/').unwrap_or(name);
    if name.is_empty() {
        return Some(NameFault::Empty);
    }
    if name.len() > limits.name_bytes {
        return Some(NameFault::TooLong);
    }
    let character = name.chars().find_map(|character| match character {
        '\0' => Some(NameFault::Nul),
        '\\' => Some(NameFault::Backslash),
        _ if character.is_control() => Some(NameFault::Control),
        _ => None,
    });
    if character.is_some() {
        return character;
    }
    if name.starts_with('/') {
        return Some(NameFault::Absolute);
    }
    if matches!(name.as_bytes(), [letter, b':', ..] if letter.is_ascii_alphabetic()) {
        return Some(NameFault::Drive);
    }
    if name.starts_with('\u{feff}') {
        return Some(NameFault::ByteOrderMark);
    }
    if has_version(path) {
        return Some(NameFault::Version);
    }
    let mut components = path.as_bytes().split(|byte| *byte == b'/');
    components.find_map(|component| match component {
        b"" => Some(NameFault::EmptyComponent),
        b"." => Some(NameFault::Dot),
        b".." => Some(NameFault::Climbs),
        long if long.len() > limits.component_bytes => Some(NameFault::TooLong),
        _ => None,
    })
}

/// Whether a path ends as names do on VMS: unzip takes `app.py;1` for a version of `app.py` and writes that.
fn has_version(path: &str) -> bool {
    path.trim_end_matches(|c: char| c.is_ascii_digit())
        .ends_with(';')
}

/// A name for a message: whatever it is, it cannot garble a terminal or a log, and stays short.
pub(crate) fn escape(raw: &[u8]) -> String {
    const SHOWN: usize = 200;
    let shown = raw.get(..SHOWN).unwrap_or(raw);
    let mut text: String = String::from_utf8_lossy(shown).escape_debug().collect();
    if shown.len() < raw.len() {
        text.push('…');
    }
    text
}

/// Refuses two entries at one path, and entries below something that is not a directory.
pub(crate) fn judge_tree(entries: &[Entry<'_>], limits: &Limits) -> Result<(), StructureError> {
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

/// The path that a name unpacks to, without the slash that marks a directory.
pub(crate) fn path(name: &str) -> &str {
    name.strip_suffix('/').unwrap_or(name)
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

/// Orders paths so that what is below a path follows directly after it: the slash comes before all else.
fn tree_order(a: &str, b: &str) -> Ordering {
    const CHUNK: usize = 16;
    // Whole chunks first, which are compared in one step: files of one directory have long common prefixes, and an
    // attacker's can be as long as a name may be.
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
    fn plain_relative_paths_are_accepted() {
        for name in [
            "a",
            "a/",
            "a/b.py",
            "A",
            "...",
            "..a/b..",
            "naïve/日本.txt",
            "ab:c",
            "a;1/b;c",
            "-rf",
            " a",
        ] {
            assert_eq!(judge(name.as_bytes(), &Limits::default()), Ok(name));
        }
    }

    #[test]
    fn every_other_path_is_refused_for_its_own_reason() {
        let long = "x".repeat(256);
        let cases: [(&[u8], NameFault); 21] = [
            (b"", NameFault::Empty),
            (b"/", NameFault::Absolute),
            (b"/etc/passwd", NameFault::Absolute),
            (b"..", NameFault::Climbs),
            (b"a/../b", NameFault::Climbs),
            (b"a/..", NameFault::Climbs),
            (b"../", NameFault::Climbs),
            (b".", NameFault::Dot),
            (b"./a", NameFault::Dot),
            (b"a//b", NameFault::EmptyComponent),
            (b"a//", NameFault::EmptyComponent),
            (b"a\\b", NameFault::Backslash),
            (b"a\0b", NameFault::Nul),
            (b"a\nb", NameFault::Control),
            ("a\u{85}".as_bytes(), NameFault::Control),
            (b"C:/a", NameFault::Drive),
            ("\u{feff}a".as_bytes(), NameFault::ByteOrderMark),
            (b"a;1", NameFault::Version),
            (b"d/a;", NameFault::Version),
            (b"a\xffb", NameFault::NotUtf8),
            (long.as_bytes(), NameFault::TooLong),
        ];
        for (name, expected) in cases {
            let error = judge(name, &Limits::default()).unwrap_err();
            assert_eq!(
                error,
                StructureError::Name {
                    name: escape(name),
                    fault: expected
                }
            );
        }
    }

    #[test]
    fn what_is_below_a_path_follows_it() {
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
