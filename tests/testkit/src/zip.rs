//! A zip file written record by record (PKWARE APPNOTE 6.3.10), with every field open to a lie.
//!
//! An [`EntryForge`] starts out true: its local record, its central record and its body agree. A
//! test then changes the one field it is about. Offsets and counts of the end records are worked
//! out when the file is written, unless a test sets them.

mod end;

use std::io::Write as _;

use flate2::{Compression, write::DeflateEncoder};

pub use end::{End, Zip64End};

/// Compression method: stored.
pub const STORED: u16 = 0;
/// Compression method: deflate.
pub const DEFLATED: u16 = 8;
/// Flag: encrypted.
pub const FLAG_ENCRYPTED: u16 = 1;
/// Flag: sizes and checksum follow the body.
pub const FLAG_DESCRIPTOR: u16 = 1 << 3;
/// Flag: names are UTF-8.
pub const FLAG_UTF8: u16 = 1 << 11;
/// 2026-09-28, as DOS counts days.
pub const DATE: u16 = (2026 - 1980) * 512 + 9 * 32 + 28;
/// 09:19:26, as DOS counts seconds.
pub const TIME: u16 = 9 * 2048 + 19 * 32 + 13;

/// The fields that a local and a central record share.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// The four bytes the record starts with.
    pub signature: [u8; 4],
    /// Version needed to extract, in tenths.
    pub version_needed: u16,
    /// General purpose bit flag.
    pub flags: u16,
    /// Compression method.
    pub method: u16,
    /// DOS time.
    pub time: u16,
    /// DOS date.
    pub date: u16,
    /// CRC-32 of the uncompressed body.
    pub crc32: u32,
    /// Bytes of the body as stored.
    pub compressed_size: u32,
    /// Bytes of the body uncompressed.
    pub size: u32,
    /// The name.
    pub name: Vec<u8>,
    /// The extra field.
    pub extra: Vec<u8>,
    /// Says another length of name than there is.
    pub name_length: Option<u16>,
    /// Says another length of extra field than there is.
    pub extra_length: Option<u16>,
}

impl Header {
    fn write(&self, out: &mut Vec<u8>) {
        put16(
            out,
            &[
                self.version_needed,
                self.flags,
                self.method,
                self.time,
                self.date,
            ],
        );
        put32(out, &[self.crc32, self.compressed_size, self.size]);
        let name = self.name_length.unwrap_or(self.name.len() as u16);
        put16(
            out,
            &[name, self.extra_length.unwrap_or(self.extra.len() as u16)],
        );
    }
}

/// What only the central record has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Central {
    /// The shared fields.
    pub header: Header,
    /// Version made by: the upper byte is the system, 3 for Unix.
    pub version_made_by: u16,
    /// The entry's comment.
    pub comment: Vec<u8>,
    /// Number of the disk where the entry starts.
    pub disk: u16,
    /// Internal attributes.
    pub internal: u16,
    /// External attributes: the Unix mode is the upper half.
    pub external: u32,
    /// Another offset than that of the local record.
    pub offset: Option<u32>,
    /// A zip64 extra field, put before the others.
    pub zip64: Option<Zip64Extra>,
}

/// The zip64 extended information of a central record (APPNOTE 4.5.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Zip64Extra {
    /// Uncompressed size, if the field is there.
    pub size: Option<u64>,
    /// Compressed size, if the field is there.
    pub compressed_size: Option<u64>,
    /// Whether the offset of the local record is there; the true one.
    pub offset: bool,
    /// Disk number, if the field is there.
    pub disk: Option<u32>,
}

/// A data descriptor: the sizes and checksum after a body (APPNOTE 4.3.9).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Descriptor {
    /// With the optional signature `PK\x07\x08`.
    pub signature: bool,
    /// Checksum.
    pub crc32: u32,
    /// Compressed size.
    pub compressed_size: u64,
    /// Uncompressed size.
    pub size: u64,
    /// With sizes of eight bytes rather than four.
    pub wide: bool,
}

impl Descriptor {
    fn write(&self, out: &mut Vec<u8>) {
        if self.signature {
            out.extend_from_slice(b"PK\x07\x08");
        }
        put32(out, &[self.crc32]);
        for size in [self.compressed_size, self.size] {
            if self.wide {
                out.extend_from_slice(&size.to_le_bytes());
            } else {
                put32(out, &[size as u32]);
            }
        }
    }
}

/// One entry.
#[derive(Clone, Debug)]
pub struct EntryForge {
    /// Bytes before the local record that belong to nothing.
    pub before: Vec<u8>,
    /// The local record; `None` leaves the record and its body out.
    pub local: Option<Header>,
    /// The body as stored in the file.
    pub data: Vec<u8>,
    /// What follows the body.
    pub descriptor: Option<Descriptor>,
    /// The central record; `None` leaves it out.
    pub central: Option<Central>,
    /// The body uncompressed, which the signature is made over.
    pub body: Vec<u8>,
}

impl EntryForge {
    /// A deflated file with mode 0644, written as Info-ZIP would on Linux, without extra fields.
    #[must_use]
    pub fn file(name: impl AsRef<[u8]>, body: impl AsRef<[u8]>) -> Self {
        let body = body.as_ref();
        let data = deflate(body);
        Self::raw(name.as_ref(), body, &data, DEFLATED, 0o100_644)
    }

    /// A directory with mode 0755. The name is written as given: end it in `/`.
    #[must_use]
    pub fn directory(name: impl AsRef<[u8]>) -> Self {
        let mut entry = Self::raw(name.as_ref(), &[], &[], STORED, 0o040_755);
        entry.central().external |= 0x10;
        entry
    }

    /// A symbolic link to `target`, with mode 0777.
    #[must_use]
    pub fn symlink(name: impl AsRef<[u8]>, target: impl AsRef<[u8]>) -> Self {
        let target = target.as_ref();
        Self::raw(name.as_ref(), target, target, STORED, 0o120_777)
    }

    /// A file whose stored bytes are given; sizes and checksum are true.
    #[must_use]
    pub fn raw(name: &[u8], body: &[u8], data: &[u8], method: u16, mode: u16) -> Self {
        let header = Header {
            signature: *b"PK\x03\x04",
            version_needed: if method == STORED { 10 } else { 20 },
            flags: if name.is_ascii() { 0 } else { FLAG_UTF8 },
            method,
            time: TIME,
            date: DATE,
            crc32: crc32fast::hash(body),
            compressed_size: data.len() as u32,
            size: body.len() as u32,
            name: name.to_vec(),
            extra: Vec::new(),
            name_length: None,
            extra_length: None,
        };
        let central = Central {
            header: Header {
                signature: *b"PK\x01\x02",
                ..header.clone()
            },
            version_made_by: 0x031E,
            comment: Vec::new(),
            disk: 0,
            internal: 0,
            external: u32::from(mode) << 16,
            offset: None,
            zip64: None,
        };
        Self {
            before: Vec::new(),
            local: Some(header),
            data: data.to_vec(),
            descriptor: None,
            central: Some(central),
            body: body.to_vec(),
        }
    }

    /// The local record.
    pub fn local(&mut self) -> &mut Header {
        self.local.as_mut().expect("a local record")
    }

    /// The central record.
    pub fn central(&mut self) -> &mut Central {
        self.central.as_mut().expect("a central record")
    }

    /// Changes the fields that both records share, in both alike.
    #[must_use]
    pub fn both(mut self, change: impl Fn(&mut Header)) -> Self {
        self.change_both(change);
        self
    }

    /// Changes the fields that both records share, in both alike.
    pub fn change_both(&mut self, change: impl Fn(&mut Header)) {
        self.local.iter_mut().for_each(&change);
        self.central
            .iter_mut()
            .for_each(|central| change(&mut central.header));
    }

    /// The same entry, stored.
    #[must_use]
    pub fn stored(mut self) -> Self {
        self.data.clone_from(&self.body);
        let size = self.body.len() as u32;
        self.both(|header| {
            header.method = STORED;
            header.version_needed = 10;
            header.compressed_size = size;
        })
    }

    /// The same entry with this Unix mode, file type bits included.
    #[must_use]
    pub fn mode(mut self, mode: u16) -> Self {
        let central = self.central();
        central.external = (u32::from(mode) << 16) | (central.external & 0xFFFF);
        self
    }

    /// The same entry as a streaming writer makes it: zeros before the body, the truth after it.
    #[must_use]
    pub fn streamed(mut self) -> Self {
        self.change_both(|header| header.flags |= FLAG_DESCRIPTOR);
        self.descriptor = Some(Descriptor {
            signature: true,
            crc32: crc32fast::hash(&self.body),
            compressed_size: self.data.len() as u64,
            size: self.body.len() as u64,
            wide: false,
        });
        let local = self.local();
        (local.crc32, local.compressed_size, local.size) = (0, 0, 0);
        self
    }

    /// The same entry with both sizes in zip64 extra fields, in both records.
    #[must_use]
    pub fn zip64(mut self) -> Self {
        let (size, compressed) = (self.body.len() as u64, self.data.len() as u64);
        self.change_both(|header| {
            header.version_needed = 45;
            (header.size, header.compressed_size) = (u32::MAX, u32::MAX);
        });
        let mut value = size.to_le_bytes().to_vec();
        value.extend_from_slice(&compressed.to_le_bytes());
        self.local().extra.splice(0..0, extra(0x0001, &value));
        self.central().zip64 = Some(Zip64Extra {
            size: Some(size),
            compressed_size: Some(compressed),
            offset: false,
            disk: None,
        });
        self
    }

    /// The same entry with these extra fields, in the local and in the central record.
    #[must_use]
    pub fn extras(mut self, local: &[u8], central: &[u8]) -> Self {
        self.local().extra.extend_from_slice(local);
        self.central().header.extra.extend_from_slice(central);
        self
    }

    fn write_local(&self, out: &mut Vec<u8>) {
        let Some(header) = &self.local else { return };
        out.extend_from_slice(&header.signature);
        header.write(out);
        out.extend_from_slice(&header.name);
        out.extend_from_slice(&header.extra);
        out.extend_from_slice(&self.data);
        self.descriptor
            .iter()
            .for_each(|descriptor| descriptor.write(out));
    }

    fn write_central(&self, local_offset: u64, out: &mut Vec<u8>) {
        let Some(central) = &self.central else { return };
        let mut header = central.header.clone();
        let mut offset = central.offset.unwrap_or(local_offset as u32);
        if let Some(zip64) = central.zip64 {
            let mut value = Vec::new();
            let own = zip64.offset.then_some(local_offset);
            for number in [zip64.size, zip64.compressed_size, own]
                .into_iter()
                .flatten()
            {
                value.extend_from_slice(&number.to_le_bytes());
            }
            zip64
                .disk
                .iter()
                .for_each(|disk| put32(&mut value, &[*disk]));
            header.extra.splice(0..0, extra(0x0001, &value));
            offset = if zip64.offset {
                central.offset.unwrap_or(u32::MAX)
            } else {
                offset
            };
        }
        out.extend_from_slice(&header.signature);
        put16(out, &[central.version_made_by]);
        header.write(out);
        put16(
            out,
            &[central.comment.len() as u16, central.disk, central.internal],
        );
        put32(out, &[central.external, offset]);
        out.extend_from_slice(&header.name);
        out.extend_from_slice(&header.extra);
        out.extend_from_slice(&central.comment);
    }
}

/// A zip file.
#[derive(Clone, Debug, Default)]
pub struct ZipForge {
    /// Bytes before everything; offsets take account of them, as a self-extractor's would.
    pub prefix: Vec<u8>,
    /// The entries.
    pub entries: Vec<EntryForge>,
    /// Another order of the local records than that of the entries.
    pub local_order: Option<Vec<usize>>,
    /// Another order of the central records than that of the entries.
    pub central_order: Option<Vec<usize>>,
    /// Bytes between the last body and the central directory.
    pub before_directory: Vec<u8>,
    /// Bytes between the central directory and the end records, not counted in its size.
    pub after_directory: Vec<u8>,
    /// Zip64 end record and locator.
    pub zip64: Option<Zip64End>,
    /// The end record.
    pub end: End,
    /// Bytes after everything.
    pub trailing: Vec<u8>,
}

impl ZipForge {
    /// A zip with these entries.
    #[must_use]
    pub fn new(entries: impl IntoIterator<Item = EntryForge>) -> Self {
        Self {
            entries: entries.into_iter().collect(),
            ..Self::default()
        }
    }

    /// The same zip with something changed.
    #[must_use]
    pub fn with(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }

    /// Adds an entry at the end of all orders.
    pub fn push(&mut self, entry: EntryForge) {
        let index = self.entries.len();
        self.entries.push(entry);
        let orders = [&mut self.local_order, &mut self.central_order];
        for order in orders.into_iter().flatten() {
            order.push(index);
        }
    }

    /// The same zip with zip64 end records, and the sentinels in the old one that call for them.
    #[must_use]
    pub fn with_zip64_end(self) -> Self {
        self.with(|zip| {
            zip.zip64 = Some(Zip64End::default());
            zip.end.entries_here = Some(u16::MAX);
            zip.end.entries = Some(u16::MAX);
            zip.end.size = Some(u32::MAX);
            zip.end.offset = Some(u32::MAX);
        })
    }

    /// The zip64 end records.
    pub fn zip64(&mut self) -> &mut Zip64End {
        self.zip64.as_mut().expect("zip64 end records")
    }

    /// Writes the file.
    #[must_use]
    pub fn build(&self) -> Vec<u8> {
        let in_order: Vec<usize> = (0..self.entries.len()).collect();
        let mut out = self.prefix.clone();
        let mut offsets = vec![0; self.entries.len()];
        for index in self.local_order.as_ref().unwrap_or(&in_order) {
            let entry = &self.entries[*index];
            out.extend_from_slice(&entry.before);
            offsets[*index] = out.len() as u64;
            entry.write_local(&mut out);
        }
        out.extend_from_slice(&self.before_directory);
        let start = out.len();
        for index in self.central_order.as_ref().unwrap_or(&in_order) {
            self.entries[*index].write_central(offsets[*index], &mut out);
        }
        let size = out.len() - start;
        out.extend_from_slice(&self.after_directory);
        let count = self
            .entries
            .iter()
            .filter(|entry| entry.central.is_some())
            .count();
        let directory = end::Directory { start, size, count };
        if let Some(zip64) = &self.zip64 {
            zip64.write(&directory, &mut out);
        }
        self.end.write(&directory, &mut out);
        out.extend_from_slice(&self.trailing);
        out
    }
}

/// An extra field: identifier, length, value (APPNOTE 4.5.1).
#[must_use]
pub fn extra(id: u16, value: &[u8]) -> Vec<u8> {
    let mut field = Vec::new();
    put16(&mut field, &[id, value.len() as u16]);
    field.extend_from_slice(value);
    field
}

/// `body` as a raw deflate stream.
#[must_use]
pub fn deflate(body: &[u8]) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(body).expect("a vector takes everything");
    encoder.finish().expect("a vector takes everything")
}

fn put16(out: &mut Vec<u8>, numbers: &[u16]) {
    for number in numbers {
        out.extend_from_slice(&number.to_le_bytes());
    }
}

fn put32(out: &mut Vec<u8>, numbers: &[u32]) {
    for number in numbers {
        out.extend_from_slice(&number.to_le_bytes());
    }
}

fn put64(out: &mut Vec<u8>, numbers: &[u64]) {
    for number in numbers {
        out.extend_from_slice(&number.to_le_bytes());
    }
}
