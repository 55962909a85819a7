//! The two headers that every entry has: one before its body, one in the central directory.
//!
//! Some readers believe the first, some the second. Each is parsed by itself here; that they tell the same
//! is for [`LocalHeader::agree`] to say.

use crate::archive::{EntryKind, Method};
use crate::error::{NameFault, StructureError};
use crate::extra::Extra;
use crate::fields::Fields;
use crate::limits::Limits;
use crate::names;

pub(crate) const CENTRAL: u32 = 0x0201_4b50;
const LOCAL: u32 = 0x0403_4b50;
const DESCRIPTOR: u32 = 0x0807_4b50;

/// General purpose flags (APPNOTE 4.4.4).
const ENCRYPTED: u16 = 1 << 0;
const DEFLATE_LEVEL: u16 = 0b11 << 1;
const HAS_DESCRIPTOR: u16 = 1 << 3;
const STRONG_ENCRYPTION: u16 = 1 << 6;
const UTF8: u16 = 1 << 11;
const MASKED: u16 = 1 << 13;

/// Zip64 (4.5) is the newest feature of the format that this reader knows.
const NEWEST_VERSION: u16 = 45;

/// The fields that both headers have, in the order in which they stand.
#[derive(Debug, Clone, Copy)]
struct Common {
    version: u16,
    flags: u16,
    method: u16,
    time: u16,
    date: u16,
    crc32: u32,
    compressed: u64,
    size: u64,
    name_bytes: u16,
    extra_bytes: u16,
}

impl Common {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        Some(Self {
            version: fields.u16()?,
            flags: fields.u16()?,
            method: fields.u16()?,
            time: fields.u16()?,
            date: fields.u16()?,
            crc32: fields.u32()?,
            compressed: fields.u32()?.into(),
            size: fields.u32()?.into(),
            name_bytes: fields.u16()?,
            extra_bytes: fields.u16()?,
        })
    }

    /// Refuses what is not understood, so that agreement of the headers is all that is left to check.
    fn judge(&self, name: &str) -> Result<Method, StructureError> {
        let owned = || name.to_owned();
        if self.flags & (ENCRYPTED | STRONG_ENCRYPTION | MASKED) != 0 {
            return Err(StructureError::Encrypted { name: owned() });
        }
        let unknown = self.flags & !(DEFLATE_LEVEL | HAS_DESCRIPTOR | UTF8);
        if unknown != 0 {
            return Err(StructureError::Flags {
                name: owned(),
                flags: unknown,
            });
        }
        // The upper byte is the host again, as some writers fill it.
        let version = self.version & 0xff;
        if version > NEWEST_VERSION {
            return Err(StructureError::VersionNeeded {
                name: owned(),
                version,
            });
        }
        // A Unicode path field (0x7075) that repeats the name does not help: Python's zipfile, among
        // others, does not look at it and decodes the name from an old code page.
        if !name.is_ascii() && self.flags & UTF8 == 0 {
            let name = names::escape(name.as_bytes());
            return Err(StructureError::Name {
                name,
                fault: NameFault::Unmarked,
            });
        }
        match self.method {
            0 => Ok(Method::Stored),
            8 => Ok(Method::Deflated),
            method => Err(StructureError::Method {
                name: owned(),
                method,
            }),
        }
    }

    /// Replaces each size that reads `0xFFFFFFFF` by its 64-bit value, in the order that APPNOTE 4.5.3
    /// prescribes.
    fn widen(&mut self, zip64: &mut Fields<'_>) -> Option<()> {
        for size in [&mut self.size, &mut self.compressed] {
            if *size == u64::from(u32::MAX) {
                *size = zip64.u64()?;
            }
        }
        Some(())
    }

    /// The same for a local header, whose zip64 field has to hold both sizes (APPNOTE 4.5.3).
    ///
    /// Writers who do not know beforehand whether they need the field keep room for it: Ant and Commons Compress
    /// leave it there, with zeros or the sizes once more.
    fn widen_local(&mut self, mut zip64: Fields<'_>) -> Option<()> {
        let wide = (zip64.u64()?, zip64.u64()?);
        if !zip64.is_empty() {
            return None;
        }
        let told = (self.size, self.compressed);
        let open = u64::from(u32::MAX);
        if told == (open, open) {
            (self.size, self.compressed) = wide;
            return Some(());
        }
        let is_repeated = wide == told || wide == (0, 0);
        (is_repeated && self.flags & HAS_DESCRIPTOR == 0).then_some(())
    }
}

/// A header in the central directory, judged by itself.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CentralHeader<'a> {
    common: Common,
    pub(crate) name: &'a str,
    pub(crate) method: Method,
    pub(crate) kind: EntryKind,
    pub(crate) mode: Option<u32>,
    /// Offset of the local header.
    pub(crate) offset: u64,
    has_zip64: bool,
}

impl<'a> CentralHeader<'a> {
    /// Reads one header from the front of `fields`, which are those of the directory from `offset`.
    pub(crate) fn read(
        fields: &mut Fields<'a>,
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
            let common = Common::read(fields)?;
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
        let name = names::judge(name, limits)?;
        let extra = Extra::parse(name, extra)?;
        let method = common.judge(name)?;
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
        let (kind, mode) = judge_kind(name, attributes)?;
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
/// It is told by the trailing slash, by the MS-DOS attributes and by the Unix mode: whichever a reader asks, it must
/// get the same answer. `attributes` are the system that made the entry, with the version that it needs, and its
/// internal and external attributes.
fn judge_kind(
    name: &str,
    attributes: (u16, u16, u32),
) -> Result<(EntryKind, Option<u32>), StructureError> {
    const UNIX: u16 = 3;
    /// FAT, Unix, NTFS by APPNOTE and by Info-ZIP, VFAT, Darwin: where writers put Unix modes. Elsewhere the
    /// same bits mean something else to some readers.
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

/// A header before a body, judged by itself.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LocalHeader<'a> {
    common: Common,
    name: &'a [u8],
    has_zip64: bool,
    /// Offset just after it, where the body starts.
    pub(crate) end: u64,
}

impl<'a> LocalHeader<'a> {
    /// Reads the header at `offset`, which must be that of the entry `central`.
    pub(crate) fn read(
        bytes: &'a [u8],
        central: &CentralHeader<'_>,
    ) -> Result<Self, StructureError> {
        const RECORD: &str = "local header";
        let offset = central.offset;
        let mut fields = Fields::at(bytes, offset).ok_or(StructureError::Truncated {
            record: RECORD,
            offset,
        })?;
        fields
            .signature(LOCAL)
            .ok_or(StructureError::RecordExpected {
                record: RECORD,
                offset,
            })?;
        let mut raw = || {
            let common = Common::read(&mut fields)?;
            let name = fields.take(common.name_bytes.into())?;
            let extra = fields.take(common.extra_bytes.into())?;
            let length = 30_u64
                .checked_add(common.name_bytes.into())?
                .checked_add(common.extra_bytes.into())?;
            Some((common, name, extra, offset.checked_add(length)?))
        };
        let (mut common, name, extra, end) = raw().ok_or(StructureError::Truncated {
            record: RECORD,
            offset,
        })?;
        if name != central.name.as_bytes() {
            return Err(disagree(central.name, "name"));
        }
        let extra = Extra::parse(central.name, extra)?;
        common.judge(central.name)?;
        if let Some(zip64) = extra.zip64 {
            common
                .widen_local(zip64)
                .ok_or_else(|| zip64_fault(central.name))?;
        }
        Ok(Self {
            common,
            name,
            has_zip64: extra.zip64.is_some(),
            end,
        })
    }

    /// Refuses the entry unless both headers tell the same of it.
    ///
    /// Where a descriptor follows the body, the local header may leave CRC and sizes open with zeros, but not
    /// tell others. The version may differ only by the zip64 field, which a writer that does not know
    /// the size beforehand puts into one of the headers alone.
    pub(crate) fn agree(&self, central: &CentralHeader<'_>) -> Result<(), StructureError> {
        let (local, listed) = (&self.common, &central.common);
        let may_be_open = central.has_descriptor();
        let same = |local: u64, listed: u64| local == listed || (may_be_open && local == 0);
        let checks = [
            ("name", self.name == central.name.as_bytes()),
            ("flags", local.flags == listed.flags),
            ("compression method", local.method == listed.method),
            ("CRC-32", same(local.crc32.into(), listed.crc32.into())),
            ("compressed size", same(local.compressed, listed.compressed)),
            ("size", same(local.size, listed.size)),
            (
                "time",
                (local.time, local.date) == (listed.time, listed.date),
            ),
            (
                "version needed",
                !self.has_other_version(central) || self.has_zip64 || central.has_zip64,
            ),
        ];
        match checks.iter().find(|(_, agrees)| !agrees) {
            Some((field, _)) => Err(disagree(central.name, field)),
            None => Ok(()),
        }
    }

    /// Whether the headers ask for different versions of the format.
    pub(crate) fn has_other_version(&self, central: &CentralHeader<'_>) -> bool {
        self.common.version != central.common.version
    }

    /// Judges the bytes between the body and the next record: nothing, or exactly one data descriptor.
    ///
    /// Its sizes have 64 bits if and only if the local header has a zip64 field (APPNOTE 4.3.9.2).
    /// Its signature is optional after a deflated body, which tells its own end; but a CRC that looks like it would
    /// make both readings possible. A size that looks like a header's signature has readers of streams take
    /// the descriptor for one of 32 bits.
    pub(crate) fn judge_descriptor(
        &self,
        central: &CentralHeader<'_>,
        gap: &[u8],
    ) -> Result<(), StructureError> {
        let refuse = |fault| StructureError::Descriptor {
            name: central.name.to_owned(),
            fault,
        };
        let sizes = if self.has_zip64 { 16_usize } else { 8 };
        let mut fields = Fields::new(gap);
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
        let mut told = || {
            let crc32 = fields.u32()?;
            let mut size = || {
                if self.has_zip64 {
                    fields.u64()
                } else {
                    fields.u32().map(u64::from)
                }
            };
            Some((crc32, size()?, size()?))
        };
        let listed = (central.crc32(), central.compressed_size(), central.size());
        if told() != Some(listed) {
            return Err(refuse("it disagrees with the central header"));
        }
        let looks_like_header = |size: u64| [CENTRAL, LOCAL].map(u64::from).contains(&size);
        if self.has_zip64
            && (looks_like_header(central.size()) || looks_like_header(central.compressed_size()))
        {
            return Err(refuse("its size can be taken for a header's signature"));
        }
        Ok(())
    }
}

fn disagree(name: &str, field: &'static str) -> StructureError {
    StructureError::HeadersDisagree {
        name: name.to_owned(),
        field,
    }
}

fn zip64_fault(name: &str) -> StructureError {
    let fault = "it does not hold exactly the sizes that ask for it";
    StructureError::ExtraField {
        name: name.to_owned(),
        id: 1,
        fault,
    }
}

/// Where a body that ends in a descriptor seems to end for a reader that does not know its size: the offset
/// of the first descriptor inside it whose size or whose CRC fits what precedes it; one is enough for some.
///
/// Only stored bodies can be read so; a deflated one tells its own end. A zip inside a zip is innocent:
/// its descriptors count from its own entries.
pub(crate) fn embedded_descriptor(body: &[u8]) -> Option<usize> {
    let mut crc = crc32fast::Hasher::new();
    let mut hashed = 0;
    memchr::memmem::find_iter(body, &DESCRIPTOR.to_le_bytes()).find(|&position| {
        crc.update(body.get(hashed..position).unwrap_or_default());
        hashed = position;
        let mut fields = Fields::new(body.get(position..).unwrap_or_default());
        let mut told = || {
            fields.signature(DESCRIPTOR)?;
            Some((fields.u32()?, fields.u32()?))
        };
        told().is_some_and(|(told_crc, size)| {
            u32::try_from(position) == Ok(size) || crc.clone().finalize() == told_crc
        })
    })
}
