//! The same for people.

use std::fmt::Write as _;

use super::report::{ChangeReport, DiffReport, ListReport, Step};
use crate::io::{
    count::counted,
    escape::escape,
    style::{BOLD, DIM, ERROR, OK, WARN, style},
};
use countersign_gate::domain::CscPolicy;

/// Names that are listed; JSON lists all.
const MAX_LISTED: usize = 20;

fn word(policy: CscPolicy) -> String {
    match policy {
        CscPolicy::Enforce => style(OK, "Enforce"),
        CscPolicy::Warn => style(WARN, "Warn"),
    }
}

/// The configurations. Writing to a String cannot fail; the results are dropped for that reason, here and below.
pub(super) fn list(report: &ListReport) -> String {
    let mut text = String::new();
    for csc in &report.configurations {
        let _ = writeln!(
            text,
            "{} {}",
            style(BOLD, escape(&csc.arn)),
            word(csc.policy)
        );
        for publisher in &csc.publishers {
            let _ = writeln!(text, "  publisher   {}", escape(publisher));
        }
        names(&mut text, "functions", &csc.functions);
    }
    if report.configurations.is_empty() {
        text.push_str("there is no code signing configuration in this account and region\n");
    }
    text
}

/// Two configurations.
pub(super) fn diff(report: &DiffReport) -> String {
    let mut text = String::new();
    for (sign, side) in [("-", &report.old), ("+", &report.new)] {
        let _ = writeln!(text, "{sign} {} {}", escape(&side.arn), word(side.policy));
    }
    for publisher in &report.removed {
        let _ = writeln!(text, "  {} {}", style(ERROR, "-"), escape(publisher));
    }
    for publisher in &report.added {
        let _ = writeln!(text, "  {} {}", style(OK, "+"), escape(publisher));
    }
    if report.removed.is_empty() && report.added.is_empty() {
        let _ = writeln!(text, "  {}", style(DIM, "the same publishers"));
    }
    names(&mut text, "lets in", &report.let_in);
    names(&mut text, "locks out", &report.locked_out);
    text
}

/// A change.
pub(super) fn change(report: &ChangeReport) -> String {
    let mut text = String::new();
    let publisher = escape(report.publisher.as_deref().unwrap_or_default());
    let headline = match (report.step, report.applied) {
        (Step::Add, true) => format!("{} {publisher}", style(OK, "added")),
        (Step::Add, false) => format!("{} {publisher}", style(WARN, "would add")),
        (Step::Remove, true) => format!("{} {publisher}", style(OK, "removed")),
        (Step::Remove, false) => format!("{} {publisher}", style(WARN, "would remove")),
        (Step::Wait, _) => format!(
            "{} for functions that run what the old publisher signed",
            style(WARN, "waits")
        ),
        (Step::Done, _) => format!(
            "{}: the new publisher is trusted, and the old one is not",
            style(OK, "done")
        ),
    };
    let _ = writeln!(text, "{headline}");
    let _ = writeln!(
        text,
        "  of          {} {}, {}",
        escape(&report.csc),
        word(report.policy),
        counted(report.functions, "function")
    );
    names(&mut text, "lets in", &report.let_in);
    names(&mut text, "locks out", &report.locked_out);
    names(&mut text, "waits for", &report.waits_for);
    for warning in &report.warnings {
        let _ = writeln!(text, "  {}     {}", style(WARN, "warning"), escape(warning));
    }
    if let Some(message) = &report.message {
        let _ = writeln!(
            text,
            "  {} {}",
            style(ERROR, "not changed:"),
            escape(message)
        );
    }
    if let Some(fix) = &report.fix {
        let _ = writeln!(text, "  fix: {}", escape(fix));
    }
    text
}

fn names(text: &mut String, label: &str, names: &[String]) {
    if names.is_empty() {
        return;
    }
    let shown: Vec<String> = names
        .iter()
        .take(MAX_LISTED)
        .map(|name| escape(name))
        .collect();
    let more = names.len().saturating_sub(MAX_LISTED);
    let more = if more > 0 {
        format!(" and {more} more")
    } else {
        String::new()
    };
    let _ = writeln!(text, "  {label:<12}{}{more}", shown.join(", "));
}
