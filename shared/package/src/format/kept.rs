//! The package beside its source: what Signer kept, and what it wrote anew.

use super::{
    fact::FormatFact,
    facts::{
        BODIES_KEPT, ENTRIES_KEPT, EXTRA_FIELDS_KEPT, KINDS_AND_MODES_KEPT, MADE_BY_KEPT,
        NAME_MARKS_KEPT, PACKING_KEPT, TIMES_KEPT,
    },
    observation::{Answer, Observation},
    subject::{Subject, without_names},
};
use crate::{
    limits::Limits,
    origin::{self, OriginError},
    package::Package,
    zip::{RawEntry, RawHeaders, UTF8},
};

const FACTS: [FormatFact; 8] = [
    ENTRIES_KEPT,
    BODIES_KEPT,
    KINDS_AND_MODES_KEPT,
    MADE_BY_KEPT,
    NAME_MARKS_KEPT,
    PACKING_KEPT,
    TIMES_KEPT,
    EXTRA_FIELDS_KEPT,
];

pub(super) fn observe(
    subject: &Subject<'_>,
    source: Option<&[u8]>,
    limits: &Limits,
) -> Vec<Observation> {
    let all = |answer, why: &str| {
        FACTS
            .map(|fact| Observation::new(fact, answer, why))
            .to_vec()
    };
    if subject.package.is_none() {
        return all(Answer::NotAsked, &subject.why_no_package());
    }
    let Some(source) = source else {
        return all(Answer::NotAsked, "the unsigned source was not given");
    };
    let source_package = match Package::read(source, limits) {
        Ok(package) => package,
        Err(error) => {
            let why = format!("the source is refused: {}", without_names(&error));
            return all(Answer::Unknown, &why);
        }
    };
    let (Some(signed), Some(before)) = (&subject.headers, RawHeaders::read(source)) else {
        return all(Answer::Unknown, "the directory cannot be read");
    };
    let entries = entries(signed, &before);
    if entries.answer() != Answer::Confirmed {
        let mut seen = all(Answer::Unknown, "the entries are not those of the source");
        seen.splice(..1, [entries]);
        return seen;
    }
    let pairs = || before.entries.iter().zip(&signed.entries);
    let alike = |same: &dyn Fn(&RawEntry<'_>, &RawEntry<'_>) -> bool| {
        pairs()
            .filter(|(source, signed)| same(source, signed))
            .count()
    };
    let total = before.entries.len();
    let judged = |fact, count: usize| {
        Observation::judged(
            fact,
            count == total,
            format!("{count} of {total} entries alike"),
        )
    };
    let seen = |fact, count: usize| {
        Observation::new(
            fact,
            Answer::Seen,
            format!("{count} of {total} entries alike"),
        )
    };
    let kinds = alike(&|source, signed| source.external >> 16 == signed.external >> 16);
    let modes = match subject
        .proven()
        .map(|signed| origin::prove(signed, source_package.archive()))
    {
        Some(Err(error @ (OriginError::Kind { .. } | OriginError::Mode { .. }))) => {
            Observation::judged(
                KINDS_AND_MODES_KEPT,
                false,
                format!("{kinds} of {total} entries alike; {}", fault(&error)),
            )
        }
        Some(_) => judged(KINDS_AND_MODES_KEPT, kinds),
        None => Observation::unknown(KINDS_AND_MODES_KEPT, subject.why_no_package()),
    };
    vec![
        entries,
        judged(
            BODIES_KEPT,
            alike(&|source, signed| {
                (source.common.crc32, source.common.bytes)
                    == (signed.common.crc32, signed.common.bytes)
            }),
        ),
        modes,
        judged(
            MADE_BY_KEPT,
            alike(&|source, signed| source.made_by == signed.made_by),
        ),
        judged(
            NAME_MARKS_KEPT,
            alike(&|source, signed| !is_marked(source) || is_marked(signed)),
        ),
        seen(
            PACKING_KEPT,
            alike(&|source, signed| {
                source.common.method == signed.common.method && source.packed() == signed.packed()
            }),
        ),
        seen(
            TIMES_KEPT,
            alike(&|source, signed| {
                (source.common.date, source.common.time) == (signed.common.date, signed.common.time)
            }),
        ),
        seen(
            EXTRA_FIELDS_KEPT,
            alike(&|source, signed| fields(source) == fields(signed)),
        ),
    ]
}

/// Whether an entry has a name outside of ASCII that flag 11 marks as UTF-8.
fn is_marked(entry: &RawEntry<'_>) -> bool {
    !entry.name.is_ascii() && entry.common.flags & UTF8 != 0
}

/// What an error says, without the name of its entry.
fn fault(error: &OriginError) -> String {
    match error {
        OriginError::Mode {
            source_mode,
            signed_mode,
            ..
        } => {
            let octal =
                |mode: &Option<u32>| mode.map_or("none".to_owned(), |mode| format!("{mode:06o}"));
            format!(
                "a mode was {} and is {}",
                octal(source_mode),
                octal(signed_mode)
            )
        }
        _ => "an entry is of another kind".to_owned(),
    }
}

/// Flags, extra fields and comment of an entry.
fn fields<'a>(entry: &RawEntry<'a>) -> (u16, &'a [u8], Option<&'a [u8]>, &'a [u8]) {
    let local = entry.local.as_ref().map(|local| local.extra);
    (entry.common.flags, entry.extra, local, entry.comment)
}

fn entries(signed: &RawHeaders<'_>, source: &RawHeaders<'_>) -> Observation {
    let total = source.entries.len();
    let in_place = source
        .entries
        .iter()
        .zip(&signed.entries)
        .filter(|(source, signed)| source.name == signed.name)
        .count();
    let more = signed.entries.len().saturating_sub(total);
    let seen = format!("{in_place} of {total} entries in their places, {more} more behind them");
    Observation::judged(ENTRIES_KEPT, in_place == total, seen)
}
