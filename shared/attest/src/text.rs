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
    let is_plain =
        |c: char| c.is_ascii_graphic() || (!c.is_ascii() && c.is_alphanumeric() && !misleads(c));
    (!text.chars().all(is_plain)).then_some(
        "it has spaces, control characters, invisible ones or letters that run from right to left",
    )
}

/// Letters that are not seen, or that turn around what stands beside them: the fillers of Hangul, and the blocks whose
/// characters run from right to left (`DerivedBidiClass.txt` of Unicode).
const fn misleads(c: char) -> bool {
    matches!(c,
        '\u{115f}' | '\u{1160}' | '\u{3164}' | '\u{ffa0}'
        | '\u{590}'..='\u{8ff}'
        | '\u{fb1d}'..='\u{fdff}'
        | '\u{fe70}'..='\u{feff}'
        | '\u{10800}'..='\u{10fff}'
        | '\u{1e800}'..='\u{1efff}'
    )
}

/// Text for a message: it cannot garble a terminal or a log, and stays short, at most 200 characters.
#[must_use]
pub fn shown(text: &str) -> String {
    const MAX_SHOWN_CHARS: usize = 200;
    let mut shown = String::new();
    for c in text.chars().take(MAX_SHOWN_CHARS) {
        if misleads(c) {
            shown.extend(c.escape_unicode());
        } else {
            shown.extend(c.escape_debug());
        }
    }
    if text.chars().nth(MAX_SHOWN_CHARS).is_some() {
        shown.push('…');
    }
    shown
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
    fn control_characters_are_no_claim() {
        for bad in ["", "a b", "a\nb", "a\u{202e}b", "a\u{200b}b", "a\u{1b}[2J"] {
            assert!(fault_of_claim(bad).is_some(), "{bad:?}");
        }
        assert!(fault_of_claim(&"a".repeat(MAX_CLAIM_BYTES + 1)).is_some());
        assert!(fault_of_claim(&"a".repeat(MAX_CLAIM_BYTES)).is_none());
    }

    /// Letters to Unicode, and nothing on the screen.
    #[test]
    fn invisible_letters_are_no_claim() {
        let ranges = [
            '\u{115f}'..='\u{1160}',
            '\u{17b4}'..='\u{17b5}',
            '\u{180b}'..='\u{180f}',
            '\u{200b}'..='\u{200f}',
            '\u{202a}'..='\u{202e}',
            '\u{2060}'..='\u{206f}',
            '\u{2800}'..='\u{2800}',
            '\u{3164}'..='\u{3164}',
            '\u{fe00}'..='\u{fe0f}',
            '\u{feff}'..='\u{feff}',
            '\u{ffa0}'..='\u{ffa0}',
            '\u{1bca0}'..='\u{1bca3}',
            '\u{1d173}'..='\u{1d17a}',
            '\u{e0000}'..='\u{e0fff}',
        ];
        for c in ranges.into_iter().flatten() {
            assert!(fault_of_claim(&format!("a{c}b")).is_some(), "{c:?}");
        }
        assert_eq!(shown("a\u{3164}b"), "a\\u{3164}b");
    }

    #[test]
    fn letters_from_right_to_left_are_no_claim() {
        for bad in [
            "refs/heads/\u{5d0}\u{5d1}",
            "refs/heads/\u{627}",
            "\u{7c0}",
            "\u{fb1d}",
            "\u{fe8e}",
            "\u{10800}",
            "\u{1e900}",
        ] {
            assert!(fault_of_claim(bad).is_some(), "{bad:?}");
            assert!(shown(bad).is_ascii(), "{bad:?}");
        }
        for fine in [
            "größe",
            "main-\u{4e2d}\u{6587}",
            "\u{c548}\u{b155}",
            "\u{434}\u{43e}",
        ] {
            assert_eq!(fault_of_claim(fine), None, "{fine}");
            assert_eq!(shown(fine), fine);
        }
    }

    #[test]
    fn shown_text_is_short_and_escaped() {
        assert_eq!(shown("a\u{1b}b"), "a\\u{1b}b");
        assert_eq!(shown(&"x".repeat(300)).chars().count(), 201);
    }
}
