//! What could be taken for other records than those at the end of the file.
//!
//! Readers that search differently than by the one rule of `end_record.rs`, or that leave the zip64
//! records out, must not find another directory. Each rule here has a program that did.

use super::{
    central_header::CENTRAL_SIGNATURE,
    end_record::{
        END_SEARCH_BYTES, END_SIGNATURE, EndRecord, Plain, ZIP64_END_BYTES, ZIP64_END_SIGNATURE,
        ZIP64_LOCATOR_BYTES, ZIP64_LOCATOR_SIGNATURE, parse_plain,
    },
    error::StructureError,
    le_reader::LeReader,
};
use crate::numbers::widen;

/// Refuses what could be taken for another directory than the one that `end` leads to. `headers_differ`
/// where those of an entry do, if only by the version.
pub(super) fn reject_second_end_records(
    bytes: &[u8],
    end: &EndRecord<'_>,
    headers_differ: bool,
) -> Result<(), StructureError> {
    reject_signatures_behind_bodies(bytes, end)?;
    reject_end_records_in_bodies(bytes, end, headers_differ)?;
    reject_locators_in_bodies(bytes, end)?;
    reject_shifted_directory(bytes, end)
}

/// From the directory to the end of the file, each end record that is there stands where it belongs.
///
/// Some readers take the first signature that they find, or the last. A record signature inside
/// the central directory or the archive comment is never legitimate: minizip, zziplib, adm-zip, jszip and
/// node-stream-zip look there for zip64 records, the first three of them also where there are none.
fn reject_signatures_behind_bodies(
    bytes: &[u8],
    end: &EndRecord<'_>,
) -> Result<(), StructureError> {
    let locator = end.plain_start.checked_sub(ZIP64_LOCATOR_BYTES);
    let has_zip64 = end.directory_end != end.plain_start;
    let own = [
        (END_SIGNATURE, Some(end.plain_start)),
        (ZIP64_END_SIGNATURE, Some(end.directory_end)),
        (ZIP64_LOCATOR_SIGNATURE, locator),
    ];
    let start = usize::try_from(end.directory).unwrap_or(bytes.len());
    let rest = bytes.get(start..).unwrap_or_default();
    for (signature, place) in own {
        let place = place.filter(|_| has_zip64 || signature == END_SIGNATURE);
        for position in memchr::memmem::find_iter(rest, &signature.to_le_bytes()) {
            let offset = widen(start.saturating_add(position));
            if Some(offset) != place {
                return Err(StructureError::SecondEndRecord { offset });
            }
        }
    }
    Ok(())
}

/// An end record between the bodies is legitimate where a zip is within the zip; then it must not
/// describe a directory of this file, nor an empty one where the headers of this one differ: libzip
/// prefers the directory whose headers agree best.
fn reject_end_records_in_bodies(
    bytes: &[u8],
    end: &EndRecord<'_>,
    headers_differ: bool,
) -> Result<(), StructureError> {
    for offset in signatures_in_bodies(bytes, end, END_SIGNATURE) {
        let Ok(Plain {
            directory: other, ..
        }) = parse_plain(bytes, offset)
        else {
            continue;
        };
        let is_directory = has_signature(bytes, other.offset, CENTRAL_SIGNATURE);
        if is_directory || (other.entries == 0 && headers_differ) {
            return Err(StructureError::SecondEndRecord { offset });
        }
    }
    Ok(())
}

/// The same of a zip64 locator, which minizip looks for as far as for an end record, whether it is
/// called for or not. That of a zip within the zip counts from the start of that one, so that there
/// is no record where it leads to in this file.
fn reject_locators_in_bodies(bytes: &[u8], end: &EndRecord<'_>) -> Result<(), StructureError> {
    for offset in signatures_in_bodies(bytes, end, ZIP64_LOCATOR_SIGNATURE) {
        let record = LeReader::at(bytes, offset).and_then(|mut fields| {
            fields.signature(ZIP64_LOCATOR_SIGNATURE)?;
            let _disk = fields.u32()?;
            fields.u64()
        });
        if record.is_some_and(|record| has_signature(bytes, record, ZIP64_END_SIGNATURE)) {
            return Err(StructureError::SecondEndRecord { offset });
        }
    }
    Ok(())
}

/// A reader that leaves out zip64 records which nothing calls for finds as many bytes more than the
/// plain end record tells, takes them for a prefix, and adds them to every offset: Python's
/// `zipimport`, jszip, the zip crate. So it must not find a directory there.
fn reject_shifted_directory(bytes: &[u8], end: &EndRecord<'_>) -> Result<(), StructureError> {
    let shift = end.plain_start.saturating_sub(end.directory_end);
    let is_shift = shift == ZIP64_END_BYTES.saturating_add(ZIP64_LOCATOR_BYTES);
    let shifted = end.directory.saturating_add(shift);
    if is_shift && end.is_told_plainly && has_signature(bytes, shifted, CENTRAL_SIGNATURE) {
        return Err(StructureError::Zip64 {
            fault: "nothing calls for them, and who takes them for a prefix finds other entries",
        });
    }
    Ok(())
}

/// Where a signature stands between the bodies, as far as readers look for an end record.
fn signatures_in_bodies(
    bytes: &[u8],
    end: &EndRecord<'_>,
    signature: u32,
) -> impl Iterator<Item = u64> {
    let tail_start = bytes.len().saturating_sub(END_SEARCH_BYTES);
    let stop = usize::try_from(end.directory).unwrap_or(bytes.len());
    let bodies = bytes.get(tail_start..stop).unwrap_or_default();
    let signature = signature.to_le_bytes();
    let positions: Vec<usize> = memchr::memmem::find_iter(bodies, &signature).collect();
    let offsets = positions.into_iter();
    offsets.map(move |position| widen(tail_start.saturating_add(position)))
}

fn has_signature(bytes: &[u8], offset: u64, signature: u32) -> bool {
    LeReader::at(bytes, offset)
        .and_then(|mut fields| fields.signature(signature))
        .is_some()
}
