//! Names of entries: each must be one safe relative path for every reader (no zip slip, no path
//! traversal).

use super::error::{NameFault, StructureError};
use crate::{escape::escape, limits::Limits};

/// Takes a raw name as text, if it is a relative path of plain components.
///
/// One `./` in front is accepted, as `tar -a -cf x.zip .` writes it. Every program that unpacks
/// drops it, and paths are compared without it, so that `./a` and `a` are two entries at one path.
pub(super) fn validate<'a>(raw: &'a [u8], limits: &Limits) -> Result<&'a str, StructureError> {
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
    let path = path(name);
    if name.is_empty() {
        return Some(NameFault::Empty);
    }
    if name.len() > limits.name_bytes {
        return Some(NameFault::TooLong);
    }
    let character = without_icon(name)
        .chars()
        .find_map(|character| match character {
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
    if matches!(path.as_bytes(), [letter, b':', ..] if letter.is_ascii_alphabetic()) {
        return Some(NameFault::Drive);
    }
    if name.starts_with('\u{feff}') {
        return Some(NameFault::ByteOrderMark);
    }
    if has_version(path) {
        return Some(NameFault::Version);
    }
    if name == "./" {
        return None;
    }
    let mut components = path.as_bytes().split(|byte| *byte == b'/');
    let fault = components.find_map(|component| match component {
        b"" => Some(NameFault::EmptyComponent),
        b"." => Some(NameFault::Dot),
        b".." => Some(NameFault::Climbs),
        long if long.len() > limits.component_bytes => Some(NameFault::TooLong),
        _ => None,
    });
    fault.or_else(|| name.contains("../").then_some(NameFault::DotsAtEnd))
}

/// The name without the carriage return of the Finder's files for icons of folders, `Icon\r` and
/// its twin `._Icon\r` for the resource fork. Info-ZIP drops it and writes `Icon`, which is why
/// that reading is compared like those of code pages (`code_page.rs`).
fn without_icon(name: &str) -> &str {
    let file = name.rsplit('/').next().unwrap_or(name);
    match file {
        "Icon\r" | "._Icon\r" => name.trim_end_matches('\r'),
        _ => name,
    }
}

/// Whether a path ends as names do on VMS: unzip takes `app.py;1` for a version of `app.py` and
/// writes that.
fn has_version(path: &str) -> bool {
    path.trim_end_matches(|c: char| c.is_ascii_digit())
        .ends_with(';')
}

/// The path that a name unpacks to: without `./` in front, and without the slash that marks a
/// directory.
pub(super) fn path(name: &str) -> &str {
    let name = name.strip_prefix("./").unwrap_or(name);
    name.strip_suffix('/').unwrap_or(name)
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
            "./",
            "./a",
            "./a/",
            "Icon\r",
            "__MACOSX/a/._Icon\r",
        ] {
            assert_eq!(validate(name.as_bytes(), &Limits::default()), Ok(name));
        }
    }

    #[test]
    fn unsafe_paths_are_refused_each_with_its_fault() {
        let long = "x".repeat(256);
        let cases: [(&[u8], NameFault); 32] = [
            (b"", NameFault::Empty),
            (b"/", NameFault::Absolute),
            (b"/etc/passwd", NameFault::Absolute),
            (b"..", NameFault::Climbs),
            (b"a/../b", NameFault::Climbs),
            (b"a/..", NameFault::Climbs),
            (b"../", NameFault::Climbs),
            (b".", NameFault::Dot),
            (b"././a", NameFault::Dot),
            (b"a/./b", NameFault::Dot),
            (b".//", NameFault::EmptyComponent),
            (b".//etc/passwd", NameFault::EmptyComponent),
            (b"./../a", NameFault::Climbs),
            (b"./C:/a", NameFault::Drive),
            (b"Icon\r/a", NameFault::Control),
            (b"Icon\r\r", NameFault::Control),
            (b"icon\r", NameFault::Control),
            (b"a../b", NameFault::DotsAtEnd),
            (b".../b", NameFault::DotsAtEnd),
            (b"a/b../", NameFault::DotsAtEnd),
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
            let error = validate(name, &Limits::default()).unwrap_err();
            assert_eq!(
                error,
                StructureError::Name {
                    name: escape(name),
                    fault: expected
                }
            );
        }
    }
}
