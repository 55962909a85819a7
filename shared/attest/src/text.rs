//! Text that others wrote, before it is kept or shown.

use crate::limits::MAX_CLAIM_BYTES;

/// What keeps text from being a claim, and nothing if it may be one: all claims are URIs, refs, digests and
/// names of files, and go to logs, terminals and records.
pub(crate) fn fault_of_claim(text: &str) -> Option<&'static str> {
    if text.is_empty() {
        return Some("it is empty");
    }
    if text.len() > MAX_CLAIM_BYTES {
        return Some("it is longer than 2048 bytes");
    }
    // Directions and joiners of Unicode make one ref look like another one.
    let is_plain = |c: char| c.is_ascii_graphic() || (!c.is_ascii() && c.is_alphanumeric());
    (!text.chars().all(is_plain)).then_some("it has spaces, control characters or invisible ones")
}

/// Text for a message: it cannot garble a terminal or a log, and stays short.
pub(crate) fn shown(text: &str) -> String {
    const SHOWN: usize = 200;
    let mut shown: String = text
        .chars()
        .take(SHOWN)
        .flat_map(char::escape_debug)
        .collect();
    if text.chars().nth(SHOWN).is_some() {
        shown.push('…');
    }
    shown
}

/// Lower-case hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(
        String::with_capacity(bytes.len().saturating_mul(2)),
        |mut text, byte| {
            // Writing to a String cannot fail.
            let _ = write!(text, "{byte:02x}");
            text
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refs_and_uris_are_claims() {
        for fine in [
            "refs/heads/main",
            "https://github.com/a/b@refs/tags/v1",
            "refs/heads/größe",
        ] {
            assert_eq!(fault_of_claim(fine), None, "{fine}");
        }
    }

    #[test]
    fn what_garbles_a_log_is_no_claim() {
        for bad in ["", "a b", "a\nb", "a\u{202e}b", "a\u{200b}b", "a\u{1b}[2J"] {
            assert!(fault_of_claim(bad).is_some(), "{bad:?}");
        }
        assert!(fault_of_claim(&"a".repeat(MAX_CLAIM_BYTES + 1)).is_some());
        assert!(fault_of_claim(&"a".repeat(MAX_CLAIM_BYTES)).is_none());
    }

    #[test]
    fn shown_text_is_short_and_escaped() {
        assert_eq!(shown("a\u{1b}b"), "a\\u{1b}b");
        assert_eq!(shown(&"x".repeat(300)).chars().count(), 201);
    }
}
