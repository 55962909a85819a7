//! The fields that a local and a central header have in common (APPNOTE 4.3.7, 4.3.12).

use super::{
    entry::Method,
    error::{NameFault, StructureError},
    le_reader::LeReader,
};
use crate::escape::escape;

/// General purpose flags (APPNOTE 4.4.4).
const ENCRYPTED: u16 = 1 << 0;
const DEFLATE_LEVEL: u16 = 0b11 << 1;
pub(super) const HAS_DESCRIPTOR: u16 = 1 << 3;
const STRONG_ENCRYPTION: u16 = 1 << 6;
const UTF8: u16 = 1 << 11;
const MASKED: u16 = 1 << 13;

/// Zip64 (4.5) is the newest feature of the format that this reader knows.
const MAX_VERSION_NEEDED: u16 = 45;

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
        // The upper byte is the host again, as some writers fill it.
        let version = self.version & 0xff;
        if version > MAX_VERSION_NEEDED {
            return Err(StructureError::VersionNeeded {
                name: owned(),
                version,
            });
        }
        // A Unicode path field (0x7075) that repeats the name does not help: Python's zipfile,
        // among others, does not look at it and decodes the name from an old code page.
        if !name.is_ascii() && self.flags & UTF8 == 0 {
            let name = escape(name.as_bytes());
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

    /// Replaces each size that reads `0xFFFFFFFF` by its 64-bit value, in the order that APPNOTE
    /// 4.5.3 prescribes.
    pub(super) fn widen(&mut self, zip64: &mut LeReader<'_>) -> Option<()> {
        for size in [&mut self.size, &mut self.compressed] {
            if *size == u64::from(u32::MAX) {
                *size = zip64.u64()?;
            }
        }
        Some(())
    }

    /// The same for a local header, whose zip64 field has to hold both sizes (APPNOTE 4.5.3).
    ///
    /// Writers who do not know beforehand whether they need the field keep room for it: Ant and
    /// Commons Compress leave it there, with zeros or the sizes once more.
    pub(super) fn widen_local(&mut self, mut zip64: LeReader<'_>) -> Option<()> {
        let wide = (zip64.u64()?, zip64.u64()?);
        if !zip64.is_empty() {
            return None;
        }
        let plain = (self.size, self.compressed);
        let open = u64::from(u32::MAX);
        if plain == (open, open) {
            (self.size, self.compressed) = wide;
            return Some(());
        }
        let is_repeated = wide == plain || wide == (0, 0);
        (is_repeated && self.flags & HAS_DESCRIPTOR == 0).then_some(())
    }
}

/// Two headers say different things of the entry `name`.
pub(super) fn disagree(name: &str, field: &'static str) -> StructureError {
    StructureError::HeadersDisagree {
        name: name.to_owned(),
        field,
    }
}

/// The zip64 field of the entry `name` is not the one that its header asks for.
pub(super) fn zip64_fault(name: &str) -> StructureError {
    let fault = "it does not hold exactly the sizes that ask for it";
    StructureError::ExtraField {
        name: name.to_owned(),
        id: 1,
        fault,
    }
}
