//! Rows about the file as a whole: what stands before, between and after the records, and the end
//! record itself.

use countersign_package::StructureError as S;
use countersign_testkit::package::{sample, sign};
use countersign_testkit::zip::{EntryForge, ZipForge};

use crate::{Case, PKI, Sample, accept, broken, refuse, signed, structure};

/// An end record by itself: no entries, no comment.
const BARE_END: &[u8] = b"PK\x05\x06\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0";

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = around();
    cases.extend(between());
    cases.extend(end_record());
    cases.extend(overlaps());
    cases
}

fn signed_sample() -> ZipForge {
    sign(&sample(), &PKI)
}

fn around() -> Vec<Case> {
    vec![
        accept("a signed package as Signer returns it", || signed(|_| ())),
        refuse("an empty file", structure!(S::NoEndRecord), || {
            Sample::new(Vec::new())
        }),
        refuse("a text file", structure!(S::NoEndRecord), || {
            Sample::new(b"export const handler = async () => 1;\n".to_vec())
        }),
        refuse(
            "an end record cut after its signature",
            structure!(S::Truncated { .. }),
            || Sample::new(b"PK\x05\x06".to_vec()),
        ),
        refuse(
            "a zip whose ends of lines were converted",
            structure!(S::Displaced { .. }),
            || {
                let text = EntryForge::file("a.txt", "one\ntwo\n".repeat(9)).stored();
                let zip = signed(|zip| zip.entries.insert(0, text)).package;
                let carriage = |byte: u8| {
                    if byte == b'\n' {
                        vec![b'\r', byte]
                    } else {
                        vec![byte]
                    }
                };
                // The body alone, so that what follows it is as it was.
                let (body, rest) = zip.split_at(30 + "a.txt".len() + 72);
                let converted: Vec<u8> = body.iter().copied().flat_map(carriage).collect();
                Sample::new([&converted, rest].concat())
            },
        ),
        refuse(
            "a byte before the first entry",
            structure!(S::Prefix { bytes: 1 }),
            || broken(|zip| zip.prefix = vec![0]),
        ),
        refuse(
            "a script before the first entry, offsets adjusted",
            structure!(S::Prefix { .. }),
            || broken(|zip| zip.prefix = b"#!/bin/sh\nexec unzip -p \"$0\"\n".to_vec()),
        ),
        refuse(
            "a program before the first entry, offsets not adjusted (Janus)",
            structure!(S::Prefix { .. } | S::Unclaimed { .. } | S::RecordExpected { .. }),
            || {
                let mut package = b"dex\n035\0 bytes of another format".to_vec();
                package.extend(signed_sample().build());
                Sample::new(package)
            },
        ),
        refuse(
            "the marker of a split archive before the first entry",
            structure!(S::Prefix { bytes: 4 }),
            || broken(|zip| zip.prefix = b"PK\x07\x08".to_vec()),
        ),
        refuse(
            "a byte after the end",
            structure!(S::Trailing { bytes: 1 }),
            || broken(|zip| zip.trailing = vec![0]),
        ),
        refuse(
            "a line break after the end",
            structure!(S::Trailing { bytes: 1 }),
            || broken(|zip| zip.trailing = b"\n".to_vec()),
        ),
        refuse(
            "the last byte missing",
            structure!(S::Truncated { .. }),
            || {
                let mut package = signed_sample().build();
                package.pop();
                Sample::new(package)
            },
        ),
        refuse(
            "the second half missing",
            structure!(S::NoEndRecord),
            || {
                let mut package = signed_sample().build();
                package.truncate(package.len() / 2);
                Sample::new(package)
            },
        ),
        refuse(
            "another zip before this one",
            structure!(S::Prefix { .. } | S::Unclaimed { .. } | S::RecordExpected { .. }),
            || {
                let mut package = sample().build();
                package.extend(signed_sample().build());
                Sample::new(package)
            },
        ),
        refuse(
            "another zip after this one",
            structure!(S::Prefix { .. } | S::Unclaimed { .. } | S::RecordExpected { .. }),
            || {
                let mut package = signed_sample().build();
                package.extend(ZipForge::new([EntryForge::file("index.mjs", "evil")]).build());
                Sample::new(package)
            },
        ),
    ]
}

fn between() -> Vec<Case> {
    vec![
        refuse(
            "a byte between two entries",
            structure!(S::Unclaimed { bytes: 1, .. }),
            || broken(|zip| zip.entries[1].before = vec![0]),
        ),
        refuse(
            "bytes between the last entry and the directory",
            structure!(S::Unclaimed { bytes: 3, .. }),
            || broken(|zip| zip.before_directory = vec![1, 2, 3]),
        ),
        refuse(
            "bytes between the directory and the end record",
            structure!(S::Unclaimed { bytes: 7, .. }),
            || broken(|zip| zip.after_directory = b"payload".to_vec()),
        ),
        refuse(
            "bytes between the directory and the end record, counted as directory",
            structure!(
                S::RecordExpected { .. }
                    | S::Unclaimed { .. }
                    | S::EntryCount { .. }
                    | S::Truncated { .. }
            ),
            || {
                let length = directory_length(&signed_sample()) + 7;
                broken(|zip| {
                    zip.after_directory = b"payload".to_vec();
                    zip.end.size = Some(length);
                })
            },
        ),
        refuse(
            "a digital signature record after the directory",
            structure!(S::Unclaimed { .. } | S::RecordExpected { .. }),
            || broken(|zip| zip.after_directory = b"PK\x05\x05\x04\0abcd".to_vec()),
        ),
        refuse(
            "an archive extra data record before the directory",
            structure!(S::Unclaimed { .. } | S::RecordExpected { .. }),
            || broken(|zip| zip.before_directory = b"PK\x06\x08\x04\0\0\0abcd".to_vec()),
        ),
        refuse(
            "an entry that the directory does not list",
            structure!(S::Unclaimed { .. }),
            || {
                broken(|zip| {
                    let mut hidden = EntryForge::file("lib/orders.mjs", "evil");
                    hidden.central = None;
                    zip.entries.insert(1, hidden);
                })
            },
        ),
        refuse(
            "an unlisted entry before the first",
            structure!(S::Prefix { .. }),
            || {
                broken(|zip| {
                    let mut hidden = EntryForge::file("index.mjs", "evil");
                    hidden.central = None;
                    zip.entries.insert(0, hidden);
                })
            },
        ),
        refuse(
            "an unlisted entry after the last",
            structure!(S::Unclaimed { .. }),
            || {
                broken(|zip| {
                    let mut hidden = EntryForge::file("index.mjs", "evil");
                    hidden.central = None;
                    zip.entries.push(hidden);
                })
            },
        ),
    ]
}

fn end_record() -> Vec<Case> {
    vec![
        accept("an archive comment", || {
            broken(|zip| zip.end.comment = b"built by make".to_vec())
        }),
        refuse(
            "an end record hidden in the comment",
            structure!(S::SecondEndRecord { .. }),
            || broken(|zip| zip.end.comment = BARE_END.to_vec()),
        ),
        refuse(
            "an end record's signature in the comment",
            structure!(S::SecondEndRecord { .. }),
            || {
                broken(|zip| {
                    zip.end.comment = b"see PK\x05\x06 for more than twenty-two bytes".to_vec();
                })
            },
        ),
        refuse(
            "two end records, one after the other",
            structure!(S::SecondEndRecord { .. } | S::Unclaimed { .. }),
            || {
                let package = signed_sample().build();
                let end = package[package.len() - 22..].to_vec();
                Sample::new([package, end].concat())
            },
        ),
        refuse(
            "an empty archive's end record after the real one",
            structure!(S::SecondEndRecord { .. } | S::Unclaimed { .. } | S::Prefix { .. }),
            || Sample::new([signed_sample().build(), BARE_END.to_vec()].concat()),
        ),
        refuse(
            "a comment length that is too short",
            structure!(S::Trailing { bytes: 1 }),
            || {
                broken(|zip| {
                    zip.end.comment = b"comment".to_vec();
                    zip.end.comment_length = Some(6);
                })
            },
        ),
        refuse(
            "a comment length that is too long",
            structure!(S::Truncated { .. }),
            || {
                broken(|zip| {
                    zip.end.comment = b"comment".to_vec();
                    zip.end.comment_length = Some(8);
                })
            },
        ),
        refuse(
            "fewer entries counted than listed",
            structure!(S::EntryCount { .. }),
            || broken(|zip| (zip.end.entries, zip.end.entries_here) = (Some(5), Some(5))),
        ),
        refuse(
            "more entries counted than listed",
            structure!(S::EntryCount { .. }),
            || broken(|zip| (zip.end.entries, zip.end.entries_here) = (Some(7), Some(7))),
        ),
        refuse(
            "two counts of entries",
            structure!(S::MultiDisk | S::EntryCount { .. }),
            || broken(|zip| zip.end.entries_here = Some(5)),
        ),
        refuse(
            "an end record on the second disk",
            structure!(S::MultiDisk),
            || broken(|zip| zip.end.disk = Some(1)),
        ),
        refuse(
            "a directory on the second disk",
            structure!(S::MultiDisk),
            || broken(|zip| zip.end.directory_disk = Some(1)),
        ),
        refuse(
            "an entry on the second disk",
            structure!(S::MultiDisk),
            || broken(|zip| zip.entries[0].central().disk = 1),
        ),
        refuse(
            "a directory offset one too low",
            structure!(
                S::Displaced { .. }
                    | S::Prefix { .. }
                    | S::Unclaimed { .. }
                    | S::RecordExpected { .. }
                    | S::Overlap { .. }
            ),
            || {
                let start = directory_offset(&signed_sample());
                broken(|zip| zip.end.offset = Some(start - 1))
            },
        ),
        refuse(
            "a directory offset past the file",
            structure!(
                S::Truncated { .. }
                    | S::Overlap { .. }
                    | S::Unclaimed { .. }
                    | S::RecordExpected { .. }
            ),
            || broken(|zip| zip.end.offset = Some(u32::MAX - 1)),
        ),
        refuse(
            "a directory size one too low",
            structure!(S::Unclaimed { .. } | S::RecordExpected { .. } | S::Truncated { .. }),
            || {
                let length = directory_length(&signed_sample());
                broken(|zip| zip.end.size = Some(length - 1))
            },
        ),
        refuse(
            "a directory size one too high",
            structure!(
                S::Unclaimed { .. }
                    | S::RecordExpected { .. }
                    | S::Truncated { .. }
                    | S::Overlap { .. }
            ),
            || {
                let length = directory_length(&signed_sample());
                broken(|zip| zip.end.size = Some(length + 1))
            },
        ),
        refuse(
            "a directory that starts at a second list of entries",
            structure!(
                S::Unclaimed { .. }
                    | S::EntryCount { .. }
                    | S::RecordExpected { .. }
                    | S::SecondEndRecord { .. }
            ),
            two_directories,
        ),
    ]
}

/// The file holds two central directories, each with an end record; which one counts depends on
/// where a reader looks.
fn two_directories() -> Sample {
    let honest = signed_sample();
    let other = honest
        .clone()
        .with(|zip| zip.entries[0].central().header.name = b"other.mjs".to_vec());
    let (honest_bytes, other_bytes) = (honest.build(), other.build());
    let start = directory_offset(&other) as usize;
    Sample::new([&honest_bytes[..], &other_bytes[start..]].concat())
}

fn overlaps() -> Vec<Case> {
    vec![
        refuse(
            "two names for one body",
            structure!(S::Overlap { .. } | S::HeadersDisagree { .. }),
            || {
                broken(|zip| {
                    let mut alias = zip.entries[0].clone();
                    alias.local = None;
                    alias.data = Vec::new();
                    alias.central().header.name = b"alias.mjs".to_vec();
                    alias.central().offset = Some(0);
                    zip.entries.push(alias);
                })
            },
        ),
        refuse(
            "one entry listed twice",
            structure!(S::Overlap { .. } | S::Duplicate { .. }),
            || {
                broken(|zip| {
                    let mut twice = zip.entries[0].clone();
                    twice.local = None;
                    twice.data = Vec::new();
                    twice.central().offset = Some(0);
                    zip.entries.insert(1, twice);
                })
            },
        ),
        refuse(
            "an entry inside another's body",
            structure!(S::Overlap { .. } | S::Unclaimed { .. }),
            || {
                // The outer body, stored, is a whole local record, which the directory lists as
                // well.
                let inner = ZipForge::new([EntryForge::file("inner.mjs", "evil").stored()]);
                let offset = (30 + "outer.bin".len()) as u32;
                let mut listed = inner.entries[0].clone();
                listed.local = None;
                listed.data = Vec::new();
                listed.central().offset = Some(offset);
                let whole = inner.build();
                let record = &whole[..directory_offset(&inner) as usize];
                let outer = EntryForge::file("outer.bin", record).stored();
                sign(&ZipForge::new([outer, listed]), &PKI).into()
            },
        ),
        refuse(
            "entries listed in another order than stored",
            structure!(S::Overlap { .. } | S::Prefix { .. }),
            || signed(|zip| zip.central_order = Some(vec![3, 2, 1, 0])),
        ),
        refuse(
            "an entry's offset in the middle of another",
            structure!(S::RecordExpected { .. } | S::Unclaimed { .. } | S::Overlap { .. }),
            || broken(|zip| zip.entries[1].central().offset = Some(7)),
        ),
        refuse(
            "an entry's offset past the file",
            structure!(
                S::RecordExpected { .. }
                    | S::Truncated { .. }
                    | S::Unclaimed { .. }
                    | S::Overlap { .. }
            ),
            || broken(|zip| zip.entries[1].central().offset = Some(0x7FFF_FFFF)),
        ),
        refuse(
            "an entry's offset in the directory",
            structure!(
                S::RecordExpected { .. }
                    | S::Truncated { .. }
                    | S::Unclaimed { .. }
                    | S::Overlap { .. }
            ),
            || {
                let start = directory_offset(&signed_sample());
                broken(|zip| zip.entries[5].central().offset = Some(start))
            },
        ),
        refuse(
            "a body that runs into the directory",
            structure!(S::Overlap { .. } | S::Truncated { .. } | S::Unclaimed { .. }),
            || broken(|zip| zip.entries[5].change_both(|header| header.compressed_size += 40)),
        ),
    ]
}

/// Where the central directory of a zip starts.
fn directory_offset(zip: &ZipForge) -> u32 {
    end_field(zip, 6)
}

/// How long the central directory of a zip is.
fn directory_length(zip: &ZipForge) -> u32 {
    end_field(zip, 10)
}

/// Four bytes of the end record of a zip without comment, counted from the file's end.
fn end_field(zip: &ZipForge, from_end: usize) -> u32 {
    let bytes = zip.build();
    let start = bytes.len() - from_end;
    u32::from_le_bytes(bytes[start..start + 4].try_into().expect("four bytes"))
}
