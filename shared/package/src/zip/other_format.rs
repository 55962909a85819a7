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

/// Marks at one offset, and what they are the marks of.
type Marks = (usize, &'static [&'static [u8]], &'static str);

/// What `file` 5.44 takes for something else than a zip: every entry of its magic that is at the
/// start of a rule and has five bytes or more, tried one by one on a zip with the bytes in its
/// first body. So honest packed data hits none by chance. Left out are the mark of a boot sector,
/// which has two bytes, and two that are words of a language ("Spreadsheet", "MAP ("), which stand
/// in honest names.
const MARKS: [Marks; 42] = [
    (32, &[b"ORCLDISK", b"ORCLCLRD"], "an Oracle ASM volume"),
    (39, &[b"<gmr:Workbook"], "a Gnumeric spreadsheet"),
    (43, &[b"SFDU_LABEL"], "a VICAR label file"),
    (48, &[b"SymExe"], "a SymbOS executable"),
    (56, &[b"USE LYNX TO DISSOLVE THIS FILE"], "a LyNX archive"),
    (58, &[b"SIDMON II - THE"], "a Sidmon module"),
    (60, &[b"W Collis\0\0"], "a COM executable"),
    (60, &PALM, "a PalmOS document or book"),
    (65, &[b"PNTGMPNT"], "a MacPaint image"),
    (79, &[b"Tue Jan 22 14:32:44 MET 1991"], "an Erlang JAM file"),
    (90, &[b"WMPHOTO\0"], "a JPEG-XR image"),
    (92, &[b"PLOT%%84"], "a Plot84 file"),
    (
        192,
        &[
            b"\x24\xff\xae\x51\x69\x9a\xa2\x21",
            b"\xc8\x60\x4f\xe2\x01\x70\x8f\xe2",
        ],
        "a Nintendo DS ROM",
    ),
    (230, &[b"%!FontType1"], "a PostScript font"),
    (252, &[b"Must have DOS version"], "a DR-DOS executable"),
    (
        256,
        &[b"IMA IKUNOUJYUKU", b"SAMSUNG PICO", b" SEGA"],
        "a ROM of Sega's or Samsung's",
    ),
    (257, &[b"ustar"], "a tar archive"),
    (
        260,
        &[b"\xce\xed\x66\x66\xcc\x0d\x00\x0b"],
        "a Game Boy ROM",
    ),
    (369, &[b"MICROSOFT PIFEX\0"], "a Windows PIF"),
    (384, &[b"LockStream"], "a LockStream file"),
    (514, &[b"HdrS"], "a Linux kernel"),
    (1_008, &[b"DECFILE11"], "a Files-11 volume"),
    (1_024, &[b"M7R0\nI"], "a Maple library"),
    (1_028, &[b"MMX\0\0\0\0\0\0\0\0\0\0\0\0\0"], "a MAR image"),
    (1_062, &[b"MaDoKaN96"], "an XMS module"),
    (2_048, &[b"PCD_IPI"], "a Photo CD image pack"),
    (4_098, &[b"DOSFONT"], "a DOSFONT2 font"),
    (
        4_120,
        &[b"\xc6\x85\x73\xf6\x4e\x1a\x45\xca\x82\x65\xf5\x7f\x48\xba\x6d\x81"],
        "a bcachefs volume",
    ),
    (8_176, &[b"TMR SEGA"], "a ROM of Sega's"),
    (16_368, &[b"TMR SEGA"], "a ROM of Sega's"),
    (32_752, &[b"TMR SEGA"], "a ROM of Sega's"),
    // At the starts of the first volume descriptors, and where sectors have 2,352 bytes.
    (32_769, &[b"CD001", b"BEA01"], "an ISO 9660 or UDF image"),
    (32_777, &[b"CDROM"], "a High Sierra image"),
    (
        34_817,
        &[b"CD001", b"BEA01", b"NSR0"],
        "an ISO 9660 or UDF image",
    ),
    (36_865, &[b"CD001", b"NSR0"], "an ISO 9660 or UDF image"),
    (37_633, &[b"CD001"], "an ISO 9660 image"),
    (339_969, &[b"CD001"], "an ISO 9660 image of Nero's"),
    (
        65_588,
        &[b"ReIsErFs", b"ReIsEr2Fs", b"ReIsEr3Fs"],
        "a ReiserFS volume",
    ),
    (65_600, &[b"_BHRfS_M"], "a Btrfs volume"),
    // In one of the first four sectors.
    (536, &[b"LVM2 001"], "an LVM volume"),
    (1_048, &[b"LVM2 001"], "an LVM volume"),
    (1_560, &[b"LVM2 001"], "an LVM volume"),
];

/// Type and creator of documents for `PalmOS`.
const PALM: [&[u8]; 24] = [
    b"BOOKMOBI",
    b"TEXtREAd",
    b"SDocSilX",
    b"BVokBDIC",
    b"DB99DBOS",
    b"vIMGView",
    b"PmDBPmDB",
    b"InfoINDB",
    b"ToGoToGo",
    b"JfDbJBas",
    b"JfDbJFil",
    b"DATALSdb",
    b"Mdb1Mdb1",
    b"PNRdPPrs",
    b"DataPlkr",
    b"DataSprd",
    b"SM01SMem",
    b"TEXtTlDc",
    b"InfoTlIf",
    b"DataTlMl",
    b"DataTlPt",
    b"dataTDBP",
    b"TdatTide",
    b"ToRaTRPW",
];

/// Where HDF5 may start: behind a user block of these sizes, and each doubling of them.
const HDF5_OFFSETS: [usize; 4] = [512, 1_024, 2_048, 4_096];

/// What HDF5 starts with.
const HDF5: &[u8] = b"\x89HDF\r\n\x1a\n";

/// Where swap space says so: ten and twenty bytes before the end of a page of 4 to 64 KiB.
const SWAP_OFFSETS: [usize; 10] = [
    4_076, 4_086, 8_172, 8_182, 16_364, 16_374, 32_748, 32_758, 65_516, 65_526,
];

/// What swap space is known by.
const SWAP: [&[u8]; 2] = [b"SWAPSPACE2", b"SWAP-SPACE"];

/// The other format that a file has the mark of, and where.
fn marked_format(bytes: &[u8]) -> Option<(&'static str, usize)> {
    let has = |offset: usize, marks: &[&[u8]]| {
        let rest = bytes.get(offset..).unwrap_or_default();
        marks.iter().any(|mark| rest.starts_with(mark))
    };
    let of_table = MARKS.iter().find(|(offset, marks, _)| has(*offset, marks));
    let of_hdf5 = || {
        HDF5_OFFSETS
            .into_iter()
            .find(|offset| has(*offset, &[HDF5]))
    };
    let of_swap = || SWAP_OFFSETS.into_iter().find(|offset| has(*offset, &SWAP));
    of_table
        .map(|(offset, _, format)| (*format, *offset))
        .or_else(|| of_hdf5().map(|offset| ("an HDF5 file", offset)))
        .or_else(|| of_swap().map(|offset| ("swap space", offset)))
}

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
    if let Some((format, offset)) = marked_format(bytes) {
        return refuse(format, offset);
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
    let others = || front.iter().chain(back);
    let spaces = 8 * 32;
    let unsigned: i64 = others().map(|byte| i64::from(*byte)).sum();
    let signed: i64 = others().map(|byte| i64::from(byte.cast_signed())).sum();
    let sums = [unsigned, signed].map(|sum| sum.saturating_add(spaces));
    let declared = [base_256(*checksum), text_number(checksum)];
    declared.iter().flatten().any(|sum| sums.contains(sum))
}

/// A number as `tarfile` reads it that does not fit into octal digits: a first byte that says so, and
/// seven bytes, the highest first.
fn base_256([first, rest @ ..]: [u8; 7 + 1]) -> Option<i64> {
    let value = rest
        .iter()
        .fold(0_i64, |value, byte| value << 8 | i64::from(*byte));
    match first {
        0x80 => Some(value),
        0xff => value.checked_sub(1 << 56),
        _ => None,
    }
}

/// A number in digits, as the most lenient of the programs reads it.
///
/// GNU tar skips a NUL in front, Python's `tarfile` all that is white space for it, and takes a sign,
/// `0o` and `_` between digits. Perl's `Archive::Tar` takes hexadecimal digits behind an `x`, and drops
/// what follows the digits.
fn text_number(field: &[u8]) -> Option<i64> {
    let start = field.iter().position(|byte| *byte > b' ')?;
    let text = field.get(start..)?.to_ascii_lowercase();
    let (is_negative, text) = match text.split_first()? {
        (b'-', rest) => (true, rest),
        (b'+', rest) => (false, rest),
        _ => (false, text.as_slice()),
    };
    let text = text.strip_prefix(b"0").unwrap_or(text);
    let (radix, text) = match text.split_first() {
        Some((b'o', rest)) => (8, rest),
        Some((b'x', rest)) => (16, rest),
        _ => (8, text),
    };
    let digit = |byte: &u8| char::from(*byte).to_digit(radix);
    let value = text
        .iter()
        .filter(|byte| **byte != b'_')
        .map_while(digit)
        .try_fold(0_i64, |value, digit| {
            value.checked_mul(radix.into())?.checked_add(digit.into())
        })?;
    Some(if is_negative { -value } else { value })
}
