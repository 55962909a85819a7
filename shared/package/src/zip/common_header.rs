//! The fields that a local and a central header have in common (APPNOTE 4.3.7, 4.3.12).

use super::{entry::Method, error::StructureError, le_reader::LeReader};

/// General purpose flags (APPNOTE 4.4.4).
const ENCRYPTED: u16 = 1 << 0;
pub(super) const DEFLATE_LEVEL: u16 = 0b11 << 1;
pub(super) const HAS_DESCRIPTOR: u16 = 1 << 3;
const STRONG_ENCRYPTION: u16 = 1 << 6;
pub(crate) const UTF8: u16 = 1 << 11;
const MASKED: u16 = 1 << 13;

/// Zip64 (4.5) is the newest feature of the format that this reader knows.
const MAX_VERSION_NEEDED: u8 = 45;

/// Systems that may stand in the upper byte of the version needed, which is 0 by APPNOTE 4.4.3.
/// Some writers repeat there what the entry was made on: Unix, NTFS, VFAT, Darwin. Info-ZIP leaves
/// an entry out that asks for `OpenVMS` (2), and libarchive takes the byte for the system that
/// decides on modes and code pages; all others look at the lower byte only.
const SYSTEMS_NEEDED: [u8; 6] = [0, 3, 10, 11, 14, 19];

/// The fields that both headers have, in the order in which they stand.
#[derive(Debug, Clone, Copy)]
pub(super) struct CommonHeader {
    pub(super) version: u16,
    pub(super) flags: u16,
    pub(super) method: u16,
    pub(super) time: u16,
    pub(super) date: u16,
    pub(super) crc32: u32,
    pub(super) compressed: u64,
    pub(super) size: u64,
    pub(super) name_bytes: u16,
    pub(super) extra_bytes: u16,
}

impl CommonHeader {
    pub(super) fn read(fields: &mut LeReader<'_>) -> Option<Self> {
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

    /// Refuses what is not understood, so that agreement of the headers is all that is left to
    /// check.
    pub(super) fn check(&self, name: &str) -> Result<Method, StructureError> {
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
        let [version, system] = self.version.to_le_bytes();
        if version > MAX_VERSION_NEEDED {
            return Err(StructureError::VersionNeeded {
                name: owned(),
                version: version.into(),
            });
        }
        if !SYSTEMS_NEEDED.contains(&system) {
            return Err(StructureError::SystemNeeded {
                name: owned(),
                system,
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
}

/// Two headers say different things of the entry `name`.
pub(super) fn disagree(name: &str, field: &'static str) -> StructureError {
    StructureError::HeadersDisagree {
        name: name.to_owned(),
        field,
    }
}
