//! The walk over a file's records, which follow each other without gap or overlap.
//!
//! ```text
//! (local header, body, [data descriptor])*
//! (central header)*  [zip64 end record, locator]  end record
//! ```
//!
//! A zip can be read from its front, as streams are, or from its back, as files are. Most attacks
//! on signed packages use the difference. So there is no search and no tolerance here: the records
//! stand in the same order in both halves, and both halves say the same.

use super::{
    central_header::CentralHeader,
    data_descriptor::{check_descriptor, embedded_descriptor},
    end_record::EndRecord,
    entry::{Entry, EntryKind, Method},
    error::{LinkFault, StructureError},
    le_reader::LeReader,
    local_header::LocalHeader,
};
use crate::{limits::Limits, numbers::widen, signature_entry::SIGNATURE_ENTRY};

/// Bytes of a central header without name, extra fields and comment.
const MIN_CENTRAL_HEADER_BYTES: usize = 46;

/// Reads the central headers, which must fill the space between the bodies and the end records.
pub(super) fn read_directory<'a>(
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
    let mut fields = LeReader::new(records);
    // What was promised, but no more than there can be in the space for it.
    let possible = fields
        .len()
        .checked_div(MIN_CENTRAL_HEADER_BYTES)
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
pub(super) fn check_declared_sizes(
    directory: &[CentralHeader<'_>],
    limits: &Limits,
) -> Result<(), StructureError> {
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
                    target: String::new(),
                    fault: LinkFault::TooLong,
                });
            }
            if links > limits.all_links_bytes {
                return Err(StructureError::Link {
                    name: name(),
                    target: String::new(),
                    fault: LinkFault::Budget,
                });
            }
        }
        if header.name == SIGNATURE_ENTRY {
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

/// Walks the first half of the file, which ends where the directory starts. Returns, too, whether
/// the headers of an entry differ in their version or time.
pub(super) fn read_entries<'a>(
    bytes: &'a [u8],
    directory: &[CentralHeader<'a>],
    directory_start: u64,
) -> Result<(Vec<Entry<'a>>, bool), StructureError> {
    let mut entries = Vec::with_capacity(directory.len());
    let mut headers_differ = false;
    // Where the last record ended, and so where the next one has to start.
    let mut position = 0;
    let mut headers = directory.iter().peekable();
    while let Some(header) = headers.next() {
        if header.offset != position {
            return Err(misplaced(position, header.offset));
        }
        let next = headers.peek().map_or(directory_start, |next| next.offset);
        let (entry, differs) = read_entry(bytes, header, next)?;
        entries.push(entry);
        headers_differ |= differs;
        position = next;
    }
    if position != directory_start {
        return Err(misplaced(position, directory_start));
    }
    Ok((entries, headers_differ))
}

/// Bytes that a deflated body of `size` may have. What cannot be compressed grows by five bytes in
/// 65,535, and by an eighth where the writer flushes every 40 bytes.
fn max_compressed_size(size: u64) -> u64 {
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
    // Empty DEFLATE blocks, a zip bomb for the processor: 10 MB of them cost a second and give no output.
    if header.method == Method::Deflated
        && header.compressed_size() > max_compressed_size(header.size())
    {
        return Err(StructureError::Deflate {
            name: header.name.to_owned(),
            fault: "it is far larger packed than unpacked",
        });
    }
    if header.has_descriptor() {
        check_descriptor(&local, header, gap)?;
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
        system: header.system,
        mode: header.mode,
        is_marked_utf8: header.is_marked_utf8(),
        method: header.method,
        size: header.size(),
        crc32: header.crc32(),
        body_offset: local.end,
        packed,
    };
    Ok((entry, local.differs_harmlessly(header)))
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
