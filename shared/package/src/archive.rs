//! The layout of a zip, proven: every byte of the file belongs to exactly one record.
//!
//! ```text
//! (local header, body, [data descriptor])*  (central header)*  [zip64 end record, locator]  end record
//! ```
//!
//! A zip can be read from its front, as streams are, or from its back, as files are, and most attacks on signed
//! packages live in the difference. So there is no search and no tolerance here: the records follow each
//! other without gap or overlap, in the same order in both halves, and tell the same in both.

use std::io;

use crate::contents::Contents;
use crate::end_record::{EndRecord, judge_rivals};
use crate::error::{LinkFault, StructureError};
use crate::fields::{Fields, widen};
use crate::header::{CentralHeader, LocalHeader, embedded_descriptor};
use crate::limits::Limits;
use crate::names;

/// What an entry unpacks to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EntryKind {
    /// A plain file.
    File,
    /// A directory.
    Directory,
    /// A symbolic link, whose body is its target.
    Symlink,
}

/// How a body is packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Method {
    /// As it is (method 0).
    Stored,
    /// DEFLATE (method 8, RFC 1951).
    Deflated,
}

/// One entry of an archive. Its headers agree; whether its body is what they declare, only reading it tells.
#[derive(Debug, Clone)]
pub struct Entry<'a> {
    name: &'a str,
    kind: EntryKind,
    mode: Option<u32>,
    method: Method,
    size: u64,
    crc32: u32,
    packed: &'a [u8],
}

impl<'a> Entry<'a> {
    /// The name: a relative path of plain components, with a trailing slash for a directory.
    #[must_use]
    pub fn name(&self) -> &'a str {
        self.name
    }

    /// What it unpacks to.
    #[must_use]
    pub fn kind(&self) -> EntryKind {
        self.kind
    }

    /// The Unix mode with its type bits, where the writer recorded one.
    #[must_use]
    pub fn mode(&self) -> Option<u32> {
        self.mode
    }

    /// How the body is packed.
    #[must_use]
    pub fn method(&self) -> Method {
        self.method
    }

    /// Bytes of the body, as declared.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Bytes of the packed body.
    #[must_use]
    pub fn compressed_size(&self) -> u64 {
        widen(self.packed.len())
    }

    /// CRC-32 of the body, as declared.
    #[must_use]
    pub fn crc32(&self) -> u32 {
        self.crc32
    }

    /// Reads the body. The reader ends in an error of kind [`io::ErrorKind::InvalidData`], whose source is a
    /// [`StructureError`], where the body is not what the headers declare.
    #[must_use]
    pub fn contents(&self) -> impl io::Read + use<'a> {
        Contents::of(self)
    }

    /// The body as it stands in the file.
    #[must_use]
    pub fn packed(&self) -> &'a [u8] {
        self.packed
    }
}

/// A zip whose layout is proven and whose names are safe. Its bodies were not read: that is
/// [`crate::Package`].
#[derive(Debug, Clone)]
pub struct Archive<'a> {
    bytes: &'a [u8],
    entries: Vec<Entry<'a>>,
    comment: &'a [u8],
}

impl<'a> Archive<'a> {
    /// Proves the layout of `bytes`. Takes time in proportion to the number of entries and the
    /// length of their names, and memory in proportion to the number of entries.
    pub fn parse(bytes: &'a [u8], limits: &Limits) -> Result<Self, StructureError> {
        let length = widen(bytes.len());
        if length > limits.package_bytes {
            let limit = limits.package_bytes;
            return Err(StructureError::PackageTooLarge {
                bytes: length,
                limit,
            });
        }
        let end = EndRecord::find(bytes)?;
        let directory = read_directory(bytes, &end, limits)?;
        judge_sizes(&directory, limits)?;
        let (entries, versions_differ) = read_entries(bytes, &directory, end.directory)?;
        judge_rivals(bytes, &end, versions_differ)?;
        // Before the next large list is made.
        drop(directory);
        names::judge_tree(&entries, limits)?;
        Ok(Self {
            bytes,
            entries,
            comment: end.comment,
        })
    }

    /// The entries, in the order in which they are stored and listed.
    #[must_use]
    pub fn entries(&self) -> &[Entry<'a>] {
        &self.entries
    }

    /// The comment at the end of the file.
    #[must_use]
    pub fn comment(&self) -> &'a [u8] {
        self.comment
    }

    /// The whole file.
    pub(crate) fn bytes(&self) -> &'a [u8] {
        self.bytes
    }
}

/// Bytes of a central header without name, extra fields and comment.
const SMALLEST_HEADER: usize = 46;

/// Reads the central headers, which must fill the space between the bodies and the end records.
fn read_directory<'a>(
    bytes: &'a [u8],
    end: &EndRecord<'_>,
    limits: &Limits,
) -> Result<Vec<CentralHeader<'a>>, StructureError> {
    if end.entries > limits.entries {
        let limit = limits.entries;
        return Err(StructureError::TooManyEntries {
            entries: end.entries,
            limit,
        });
    }
    let range = usize::try_from(end.directory)
        .ok()
        .zip(usize::try_from(end.directory_end).ok());
    let records = range
        .and_then(|(start, end)| bytes.get(start..end))
        .unwrap_or_default();
    let mut fields = Fields::new(records);
    // What was promised, but no more than there can be in the space for it.
    let possible = fields
        .len()
        .checked_div(SMALLEST_HEADER)
        .unwrap_or_default();
    let promised = usize::try_from(end.entries).unwrap_or(usize::MAX);
    let mut directory = Vec::with_capacity(possible.min(promised));
    while !fields.is_empty() {
        let offset = end.directory_end.saturating_sub(widen(fields.len()));
        directory.push(CentralHeader::read(&mut fields, offset, limits)?);
        // At once: the end record's promise was within the limit, what follows it need not be.
        if widen(directory.len()) > end.entries {
            break;
        }
    }
    let found = widen(directory.len());
    if found != end.entries {
        return Err(StructureError::EntryCount {
            declared: end.entries,
            found,
        });
    }
    Ok(directory)
}

/// Refuses declared sizes that break a limit or that no body can have, before anything is inflated.
fn judge_sizes(directory: &[CentralHeader<'_>], limits: &Limits) -> Result<(), StructureError> {
    let mut total: u64 = 0;
    let mut links: u64 = 0;
    for header in directory {
        let (size, compressed) = (header.size(), header.compressed_size());
        let name = || header.name.to_owned();
        total = total.saturating_add(size);
        if total > limits.unpacked_bytes {
            let limit = limits.unpacked_bytes;
            return Err(StructureError::UnpackedTooLarge {
                bytes: total,
                limit,
            });
        }
        if header.method == Method::Stored && size != compressed {
            return Err(StructureError::Size {
                name: name(),
                declared: size,
            });
        }
        if size > compressed.saturating_mul(limits.ratio) {
            let limit = limits.ratio;
            return Err(StructureError::Ratio {
                name: name(),
                size,
                compressed,
                limit,
            });
        }
        if header.kind == EntryKind::Directory && size != 0 {
            return Err(StructureError::DirectoryContent { name: name() });
        }
        if header.kind == EntryKind::Symlink {
            links = links.saturating_add(size);
            if size > limits.link_bytes {
                return Err(StructureError::Link {
                    name: name(),
                    fault: LinkFault::TooLong,
                });
            }
            if links > limits.all_links_bytes {
                return Err(StructureError::Link {
                    name: name(),
                    fault: LinkFault::Budget,
                });
            }
        }
        if header.name == crate::SIGNATURE_ENTRY {
            if header.kind != EntryKind::File {
                return Err(StructureError::SignatureEntry {
                    fault: "it is not a plain file",
                });
            }
            if size > limits.signature_bytes {
                return Err(StructureError::SignatureEntry {
                    fault: "it is too large",
                });
            }
        }
    }
    Ok(())
}

/// Walks the first half of the file, which ends where the directory starts. Tells, too, whether the headers of
/// an entry differ in their version.
fn read_entries<'a>(
    bytes: &'a [u8],
    directory: &[CentralHeader<'a>],
    directory_start: u64,
) -> Result<(Vec<Entry<'a>>, bool), StructureError> {
    let mut entries = Vec::with_capacity(directory.len());
    let mut versions_differ = false;
    // Where the last record ended, and so where the next one has to start.
    let mut position = 0;
    let mut headers = directory.iter().peekable();
    while let Some(header) = headers.next() {
        if header.offset != position {
            return Err(misplaced(position, header.offset));
        }
        let next = headers.peek().map_or(directory_start, |next| next.offset);
        let (entry, has_other_version) = read_entry(bytes, header, next)?;
        entries.push(entry);
        versions_differ |= has_other_version;
        position = next;
    }
    if position != directory_start {
        return Err(misplaced(position, directory_start));
    }
    Ok((entries, versions_differ))
}

/// Bytes that a deflated body of `size` may have. What cannot be compressed grows by five bytes in 65,535, and by an
/// eighth where the writer flushes every 40 bytes.
fn most_packed(size: u64) -> u64 {
    size.saturating_add(size / 8).saturating_add(1024)
}

/// Reads one entry, which must fill the space from its header's offset to `next`.
fn read_entry<'a>(
    bytes: &'a [u8],
    header: &CentralHeader<'a>,
    next: u64,
) -> Result<(Entry<'a>, bool), StructureError> {
    let local = LocalHeader::read(bytes, header)?;
    local.agree(header)?;
    let overlap = || StructureError::Overlap { offset: next };
    let body_end = local
        .end
        .checked_add(header.compressed_size())
        .ok_or_else(overlap)?;
    let packed = slice(bytes, local.end, body_end.min(next)).ok_or_else(overlap)?;
    let gap = slice(bytes, body_end, next).ok_or_else(overlap)?;
    // Blocks of nothing: a second of work for each ten megabytes of them, and not a byte of content.
    if header.method == Method::Deflated && header.compressed_size() > most_packed(header.size()) {
        return Err(StructureError::Deflate {
            name: header.name.to_owned(),
            fault: "it is far larger packed than unpacked",
        });
    }
    if header.has_descriptor() {
        local.judge_descriptor(header, gap)?;
        if header.method == Method::Stored
            && let Some(position) = embedded_descriptor(packed)
        {
            let offset = local.end.saturating_add(widen(position));
            return Err(StructureError::EmbeddedDescriptor {
                name: header.name.to_owned(),
                offset,
            });
        }
    } else if !gap.is_empty() {
        return Err(misplaced(body_end, next));
    }
    let entry = Entry {
        name: header.name,
        kind: header.kind,
        mode: header.mode,
        method: header.method,
        size: header.size(),
        crc32: header.crc32(),
        packed,
    };
    Ok((entry, local.has_other_version(header)))
}

fn slice(bytes: &[u8], start: u64, end: u64) -> Option<&[u8]> {
    bytes.get(usize::try_from(start).ok()?..usize::try_from(end).ok()?)
}

/// Names the reason why a record is at `found` when the one before it ended at `expected`.
fn misplaced(expected: u64, found: u64) -> StructureError {
    match found.checked_sub(expected) {
        None => StructureError::Overlap { offset: found },
        Some(bytes) if expected == 0 => StructureError::Prefix { bytes },
        Some(bytes) => StructureError::Unclaimed {
            offset: expected,
            bytes,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::NameFault;
    use crate::sample::{Sample, file, zip};

    fn parse(bytes: &[u8]) -> Result<Archive<'_>, StructureError> {
        Archive::parse(bytes, &Limits::default())
    }

    #[test]
    fn every_byte_of_a_sound_zip_is_accounted_for() {
        let bytes = zip(&[
            Sample {
                name: "d/",
                body: b"",
                mode: 0o040_755,
                deflated: false,
            },
            Sample {
                name: "d/a",
                body: b"aaaaaaaaaaaa",
                mode: 0o100_755,
                deflated: true,
            },
            Sample {
                name: "l",
                body: b"d/a",
                mode: 0o120_777,
                deflated: false,
            },
        ]);
        let archive = parse(&bytes).unwrap();
        let told: Vec<_> = archive
            .entries()
            .iter()
            .map(|e| (e.name(), e.kind(), e.mode(), e.size()))
            .collect();
        assert_eq!(
            told,
            [
                ("d/", EntryKind::Directory, Some(0o040_755), 0),
                ("d/a", EntryKind::File, Some(0o100_755), 12),
                ("l", EntryKind::Symlink, Some(0o120_777), 3),
            ]
        );
        let empty = zip(&[]);
        assert_eq!(parse(&empty).unwrap().entries().len(), 0);
    }

    #[test]
    fn a_byte_put_in_anywhere_is_noticed() {
        let bytes = zip(&[file("a", b"one"), file("b", b"two")]);
        for position in 0..=bytes.len() {
            let mut longer = bytes.clone();
            longer.insert(position, 0);
            assert!(parse(&longer).is_err(), "a byte at {position}");
            assert!(
                parse(&bytes[..position.min(bytes.len() - 1)]).is_err(),
                "cut at {position}"
            );
        }
        let prefixed = [b"#!", bytes.as_slice()].concat();
        assert_eq!(
            parse(&prefixed).unwrap_err(),
            StructureError::Prefix { bytes: 2 }
        );
        let trailed = [bytes.as_slice(), b"\n"].concat();
        assert_eq!(
            parse(&trailed).unwrap_err(),
            StructureError::Trailing { bytes: 1 }
        );
        assert_eq!(parse(b"").unwrap_err(), StructureError::NoEndRecord);
    }

    #[test]
    fn an_end_record_in_a_comment_is_a_second_reading() {
        let mut bytes = zip(&[file("a", b"one")]);
        let comment = zip(&[]);
        let length = u16::try_from(comment.len()).unwrap().to_le_bytes();
        let end = bytes.len();
        bytes[end - 2..].copy_from_slice(&length);
        bytes.extend(&comment);
        let error = parse(&bytes).unwrap_err();
        assert!(
            matches!(error, StructureError::SecondEndRecord { .. }),
            "{error}"
        );
    }

    #[test]
    fn one_path_is_one_entry() {
        let refused = |entries: &[Sample<'_>]| parse(&zip(entries)).unwrap_err();
        let twice = refused(&[file("a", b""), file("b", b""), file("a", b"")]);
        assert!(matches!(twice, StructureError::Duplicate { .. }), "{twice}");
        let spelt_twice = refused(&[file("\u{e9}", b""), file("e\u{301}", b"")]);
        assert!(
            matches!(spelt_twice, StructureError::Duplicate { .. }),
            "{spelt_twice}"
        );
        for below in ["a/b", "a/"] {
            let both = refused(&[
                Sample {
                    name: below,
                    body: b"",
                    mode: 0,
                    deflated: false,
                },
                file("a.b", b""),
                file("a", b""),
            ]);
            assert!(
                matches!(both, StructureError::FileAndDirectory { .. }),
                "{both}"
            );
        }
        let link = Sample {
            name: "a",
            body: b"..",
            mode: 0o120_777,
            deflated: false,
        };
        let through = refused(&[link, file("a/b", b"")]);
        assert!(matches!(
            through,
            StructureError::Link {
                fault: LinkFault::Through,
                ..
            }
        ));
        let cases = zip(&[file("README", b""), file("readme", b"")]);
        assert_eq!(parse(&cases).unwrap().entries().len(), 2);
    }

    #[test]
    fn limits_are_kept_before_anything_is_read() {
        let bytes = zip(&[file("a", b"one"), file("name", b"two")]);
        let refused = |limits: Limits| Archive::parse(&bytes, &limits).unwrap_err();
        let base = Limits::default();
        let error = refused(Limits {
            package_bytes: 10,
            ..base
        });
        assert!(matches!(
            error,
            StructureError::PackageTooLarge { limit: 10, .. }
        ));
        let error = refused(Limits { entries: 1, ..base });
        assert_eq!(
            error,
            StructureError::TooManyEntries {
                entries: 2,
                limit: 1
            }
        );
        let error = refused(Limits {
            unpacked_bytes: 5,
            ..base
        });
        assert_eq!(
            error,
            StructureError::UnpackedTooLarge { bytes: 6, limit: 5 }
        );
        let error = refused(Limits {
            name_bytes: 3,
            ..base
        });
        assert!(matches!(
            error,
            StructureError::Name {
                fault: NameFault::TooLong,
                ..
            }
        ));
    }
}
