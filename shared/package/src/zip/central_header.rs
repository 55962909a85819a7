//! A central header: what the directory at the end of a zip says of an entry (APPNOTE 4.3.12).

use super::{
    common_header::{CommonHeader, HAS_DESCRIPTOR, zip64_fault},
    entry::{EntryKind, Method},
    entry_name,
    error::StructureError,
    extra_field::ExtraFields,
    le_reader::LeReader,
};
use crate::limits::Limits;

/// What a central header starts with.
pub(super) const CENTRAL: u32 = 0x0201_4b50;

/// A header in the central directory, checked by itself.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CentralHeader<'a> {
    pub(super) common: CommonHeader,
    pub(crate) name: &'a str,
    pub(crate) method: Method,
    pub(crate) kind: EntryKind,
    pub(crate) mode: Option<u32>,
    /// Offset of the local header.
    pub(crate) offset: u64,
    pub(super) has_zip64: bool,
}

impl<'a> CentralHeader<'a> {
    /// Reads one header from the front of `fields`, which are those of the directory from `offset`.
    pub(crate) fn read(
        fields: &mut LeReader<'a>,
        offset: u64,
        limits: &Limits,
    ) -> Result<Self, StructureError> {
        const RECORD: &str = "central header";
        fields
            .signature(CENTRAL)
            .ok_or(StructureError::RecordExpected {
                record: RECORD,
                offset,
            })?;
        let mut raw = || {
            let made_by = fields.u16()?;
            let common = CommonHeader::read(fields)?;
            let comment_bytes = fields.u16()?;
            let disk = fields.u16()?;
            let internal_attributes = fields.u16()?;
            let attributes = fields.u32()?;
            let local_offset = fields.u32()?;
            let name = fields.take(common.name_bytes.into())?;
            let extra = fields.take(common.extra_bytes.into())?;
            let comment = fields.take(comment_bytes.into())?;
            let attributes = (made_by, internal_attributes, attributes);
            Some((common, disk, attributes, local_offset, name, extra, comment))
        };
        let (mut common, disk, attributes, local_offset, name, extra, comment) =
            raw().ok_or(StructureError::Truncated {
                record: RECORD,
                offset,
            })?;
        if disk != 0 {
            return Err(StructureError::MultiDisk);
        }
        let name = entry_name::validate(name, limits)?;
        let extra = ExtraFields::parse(name, extra)?;
        let method = common.check(name)?;
        let mut offset = u64::from(local_offset);
        if let Some(mut zip64) = extra.zip64 {
            let mut widen = || {
                common.widen(&mut zip64)?;
                if offset == u64::from(u32::MAX) {
                    offset = zip64.u64()?;
                }
                zip64.is_empty().then_some(())
            };
            widen().ok_or_else(|| zip64_fault(name))?;
        }
        if str::from_utf8(comment).is_err() {
            return Err(StructureError::Comment {
                fault: "it is not UTF-8",
            });
        }
        let (kind, mode) = kind_and_mode(name, attributes)?;
        Ok(Self {
            common,
            name,
            method,
            kind,
            mode,
            offset,
            has_zip64: extra.zip64.is_some(),
        })
    }

    pub(crate) fn crc32(&self) -> u32 {
        self.common.crc32
    }

    pub(crate) fn size(&self) -> u64 {
        self.common.size
    }

    pub(crate) fn compressed_size(&self) -> u64 {
        self.common.compressed
    }

    pub(crate) fn has_descriptor(&self) -> bool {
        self.common.flags & HAS_DESCRIPTOR != 0
    }
}

/// What an entry unpacks to, and its Unix mode where one is recorded.
///
/// It is told by the trailing slash, by the MS-DOS attributes and by the Unix mode: whichever a
/// reader asks, it must get the same answer. `attributes` are the system that made the entry, with
/// the version that it needs, and its internal and external attributes.
fn kind_and_mode(
    name: &str,
    attributes: (u16, u16, u32),
) -> Result<(EntryKind, Option<u32>), StructureError> {
    const UNIX: u16 = 3;
    /// FAT, Unix, NTFS by APPNOTE and by Info-ZIP, VFAT, Darwin: where writers put Unix modes.
    /// Elsewhere the same bits mean something else to some readers.
    const WITH_MODES: [u16; 6] = [0, UNIX, 10, 11, 14, 19];
    /// Bit 0 says that the body is text. Bit 2 has Debian's unzip forget the mode.
    const TEXT: u16 = 1;
    let (made_by, internal, external) = attributes;
    let refuse = |fault| StructureError::Kind {
        name: name.to_owned(),
        fault,
    };
    let mode = external >> 16;
    let system = made_by >> 8;
    let ends_in_slash = name.ends_with('/');
    let kind = match mode & 0o170_000 {
        0 | 0o040_000 if ends_in_slash => EntryKind::Directory,
        0 => EntryKind::File,
        0o040_000 => return Err(refuse("its mode says directory, its name does not")),
        _ if ends_in_slash => return Err(refuse("its name says directory, its mode does not")),
        0o100_000 => EntryKind::File,
        0o120_000 if system == UNIX => EntryKind::Symlink,
        0o120_000 => {
            return Err(refuse(
                "it is a link on a system whose Unix modes most readers ignore",
            ));
        }
        _ => return Err(refuse("its mode says device, pipe or socket")),
    };
    if external & 0x08 != 0 {
        return Err(refuse("its attributes say volume label"));
    }
    if external & 0x10 != 0 && kind != EntryKind::Directory {
        return Err(refuse("its attributes say directory, its name does not"));
    }
    if mode != 0 && !WITH_MODES.contains(&system) {
        return Err(refuse("it has a Unix mode on a system that has none"));
    }
    if internal & !TEXT != 0 {
        return Err(refuse("its internal attributes are not understood"));
    }
    // Most readers ignore the mode of other systems, so that there it is not one.
    Ok((kind, (system == UNIX).then_some(mode)))
}
