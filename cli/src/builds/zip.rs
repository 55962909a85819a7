//! A zip made of files: the same bytes for the same files, whenever and wherever it is made.

use std::io::Write as _;

use flate2::{Compression, write::DeflateEncoder};

/// 1980-01-01 00:00, the first time that a zip can hold: when a file was written is no part of what it is.
const DATE: u16 = (1 << 5) | 1;
const TIME: u16 = 0;

/// Version 2.0 is what deflated files and folders need (APPNOTE 4.4.3.2).
const VERSION: u16 = 20;
/// The upper byte of "version made by": modes are those of Unix.
const UNIX: u16 = 3 << 8;
/// Bit 11: the name is UTF-8.
const UTF8: u16 = 1 << 11;
const STORED: u16 = 0;
const DEFLATED: u16 = 8;

/// A zip that files are added to.
#[derive(Default)]
pub(super) struct Writer {
    bytes: Vec<u8>,
    directory: Vec<u8>,
    entries: u16,
}

/// It would take zip64, which nothing that Lambda takes needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TooLarge {
    /// Of a file, of a name or of all together.
    Bytes,
    /// Files and empty folders.
    Entries,
}

impl Writer {
    /// Adds an entry; `mode` is that of Unix, with the kind of file.
    pub(super) fn add(&mut self, name: &str, mode: u32, body: &[u8]) -> Result<(), TooLarge> {
        // 0xFFFF says "see zip64".
        let entries = self.entries.checked_add(1);
        let entries = entries.filter(|count| *count != u16::MAX);
        let entries = entries.ok_or(TooLarge::Entries)?;
        let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
        let deflated = encoder
            .write_all(body)
            .and_then(|()| encoder.finish())
            .map_err(|_| TooLarge::Bytes)?;
        let (method, data) = if deflated.len() < body.len() {
            (DEFLATED, deflated.as_slice())
        } else {
            (STORED, body)
        };
        let offset = number(self.bytes.len())?;
        let mut common = Vec::new();
        put16(&mut common, VERSION);
        put16(&mut common, if name.is_ascii() { 0 } else { UTF8 });
        put16(&mut common, method);
        put16(&mut common, TIME);
        put16(&mut common, DATE);
        put32(&mut common, crc32fast::hash(body));
        put32(&mut common, number(data.len())?);
        put32(&mut common, number(body.len())?);
        put16(
            &mut common,
            u16::try_from(name.len()).map_err(|_| TooLarge::Bytes)?,
        );
        put16(&mut common, 0); // no extra field

        self.bytes.extend(b"PK\x03\x04");
        self.bytes.extend(&common);
        self.bytes.extend(name.as_bytes());
        self.bytes.extend(data);

        self.directory.extend(b"PK\x01\x02");
        put16(&mut self.directory, UNIX | VERSION);
        self.directory.extend(&common);
        put16(&mut self.directory, 0); // no comment
        put16(&mut self.directory, 0); // the first disk
        put16(&mut self.directory, 0); // no internal attributes
        put32(&mut self.directory, mode << 16);
        put32(&mut self.directory, offset);
        self.directory.extend(name.as_bytes());
        self.entries = entries;
        Ok(())
    }

    /// The whole zip.
    pub(super) fn finish(mut self) -> Result<Vec<u8>, TooLarge> {
        let (offset, size) = (number(self.bytes.len())?, number(self.directory.len())?);
        self.bytes.append(&mut self.directory);
        self.bytes.extend(b"PK\x05\x06");
        put16(&mut self.bytes, 0);
        put16(&mut self.bytes, 0);
        put16(&mut self.bytes, self.entries);
        put16(&mut self.bytes, self.entries);
        put32(&mut self.bytes, size);
        put32(&mut self.bytes, offset);
        put16(&mut self.bytes, 0); // no comment
        Ok(self.bytes)
    }
}

/// 0xFFFFFFFF says "see zip64".
fn number(length: usize) -> Result<u32, TooLarge> {
    u32::try_from(length)
        .ok()
        .filter(|number| *number != u32::MAX)
        .ok_or(TooLarge::Bytes)
}

fn put16(bytes: &mut Vec<u8>, number: u16) {
    bytes.extend(number.to_le_bytes());
}

fn put32(bytes: &mut Vec<u8>, number: u32) {
    bytes.extend(number.to_le_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;
    use countersign_package::{Limits, Package};

    #[test]
    fn count_that_means_zip64_is_refused() {
        let mut zip = Writer::default();
        let mut add = |number: u32| zip.add(&number.to_string(), 0o100_644, b"");
        for number in 0..65_534 {
            add(number).unwrap();
        }
        assert_eq!(add(65_534).unwrap_err(), TooLarge::Entries);
        Package::read(&zip.finish().unwrap(), &Limits::default()).unwrap();
    }

    #[test]
    fn core_reads_what_is_written() {
        let long = "x".repeat(10_000);
        let mut zip = Writer::default();
        for (name, mode, body) in [
            ("a.py", 0o100_644, long.as_str()),
            ("bin/\u{fc}", 0o100_755, "#!"),
            ("empty/", 0o040_755, ""),
            ("link", 0o120_777, "bin/\u{fc}"),
        ] {
            zip.add(name, mode, body.as_bytes()).unwrap();
        }
        let zip = zip.finish().unwrap();
        assert!(zip.len() < 1000);
        let package = Package::read(&zip, &Limits::default()).unwrap();
        assert_eq!(package.archive().entries().len(), 4);
        assert!(package.warnings().is_empty());
    }
}
