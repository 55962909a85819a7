//! Text of others, shown so that it cannot steer a terminal.

use std::path::Path;

use clap::error::{ContextKind, ContextValue};

/// `text` with control, format and other characters that have no shape of their own escaped: paths, names and
/// records are written by people who need not mean well.
pub(crate) fn escape(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '"' | '\'' | '\\' => shown.push(c),
            c => shown.extend(c.escape_debug()),
        }
    }
    shown
}

/// A path as [`escape`]d text.
pub(crate) fn escape_path(path: &Path) -> String {
    escape(&path.to_string_lossy())
}

/// A complaint about the command line, which repeats arguments, with these as [`escape`]d text.
pub(crate) fn escape_clap_error(mut error: clap::Error) -> clap::Error {
    let repeated: Vec<(ContextKind, ContextValue)> = error
        .context()
        .filter_map(|(kind, value)| {
            let value = match value {
                ContextValue::String(text) => ContextValue::String(escape(text)),
                ContextValue::Strings(texts) => {
                    ContextValue::Strings(texts.iter().map(|text| escape(text)).collect())
                }
                _ => return None,
            };
            Some((kind, value))
        })
        .collect();
    for (kind, value) in repeated {
        error.insert(kind, value);
    }
    error
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn printable_text_is_kept_the_rest_escaped() {
        let kept = r#"functions/größe "it's" C:\x 日本語.zip"#;
        assert_eq!(escape(kept), kept);
        for (text, shown) in [
            ("a\x1b[41mb", "a\\u{1b}[41mb"),
            ("a\rb\nc\td", "a\\rb\\nc\\td"),
            // C1 controls, of which U+009B starts a sequence as ESC [ does.
            ("a\u{9b}41m\u{7f}", "a\\u{9b}41m\\u{7f}"),
            // Direction, zero width, line separator, tag.
            ("\u{202e}\u{2066}\u{61c}", "\\u{202e}\\u{2066}\\u{61c}"),
            ("\u{200b}\u{feff}\u{ad}", "\\u{200b}\\u{feff}\\u{ad}"),
            ("\u{2028}\u{e0041}", "\\u{2028}\\u{e0041}"),
        ] {
            assert_eq!(escape(text), shown);
        }
    }
}
