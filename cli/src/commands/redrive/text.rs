//! Dead letters for people.

use std::fmt::Write as _;

use super::report::{Action, LetterReport, Report};
use crate::io::{
    escape::escape,
    style::{BOLD, DIM, style},
};

/// The report as text. Writing to a String cannot fail; the results are dropped for that reason.
pub(super) fn render(report: &Report) -> String {
    let mut text = String::new();
    let stack = escape(&report.stack);
    if report.letters.is_empty() && report.error.is_none() {
        let _ = writeln!(text, "There are no dead letters of {stack}.");
    }
    for letter in &report.letters {
        render_letter(&mut text, letter);
    }
    let kept = |letter: &LetterReport| letter.action == Action::Kept;
    if report.letters.iter().any(kept) {
        let how = "put one back with --message ID, or all of them with --all";
        let _ = writeln!(text, "{}", style(DIM, how));
    }
    if let Some(hidden) = &report.still_hidden {
        let who = match hidden.letters {
            1 => "1 of them stays".to_owned(),
            many => format!("{many} of them stay"),
        };
        let error = escape(&hidden.error);
        let _ = writeln!(
            text,
            "{who} hidden from others for five minutes at most: {error}"
        );
    }
    if report.has_more {
        let more = "there may be more: run this again";
        let _ = writeln!(text, "{}", style(DIM, more));
    }
    text
}

fn render_letter(text: &mut String, letter: &LetterReport) {
    let action = match letter.action {
        Action::Kept => "",
        Action::WouldPutBack => "  would be put back",
        Action::PutBack => "  was put back",
    };
    let about = letter.about.as_deref().unwrap_or("not understood");
    let about = escape(about);
    let heading = style(BOLD, format_args!("{:<7}", letter.function));
    let _ = writeln!(text, "{heading} {about}{action}");
    let _ = writeln!(text, "        message   {}", escape(&letter.message));
    let reason = letter
        .reason
        .as_deref()
        .unwrap_or("SQS moved it, after 1,000 receives");
    let _ = writeln!(text, "        reason    {}", escape(reason));
    if let Some(error) = &letter.error {
        let _ = writeln!(text, "        error     {}", escape(error));
    }
    if let Some(attempts) = letter.attempts {
        let _ = writeln!(text, "        attempts  {attempts}");
    }
    if let Some(since) = letter.since {
        let _ = writeln!(text, "        since     {since}");
    }
    let _ = writeln!(text);
}
