//! The zip64 extra field of a header: sizes and offset that do not fit in 32 bits (APPNOTE 4.5.3).

use super::{
    common_header::{CommonHeader, HAS_DESCRIPTOR},
    error::StructureError,
    le_reader::LeReader,
};

/// What stands in a field of 32 bits whose value is in the zip64 field.
const ZIP64_SENTINEL_U32: u64 = 0xffff_ffff;

/// Bytes of a zip64 field with all that it may hold: two sizes, an offset and a disk number.
const MAX_FIELD_BYTES: usize = 28;

/// What stands for a disk number that is in the zip64 field.
const ZIP64_SENTINEL_U16: u16 = 0xffff;

/// The values of a central header that a zip64 field may hold, in the order of the field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Extended {
    pub(super) size: u64,
    pub(super) compressed: u64,
    /// Offset of the local header.
    pub(super) offset: u64,
    disk: u32,
}

impl Extended {
    /// The values of a central header, with those from its zip64 field `body` where they are open.
    ///
    /// APPNOTE has only the open ones in the field, and so some readers take them. Commons Compress
    /// and the `zip` crate write more than is open, and other readers take each value by its
    /// position. So what is more than asked for has to say the same as the header, and both ways to
    /// read the field have to give the same values.
    pub(super) fn read(
        common: &CommonHeader,
        offset: u32,
        disk: u16,
        body: Option<LeReader<'_>>,
    ) -> Option<Self> {
        let plain = Self {
            size: common.size,
            compressed: common.compressed,
            offset: offset.into(),
            disk: disk.into(),
        };
        let Some(body) = body else {
            return Some(plain);
        };
        // Java does not open a zip with a disk number behind less than all that may stand before it.
        if !body.len().is_multiple_of(8) && body.len() != MAX_FIELD_BYTES {
            return None;
        }
        let (open_only, rest) = plain.with_open(body)?;
        if rest.is_empty() || plain.with_all(body)? == open_only {
            Some(open_only)
        } else {
            None
        }
    }

    /// Whether the entry is on the first disk, which is the only one.
    pub(super) fn is_on_first_disk(&self) -> bool {
        self.disk == 0
    }

    /// Takes the values that are open, and returns what is left of the field.
    fn with_open(mut self, mut body: LeReader<'_>) -> Option<(Self, LeReader<'_>)> {
        for value in [&mut self.size, &mut self.compressed, &mut self.offset] {
            if *value == ZIP64_SENTINEL_U32 {
                *value = body.u64()?;
            }
        }
        if self.disk == u32::from(ZIP64_SENTINEL_U16) {
            self.disk = body.u32()?;
        }
        Some((self, body))
    }

    /// Takes every value that is there by its position.
    fn with_all(mut self, mut body: LeReader<'_>) -> Option<Self> {
        for value in [&mut self.size, &mut self.compressed, &mut self.offset] {
            if body.is_empty() {
                break;
            }
            *value = body.u64()?;
        }
        if !body.is_empty() {
            self.disk = body.u32()?;
        }
        body.is_empty().then_some(self)
    }
}

/// Takes the sizes of a local header at `offset` from its zip64 field, which has to hold both.
///
/// Writers who do not know beforehand whether they need the field keep room for it: Ant and Commons
/// Compress leave it there, with zeros or the sizes once more. Before a descriptor it would be open
/// whether that has 32 or 64 bits. What follows the sizes is read by nobody, and has to be true.
pub(super) fn widen_local(
    common: &mut CommonHeader,
    offset: u64,
    mut body: LeReader<'_>,
) -> Option<()> {
    let wide = (body.u64()?, body.u64()?);
    if body.len() >= 8 && body.u64()? != offset {
        return None;
    }
    if !body.is_empty() && (body.u32()? != 0 || !body.is_empty()) {
        return None;
    }
    let plain = (common.size, common.compressed);
    if plain == (ZIP64_SENTINEL_U32, ZIP64_SENTINEL_U32) {
        (common.size, common.compressed) = wide;
        return Some(());
    }
    let is_repeated = wide == plain || wide == (0, 0);
    (is_repeated && common.flags & HAS_DESCRIPTOR == 0).then_some(())
}

/// The zip64 field of the entry `name` is not the one that its header asks for.
pub(super) fn zip64_fault(name: &str) -> StructureError {
    StructureError::ExtraField {
        name: name.to_owned(),
        id: 1,
        fault: "it does not hold the sizes that ask for it, or tells others than the header",
    }
}
