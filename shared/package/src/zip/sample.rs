//! Zips for the tests beside the code: small, sound, and without any writer that might repair them.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::DeflateEncoder;

/// One entry to write.
pub(crate) struct Sample<'a> {
    pub(crate) name: &'a str,
    pub(crate) body: &'a [u8],
    pub(crate) mode: u32,
    pub(crate) deflated: bool,
}

/// A stored file with an ordinary mode.
pub(crate) fn file<'a>(name: &'a str, body: &'a [u8]) -> Sample<'a> {
    Sample {
        name,
        body,
        mode: 0o100_644,
        deflated: false,
    }
}

/// The entries, written as `zip` would.
pub(crate) fn zip(entries: &[Sample<'_>]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut directory = Vec::new();
    for entry in entries {
        let packed = if entry.deflated {
            deflate(entry.body)
        } else {
            entry.body.to_vec()
        };
        let method = if entry.deflated { 8_u16 } else { 0 };
        let mut common = Vec::new();
        // Version, flags, method, time, date.
        for field in [20, 0x0800, method, 0, 33] {
            common.extend(u16::to_le_bytes(field));
        }
        common.extend(crc32fast::hash(entry.body).to_le_bytes());
        common.extend(length(&packed).to_le_bytes());
        common.extend(length(entry.body).to_le_bytes());
        common.extend(u16::try_from(entry.name.len()).unwrap().to_le_bytes());
        common.extend([0, 0]);
        directory.extend(b"PK\x01\x02\x14\x03");
        directory.extend(&common);
        directory.extend([0; 6]);
        directory.extend((entry.mode << 16).to_le_bytes());
        directory.extend(length(&bytes).to_le_bytes());
        directory.extend(entry.name.as_bytes());
        bytes.extend(b"PK\x03\x04");
        bytes.extend(&common);
        bytes.extend(entry.name.as_bytes());
        bytes.extend(&packed);
    }
    let count = u16::try_from(entries.len()).unwrap().to_le_bytes();
    let (offset, size) = (length(&bytes), length(&directory));
    bytes.extend(directory);
    bytes.extend(b"PK\x05\x06\0\0\0\0");
    bytes.extend([count, count].concat());
    bytes.extend(size.to_le_bytes());
    bytes.extend(offset.to_le_bytes());
    bytes.extend([0, 0]);
    bytes
}

/// A bare DEFLATE stream.
pub(crate) fn deflate(body: &[u8]) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(body).unwrap();
    encoder.finish().unwrap()
}

fn length(bytes: &[u8]) -> u32 {
    u32::try_from(bytes.len()).unwrap()
}
