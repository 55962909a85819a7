//! What differs between two packages, for people.

use std::fmt::Write as _;

use countersign_gate::client::{EntryChange, PackageDiff};

use crate::io::{
    count::counted,
    escape::escape,
    style::{DIM, ERROR, OK, WARN, style},
};

/// The lines of a comparison, at most `max_entries` of each kind. Writing to a String cannot fail; the
/// results are dropped for that reason.
pub(crate) fn render_diff(diff: &PackageDiff, max_entries: usize) -> String {
    let mut text = String::new();
    for (sign, colour, changes) in [
        ("+", OK, &diff.added),
        ("-", ERROR, &diff.removed),
        ("~", WARN, &diff.changed),
    ] {
        for change in changes.iter().take(max_entries) {
            let _ = writeln!(
                text,
                "  {} {}  {}",
                style(colour, sign),
                escape(&change.name),
                style(DIM, sizes(change))
            );
        }
        let more = changes.len().saturating_sub(max_entries);
        if more > 0 {
            let _ = writeln!(text, "  {} and {more} more", style(colour, sign));
        }
    }
    let _ = writeln!(text, "  {}", style(DIM, counts(diff)));
    text
}

/// How many of each kind.
fn counts(diff: &PackageDiff) -> String {
    format!(
        "{} added, {} removed, {} changed, {} the same",
        diff.added.len(),
        diff.removed.len(),
        diff.changed.len(),
        diff.unchanged
    )
}

fn sizes(change: &EntryChange) -> String {
    match (change.old_size, change.new_size) {
        (Some(old), Some(new)) if old == new => match (&change.old_mode, &change.new_mode) {
            (Some(old), Some(new)) if old != new => format!("mode {old} -> {new}"),
            _ => counted(new, "byte"),
        },
        (Some(old), Some(new)) => format!("{old} -> {}", counted(new, "byte")),
        (Some(size), None) | (None, Some(size)) => counted(size, "byte"),
        (None, None) => String::new(),
    }
}
