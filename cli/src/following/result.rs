//! The result of following: for people a paragraph an upload, for programs the last event of each.

use std::fmt::Write as _;

use countersign_gate::{client::PackageDiff, records::Outcome};
use jiff::Timestamp;

use crate::{
    following::{
        diff_text::render_diff,
        event::{Event, What, exit_status},
        outcome_text::{colour, render_outcome},
        reporter::Reporter,
        watch::Followed,
    },
    io::{
        error::CliError,
        escape::escape,
        exit_status::ExitStatus,
        output::{self, Format},
        style::{BOLD, DIM, WARN, style},
    },
};

/// Entries of each kind that are listed; `countersign diff` lists all.
const MAX_LISTED: usize = 10;

/// Tells how an upload ended, or that it has not. `changes` is what it changes against the package that was
/// live before.
pub(crate) fn tell_result(
    followed: &Followed,
    changes: Option<&PackageDiff>,
    now: Timestamp,
    reporter: &Reporter,
) -> Result<ExitStatus, CliError> {
    let status = followed
        .outcome()
        .map_or(ExitStatus::Inconclusive, |outcome| {
            exit_status(outcome.state)
        });
    let exit_status = status.code();
    let what = match followed.outcome() {
        Some(outcome) => What::Ended {
            exit_status,
            outcome,
            changes,
        },
        None => What::NotKnown {
            exit_status,
            standing: followed.standing(),
        },
    };
    reporter.tell(&Event::of(followed.target(), followed.upload(), what))?;
    if reporter.format() == Format::Text {
        output::print(&match followed.outcome() {
            Some(outcome) => ended(followed, outcome, changes, now),
            None => not_known(followed),
        })?;
    }
    Ok(status)
}

/// Writing to a String cannot fail; the results are dropped for that reason.
fn ended(
    followed: &Followed,
    outcome: &Outcome,
    changes: Option<&PackageDiff>,
    now: Timestamp,
) -> String {
    let mut text = String::new();
    let state = outcome.state.as_str();
    let version = outcome
        .deployed
        .as_ref()
        .and_then(|deployed| deployed.version.as_deref())
        .map(|version| format!(", version {}", escape(version)));
    let _ = writeln!(
        text,
        "{} {}{}",
        style(BOLD, followed.target()),
        style(colour(state), state),
        version.unwrap_or_default()
    );
    render_outcome(
        &mut |label, value| {
            let _ = writeln!(text, "  {label:<12}{}", escape(value));
        },
        outcome,
        now,
    );
    let _ = writeln!(
        text,
        "  {:<12}{}",
        "upload",
        escape(&followed.upload().label())
    );
    match changes {
        Some(changes) if changes.is_empty() => {
            let _ = writeln!(
                text,
                "  nothing differs from the package that was live before"
            );
        }
        Some(changes) => {
            let _ = writeln!(text, "  against the package that was live before:");
            text.push_str(&render_diff(changes, MAX_LISTED));
        }
        None => {}
    }
    text
}

fn not_known(followed: &Followed) -> String {
    let label = escape(&followed.upload().label());
    let standing = followed.standing();
    let hint = match standing {
        Some(_) => format!(
            "it goes on without you: countersign wait {} --upload {label}",
            followed.target()
        ),
        None => "the gate has not taken it in: check that this is the uploads bucket of the stack, and that \
                 the records bucket is of the same one"
            .to_owned(),
    };
    format!(
        "{} {} {}\n  {hint}\n",
        style(BOLD, followed.target()),
        style(WARN, standing.unwrap_or("uploaded")),
        style(DIM, "and no outcome in the time that there was")
    )
}
