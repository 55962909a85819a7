//! The data descriptor that writers to a stream put behind a body (APPNOTE 4.3.9).

use super::{
    central_header::{CENTRAL_SIGNATURE, CentralHeader},
    entry::Method,
    error::StructureError,
    le_reader::LeReader,
    local_header::{LOCAL_SIGNATURE, LocalHeader},
};

/// What a data descriptor may start with.
const DESCRIPTOR: u32 = 0x0807_4b50;

/// A descriptor with its signature, with sizes of 32 and of 64 bits.
const DESCRIPTOR_BYTES: [usize; 2] = [16, 24];

/// Checks the bytes between the body and the next record: nothing, or exactly one data descriptor.
///
/// Its sizes have 64 bits if and only if the local header has a zip64 field (APPNOTE 4.3.9.2). Its
/// signature is optional after a deflated body, which tells its own end; but a CRC that looks like
/// it would make both readings possible. A size that looks like a header's signature has readers of
/// streams take the descriptor for one of 32 bits.
pub(super) fn check_descriptor(
    local: &LocalHeader<'_>,
    central: &CentralHeader<'_>,
    gap: &[u8],
) -> Result<(), StructureError> {
    let refuse = |fault| StructureError::Descriptor {
        name: central.name.to_owned(),
        fault,
    };
    let sizes = if local.has_zip64 { 16_usize } else { 8 };
    let mut fields = LeReader::new(gap);
    match gap.len().checked_sub(sizes) {
        Some(4) if central.crc32() == DESCRIPTOR => {
            return Err(refuse("its CRC can be taken for its signature"));
        }
        Some(4) if central.method == Method::Stored => {
            return Err(refuse("it has no signature, after a stored body"));
        }
        Some(4) => {}
        Some(8) => fields
            .signature(DESCRIPTOR)
            .ok_or(refuse("its signature is wrong"))?,
        _ => return Err(refuse("its length is not that of a descriptor")),
    }
    let mut found = || {
        let crc32 = fields.u32()?;
        let mut size = || {
            if local.has_zip64 {
                fields.u64()
            } else {
                fields.u32().map(u64::from)
            }
        };
        Some((crc32, size()?, size()?))
    };
    let listed = (central.crc32(), central.compressed_size(), central.size());
    if found() != Some(listed) {
        return Err(refuse("it disagrees with the central header"));
    }
    let looks_like_header = |size: u64| {
        [CENTRAL_SIGNATURE, LOCAL_SIGNATURE]
            .map(u64::from)
            .contains(&size)
    };
    if local.has_zip64
        && (looks_like_header(central.size()) || looks_like_header(central.compressed_size()))
    {
        return Err(refuse("its size can be taken for a header's signature"));
    }
    Ok(())
}

/// Where a body that ends in a descriptor seems to end for a reader that does not know its size:
/// the offset of the first descriptor inside it whose size or whose CRC fits what precedes it, or that a header
/// follows; one is enough for some.
///
/// Only stored bodies can be read so; a deflated one tells its own end. A zip within that has descriptors itself is
/// not innocent there: Node's unzipper and fflate go on with its next header, and unpack what is in it, too.
pub(crate) fn embedded_descriptor(body: &[u8]) -> Option<usize> {
    let mut crc = crc32fast::Hasher::new();
    let mut hashed = 0;
    memchr::memmem::find_iter(body, &DESCRIPTOR.to_le_bytes()).find(|&position| {
        crc.update(body.get(hashed..position).unwrap_or_default());
        hashed = position;
        let mut fields = LeReader::new(body.get(position..).unwrap_or_default());
        let mut found = || {
            fields.signature(DESCRIPTOR)?;
            Some((fields.u32()?, fields.u32()?))
        };
        let fits = found().is_some_and(|(found_crc, size)| {
            u32::try_from(position) == Ok(size) || crc.clone().finalize() == found_crc
        });
        fits || DESCRIPTOR_BYTES.iter().any(|length| {
            let end = position.saturating_add(*length);
            let mut behind = LeReader::new(body.get(end..).unwrap_or_default());
            let next = behind.u32();
            next.is_some_and(|next| [CENTRAL_SIGNATURE, LOCAL_SIGNATURE].contains(&next))
        })
    })
}
