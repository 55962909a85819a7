//! Text of others, shown so that it cannot steer a terminal.

use std::path::Path;

use clap::error::{ContextKind, ContextValue};

/// `text` with control, format and other characters that have no shape of their own escaped: paths, names and
/// records are written by people who need not mean well.
pub(crate) fn plain(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '"' | '\'' | '\\' => shown.push(c),
            c => shown.extend(c.escape_debug()),
        }
    }
    shown
}

/// A path as [`plain`] text.
pub(crate) fn path(path: &Path) -> String {
    plain(&path.to_string_lossy())
}

/// A complaint about the command line, which repeats arguments, with these as [`plain`] text.
pub(crate) fn complaint(mut error: clap::Error) -> clap::Error {
    let repeated: Vec<(ContextKind, ContextValue)> = error
        .context()
        .filter_map(|(kind, value)| {
            let value = match value {
                ContextValue::String(text) => ContextValue::String(plain(text)),
                ContextValue::Strings(texts) => {
                    ContextValue::Strings(texts.iter().map(|text| plain(text)).collect())
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
    fn what_has_a_shape_is_kept_and_the_rest_is_escaped() {
        let kept = r#"functions/größe "it's" C:\x 日本語.zip"#;
        assert_eq!(plain(kept), kept);
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
            assert_eq!(plain(text), shown);
        }
    }
}
