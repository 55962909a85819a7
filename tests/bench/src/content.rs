//! What is in the packages: the same bytes in every run.

use std::sync::LazyLock;

/// What the files of a package are like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Lines of words and numbers, which deflate to a little more than a third, as source code
    /// does.
    Text,
    /// Bytes that do not compress, as in packages full of images or of archives.
    Noise,
}

impl Kind {
    pub(crate) const ALL: [Self; 2] = [Self::Text, Self::Noise];

    pub(crate) fn label(self) -> &'static str {
        match self {
            Self::Text => "text-like",
            Self::Noise => "incompressible",
        }
    }

    /// `length` bytes; other `seed`, other bytes.
    pub(crate) fn bytes(self, length: usize, seed: u64) -> Vec<u8> {
        let mut random = Random(seed);
        match self {
            Self::Text => text(length, &mut random),
            Self::Noise => noise(length, &mut random),
        }
    }
}

/// `SplitMix64` (Steele, Lea, Flood 2014): small, fast, and equal on every machine.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `bound`.
    fn below(&mut self, bound: usize) -> usize {
        let bound = u64::try_from(bound).unwrap_or(u64::MAX);
        let number = self.next().checked_rem(bound).unwrap_or_default();
        usize::try_from(number).unwrap_or_default()
    }

    fn pick<'a, T>(&mut self, from: &'a [T]) -> Option<&'a T> {
        from.get(self.below(from.len()))
    }
}

fn noise(length: usize, random: &mut Random) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(length.saturating_add(8));
    while bytes.len() < length {
        bytes.extend(random.next().to_le_bytes());
    }
    bytes.truncate(length);
    bytes
}

const SYLLABLES: [&str; 26] = [
    "al", "be", "co", "de", "er", "fo", "ga", "hi", "in", "ju", "ka", "lo", "me", "nu", "or", "pa",
    "qui", "re", "st", "tion", "un", "ve", "wa", "ex", "y", "ze",
];
/// 2^13 words, the same whatever the seed, as the files of one program share theirs.
static VOCABULARY: LazyLock<Vec<String>> = LazyLock::new(|| {
    let mut random = Random(13);
    let word = |_| {
        let syllables = random.below(4).saturating_add(1);
        (0..syllables)
            .filter_map(|_| random.pick(&SYLLABLES).copied())
            .collect()
    };
    (0..1 << 13).map(word).collect()
});

fn text(length: usize, random: &mut Random) -> Vec<u8> {
    let words = &*VOCABULARY;
    let mut text = String::with_capacity(length.saturating_add(256));
    while text.len() < length {
        let indent = random.below(4);
        (0..indent).for_each(|_| text.push_str("  "));
        let in_line = random.below(9).saturating_add(3);
        for _ in 0..in_line {
            // Common words are much more common than rare ones: the n-th about 1/n as often (Zipf).
            let among = words
                .len()
                .checked_shr(u32::try_from(random.below(14)).unwrap_or(0));
            let among = among.and_then(|length| words.get(..length));
            let word = random.pick(among.unwrap_or(words));
            text.push_str(word.map_or("", String::as_str));
            match random.below(12) {
                0 => text.push('('),
                1 => text.push_str(") "),
                2 => text.push('.'),
                3 => {
                    text.push(' ');
                    text.push_str(&random.below(100_000).to_string());
                }
                4 => text.push_str(", "),
                _ => text.push(' '),
            }
        }
        text.push('\n');
    }
    let mut bytes = text.into_bytes();
    bytes.truncate(length);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_is_the_same_in_each_run_and_compresses_as_said() {
        for kind in Kind::ALL {
            let bytes = kind.bytes(1_000_000, 1);
            assert_eq!(bytes.len(), 1_000_000);
            assert_eq!(bytes, kind.bytes(1_000_000, 1));
            assert_ne!(bytes, kind.bytes(1_000_000, 2));
            let packed = countersign_testkit::zip::deflate(&bytes).len();
            match kind {
                Kind::Text => assert!((300_000..450_000).contains(&packed), "{packed}"),
                Kind::Noise => assert!(packed > 999_000, "{packed}"),
            }
        }
    }
}
