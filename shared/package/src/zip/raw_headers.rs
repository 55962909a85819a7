//! The headers of a zip as they stand, for showing: no rule is applied, and nothing rests on them.
//!
//! [`super::Archive`] is the reader that judges. What it refuses can still be shown by this one, which follows the first end
//! record from the back and stops where a record does not begin as it should.

use super::{
    central_header::CENTRAL_SIGNATURE,
    end_record::{END_SIGNATURE, ZIP64_END_SIGNATURE, ZIP64_LOCATOR_SIGNATURE},
    le_reader::LeReader,
    local_header::LOCAL_SIGNATURE,
};
use crate::numbers::widen;

/// Bytes of the locator, which stands right before the end record.
const LOCATOR_BYTES: usize = 20;
/// The longest comment, and the end record before it.
const MAX_END_BYTES: usize = 65_535 + 22;
/// Entries that are read for showing; more than [`crate::Limits`] lets pass.
const MAX_SHOWN_ENTRIES: usize = 65_535;

/// What stands in the directory, as it stands.
#[derive(Debug, Clone, Default)]
pub(crate) struct RawHeaders<'a> {
    pub(crate) entries: Vec<RawEntry<'a>>,
    pub(crate) comment: &'a [u8],
    pub(crate) is_zip64: bool,
}

/// One entry: its central header, and its local one where it is found.
#[derive(Debug, Clone)]
pub(crate) struct RawEntry<'a> {
    pub(crate) name: &'a [u8],
    /// Version of the writer, and the system that it was made on (APPNOTE 4.4.2).
    pub(crate) made_by: [u8; 2],
    pub(crate) common: RawCommon,
    pub(crate) extra: &'a [u8],
    pub(crate) comment: &'a [u8],
    pub(crate) internal: u16,
    pub(crate) external: u32,
    pub(crate) local: Option<RawLocal<'a>>,
}

/// What both headers have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RawCommon {
    pub(crate) needs: u16,
    pub(crate) flags: u16,
    pub(crate) method: u16,
    pub(crate) time: u16,
    pub(crate) date: u16,
    pub(crate) crc32: u32,
    pub(crate) packed_bytes: u32,
    pub(crate) bytes: u32,
}

/// A local header, and the file from its body on.
#[derive(Debug, Clone)]
pub(crate) struct RawLocal<'a> {
    pub(crate) common: RawCommon,
    pub(crate) extra: &'a [u8],
    pub(crate) from_body: &'a [u8],
}

impl<'a> RawHeaders<'a> {
    /// What can be read of the headers of `file`, or `None` without an end record.
    pub(crate) fn read(file: &'a [u8]) -> Option<Self> {
        let start = file.len().saturating_sub(MAX_END_BYTES);
        let end = memchr::memmem::rfind(file.get(start..)?, &END_SIGNATURE.to_le_bytes())?
            .checked_add(start)?;
        let mut fields = LeReader::new(file.get(end..)?);
        fields.signature(END_SIGNATURE)?;
        fields.take(12)?;
        let offset = fields.u32()?;
        let length = fields.u16()?;
        let comment = fields.take(usize::from(length))?;
        let zip64 = zip64_directory(file, end);
        let offset = match zip64 {
            Some(far) if offset == u32::MAX => far,
            _ => u64::from(offset),
        };
        let mut directory = LeReader::at(file, offset)?;
        let mut entries = Vec::new();
        while entries.len() < MAX_SHOWN_ENTRIES {
            let Some(entry) = RawEntry::read(&mut directory, file) else {
                break;
            };
            entries.push(entry);
        }
        Some(Self {
            entries,
            comment,
            is_zip64: zip64.is_some(),
        })
    }

    /// The last entry of this name.
    pub(crate) fn find(&self, name: &str) -> Option<&RawEntry<'a>> {
        self.entries
            .iter()
            .rfind(|entry| entry.name == name.as_bytes())
    }
}

/// Where the zip64 records before the end record say that the directory begins.
fn zip64_directory(file: &[u8], end: usize) -> Option<u64> {
    let mut locator = LeReader::new(file.get(end.checked_sub(LOCATOR_BYTES)?..end)?);
    locator.signature(ZIP64_LOCATOR_SIGNATURE)?;
    locator.take(4)?;
    let mut fields = LeReader::at(file, locator.u64()?)?;
    fields.signature(ZIP64_END_SIGNATURE)?;
    fields.take(44)?;
    fields.u64()
}

impl<'a> RawEntry<'a> {
    fn read(fields: &mut LeReader<'a>, file: &'a [u8]) -> Option<Self> {
        fields.signature(CENTRAL_SIGNATURE)?;
        let made_by = [fields.u8()?, fields.u8()?];
        let common = RawCommon::read(fields)?;
        let (name, extra, comment) = (fields.u16()?, fields.u16()?, fields.u16()?);
        fields.take(2)?;
        let (internal, external, offset) = (fields.u16()?, fields.u32()?, fields.u32()?);
        Some(Self {
            name: fields.take(usize::from(name))?,
            made_by,
            common,
            extra: fields.take(usize::from(extra))?,
            comment: fields.take(usize::from(comment))?,
            internal,
            external,
            local: RawLocal::read(file, offset),
        })
    }

    /// The packed body, if the file has as many bytes from there on.
    pub(crate) fn packed(&self) -> Option<&'a [u8]> {
        let length = usize::try_from(self.common.packed_bytes).ok()?;
        self.local.as_ref()?.from_body.get(..length)
    }

    /// The upper half of the external attributes, where writers put a Unix mode.
    pub(crate) fn mode(&self) -> u32 {
        self.external >> 16
    }
}

impl RawCommon {
    fn read(fields: &mut LeReader<'_>) -> Option<Self> {
        Some(Self {
            needs: fields.u16()?,
            flags: fields.u16()?,
            method: fields.u16()?,
            time: fields.u16()?,
            date: fields.u16()?,
            crc32: fields.u32()?,
            packed_bytes: fields.u32()?,
            bytes: fields.u32()?,
        })
    }
}

impl<'a> RawLocal<'a> {
    fn read(file: &'a [u8], offset: u32) -> Option<Self> {
        let mut fields = LeReader::at(file, u64::from(offset))?;
        fields.signature(LOCAL_SIGNATURE)?;
        let common = RawCommon::read(&mut fields)?;
        let (name, extra) = (fields.u16()?, fields.u16()?);
        fields.take(usize::from(name))?;
        let extra = fields.take(usize::from(extra))?;
        let body = widen(file.len()).checked_sub(widen(fields.len()))?;
        Some(Self {
            common,
            extra,
            from_body: file.get(usize::try_from(body).ok()?..)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::zip::sample::{file, zip};

    #[test]
    fn headers_are_shown_as_they_stand() {
        let bytes = zip(&[file("a", b"one"), file("b/c", b"")]);
        let headers = RawHeaders::read(&bytes).unwrap();
        let names: Vec<_> = headers.entries.iter().map(|entry| entry.name).collect();
        assert_eq!(names, [&b"a"[..], b"b/c"]);
        let first = headers.find("a").unwrap();
        assert_eq!(first.packed(), Some(&b"one"[..]));
        assert_eq!((first.mode(), first.made_by), (0o100_644, [20, 3]));
        assert_eq!(first.local.as_ref().unwrap().common, first.common);
    }

    #[test]
    fn broken_record_ends_the_list() {
        let mut bytes = zip(&[file("a", b"one"), file("b", b"two")]);
        let second = memchr::memmem::rfind(&bytes, b"PK\x01\x02").unwrap();
        bytes[second] = b'X';
        assert_eq!(RawHeaders::read(&bytes).unwrap().entries.len(), 1);
        for length in 0..bytes.len() {
            // Never a panic, whatever is missing.
            let _ = RawHeaders::read(&bytes[..length]);
        }
        assert!(RawHeaders::read(b"no zip").is_none());
    }
}
