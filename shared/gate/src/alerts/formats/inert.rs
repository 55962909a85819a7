//! Text of attackers is made inert: it cannot pose as a line of the page, as a link, as a mention or as markup.

/// What is in a sentence of a page, in characters.
const MAX_TEXT_CHARS: usize = 2_000;

/// Characters that are not seen and change how what is seen is read: controls, directions, separators of
/// lines and paragraphs, joiners, tags, variation selectors.
pub(super) fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e0fff}')
}

/// At most `most` characters. What is hidden is shown as an escape, but for line breaks; addresses of web
/// pages are written so that no mail reader makes a link of them.
pub(super) fn cut(text: &str, most: usize) -> String {
    let mut shown = String::new();
    for c in text.chars().take(most.saturating_add(1)) {
        if c == '\n' || !is_hidden(c) {
            shown.push(c);
        } else {
            shown.extend(c.escape_unicode());
        }
    }
    let mut clean = no_links(&shown);
    if let Some((end, _)) = clean.char_indices().nth(most) {
        clean.truncate(end);
        clean.pop();
        clean.push('…');
    }
    clean
}

/// `http://` becomes `hxxp://`, in any case of letters, and `www.` becomes `www[.]`.
fn no_links(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let begins = |word: &str| {
            rest.get(..word.len())
                .is_some_and(|start| start.eq_ignore_ascii_case(word))
        };
        let (replacement, length) = if begins("http://") || begins("https://") {
            ("hxxp", "http".len())
        } else if begins("www.") {
            ("www[.]", "www.".len())
        } else {
            kept.push(c);
            ("", c.len_utf8())
        };
        kept.push_str(replacement);
        rest = rest.get(length..).unwrap_or_default();
    }
    kept
}

/// The same in one line, so that nothing in an event can pose as a line of the page.
pub(super) fn one_line(text: &str, most: usize) -> String {
    cut(&text.replace("\r\n", " ").replace(['\n', '\r'], " "), most)
}

/// A value of an event within a sentence of the page, so that it cannot pose as a line.
pub(in crate::alerts) fn in_one_line(text: &str) -> String {
    one_line(text, MAX_TEXT_CHARS)
}

/// Printable ASCII in one line; anything else is a question mark.
pub(super) fn ascii(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            '…' => '.',
            c if c.is_ascii_graphic() || c == ' ' => c,
            _ => '?',
        })
        .collect()
}

/// Keeps chat clients from reading mentions, links and emoji into a text: `<!channel>`, `@here`,
/// `[text](address)`, `` `code` ``. Nothing of what a command of the pages needs is changed.
pub(super) fn no_markup(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut before = ' ';
    for c in text.chars() {
        match c {
            '<' => kept.push('‹'),
            '>' => kept.push('›'),
            '@' => kept.push('＠'),
            '`' => kept.push('\''),
            '(' if before == ']' => kept.push_str(" ("),
            c => kept.push(c),
        }
        before = c;
    }
    kept
}

/// Keeps chat clients from reading emphasis and headings into a text without commands.
pub(super) fn no_emphasis(text: &str) -> String {
    text.chars()
        .flat_map(|c| {
            let escape = matches!(c, '*' | '_' | '~' | '[' | ']' | '#');
            [escape.then_some('\\'), Some(c)].into_iter().flatten()
        })
        .collect()
}
