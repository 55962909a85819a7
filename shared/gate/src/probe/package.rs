//! The package of the probe: a few small files, each of which Signer could get wrong in another way.

use crate::domain::sha256_base64;

/// One entry.
struct Entry<'a> {
    name: &'a str,
    body: &'a [u8],
    mode: u16,
    /// Written as one block of DEFLATE that is not packed.
    is_deflated: bool,
}

/// 2026-01-01 00:00:00, as MS-DOS writes it.
const DATE: u16 = 0x5c21;
/// Flag 11: the name is UTF-8.
const FLAG_UTF8: u16 = 1 << 11;
const STORED: u16 = 0;
const DEFLATED: u16 = 8;
/// Made by version 3.0 on Unix.
const MADE_BY: u16 = 0x031e;

/// The package: modes, a link, a directory, an empty file, a body that is deflated, and names that are not ASCII or have blanks. With `mark` in
/// it, so that no two probes sign the same bytes.
#[must_use]
pub fn probe_package(mark: &str) -> Vec<u8> {
    let text = format!("This package is signed to see how AWS Signer signs. Its mark is {mark}.\n")
        .repeat(2);
    let entries = [
        Entry {
            name: "bootstrap",
            body: b"#!/bin/sh\nexit 0\n",
            mode: 0o100_755,
            is_deflated: false,
        },
        Entry {
            name: "lib/",
            body: b"",
            mode: 0o040_755,
            is_deflated: false,
        },
        Entry {
            name: "lib/read me.txt",
            body: text.as_bytes(),
            mode: 0o100_640,
            is_deflated: true,
        },
        Entry {
            name: "lib/gr\u{f6}\u{df}e-\u{65e5}\u{672c}.txt",
            body: b"odd\n",
            mode: 0o100_444,
            is_deflated: false,
        },
        Entry {
            name: "lib/empty",
            body: b"",
            mode: 0o100_644,
            is_deflated: false,
        },
        Entry {
            name: "start",
            body: b"bootstrap",
            mode: 0o120_777,
            is_deflated: false,
        },
    ];
    write(&entries)
}

/// The signed package with one byte of a body changed, and its checksums with it: a sound zip whose signature no longer fits.
pub(super) fn altered(signed: &[u8]) -> Option<Vec<u8>> {
    const BODY: &[u8] = b"#!/bin/sh\nexit 0\n";
    const OTHER: &[u8] = b"#!/bin/sh\nexit 1\n";
    let mut bytes = signed.to_vec();
    let replace = |bytes: &mut Vec<u8>, from: &[u8], to: &[u8]| -> Option<()> {
        let starts: Vec<usize> = bytes
            .windows(from.len())
            .enumerate()
            .filter_map(|(start, window)| (window == from).then_some(start))
            .collect();
        if starts.is_empty() {
            return None;
        }
        for start in starts {
            let end = start.checked_add(to.len())?;
            bytes.get_mut(start..end)?.copy_from_slice(to);
        }
        Some(())
    };
    replace(&mut bytes, BODY, OTHER)?;
    replace(
        &mut bytes,
        &crc32(BODY).to_le_bytes(),
        &crc32(OTHER).to_le_bytes(),
    )?;
    Some(bytes)
}

/// A mark that tells probes apart and names nobody.
pub(super) fn mark(of: &str) -> String {
    sha256_base64(of.as_bytes()).chars().take(12).collect()
}

fn write(entries: &[Entry<'_>]) -> Vec<u8> {
    let (mut file, mut directory) = (Vec::new(), Vec::new());
    for entry in entries {
        let packed = if entry.is_deflated {
            block(entry.body)
        } else {
            entry.body.to_vec()
        };
        let flags = if entry.name.is_ascii() { 0 } else { FLAG_UTF8 };
        let method = if entry.is_deflated { DEFLATED } else { STORED };
        let mut common = Vec::new();
        for field in [20, flags, method, 0, DATE] {
            common.extend(field.to_le_bytes());
        }
        common.extend(crc32(entry.body).to_le_bytes());
        common.extend(length(packed.len()));
        common.extend(length(entry.body.len()));
        common.extend(short(entry.name.len()));
        common.extend([0, 0]);
        let is_directory = entry.name.ends_with('/');
        let external = (u32::from(entry.mode) << 16) | if is_directory { 0x10 } else { 0 };
        directory.extend(b"PK\x01\x02");
        directory.extend(MADE_BY.to_le_bytes());
        directory.extend(&common);
        directory.extend([0; 6]);
        directory.extend(external.to_le_bytes());
        directory.extend(length(file.len()));
        directory.extend(entry.name.as_bytes());
        file.extend(b"PK\x03\x04");
        file.extend(&common);
        file.extend(entry.name.as_bytes());
        file.extend(&packed);
    }
    let count = short(entries.len());
    let (start, size) = (length(file.len()), length(directory.len()));
    file.extend(directory);
    file.extend(b"PK\x05\x06\0\0\0\0");
    file.extend(count);
    file.extend(count);
    file.extend(size);
    file.extend(start);
    file.extend([0, 0]);
    file
}

/// A DEFLATE stream of one block that is not packed (RFC 1951 §3.2.4).
fn block(body: &[u8]) -> Vec<u8> {
    let [low, high] = short(body.len());
    [&[1, low, high, !low, !high], body].concat()
}

/// Lengths here are of a few hundred bytes: what does not fit would be a fault of this file, and gives a zip that is refused.
fn length(length: usize) -> [u8; 4] {
    u32::try_from(length).unwrap_or(u32::MAX).to_le_bytes()
}

fn short(length: usize) -> [u8; 2] {
    u16::try_from(length).unwrap_or(u16::MAX).to_le_bytes()
}

/// CRC-32 as in zip (APPNOTE 4.4.7), bit by bit: the bodies are short.
fn crc32(bytes: &[u8]) -> u32 {
    let mut crc = u32::MAX;
    for byte in bytes {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = (crc >> 1) ^ if crc & 1 == 1 { 0xedb8_8320 } else { 0 };
        }
    }
    !crc
}

#[cfg(test)]
mod tests {
    use countersign_package::{EntryKind, Limits, Package};

    use super::*;

    #[test]
    fn package_is_sound_and_has_one_of_everything() {
        let bytes = probe_package("x");
        let package = Package::read(&bytes, &Limits::default()).unwrap();
        let entries = package.archive().entries();
        let kinds: Vec<_> = entries
            .iter()
            .map(|entry| (entry.kind(), entry.mode()))
            .collect();
        assert_eq!(
            kinds,
            [
                (EntryKind::File, Some(0o100_755)),
                (EntryKind::Directory, Some(0o040_755)),
                (EntryKind::File, Some(0o100_640)),
                (EntryKind::File, Some(0o100_444)),
                (EntryKind::File, Some(0o100_644)),
                (EntryKind::Symlink, Some(0o120_777)),
            ]
        );
        assert_ne!(probe_package("x"), probe_package("y"));
    }

    #[test]
    fn altered_package_is_sound_and_another() {
        let bytes = probe_package("x");
        let other = altered(&bytes).unwrap();
        let limits = Limits::default();
        let read = |bytes: &[u8]| Package::read(bytes, &limits).unwrap().content_digest();
        assert_ne!(read(&bytes), read(&other));
        assert_eq!(altered(b"something else"), None);
    }
}
