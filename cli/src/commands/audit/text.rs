//! An audit for people at a terminal.

use std::fmt::Write as _;

use clap::builder::styling::Style;
use countersign_gate::client::audit::{
    Audit, AuditFinding, AuditSeverity, CodeStanding, Protection, Subject,
};

use jiff::Timestamp;

use crate::io::{
    count::counted,
    escape::escape,
    moment::moment,
    style::{BOLD, DIM, ERROR, OK, WARN, style},
};

/// The audit as text. Writing to a String cannot fail; the results are dropped for that reason.
pub(super) fn render(audit: &Audit, now: Timestamp) -> String {
    let mut text = String::new();
    let _ = writeln!(
        text,
        "{} {}",
        style(BOLD, escape(&audit.stack)),
        style(DIM, format_args!("(swept {})", moment(audit.swept_at, now)))
    );
    if audit.is_old {
        let _ = writeln!(text, "{}", style(WARN, STALE_NOTICE));
    }
    render_summary(&mut text, audit);
    render_table(&mut text, audit);
    render_findings(&mut text, audit, now);
    for trouble in &audit.not_looked_at {
        let _ = writeln!(
            text,
            "{} {}",
            style(WARN, "not looked at:"),
            escape(trouble)
        );
    }
    text
}

/// What is said of an old posture.
pub(super) const STALE_NOTICE: &str =
    "this is older than two hours, and sweep runs every hour: it may not be so any more";

fn render_summary(text: &mut String, audit: &Audit) {
    let summary = &audit.summary;
    let _ = writeln!(
        text,
        "{}, {}, {}",
        counted(summary.functions, "function"),
        counted(summary.layers, "layer"),
        counted(audit.configurations.len(), "code signing configuration")
    );
    let code = CodeStanding::ALL.iter().filter_map(|standing| {
        Some(format!(
            "{} {}",
            summary.code.get(standing)?,
            standing.label()
        ))
    });
    let protection = Protection::ALL
        .iter()
        .filter_map(|of| Some(format!("{} {}", summary.protection.get(of)?, of.label())));
    for (label, parts) in [
        ("code", code.collect::<Vec<_>>()),
        ("policy", protection.collect()),
    ] {
        let _ = writeln!(text, "  {label:<8}{}", parts.join(", "));
    }
    if summary.unfinished > 0 {
        let _ = writeln!(text, "  uploads {} without an outcome", summary.unfinished);
    }
}

/// The targets that there are findings about.
fn render_table(text: &mut String, audit: &Audit) {
    let with_findings: Vec<(&Subject, Option<AuditSeverity>)> = audit
        .subjects
        .iter()
        .filter(|subject| subject.findings > 0)
        .map(|subject| (subject, worst(audit, &subject.subject)))
        .collect();
    let names = with_findings.iter().map(|(of, _)| escape(&of.subject));
    let width = names.map(|name| name.chars().count()).max().unwrap_or(0);
    if width > 0 {
        let _ = writeln!(text);
    }
    for (subject, worst) in &with_findings {
        let severity = worst.map_or("", AuditSeverity::as_str);
        let _ = writeln!(
            text,
            "{}  {:<width$}  {:<26}  {}",
            style(colour(*worst), format_args!("{severity:<8}")),
            escape(&subject.subject),
            subject.code.label(),
            subject.protection.label(),
        );
    }
    let others = audit.subjects.len().saturating_sub(with_findings.len());
    let _ = writeln!(
        text,
        "{}",
        style(
            DIM,
            format_args!("{others} functions and layers without a finding")
        )
    );
}

fn render_findings(text: &mut String, audit: &Audit, now: Timestamp) {
    let mut subjects: Vec<&str> = Vec::new();
    for finding in &audit.findings {
        if !subjects.contains(&finding.subject.as_str()) {
            subjects.push(&finding.subject);
        }
    }
    for subject in subjects {
        let _ = writeln!(text, "\n{}", style(BOLD, escape(subject)));
        let findings = audit.findings.iter();
        for finding in findings.filter(|finding| finding.subject == subject) {
            render_finding(text, finding, now);
        }
    }
    if audit.findings.is_empty() {
        let _ = writeln!(text, "{}", style(OK, "nothing found"));
    }
}

fn render_finding(text: &mut String, finding: &AuditFinding, now: Timestamp) {
    let severity = style(
        colour(Some(finding.severity)),
        format_args!("{:<8}", finding.severity.as_str()),
    );
    let kind = finding.kind.as_str();
    let _ = writeln!(text, "  {severity}  {kind}: {}", escape(&finding.message));
    let mut line = |label: &str, value: &str| {
        let _ = writeln!(text, "            {label:<8}  {}", escape(value));
    };
    line("fix", finding.fix);
    if let Some(command) = &finding.command {
        line("command", command);
    }
    line("controls", &finding.controls.join(", "));
    if let Some(at) = finding.found_at {
        line("since", &moment(at, now));
    }
}

fn worst(audit: &Audit, subject: &str) -> Option<AuditSeverity> {
    let of_subject = audit.findings.iter().filter(|of| of.subject == subject);
    of_subject.map(|finding| finding.severity).max()
}

fn colour(severity: Option<AuditSeverity>) -> Style {
    match severity {
        Some(AuditSeverity::Critical) => ERROR,
        Some(AuditSeverity::Warning) => WARN,
        Some(AuditSeverity::Note) | None => DIM,
    }
}
