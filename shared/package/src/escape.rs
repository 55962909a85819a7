//! Bytes from packages as text that is safe to show.

/// A name for a message: whatever it is, it cannot garble a terminal or a log, and stays short.
pub(crate) fn escape(raw: &[u8]) -> String {
    const MAX_SHOWN_BYTES: usize = 200;
    let shown = raw.get(..MAX_SHOWN_BYTES).unwrap_or(raw);
    let mut text: String = String::from_utf8_lossy(shown).escape_debug().collect();
    if shown.len() < raw.len() {
        text.push('…');
    }
    text
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
