//! A diagnosis for people.

use std::fmt::Write as _;

use clap::builder::styling::Style;
use countersign_gate::{
    client::doctor::{DoctorSummary, StackCheck, StackCheckResult},
    probe::{ProbeReport, ProbeSummary},
};

use super::report::Report;
use crate::io::{
    count::counted,
    escape::escape,
    moment::utc,
    style::{BOLD, DIM, ERROR, OK, WARN, style},
};

/// The diagnosis as text. Writing to a String cannot fail; the results are dropped for that reason.
pub(super) fn render(report: &Report<'_>, with_commands: bool) -> String {
    let diagnosis = report.diagnosis;
    let mut text = String::new();
    let place = diagnosis.region.as_deref().unwrap_or("region not known");
    let _ = writeln!(
        text,
        "{} {}",
        style(BOLD, escape(&diagnosis.stack)),
        style(
            DIM,
            format_args!("({}, {})", escape(place), utc(diagnosis.at))
        )
    );
    let mut category = "";
    for check in &diagnosis.checks {
        if check.category != category {
            category = check.category;
            let _ = writeln!(text, "\n{}", style(BOLD, category));
        }
        render_check(&mut text, check, with_commands);
    }
    let DoctorSummary {
        pass,
        warning,
        failure,
        could_not_tell,
    } = diagnosis.summary;
    let _ = writeln!(
        text,
        "\n{pass} passed, {}, {failure} failed, {could_not_tell} could not be told",
        counted(warning, "warning")
    );
    let has_commands = diagnosis
        .checks
        .iter()
        .any(|check| is_bad(check) && check.command.is_some());
    if has_commands && !with_commands {
        let hint = "--fix-hint shows the commands that mend this";
        let _ = writeln!(text, "{}", style(DIM, hint));
    }
    if let Some(probe) = report.probe {
        render_probe(&mut text, probe);
    }
    text
}

fn render_probe(text: &mut String, probe: &ProbeReport) {
    let heading = format!("what AWS does, in {} s", probe.took_seconds);
    let _ = writeln!(text, "\n{}", style(BOLD, heading));
    for fact in &probe.facts {
        let (colour, word) = match fact.answer {
            "confirmed" => (OK, "confirmed"),
            "differs" => (ERROR, "DIFFERS"),
            "seen" => (BOLD, "seen"),
            "not_asked" => (DIM, "not asked"),
            _ => (WARN, "unknown"),
        };
        let _ = writeln!(
            text,
            "  {}  {} {}",
            style(colour, format_args!("{word:<14}")),
            fact.statement,
            style(DIM, format_args!("[{}]", fact.grade)),
        );
        let _ = writeln!(
            text,
            "                  {}: {}",
            fact.id,
            escape(&fact.seen)
        );
    }
    let ProbeSummary {
        confirmed,
        differs,
        seen,
        not_asked,
        unknown,
    } = probe.summary;
    let _ = writeln!(
        text,
        "\n{confirmed} confirmed, {differs} differ, {seen} seen, {not_asked} not asked, {unknown} unknown\n{}",
        style(
            DIM,
            "What the probe found names no account, bucket, job or profile. If this was AWS itself, please hand it to the \
             maintainers: --probe-report FILE writes it."
        )
    );
}

fn is_bad(check: &StackCheck) -> bool {
    check.result != StackCheckResult::Pass
}

fn render_check(text: &mut String, check: &StackCheck, with_commands: bool) {
    let (colour, word) = word(check.result);
    let _ = writeln!(
        text,
        "  {}  {}: {}",
        style(colour, format_args!("{word:<14}")),
        escape(&check.subject),
        escape(&check.message),
    );
    if !is_bad(check) {
        return;
    }
    let mut line = |label: &str, value: &str| {
        let _ = writeln!(text, "                  {label:<8}  {}", escape(value));
    };
    line("check", check.id);
    if let Some(fix) = &check.fix {
        line("fix", fix);
    }
    if let Some(command) = check.command.as_ref().filter(|_| with_commands) {
        line("command", command);
    }
    line("rests on", check.basis);
    line("see", check.docs);
}

fn word(result: StackCheckResult) -> (Style, &'static str) {
    match result {
        StackCheckResult::Pass => (OK, "pass"),
        StackCheckResult::Warning => (WARN, "warning"),
        StackCheckResult::Failure => (ERROR, "FAIL"),
        StackCheckResult::CouldNotTell => (WARN, "could not tell"),
    }
}
