//! A small deterministic mutator, and what it starts from.
//!
//! It knows zip and BER only as far as worthwhile: it likes the bytes that start records, boundary
//! values, and splices of one seed into another. The same seed number gives the same mutant.

use countersign_testkit::zip::ZipForge;

/// A pseudo-random sequence (SplitMix64): short, and good enough to choose with.
pub struct Dice(u64);

impl Dice {
    /// The sequence that belongs to a number.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next number below `bound`, which is not zero.
    pub fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((mixed ^ (mixed >> 31)) % bound as u64) as usize
    }

    /// One of several.
    pub fn pick<'a, T>(&mut self, choices: &'a [T]) -> &'a T {
        &choices[self.below(choices.len())]
    }
}

/// Numbers at which parsers go wrong, little-endian; their first bytes serve as shorter ones.
const BOUNDARIES: [u64; 9] = [
    0,
    1,
    0x7F,
    0x80,
    0xFF,
    0xFFFF,
    0x7FFF_FFFF,
    0xFFFF_FFFF,
    u64::MAX,
];

/// What starts a record in a zip, and an element in BER.
const MARKERS: [&[u8]; 8] = [
    b"PK\x03\x04",
    b"PK\x01\x02",
    b"PK\x05\x06",
    b"PK\x06\x06",
    b"PK\x06\x07",
    b"PK\x07\x08",
    b"\x30\x80",
    b"\x00\x00",
];

/// Changes `bytes` in one to four places.
#[must_use]
pub fn mutate(dice: &mut Dice, seeds: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = dice.pick(seeds).clone();
    for _ in 0..=dice.below(4) {
        change(dice, &mut bytes, seeds);
    }
    bytes
}

fn change(dice: &mut Dice, bytes: &mut Vec<u8>, seeds: &[Vec<u8>]) {
    let at = dice.below(bytes.len() + 1);
    let rest = bytes.len() - at;
    match dice.below(8) {
        0 | 1 if rest > 0 => bytes[at] ^= 1 << dice.below(8),
        2 => {
            let length = 1 << dice.below(4);
            let number = dice.pick(&BOUNDARIES).to_le_bytes();
            overwrite(bytes, at, &number[..length]);
        }
        3 => {
            let marker: &[u8] = dice.pick::<&[u8]>(&MARKERS);
            overwrite(bytes, at, marker);
        }
        4 => drop(bytes.drain(at..at + dice.below(rest.min(32) + 1))),
        5 => {
            let piece = bytes[at..at + dice.below(rest.min(64) + 1)].to_vec();
            bytes.splice(at..at, piece);
        }
        6 => {
            let other = dice.pick(seeds);
            let from = dice.below(other.len() + 1);
            let length = dice.below((other.len() - from).min(128) + 1);
            overwrite(bytes, at, &other[from..from + length]);
        }
        _ => drop(bytes.splice(at..at, dice.pick(&MARKERS).iter().copied())),
    }
}

fn overwrite(bytes: &mut [u8], at: usize, new: &[u8]) {
    let length = new.len().min(bytes.len() - at);
    bytes[at..at + length].copy_from_slice(&new[..length]);
}

/// A zip made ambiguous on purpose: one to three lies of the kinds that make programs disagree,
/// which blind changes of bytes seldom hit.
pub fn confuse(dice: &mut Dice, zip: &mut ZipForge) {
    for _ in 0..=dice.below(3) {
        let index = dice.below(zip.entries.len());
        let other = zip.entries[dice.below(zip.entries.len())].clone();
        let lie = *dice.pick(&[0_u32, 1, 5, 100, u32::MAX]);
        match dice.below(12) {
            0 => {
                let name = other.central.map_or_else(Vec::new, |it| it.header.name);
                zip.entries[index].local().name = name;
            }
            1 => zip.entries[index].central().header.name = b"shared-name".to_vec(),
            2 => zip.entries[index].local().size = lie,
            3 => zip.entries[index].change_both(|header| header.size = lie),
            4 => zip.entries[index].change_both(|header| header.compressed_size = lie),
            5 => zip.entries[index].central().offset = Some(lie),
            6 => zip.entries[index].change_both(|header| header.flags ^= 1 << (lie % 16)),
            7 => zip.entries.push(other),
            8 => zip.entries[index].local().extra_length = Some(lie as u16),
            9 => zip.end.entries = Some(lie as u16),
            10 => zip.prefix = vec![0; lie as usize % 128],
            _ => zip.end.comment = [&ZipForge::new([other]).build()[..], b"PK"].concat(),
        }
    }
}
