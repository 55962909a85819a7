//! Other formats in the same bytes: a file that is a zip for one program and a tar for another.
//!
//! A zip starts with the signature of a record, so that no format is left that is known by its
//! first bytes (ELF, PE, ar, cpio, scripts): something in front of the records is refused anyway.
//! What is left are formats that are known by bytes further on. Those can stand in the name, an
//! extra field or the body of the first entry. Some programs look for them before they look for a
//! zip: libarchive for tar and ISO 9660, GNU tar for tar, `file` for all in the table.

use super::{entry::Entry, error::StructureError};
use crate::numbers::widen;

/// Bytes of a tar header.
const TAR_BLOCK_BYTES: usize = 512;

/// What a PDF starts with.
const PDF_MARK: &[u8] = b"%PDF-";

/// How far from the start readers of PDF look for it.
const PDF_SEARCH_BYTES: usize = 1024;

/// What `file` 5.44 takes for more than a zip, each tried on a zip with the bytes in its first
/// body. All have four bytes or more, so that honest packed data hits none by chance. (The mark of
/// a boot sector has two and is left out; no program unpacks by it.)
const MARKS: [(usize, &[u8], &str); 19] = [
    (60, b"BOOKMOBI", "a Mobipocket book"),
    (60, b"TEXtREAd", "a PalmDOC book"),
    (257, b"ustar", "a tar archive"),
    (260, b"\xce\xed\x66\x66\xcc\x0d\x00\x0b", "a Game Boy ROM"),
    (514, b"HdrS", "a Linux kernel"),
    (536, b"LVM2 001", "an LVM volume"),
    (4_086, b"SWAPSPACE2", "swap space"),
    (4_086, b"SWAP-SPACE", "swap space"),
    // At the starts of the first volume descriptors, and where sectors have 2,352 bytes.
    (32_769, b"CD001", "an ISO 9660 image"),
    (34_817, b"CD001", "an ISO 9660 image"),
    (36_865, b"CD001", "an ISO 9660 image"),
    (37_633, b"CD001", "an ISO 9660 image"),
    (32_769, b"BEA01", "a UDF image"),
    (34_817, b"BEA01", "a UDF image"),
    (34_817, b"NSR0", "a UDF image"),
    (36_865, b"NSR0", "a UDF image"),
    (65_588, b"ReIsErFs", "a ReiserFS volume"),
    (65_588, b"ReIsEr2Fs", "a ReiserFS volume"),
    (65_600, b"_BHRfS_M", "a Btrfs volume"),
];

/// Refuses a file that is another format, too.
///
/// Exact offsets keep honest packages apart: a tar or an ISO image that is the first entry has its
/// mark behind the entry's header, not at the offset where it would have to be. A PDF is found
/// anywhere near the start, so that only its mark outside of a body counts.
pub(super) fn check_other_formats(
    bytes: &[u8],
    entries: &[Entry<'_>],
) -> Result<(), StructureError> {
    let refuse = |format, offset| {
        let offset = widen(offset);
        Err(StructureError::OtherFormat { format, offset })
    };
    for (offset, mark, format) in MARKS {
        if bytes
            .get(offset..)
            .is_some_and(|rest| rest.starts_with(mark))
        {
            return refuse(format, offset);
        }
    }
    if bytes.first_chunk().is_some_and(is_tar_header) {
        return refuse("a tar archive", TAR_CHECKSUM_OFFSET);
    }
    let head = bytes.get(..PDF_SEARCH_BYTES).unwrap_or(bytes);
    let outside = memchr::memmem::find_iter(head, PDF_MARK).find(|start| {
        let start = widen(*start);
        let end = start.saturating_add(widen(PDF_MARK.len()));
        let mut bodies = entries.iter().map(Entry::body_range);
        !bodies.any(|body| body.start <= start && end <= body.end)
    });
    match outside {
        Some(offset) => refuse("a PDF document", offset),
        None => Ok(()),
    }
}

/// Where a tar header has its checksum, in eight bytes.
const TAR_CHECKSUM_OFFSET: usize = 148;

/// Whether a block has the checksum of a tar header, which is all that older formats of tar are
/// known by. Signed sums, as some old programs made them, count as well.
fn is_tar_header(block: &[u8; TAR_BLOCK_BYTES]) -> bool {
    let (front, rest) = block.split_at(TAR_CHECKSUM_OFFSET);
    let Some((checksum, back)) = rest.split_first_chunk::<8>() else {
        return false;
    };
    let Some(declared) = octal(*checksum) else {
        return false;
    };
    let others = || front.iter().chain(back);
    let spaces = 8 * 32;
    let unsigned: i64 = others().map(|byte| i64::from(*byte)).sum();
    let signed: i64 = others().map(|byte| i64::from(byte.cast_signed())).sum();
    [unsigned, signed]
        .map(|sum| sum.saturating_add(spaces))
        .contains(&declared)
}

/// A number in octal digits, after blanks and before a blank, a NUL or the end.
fn octal(field: [u8; 8]) -> Option<i64> {
    let text = field.trim_ascii_start();
    let digits = text.split(|byte| matches!(byte, b' ' | 0)).next()?;
    if digits.is_empty() {
        return None;
    }
    digits.iter().try_fold(0_i64, |value, digit| match digit {
        b'0'..=b'7' => value.checked_mul(8)?.checked_add(i64::from(digit & 7)),
        _ => None,
    })
}
