//! What the zip's own records say.

use super::{
    fact::FormatFact,
    facts::{
        APPENDED_LAST, DIRECTORY_HEADER, END_OF_FILE, SIGNATURE_ENTRY_NAME, SIGNATURE_HEADER,
        STRICT_ZIP,
    },
    observation::{Answer, Observation},
    subject::{Subject, without_names},
};
use crate::{
    signature_entry::{SIGNATURE_DIRECTORY, SIGNATURE_ENTRY},
    zip::{RawCommon, RawEntry},
};

/// Flag 3 (APPNOTE 4.4.4): sizes and CRC follow the body.
const FLAG_DESCRIPTOR: u16 = 1 << 3;

pub(super) fn observe(subject: &Subject<'_>) -> Vec<Observation> {
    let Some(package) = &subject.package else {
        let facts = [
            STRICT_ZIP,
            SIGNATURE_ENTRY_NAME,
            APPENDED_LAST,
            DIRECTORY_HEADER,
            SIGNATURE_HEADER,
            END_OF_FILE,
        ];
        let why = subject.why_no_package();
        return facts
            .map(|fact| Observation::new(fact, Answer::NotAsked, why.as_str()))
            .into();
    };
    let strict = match package {
        Ok(package) => {
            let count = package.archive().entries().len();
            Observation::judged(STRICT_ZIP, true, format!("{count} entries"))
        }
        Err(error) => Observation::judged(STRICT_ZIP, false, without_names(error)),
    };
    let has_entry = subject.entry.is_some();
    let seen = if has_entry {
        "there is such an entry"
    } else {
        "there is no such entry"
    };
    vec![
        strict,
        Observation::judged(SIGNATURE_ENTRY_NAME, has_entry, seen),
        appended(subject),
        header(subject, DIRECTORY_HEADER, SIGNATURE_DIRECTORY),
        header(subject, SIGNATURE_HEADER, SIGNATURE_ENTRY),
        end_of_file(subject),
    ]
}

fn appended(subject: &Subject<'_>) -> Observation {
    let Some(headers) = &subject.headers else {
        return Observation::unknown(APPENDED_LAST, "there is no end record");
    };
    let names: Vec<&[u8]> = headers.entries.iter().map(|entry| entry.name).collect();
    let place = |wanted: &str| {
        let found = names.iter().position(|name| *name == wanted.as_bytes());
        found.map_or("nowhere".to_owned(), |index| {
            format!("entry {} of {}", index.saturating_add(1), names.len())
        })
    };
    let holds = names.ends_with(&[SIGNATURE_DIRECTORY.as_bytes(), SIGNATURE_ENTRY.as_bytes()]);
    let (directory, signature) = (place(SIGNATURE_DIRECTORY), place(SIGNATURE_ENTRY));
    let seen = format!("the directory is {directory}, the signature {signature}");
    Observation::judged(APPENDED_LAST, holds, seen)
}

fn header(subject: &Subject<'_>, fact: FormatFact, name: &str) -> Observation {
    let found = subject.headers.as_ref().and_then(|h| h.find(name));
    match found {
        Some(entry) => Observation::new(fact, Answer::Seen, header_text(entry)),
        None => Observation::unknown(fact, "there is no such entry"),
    }
}

fn end_of_file(subject: &Subject<'_>) -> Observation {
    let Some(headers) = &subject.headers else {
        return Observation::unknown(END_OF_FILE, "there is no end record");
    };
    let zip64 = if headers.is_zip64 {
        "zip64 records"
    } else {
        "no zip64 records"
    };
    let seen = format!("a comment of {} bytes, {zip64}", headers.comment.len());
    Observation::new(END_OF_FILE, Answer::Seen, seen)
}

/// Everything that an entry's headers say, but for its name.
fn header_text(entry: &RawEntry<'_>) -> String {
    let [version, system] = entry.made_by;
    let local = match &entry.local {
        None => "no local header where the directory points".to_owned(),
        Some(local) if local.common == entry.common => {
            format!(
                "the local header says the same, extra {}",
                extra(local.extra)
            )
        }
        Some(local) => format!(
            "the local header says {}, extra {}",
            common_text(&local.common),
            extra(local.extra)
        ),
    };
    let descriptor = if entry.common.flags & FLAG_DESCRIPTOR == 0 {
        "no descriptor".to_owned()
    } else {
        descriptor_text(entry)
    };
    format!(
        "made by {version} on system {system}, {}, extra {}, comment of {} bytes, internal 0x{:04x}, external 0x{:08x} (mode {:06o}); \
         {local}; {descriptor}",
        common_text(&entry.common),
        extra(entry.extra),
        entry.comment.len(),
        entry.internal,
        entry.external,
        entry.mode(),
    )
}

fn common_text(common: &RawCommon) -> String {
    format!(
        "needs {}, flags 0x{:04x}, method {}, date {:04x} time {:04x}, CRC {:08x}, {} of {} bytes",
        common.needs,
        common.flags,
        common.method,
        common.date,
        common.time,
        common.crc32,
        common.packed_bytes,
        common.bytes,
    )
}

/// The identifiers and lengths of extra fields.
pub(super) fn extra(mut field: &[u8]) -> String {
    let mut shown = Vec::new();
    while let [low, high, length_low, length_high, rest @ ..] = field {
        let (id, length) = (
            u16::from_le_bytes([*low, *high]),
            u16::from_le_bytes([*length_low, *length_high]),
        );
        shown.push(format!("0x{id:04x}:{length}"));
        field = rest.get(usize::from(length)..).unwrap_or_default();
    }
    if !field.is_empty() {
        shown.push(format!("{} bytes more", field.len()));
    }
    if shown.is_empty() {
        "none".to_owned()
    } else {
        shown.join(" ")
    }
}

fn descriptor_text(entry: &RawEntry<'_>) -> String {
    let after = || {
        let length = usize::try_from(entry.common.packed_bytes).ok()?;
        entry.local.as_ref()?.from_body.get(length..)
    };
    match after() {
        Some([b'P', b'K', 7, 8, ..]) => "a descriptor with a signature".to_owned(),
        Some(_) => "a descriptor without a signature".to_owned(),
        None => "a descriptor that is cut off".to_owned(),
    }
}
