//! Extra fields: what a header says of its entry beyond its fixed fields.
//!
//! Most of them only add (times, owners, alignment, the jar magic) and are passed over. Refused are
//! those that give something a second time, for readers that look there instead: the name, the
//! mode, the encryption.
//!
//! A field may be given twice where both say the same, and times may be given twice in any case:
//! then it does not matter whether a reader takes the first or the last. GitLab writes 0x5455
//! twice.

use super::{error::StructureError, le_reader::LeReader};

const ZIP64: u16 = 0x0001;
const UNICODE_PATH: u16 = 0x7075;

/// Fields that change what an entry is for the readers that know them (APPNOTE 4.5.2, 4.6; 0x6c78
/// is libarchive's, 0x2605 and 0x2705 are `ZipIt`'s, 0x554e is Xceed's, 0xe57a `ALZip`'s).
const REFUSED: [(u16, &str); 15] = [
    (0x000d, "it gives a link target a second time"),
    (0x000f, "it holds a patch"),
    (0x0014, "it holds a signature of another format"),
    (0x0015, "it holds a signature of another format"),
    (0x0016, "it holds a signature of another format"),
    (0x0017, "it announces encryption"),
    (0x0018, "it holds a record of another format"),
    (0x0019, "it announces encryption"),
    (0x2605, "it gives the name a second time"),
    (0x2705, "it gives the name a second time"),
    (0x554e, "it gives the name a second time"),
    (0x6c78, "it gives type and mode a second time"),
    (0x756e, "it gives mode and link target a second time"),
    (0x9901, "it announces encryption"),
    (0xe57a, "it names another code page for the name"),
];

/// How many bytes these fields have at least: extended timestamp, a comment in Unicode, the two kinds
/// of alignment.
const MIN_BYTES: [(u16, usize); 4] = [(0x5455, 1), (0x6375, 5), (0xa11e, 2), (0xd935, 2)];

/// Fields with nothing but times: NTFS, extended timestamp.
const TIMES: [u16; 2] = [0x000a, 0x5455];

/// Fields that one header may hold: honest writers use up to five. Bounds the search for doubles.
const MAX_FIELDS: usize = 32;

/// What the extra fields of one header contribute.
#[derive(Debug, Default)]
pub(crate) struct ExtraFields<'a> {
    /// The body of the zip64 field.
    pub(crate) zip64: Option<LeReader<'a>>,
}

impl<'a> ExtraFields<'a> {
    /// Checks the extra fields in `bytes` of the entry with the raw name `name`.
    pub(crate) fn parse(name: &str, bytes: &'a [u8]) -> Result<Self, StructureError> {
        let mut extra = Self::default();
        let mut fields = LeReader::new(bytes);
        let mut seen: Vec<(u16, &[u8])> = Vec::new();
        while !fields.is_empty() {
            let refuse = |id, fault| StructureError::ExtraField {
                name: name.to_owned(),
                id,
                fault,
            };
            let (id, body) = next(&mut fields).map_err(|id| refuse(id, "it is cut short"))?;
            if seen.len() == MAX_FIELDS {
                return Err(refuse(id, "there are too many of them"));
            }
            let is_other = |(earlier, said): &(u16, &[u8])| *earlier == id && *said != body;
            if seen.iter().any(is_other) && !TIMES.contains(&id) {
                return Err(refuse(id, "it is given twice, and says two things"));
            }
            seen.push((id, body));
            if let Some((_, fault)) = REFUSED.iter().find(|(refused, _)| *refused == id) {
                return Err(refuse(id, fault));
            }
            let is_too_short = |(known, min): &(u16, usize)| *known == id && body.len() < *min;
            if MIN_BYTES.iter().any(is_too_short) {
                return Err(refuse(id, "it is too short for what it should hold"));
            }
            match id {
                ZIP64 => extra.zip64 = Some(LeReader::new(body)),
                UNICODE_PATH if !repeats(name, body) => {
                    return Err(refuse(id, "it gives another name than the header"));
                }
                _ => {}
            }
        }
        Ok(extra)
    }
}

/// One field: its ID and its body. Fails with the ID where it is known.
fn next<'a>(fields: &mut LeReader<'a>) -> Result<(u16, &'a [u8]), u16> {
    let id = fields.u16().ok_or(0_u16)?;
    let length = fields.u16().ok_or(id)?;
    let body = fields.take(usize::from(length)).ok_or(id)?;
    Ok((id, body))
}

/// Whether a Unicode path field (APPNOTE 4.6.9) says what the header says.
fn repeats(name: &str, body: &[u8]) -> bool {
    let mut fields = LeReader::new(body);
    let mut matches = || {
        let version = fields.u8()?;
        let crc = fields.u32()?;
        let rest = fields.take(name.len())?;
        let same = version == 1 && crc == crc32fast::hash(name.as_bytes());
        Some(same && rest == name.as_bytes() && fields.is_empty())
    };
    matches().unwrap_or(false)
}
