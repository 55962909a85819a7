//! Several uploads that were followed together, a row each.

use std::fmt::Write as _;

use crate::{
    following::{outcome_text::colour, reporter::Reporter, watch::Followed},
    io::{
        error::CliError,
        escape::escape,
        output::{self, Format},
        style::{DIM, style},
    },
};

/// What is said of an upload that the gate has not taken in.
const NOT_TAKEN_IN: &str = "uploaded";

/// Tells people how each of several uploads stands, after each was told at length. One upload needs no table, and programs have
/// the events.
pub(crate) fn tell_table(uploads: &[Followed], reporter: &Reporter) -> Result<(), CliError> {
    if uploads.len() < 2 || reporter.format() == Format::Json {
        return Ok(());
    }
    let rows: Vec<Row> = uploads.iter().map(Row::of).collect();
    output::print(&render(&rows))
}

struct Row {
    target: String,
    state: &'static str,
    version: String,
    reason: String,
}

impl Row {
    fn of(followed: &Followed) -> Self {
        let outcome = followed.outcome();
        let deployed = outcome.and_then(|outcome| outcome.deployed.as_ref());
        let version = deployed.and_then(|deployed| {
            let version = deployed.version.as_deref()?;
            Some(match &deployed.alias {
                Some(alias) => format!("{version} ({alias})"),
                None => version.to_owned(),
            })
        });
        let reason = outcome.and_then(|outcome| {
            let code = outcome.code?;
            Some(format!("{code}: {}", outcome.message))
        });
        let waits = followed.waiting().map(|waiting| {
            let (attempt, why) = (waiting.attempt, &waiting.why);
            format!("attempt {attempt} waits: {why}")
        });
        Self {
            target: followed.target().to_string(),
            state: followed.standing().unwrap_or(NOT_TAKEN_IN),
            version: escape(version.as_deref().unwrap_or("-")),
            reason: escape(reason.or(waits).as_deref().unwrap_or("-")),
        }
    }

    fn before_reason(&self) -> [&str; 3] {
        [&self.target, self.state, &self.version]
    }
}

/// Writing to a String cannot fail; the results are dropped for that reason.
fn render(rows: &[Row]) -> String {
    const HEADINGS: [&str; 3] = ["target", "state", "version"];
    let mut widths = HEADINGS.map(|heading| heading.chars().count());
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row.before_reason()) {
            *width = cell.chars().count().max(*width);
        }
    }
    let [target_width, state_width, version_width] = widths;
    let [target, state, version] = HEADINGS;
    let heading = format!(
        "{target:<target_width$}  {state:<state_width$}  {version:<version_width$}  reason"
    );
    let mut text = format!("\n{}\n", style(DIM, heading));
    for row in rows {
        let Row {
            target,
            version,
            reason,
            ..
        } = row;
        let state = style(
            colour(row.state),
            format_args!("{:<state_width$}", row.state),
        );
        let _ = writeln!(
            text,
            "{target:<target_width$}  {state}  {version:<version_width$}  {reason}"
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let row = |target: &str, state, version: &str, reason: &str| Row {
            target: target.to_owned(),
            state,
            version: version.to_owned(),
            reason: reason.to_owned(),
        };
        let text = render(&[
            row("functions/shop", "rejected", "-", "NOT_A_ZIP: no zip"),
            row("layers/tls", "deployed", "12", "-"),
        ]);
        let plain = anstream::adapter::strip_str(&text).to_string();
        assert_eq!(
            plain,
            "\ntarget          state     version  reason\n\
             functions/shop  rejected  -        NOT_A_ZIP: no zip\n\
             layers/tls      deployed  12       -\n"
        );
    }
}
