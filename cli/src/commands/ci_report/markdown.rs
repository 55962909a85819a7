//! The summary of a job, in Markdown.

use std::fmt::Write as _;

use super::upload::Run;
use crate::io::escape::escape;

/// A table of the uploads, and what to do about those that did not end well. Writing to a String cannot fail; the
/// results are dropped for that reason.
pub(super) fn render(run: &Run) -> String {
    let mut text = format!(
        "### Countersign: {}\n\n",
        run.state.as_str().replace('_', " ")
    );
    if let Some(trouble) = run.trouble() {
        let _ = writeln!(text, "{trouble}.\n");
    }
    if run.uploads.is_empty() {
        return text;
    }
    text.push_str("| target | state | version | why | upload |\n|---|---|---|---|---|\n");
    for upload in &run.uploads {
        let shown = |field: &Option<String>| field.as_deref().map(inert).unwrap_or_default();
        let state = upload.state.as_str().replace('_', " ");
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} | {} |",
            inert(&upload.target.to_string()),
            if upload.state.is_good() {
                state
            } else {
                format!("**{state}**")
            },
            shown(&upload.version),
            inert(&upload.says()),
            shown(&upload.label),
        );
    }
    for upload in &run.uploads {
        if let Some(fix) = &upload.fix {
            let _ = write!(
                text,
                "\n{}: {}\n",
                inert(&upload.target.to_string()),
                inert(fix)
            );
        }
    }
    text.push('\n');
    text
}

/// Text of others as text: every character that Markdown or HTML could mean something by is written as a
/// number, which neither takes for structure (`CommonMark` 0.31, 2.5), and code is no place for links or names.
fn inert(text: &str) -> String {
    let mut shown = String::from("<code>");
    for c in escape(text).chars() {
        if c.is_ascii_punctuation() {
            let _ = write!(shown, "&#{};", u32::from(c));
        } else {
            shown.push(c);
        }
    }
    shown.push_str("</code>");
    shown
}
