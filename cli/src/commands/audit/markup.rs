//! Text of the account in the page.

use crate::io::escape::escape;

/// Text of the account, as text of the page: what steers a terminal or turns the direction of writing is spelt
/// out, what HTML reads is written as HTML has it.
pub(super) fn escaped(text: &str) -> String {
    let mut html = String::new();
    for c in escape(text).chars() {
        match c {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            '\'' => html.push_str("&#39;"),
            c => html.push(c),
        }
    }
    html
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_and_bidirectional_text_are_spelt_out() {
        let hostile = "<script>alert(1)</script>\"' \u{202e}&\u{1b}[2J\n";
        let shown = escaped(hostile);
        assert!(
            !shown.contains(['<', '>', '"', '\'', '\u{202e}', '\u{1b}', '\n']),
            "{shown}"
        );
        assert!(
            shown.contains("&lt;script&gt;") && shown.contains("\\u{202e}&amp;"),
            "{shown}"
        );
    }
}
