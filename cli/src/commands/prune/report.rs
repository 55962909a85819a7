//! What is printed, as data, and for people; documented in docs/cli.md.

use std::fmt::Write as _;

use countersign_gate::{deployment::PrunePlan, domain::VersionNumber};
use serde::Serialize;

use crate::io::{
    error::CliError,
    escape::escape,
    exit_status::ExitStatus,
    style::{BOLD, DIM, WARN, style},
};

/// All functions.
#[derive(Serialize)]
pub(super) struct Report {
    /// Whether it was to be done.
    pub(super) applied: bool,
    /// As far as it came.
    pub(super) functions: Vec<Row>,
    /// What stopped it before its end; null when nothing did.
    pub(super) error: Option<CliError>,
}

/// A function.
#[derive(Serialize)]
pub(super) struct Row {
    pub(super) target: String,
    /// What nothing needs, the oldest first.
    pub(super) chosen: Vec<VersionNumber>,
    /// What is as old, and is needed.
    pub(super) in_use: Vec<VersionNumber>,
    /// What was deleted of the chosen.
    pub(super) deleted: Vec<VersionNumber>,
    /// Another upload is on its way, so that nothing is chosen.
    pub(super) is_upload_under_way: bool,
}

impl Row {
    pub(super) fn of(target: String, plan: PrunePlan) -> Self {
        Self {
            target,
            chosen: plan.chosen,
            in_use: plan.in_use,
            deleted: Vec::new(),
            is_upload_under_way: plan.is_upload_under_way,
        }
    }
}

impl Report {
    pub(super) fn status(&self) -> ExitStatus {
        if self.error.is_some() {
            ExitStatus::Unusable
        } else if self.functions.iter().any(|row| row.is_upload_under_way) {
            ExitStatus::Inconclusive
        } else {
            ExitStatus::Success
        }
    }
}

/// For people. Writing to a String cannot fail; the results are dropped for that reason.
pub(super) fn render(report: &Report) -> String {
    let mut text = String::new();
    for row in &report.functions {
        let _ = writeln!(text, "{}", style(BOLD, escape(&row.target)));
        if row.is_upload_under_way {
            let why = "an upload is on its way: run the command again when it has ended";
            let _ = writeln!(text, "  {}", style(WARN, why));
            continue;
        }
        let nothing_needs = if report.applied { "chosen" } else { "would go" };
        for (label, versions) in [
            (nothing_needs, &row.chosen),
            ("needed", &row.in_use),
            ("deleted", &row.deleted),
        ] {
            if label == "deleted" && !report.applied {
                continue;
            }
            let _ = writeln!(text, "  {label:<9} {}", numbers(versions));
        }
    }
    let any = report.functions.iter().any(|row| !row.chosen.is_empty());
    if any && !report.applied {
        let _ = writeln!(
            text,
            "{}",
            style(DIM, "nothing was changed: do it with --apply")
        );
    }
    text
}

fn numbers(versions: &[VersionNumber]) -> String {
    if versions.is_empty() {
        return "none".to_owned();
    }
    let numbers: Vec<String> = versions.iter().map(ToString::to_string).collect();
    numbers.join(", ")
}
