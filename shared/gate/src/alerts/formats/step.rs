//! A step of a page, whole. Half a command is another command, or none: one that does not fit gives way to where it is kept.

use super::inert::one_line;
use crate::{
    alerts::{
        page::{IncidentScope, Page, Repetition},
        settings::AlertSettings,
    },
    records::incident_path,
};

/// What the commands of steps begin with.
const PROGRAMS: [&str; 2] = ["aws ", "countersign "];

/// The step in one line of at most `most` characters. Where it has a command and is longer, the command is left out, with the
/// way to the record that has it.
pub(super) fn step(text: &str, page: &Page, settings: &AlertSettings, most: usize) -> String {
    let whole = one_line(text, usize::MAX);
    if whole.chars().count() <= most {
        return whole;
    }
    let Some(words) = before_command(&whole) else {
        return one_line(text, most);
    };
    let kept = kept_at(page, settings).map(|record| {
        format!(
            "{words} the command is too long for this message. It is whole among next_steps of the record: aws s3 cp '{record}' -"
        )
    });
    let without = format!("{words} the command is too long for this message.");
    let fits = |text: &String| text.chars().count() <= most;
    kept.into_iter()
        .chain([without])
        .find(fits)
        .unwrap_or_else(|| one_line("The command is too long for this message.", most))
}

/// The words of a step before its first command; `None` if it has none.
fn before_command(step: &str) -> Option<&str> {
    let begins = |program: &&str| {
        let at = step.find(*program)?;
        let before = step.get(..at)?;
        (before.is_empty() || before.ends_with([' ', '('])).then_some(at)
    };
    let at = PROGRAMS.iter().filter_map(begins).min()?;
    Some(step.get(..at)?.trim_end_matches(['(', ' ']))
}

/// The record that keeps the steps of this page whole; `None` where there is none.
fn kept_at(page: &Page, settings: &AlertSettings) -> Option<String> {
    if page.repetition == Repetition::EachTime || settings.records_bucket.is_empty() {
        return None;
    }
    let target = match page.scope {
        IncidentScope::Subject => page.target.as_ref(),
        IncidentScope::Stack(_) => None,
    };
    let path = incident_path(target, &page.kind, &page.hash());
    Some(format!("s3://{}/{path}", settings.records_bucket))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_before_a_command_are_found() {
        for (step, words) in [
            ("Put it back: aws lambda x", Some("Put it back:")),
            ("See it (countersign csc list), and go on", Some("See it")),
            ("Ask whoever made the call.", None),
            ("Laws are no command", None),
        ] {
            assert_eq!(before_command(step), words, "{step}");
        }
    }
}
