//! The records at the end of a zip file. Offsets, sizes and counts are true unless a test sets
//! them.

use super::{put16, put32, put64};

/// The central directory as it was written: what the end records should say.
pub(super) struct Directory {
    /// Where it starts, in bytes from the start of the file.
    pub(super) start: usize,
    /// Its length in bytes.
    pub(super) size: usize,
    /// Its entries.
    pub(super) count: usize,
}

/// The end of central directory record (APPNOTE 4.3.16). `None` is the true value.
#[derive(Clone, Debug, Default)]
pub struct End {
    /// Number of this disk.
    pub disk: Option<u16>,
    /// Number of the disk where the central directory starts.
    pub directory_disk: Option<u16>,
    /// Entries on this disk.
    pub entries_here: Option<u16>,
    /// Entries in all.
    pub entries: Option<u16>,
    /// Bytes of the central directory.
    pub size: Option<u32>,
    /// Where the central directory starts.
    pub offset: Option<u32>,
    /// The archive's comment.
    pub comment: Vec<u8>,
    /// Says another length of comment than there is.
    pub comment_length: Option<u16>,
}

impl End {
    pub(super) fn write(&self, directory: &Directory, out: &mut Vec<u8>) {
        let Directory { start, size, count } = *directory;
        out.extend_from_slice(b"PK\x05\x06");
        put16(
            out,
            &[
                self.disk.unwrap_or(0),
                self.directory_disk.unwrap_or(0),
                self.entries_here.unwrap_or(count as u16),
                self.entries.unwrap_or(count as u16),
            ],
        );
        put32(
            out,
            &[
                self.size.unwrap_or(size as u32),
                self.offset.unwrap_or(start as u32),
            ],
        );
        put16(
            out,
            &[self.comment_length.unwrap_or(self.comment.len() as u16)],
        );
        out.extend_from_slice(&self.comment);
    }
}

/// The zip64 end record and its locator (APPNOTE 4.3.14, 4.3.15). `None` is the true value.
#[derive(Clone, Debug, Default)]
pub struct Zip64End {
    /// Size of the rest of the record; 44 without extensible data.
    pub record_size: Option<u64>,
    /// Number of this disk.
    pub disk: Option<u32>,
    /// Entries on this disk.
    pub entries_here: Option<u64>,
    /// Entries in all.
    pub entries: Option<u64>,
    /// Bytes of the central directory.
    pub size: Option<u64>,
    /// Where the central directory starts.
    pub offset: Option<u64>,
    /// Extensible data at the end of the record.
    pub extensible: Vec<u8>,
    /// Bytes between the record and its locator.
    pub between: Vec<u8>,
    /// Where the locator says that the record is.
    pub locator_offset: Option<u64>,
    /// How many disks the locator says that there are.
    pub locator_disks: Option<u32>,
    /// Leaves the locator out.
    pub without_locator: bool,
    /// Leaves the record out.
    pub without_record: bool,
}

impl Zip64End {
    pub(super) fn write(&self, directory: &Directory, out: &mut Vec<u8>) {
        let Directory { start, size, count } = *directory;
        let offset = out.len() as u64;
        if !self.without_record {
            out.extend_from_slice(b"PK\x06\x06");
            put64(
                out,
                &[self
                    .record_size
                    .unwrap_or(44 + self.extensible.len() as u64)],
            );
            put16(out, &[45, 45]);
            put32(out, &[self.disk.unwrap_or(0), 0]);
            put64(
                out,
                &[
                    self.entries_here.unwrap_or(count as u64),
                    self.entries.unwrap_or(count as u64),
                    self.size.unwrap_or(size as u64),
                    self.offset.unwrap_or(start as u64),
                ],
            );
            out.extend_from_slice(&self.extensible);
        }
        out.extend_from_slice(&self.between);
        if !self.without_locator {
            out.extend_from_slice(b"PK\x06\x07");
            put32(out, &[0]);
            put64(out, &[self.locator_offset.unwrap_or(offset)]);
            put32(out, &[self.locator_disks.unwrap_or(1)]);
        }
    }
}
