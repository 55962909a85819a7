//! The result for people.

use std::fmt::Write as _;

use super::report::{Report, SummaryReport};
use crate::io::{
    escape::escape,
    style::{DIM, ERROR, OK, style},
};

/// The report as text. Writing to a String cannot fail; the results are dropped for that reason.
pub(super) fn render(report: &Report) -> String {
    let mut text = String::new();
    let heading = if report.holds {
        style(OK, "it holds")
    } else {
        style(ERROR, "it does not hold")
    };
    // A summary that nothing is held against is genuine, and that is all.
    let open = report.holds && report.artifacts.is_empty();
    let note = if open {
        style(DIM, " (no artifact was given to compare)")
    } else {
        String::new()
    };
    let _ = writeln!(text, "{heading}{note}");
    for fault in &report.faults {
        let _ = writeln!(text, "  {} {}", style(ERROR, "fault"), escape(fault));
    }
    if let Some(summary) = &report.summary {
        render_summary(&mut text, summary);
    }
    for artifact in &report.artifacts {
        let name = artifact.name.as_deref().unwrap_or("not spoken of");
        let line = format!("{}: {name}", artifact.path);
        let _ = writeln!(text, "  {:<12}{}", "artifact", escape(&line));
    }
    text
}

fn render_summary(text: &mut String, summary: &SummaryReport) {
    let mut line = |label: &str, value: &str| {
        let _ = writeln!(text, "  {label:<12}{}", escape(value));
    };
    line("verifier", &summary.verifier);
    if let Some(time) = summary.time_verified {
        line("verified", &time.to_string());
    }
    line("resource", &summary.resource);
    line(
        "result",
        if summary.passed {
            "passed"
        } else {
            "not passed"
        },
    );
    line("levels", &summary.levels.join(", "));
    line("policy", &summary.policy);
    if let Some(sha256) = &summary.policy_sha256 {
        line("", &format!("sha256:{sha256}"));
    }
    for subject in &summary.subjects {
        let digest = subject.sha256.as_deref().unwrap_or("-");
        line("speaks of", &format!("sha256:{digest} ({})", subject.name));
    }
}
