//! The rows as a table.

use std::fmt::Write as _;

use jiff::Timestamp;

use super::report::{Report, Row};
use crate::{
    following::outcome_text::colour,
    io::{
        escape::escape,
        moment::moment,
        style::{BOLD, DIM, style},
    },
};

/// Letters of a commit that tell it apart from others.
const COMMIT_LETTERS: usize = 12;

/// The table. Writing to a String cannot fail; the results are dropped for that reason.
pub(super) fn render(report: &Report, now: Timestamp) -> String {
    let target = style(BOLD, &report.target);
    if report.uploads.is_empty() {
        return format!("{target} has no records.\n");
    }
    let mut text = format!("{target}\n");
    let rows: Vec<[String; 4]> = report.uploads.iter().map(|row| columns(row, now)).collect();
    let widths: Vec<usize> = (0..4)
        .map(|column| {
            let cells = rows.iter().filter_map(|row| row.get(column));
            cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
        })
        .collect();
    for (row, cells) in report.uploads.iter().zip(&rows) {
        let star = if row.is_live { "*" } else { " " };
        let standing = style(colour(row.standing), format_args!("{:<10}", row.standing));
        let _ = write!(text, "{star} {standing}");
        for (cell, width) in cells.iter().zip(&widths) {
            let _ = write!(text, "  {cell:<width$}");
        }
        let _ = writeln!(text, "  {}", style(DIM, escape(&row.label)));
    }
    text
}

/// Time, version or reason, commit, author.
fn columns(row: &Row, now: Timestamp) -> [String; 4] {
    let at = row.uploaded_at.map(|at| moment(at, now));
    let version = match (&row.deployed_version, row.code) {
        (Some(version), _) => match &row.alias {
            Some(alias) => format!("{version} ({alias})"),
            None => version.clone(),
        },
        (None, Some(code)) => code.as_str().to_owned(),
        (None, None) => "-".to_owned(),
    };
    let commit = row.commit.as_deref().unwrap_or("-");
    let commit: String = commit.chars().take(COMMIT_LETTERS).collect();
    let author = row.author.as_deref().or(row.uploaded_by.as_deref());
    [
        at.unwrap_or_else(|| "-".to_owned()),
        escape(&version),
        escape(&commit),
        escape(author.unwrap_or("-")),
    ]
}
