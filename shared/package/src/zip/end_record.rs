//! The end of a zip: the end-of-central-directory record, and the two zip64 records before it.
//!
//! Readers find the end record by searching backwards, and differ in what they accept: the last
//! signature, the last whose comment reaches the end of the file, the last that makes sense. This
//! one takes the only record on which all of them agree, and refuses a file in which there is a
//! choice.

use super::{
    central_header::CENTRAL_SIGNATURE, error::StructureError, le_reader::LeReader,
    local_header::LOCAL_SIGNATURE,
};
use crate::numbers::widen;

pub(super) const END_SIGNATURE: u32 = 0x0605_4b50;
pub(super) const ZIP64_END_SIGNATURE: u32 = 0x0606_4b50;
pub(super) const ZIP64_LOCATOR_SIGNATURE: u32 = 0x0706_4b50;

const END_BYTES: usize = 22;
pub(super) const ZIP64_END_BYTES: u64 = 56;
pub(super) const ZIP64_LOCATOR_BYTES: u64 = 20;

/// How far from the end of the file readers look for an end record: behind the longest comment.
pub(super) const END_SEARCH_BYTES: usize = END_BYTES + 0xffff;

/// How far from the end of the file bsdtar looks for the end record. One that begins earlier it
/// does not find, and then reads the file from the front, with other types for links.
const MAX_END_RECORD_DISTANCE: u64 = 16_384;

/// What the length of a file is a multiple of that was written in blocks.
const BLOCK_BYTES: usize = 512;

/// Bytes that cannot all be needed to fill a block of twenty times [`BLOCK_BYTES`].
const MAX_PADDING_BYTES: usize = 10_240;

/// Where the central directory is, as the records at the end tell without contradiction.
#[derive(Debug, Clone, Copy)]
pub(crate) struct EndRecord<'a> {
    /// How many central headers are promised.
    pub(crate) entries: u64,
    /// Offset of the first central header.
    pub(crate) directory: u64,
    /// Offset just after the last central header, where the first of the end records starts.
    pub(crate) directory_end: u64,
    /// Offset of the plain end record. The zip64 records, if there are any, fill the space before it.
    pub(super) plain_start: u64,
    /// Whether the plain end record tells by itself where the directory is, so that a reader may do
    /// without the zip64 records, if there are any.
    pub(super) is_told_plainly: bool,
    /// The archive comment.
    pub(crate) comment: &'a [u8],
}

/// The fields that the plain record and its zip64 twin share.
#[derive(Debug, Clone, Copy)]
pub(super) struct Directory {
    pub(super) entries: u64,
    size: u64,
    pub(super) offset: u64,
}

impl Directory {
    /// What stands in the plain record for a number of entries, and for a size or offset, that a
    /// zip64 record tells.
    const OPEN_16: u64 = 0xffff;
    const OPEN_32: u64 = 0xffff_ffff;

    /// Whether the plain record that has these values leaves one of them to a zip64 record.
    fn is_open(&self) -> bool {
        self.entries == Self::OPEN_16 || !self.is_placed()
    }

    /// Whether the plain record that has these values tells the directory's place.
    fn is_placed(&self) -> bool {
        self.size != Self::OPEN_32 && self.offset != Self::OPEN_32
    }
}

/// The plain end record.
pub(super) struct Plain {
    /// The number of this disk, and of the one with the directory.
    disks: (u16, u16),
    pub(super) directory: Directory,
}

impl<'a> EndRecord<'a> {
    /// Finds and checks the records at the end of `bytes`.
    pub(crate) fn find(bytes: &'a [u8]) -> Result<Self, StructureError> {
        let (start, comment) = locate(bytes)?;
        if widen(bytes.len()).saturating_sub(start) > MAX_END_RECORD_DISTANCE {
            return Err(StructureError::Comment {
                owner: "the archive".to_owned(),
                fault: "it is so long that some readers do not find the end record",
            });
        }
        if str::from_utf8(comment).is_err() {
            return Err(StructureError::Comment {
                owner: "the archive".to_owned(),
                fault: "it is not UTF-8",
            });
        }
        let plain = parse_plain(bytes, start)?;
        let padding = padding_bytes(bytes, start, comment);
        let (directory, end) = match find_locator(bytes, start) {
            Some(_) if padding > 0 => return Err(StructureError::Trailing { bytes: padding }),
            Some(locator) => parse_zip64(bytes, &plain, locator)?,
            None if plain.disks != (0, 0) => return Err(StructureError::MultiDisk),
            // Most readers take the value as it is, jszip looks for zip64 records in the whole file.
            None if plain.directory.is_open() => {
                return Err(StructureError::Zip64 {
                    fault: "the end record leaves a value to them, and there are none",
                });
            }
            None => (plain.directory, start),
        };
        let found_end = directory.offset.checked_add(directory.size);
        if found_end != Some(end) {
            return Err(misplaced(bytes, &directory, end));
        }
        Ok(Self {
            entries: directory.entries,
            directory: directory.offset,
            directory_end: end,
            plain_start: start,
            is_told_plainly: plain.directory.is_placed(),
            comment,
        })
    }
}

/// The offset of the one end record, and its comment.
///
/// Its signature is the last in the file, its comment reaches exactly to the end (but for
/// padding, [`is_padding`]), and no earlier signature within reach claims the same: a record inside
/// another one's comment is a second reading.
fn locate(bytes: &[u8]) -> Result<(u64, &[u8]), StructureError> {
    let tail_start = bytes.len().saturating_sub(END_SEARCH_BYTES);
    let tail = bytes.get(tail_start..).unwrap_or_default();
    let mut chosen = None;
    let mut last = None;
    for position in memchr::memmem::find_iter(tail, &END_SIGNATURE.to_le_bytes()) {
        let offset = widen(tail_start.saturating_add(position));
        let after = tail.get(position..).unwrap_or_default();
        if let Some((comment, rest)) = split_comment(after)
            && is_padding(rest, bytes.len())
        {
            if chosen.is_some() {
                return Err(StructureError::SecondEndRecord { offset });
            }
            chosen = Some((offset, comment));
        }
        last = Some((offset, after));
    }
    match (chosen, last) {
        (Some((offset, comment)), Some((last, _))) if offset == last => Ok((offset, comment)),
        (Some(_), Some((offset, _))) => Err(StructureError::SecondEndRecord { offset }),
        (_, Some((offset, after))) => Err(match split_comment(after) {
            Some((_, rest)) => StructureError::Trailing {
                bytes: widen(rest.len()),
            },
            None => StructureError::Truncated {
                record: "end record",
                offset,
            },
        }),
        (_, None) => Err(StructureError::NoEndRecord),
    }
}

/// Whether what follows an end record fills the last block of an output in blocks.
///
/// bsdtar writes to a pipe in blocks of 10 KiB and fills the last one with zeros. There is no
/// record in zeros, so that readers find the same end record whether they search for the last one
/// or ask where its comment ends. Some do not open such a file. Java looks whether the directory
/// ends where this record starts, and takes an earlier record if not, that of a zip within the zip: so
/// there must be no zip64 records in between.
fn is_padding(rest: &[u8], file_bytes: usize) -> bool {
    let is_whole = file_bytes.is_multiple_of(BLOCK_BYTES) && rest.len() < MAX_PADDING_BYTES;
    rest.is_empty() || (is_whole && rest.iter().all(|byte| *byte == 0))
}

/// How many bytes follow the end record at `start` with this comment.
fn padding_bytes(bytes: &[u8], start: u64, comment: &[u8]) -> u64 {
    let record = widen(END_BYTES.saturating_add(comment.len()));
    widen(bytes.len())
        .saturating_sub(start)
        .saturating_sub(record)
}

/// The comment of the end record at the start of `record`, and what follows it.
fn split_comment(record: &[u8]) -> Option<(&[u8], &[u8])> {
    let (fixed, rest) = record.split_at_checked(END_BYTES)?;
    let length = fixed
        .last_chunk()
        .map(|length| u16::from_le_bytes(*length))?;
    rest.split_at_checked(usize::from(length))
}

pub(super) fn parse_plain(bytes: &[u8], start: u64) -> Result<Plain, StructureError> {
    let truncated = StructureError::Truncated {
        record: "end record",
        offset: start,
    };
    let fields = || {
        let mut fields = LeReader::at(bytes, start)?;
        fields.signature(END_SIGNATURE)?;
        let disks = (fields.u16()?, fields.u16()?);
        let entries = (fields.u16()?, fields.u16()?);
        Some((disks, entries, fields.u32()?, fields.u32()?))
    };
    let (disks, entries, size, offset) = fields().ok_or(truncated)?;
    if entries.0 != entries.1 {
        return Err(StructureError::MultiDisk);
    }
    Ok(Plain {
        disks,
        directory: Directory {
            entries: entries.0.into(),
            size: size.into(),
            offset: offset.into(),
        },
    })
}

/// Where the zip64 locator must be if there is one: directly before the end record.
fn find_locator(bytes: &[u8], end: u64) -> Option<u64> {
    let start = end.checked_sub(ZIP64_LOCATOR_BYTES)?;
    LeReader::at(bytes, start)?.signature(ZIP64_LOCATOR_SIGNATURE)?;
    Some(start)
}

/// Checks the zip64 records, which some readers take whenever they are there and others only when
/// the plain record asks for them: so they must say the same where it does not ask. Info-ZIP, among
/// others, writes them before it knows whether they will be needed.
///
/// A disk number of 0xFFFF in the plain record asks for them, too (APPNOTE 4.4.1.4), and they have
/// to say that there is one disk. stream-zip and zip.js write it so, for both numbers and beside
/// other open values. Where nothing but a disk number is open, the `zip` crate does not look for
/// the records, takes the file for one part of several, and an earlier end record for the true one.
fn parse_zip64(
    bytes: &[u8],
    plain: &Plain,
    locator: u64,
) -> Result<(Directory, u64), StructureError> {
    let fault = |fault| StructureError::Zip64 { fault };
    let fields = || {
        let mut fields = LeReader::at(bytes, locator)?;
        fields.signature(ZIP64_LOCATOR_SIGNATURE)?;
        Some((fields.u32()?, fields.u64()?, fields.u32()?))
    };
    let (disk, start, disks) = fields().ok_or(fault("the locator is cut short"))?;
    if disk != 0 || disks != 1 {
        return Err(StructureError::MultiDisk);
    }
    if start.checked_add(ZIP64_END_BYTES) != Some(locator) {
        return Err(fault(
            "the locator does not point to a record directly before it",
        ));
    }
    let fields = || {
        let mut fields = LeReader::at(bytes, start)?;
        fields.signature(ZIP64_END_SIGNATURE)?;
        let size = fields.u64()?;
        let versions = (fields.u16()?, fields.u16()?);
        let disks = (fields.u32()?, fields.u32()?);
        let entries = (fields.u64()?, fields.u64()?);
        let (directory_size, offset) = (fields.u64()?, fields.u64()?);
        Some((size, versions.1, disks, entries, directory_size, offset))
    };
    let (size, needed, disks, entries, directory_size, offset) = fields().ok_or(fault(
        "there is no zip64 end record where the locator points",
    ))?;
    if size.checked_add(12) != Some(ZIP64_END_BYTES) || needed > 45 {
        return Err(fault(
            "the end record has an extension that is not understood",
        ));
    }
    if disks != (0, 0) || entries.0 != entries.1 {
        return Err(StructureError::MultiDisk);
    }
    match plain.disks {
        (0, 0) => {}
        (u16::MAX, u16::MAX) if plain.directory.is_open() => {}
        _ => return Err(StructureError::MultiDisk),
    }
    let plain = &plain.directory;
    let agrees = |plain: u64, open: u64, wide: u64| plain == open || plain == wide;
    if !agrees(plain.entries, Directory::OPEN_16, entries.0)
        || !agrees(plain.size, Directory::OPEN_32, directory_size)
        || !agrees(plain.offset, Directory::OPEN_32, offset)
    {
        return Err(fault("they disagree with the end record"));
    }
    Ok((
        Directory {
            entries: entries.0,
            size: directory_size,
            offset,
        },
        start,
    ))
}

/// Names the reason why a directory does not end where the end records start.
fn misplaced(bytes: &[u8], directory: &Directory, end: u64) -> StructureError {
    let is_record = |offset, signature| {
        LeReader::at(bytes, offset)
            .and_then(|mut fields| fields.signature(signature))
            .is_some()
    };
    let Some(found_end) = directory.offset.checked_add(directory.size) else {
        return StructureError::Overlap {
            offset: directory.offset,
        };
    };
    if found_end > end {
        return StructureError::Overlap { offset: end };
    }
    let gap = end.saturating_sub(found_end);
    if is_record(found_end, END_SIGNATURE) {
        return StructureError::SecondEndRecord { offset: found_end };
    }
    if is_record(found_end, ZIP64_END_SIGNATURE) {
        return StructureError::Zip64 {
            fault: "the locator for the zip64 end record is missing",
        };
    }
    // Offsets that are all too small by the same amount: something was put before the archive.
    let shifted = directory.offset.saturating_add(gap);
    let is_prefixed = !is_record(0, LOCAL_SIGNATURE) || is_record(gap, LOCAL_SIGNATURE);
    if directory.size > 0 && is_prefixed && is_record(shifted, CENTRAL_SIGNATURE) {
        return StructureError::Prefix { bytes: gap };
    }
    if directory.size > 0
        && !is_prefixed
        && !is_record(directory.offset, CENTRAL_SIGNATURE)
        && holds_central_header(bytes, directory.offset, shifted)
    {
        return StructureError::Displaced { bytes: gap };
    }
    StructureError::Unclaimed {
        offset: found_end,
        bytes: gap,
    }
}

/// Whether a central header starts from one offset to the other.
fn holds_central_header(bytes: &[u8], first: u64, last: u64) -> bool {
    let end = last.saturating_add(widen(size_of_val(&CENTRAL_SIGNATURE)));
    let range = usize::try_from(first).ok().zip(usize::try_from(end).ok());
    let space = range.and_then(|(first, end)| bytes.get(first..end.min(bytes.len())));
    let signature = CENTRAL_SIGNATURE.to_le_bytes();
    space.is_some_and(|space| memchr::memmem::find(space, &signature).is_some())
}
