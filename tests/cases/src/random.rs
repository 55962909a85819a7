//! Zips made of choices: records that are sound for the most part, in combinations that nobody thought of.
//!
//! Blind changes of bytes seldom give a file that the core accepts, and so seldom one on which two
//! programs could differ. Here each record is put together from what honest writers and attackers
//! put into it. The choices come from a number (the tests) or from a fuzzer's bytes.

use countersign_testkit::zip::{EntryForge, FLAG_UTF8, Zip64End, Zip64Extra, ZipForge, extra};

use crate::mutate::{Dice, confuse};

/// Where choices come from.
pub trait Choices {
    /// A number below `bound`, which is not zero.
    fn below(&mut self, bound: usize) -> usize;
}

impl Choices for Dice {
    fn below(&mut self, bound: usize) -> usize {
        Dice::below(self, bound)
    }
}

/// A fuzzer's bytes, one for a choice; the first alternative when they are used up.
pub struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    /// The choices that these bytes make.
    #[must_use]
    pub fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }
}

impl Choices for Bytes<'_> {
    fn below(&mut self, bound: usize) -> usize {
        let Some((first, rest)) = self.0.split_first() else {
            return 0;
        };
        self.0 = rest;
        usize::from(*first) % bound
    }
}

/// The zip that belongs to a number.
#[must_use]
pub fn numbered(number: u64) -> ZipForge {
    let mut dice = Dice::new(number);
    let mut zip = zip(&mut dice);
    // One in eight with lies on top; the others have only what was chosen.
    if dice.below(8) == 0 {
        confuse(&mut dice, &mut zip);
    }
    zip
}

/// A zip of up to five entries.
#[must_use]
pub fn zip(choices: &mut dyn Choices) -> ZipForge {
    let count = 1 + choices.below(5);
    let mut zip = ZipForge::new((0..count).map(|_| entry(choices)));
    for _ in 0..choices.below(4).saturating_sub(1) {
        change_archive(choices, &mut zip);
    }
    zip
}

fn one<'a, T: ?Sized>(choices: &mut dyn Choices, of: &[&'a T]) -> &'a T {
    of[choices.below(of.len())]
}

/// Names that are one path for one program and another for the next, and plain ones that they meet.
/// The first are plain ([`PLAIN_NAMES`]).
const NAMES: [&str; 44] = [
    "a",
    "b",
    "c.py",
    "d/e",
    "d/f",
    "index.mjs",
    "lib/x.so",
    "A",
    "a/b",
    "./a",
    "./b",
    "b.py",
    "d/e/f",
    "\u{e9}",
    "e\u{301}",
    "\u{1f8}",
    "\u{251c}\u{2310}",
    "\u{251c}\u{ae}",
    "\u{c3}\u{a9}",
    "\u{212b}",
    "\u{ac00}",
    "\u{fb01}",
    "\u{df}",
    "\u{2044}etc",
    "a\u{202e}b",
    "Icon\r",
    "Icon",
    "a;1",
    "a;b",
    "a:b",
    " a",
    "a ",
    "a.",
    "...",
    "-rf",
    "~",
    "con",
    "a%2fb",
    "a*",
    "a?b",
    "__proto__",
    "META-INF/MANIFEST.MF",
    "\u{7f}",
    "mimetype",
];

/// How many of [`NAMES`] have nothing odd about them.
const PLAIN_NAMES: usize = 13;

fn entry(choices: &mut dyn Choices) -> EntryForge {
    // Half of them plain, or hardly two entries would ever be accepted side by side.
    let known = &NAMES[..[PLAIN_NAMES, NAMES.len()][choices.below(2)]];
    let name = one(choices, known);
    let mut entry = match choices.below(8) {
        0 | 1 => EntryForge::directory(format!("{name}/")),
        2 => EntryForge::symlink(name, one(choices, &TARGETS)),
        3 | 4 => EntryForge::file(name, body(choices)).stored(),
        _ => EntryForge::file(name, body(choices)),
    };
    if choices.below(4) == 0 && entry.central().header.flags & FLAG_UTF8 != 0 {
        entry.change_both(|header| header.flags &= !FLAG_UTF8);
    }
    entry = packed(choices, entry);
    for _ in 0..choices.below(6).saturating_sub(3) {
        change_entry(choices, &mut entry);
    }
    entry
}

/// What links lead to.
const TARGETS: [&str; 8] = [
    "a",
    "b",
    "d/e",
    "./a",
    "/opt/nodejs/node_modules",
    "nowhere",
    "../a",
    "d/../b",
];

/// Bodies with records of a zip in them, and plain ones.
fn body(choices: &mut dyn Choices) -> Vec<u8> {
    let inner = || ZipForge::new([EntryForge::file("a", "inner").stored()]).build();
    match choices.below(10) {
        0 => Vec::new(),
        1 => inner(),
        2 => b"PK\x05\x06".iter().chain(&[0; 18]).copied().collect(),
        3 => {
            let mut body = b"before".to_vec();
            body.extend(b"PK\x07\x08");
            body.extend(crc32fast::hash(b"before").to_le_bytes());
            body.extend([6, 0, 0, 0, 6, 0, 0, 0]);
            body.extend(inner());
            body
        }
        4 => vec![0; 700],
        5 => b"PK\x03\x04".to_vec(),
        6 => (0..200_u8).collect(),
        _ => b"body of some length, body of some length\n".to_vec(),
    }
}

/// The sizes before the body or after it, in 32 or 64 bits.
fn packed(choices: &mut dyn Choices, entry: EntryForge) -> EntryForge {
    match choices.below(8) {
        0 | 1 => entry.streamed(),
        2 => {
            let mut entry = entry.streamed();
            entry
                .descriptor
                .iter_mut()
                .for_each(|it| it.signature = false);
            entry
        }
        3 => entry.zip64(),
        4 => {
            // As streaming writers do that know of large files beforehand.
            let mut entry = entry.streamed();
            entry.change_both(|header| header.version_needed = 45);
            entry.local().extra = extra(0x0001, &[0; 16]);
            let local = entry.local();
            (local.size, local.compressed_size) = (u32::MAX, u32::MAX);
            entry.descriptor.iter_mut().for_each(|it| it.wide = true);
            entry
        }
        _ => entry,
    }
}

/// Identifiers of extra fields that some program reads, and two that none does.
const FIELDS: [u16; 16] = [
    0x0001, 0x0007, 0x000a, 0x000d, 0x2605, 0x334d, 0x5455, 0x5855, 0x6375, 0x6c78, 0x7075, 0x7875,
    0xa220, 0xcafe, 0xd935, 0x4242,
];

fn change_entry(choices: &mut dyn Choices, entry: &mut EntryForge) {
    /// Numbers that some program understands as another system or version.
    const SYSTEMS: [u16; 12] = [0, 1, 2, 3, 6, 7, 10, 11, 14, 18, 19, 255];
    const VERSIONS: [u16; 8] = [0, 10, 20, 25, 26, 40, 45, 63];
    const MODES: [u16; 12] = [
        0, 0o644, 0o755, 0o100_644, 0o100_755, 0o104_755, 0o040_755, 0o120_777, 0o010_644,
        0o140_644, 0o060_644, 0o177_777,
    ];
    let system = SYSTEMS[choices.below(SYSTEMS.len())];
    let version = VERSIONS[choices.below(VERSIONS.len())];
    match choices.below(14) {
        0 => entry.central().version_made_by = system << 8 | version,
        1 => entry.change_both(|header| header.version_needed = system << 8 | version),
        2 => entry.local().version_needed = version,
        3 => {
            let mode = u32::from(MODES[choices.below(MODES.len())]);
            entry.central().external = mode << 16 | entry.central().external & 0xFFFF;
        }
        4 => entry.central().external ^= [0x01, 0x02, 0x08, 0x10, 0x20][choices.below(5)],
        5 => entry.central().internal = [1, 2, 4, 0x8000][choices.below(4)],
        6 => entry.central().comment = one(choices, &COMMENTS).to_vec(),
        7 => entry.local().extra.extend(field(choices)),
        8 => entry.central().header.extra.extend(field(choices)),
        9 => {
            let field = field(choices);
            entry.local().extra.extend_from_slice(&field);
            entry.central().header.extra.extend(field);
        }
        10 => {
            let name = entry.central().header.name.clone();
            let mut value = vec![1];
            value.extend(crc32fast::hash(&name).to_le_bytes());
            let told = [name.as_slice(), b"other"][choices.below(2)];
            value.extend_from_slice(told);
            entry.central().header.extra.extend(extra(0x7075, &value));
        }
        11 => {
            let header = &entry.central().header;
            let sizes = (u64::from(header.size), u64::from(header.compressed_size));
            entry.central().zip64 = Some(Zip64Extra {
                size: Some(sizes.0),
                compressed_size: (choices.below(2) == 0).then_some(sizes.1),
                offset: choices.below(2) == 0,
                disk: (choices.below(3) == 0).then_some(0),
            });
        }
        12 => entry.change_both(|header| (header.time, header.date) = (0, 0)),
        _ => {
            let flag = 1 << [1, 2, 4, 7, 11, 12][choices.below(6)];
            entry.change_both(|header| header.flags ^= flag);
        }
    }
}

fn field(choices: &mut dyn Choices) -> Vec<u8> {
    let id = FIELDS[choices.below(FIELDS.len())];
    match choices.below(6) {
        0 => extra(id, b""),
        1 => extra(id, &[1, 0, 0, 0, 0]),
        2 => extra(id, b"PK\x01\x02 and PK\x03\x04"),
        3 => extra(id, &[0; 28]),
        4 => vec![0; 1 + choices.below(4)],
        _ => extra(id, &[0xff; 20]),
    }
}

/// Comments with records of a zip in them, and plain ones.
const COMMENTS: [&[u8]; 6] = [
    b"a comment",
    b"caf\xc3\xa9",
    b"caf\xe9",
    b"PK\x05\x06\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0",
    b"PK\x01\x02",
    b"PK\x06\x06PK\x06\x07",
];

fn change_archive(choices: &mut dyn Choices, zip: &mut ZipForge) {
    let count = zip.entries.len();
    match choices.below(12) {
        0 => *zip = zip.clone().with_zip64_end(),
        1 => zip.zip64 = Some(Zip64End::default()),
        2 => zip.end.comment = one(choices, &COMMENTS).to_vec(),
        3 => {
            let length = zip.build().len();
            zip.trailing = vec![0; length.next_multiple_of(512) - length];
        }
        4 => zip.central_order = Some((0..count).rev().collect()),
        5 => zip.local_order = Some((0..count).rev().collect()),
        6 => {
            // The same entry is listed twice, or twice with one body.
            let copy = zip.entries[choices.below(count)].clone();
            zip.push(copy);
        }
        7 => {
            zip.end.disk = Some(0xFFFF);
            zip.zip64 = Some(Zip64End::default());
        }
        8 => {
            // Below the first entry, whatever that is.
            let mut name = zip.entries[0].central().header.name.clone();
            if !name.ends_with(b"/") {
                name.push(b'/');
            }
            name.push(b'x');
            zip.push(EntryForge::raw(&name, b"below", b"below", 0, 0o100_644));
        }
        9 => zip.before_directory = vec![0; choices.below(3)],
        10 => zip.prefix = b"#!/bin/sh\n"[..choices.below(10)].to_vec(),
        _ => zip.end.comment = ZipForge::new([EntryForge::file("z", "z")]).build(),
    }
}
