//! A local header: what stands before an entry's body (APPNOTE 4.3.7).
//!
//! Some readers believe this one, some the central header. Each is parsed by itself;
//! [`LocalHeader::agree`] checks that both say the same.

use super::{
    central_header::CentralHeader,
    common_header::{CommonHeader, DEFLATE_LEVEL, disagree},
    entry::Method,
    error::StructureError,
    extra_field::ExtraFields,
    le_reader::LeReader,
    zip64_field::{widen_local, zip64_fault},
};

/// What a local header starts with.
pub(super) const LOCAL_SIGNATURE: u32 = 0x0403_4b50;

/// A header before a body, checked by itself.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LocalHeader<'a> {
    common: CommonHeader,
    name: &'a [u8],
    pub(super) has_zip64: bool,
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
        let mut fields = LeReader::at(bytes, offset).ok_or(StructureError::Truncated {
            record: RECORD,
            offset,
        })?;
        fields
            .signature(LOCAL_SIGNATURE)
            .ok_or(StructureError::RecordExpected {
                record: RECORD,
                offset,
            })?;
        let mut raw = || {
            let common = CommonHeader::read(&mut fields)?;
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
        let extra = ExtraFields::parse(central.name, extra)?;
        common.check(central.name)?;
        if let Some(zip64) = extra.zip64 {
            widen_local(&mut common, offset, zip64).ok_or_else(|| zip64_fault(central.name))?;
        }
        Ok(Self {
            common,
            name,
            has_zip64: extra.zip64.is_some(),
            end,
        })
    }

    /// Refuses the entry unless both headers say the same of it.
    ///
    /// Where a descriptor follows the body, the local header may leave CRC and sizes open with
    /// zeros, but not give others. Time and version needed may differ: no reader takes another
    /// body, name or kind for them, as long as it understands both versions. Maven writes 10 and 20
    /// after it has sorted the manifest to the front, the JDK's zip file system after an update.
    /// The one exception is libzip, which compares them to choose among end records
    /// ([`LocalHeader::differs_harmlessly`]).
    pub(crate) fn agree(&self, central: &CentralHeader<'_>) -> Result<(), StructureError> {
        let (local, listed) = (&self.common, &central.common);
        let may_be_open = central.has_descriptor();
        let same = |local: u64, listed: u64| local == listed || (may_be_open && local == 0);
        let checks = [
            ("name", self.name == central.name.as_bytes()),
            ("flags", self.flags_agree(central)),
            ("compression method", local.method == listed.method),
            ("CRC-32", same(local.crc32.into(), listed.crc32.into())),
            ("compressed size", same(local.compressed, listed.compressed)),
            ("size", same(local.size, listed.size)),
        ];
        match checks.iter().find(|(_, agrees)| !agrees) {
            Some((field, _)) => Err(disagree(central.name, field)),
            None => Ok(()),
        }
    }

    /// Whether both headers have the same flags.
    ///
    /// The two bits that say how hard the writer tried to deflate may differ: what they tell does not
    /// change how a deflated body is read. Perl's `Archive::Zip` sets them in the central header
    /// alone. Of other methods they would mean something else (APPNOTE 4.4.4).
    fn flags_agree(&self, central: &CentralHeader<'_>) -> bool {
        let differing = self.common.flags ^ central.common.flags;
        let harmless = match central.method {
            Method::Deflated => DEFLATE_LEVEL,
            Method::Stored => 0,
        };
        differing & !harmless == 0
    }

    /// Whether the headers differ in their version, time or level of deflation.
    pub(crate) fn differs_harmlessly(&self, central: &CentralHeader<'_>) -> bool {
        let (local, listed) = (&self.common, &central.common);
        let fields =
            |header: &CommonHeader| (header.version, header.time, header.date, header.flags);
        fields(local) != fields(listed)
    }
}
