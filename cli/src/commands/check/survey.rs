//! Many packages at once: folders, walked, and files, each with its verdict.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    path::Path,
    sync::atomic::{AtomicUsize, Ordering},
};

use countersign_gate::domain::ReasonCode;
use serde::Serialize;

use super::{
    configuration::KnownFunction, report::Report, subject::Subject, unjudged::NAME_THE_FUNCTION,
};
use crate::io::{
    count::counted,
    error::CliError,
    escape::escape,
    input::shown,
    style::{BOLD, ERROR, OK, WARN, style},
};

/// How much of a first reason is shown in the table, in characters.
const MAX_REASON_CHARS: usize = 100;

/// All of them; documented in docs/cli.md.
#[derive(Serialize)]
pub(super) struct Survey {
    pub(super) counts: Counts,
    /// In the order of their paths.
    pub(super) packages: Vec<Row>,
}

#[derive(Default, Serialize)]
pub(super) struct Counts {
    packages: usize,
    signable: usize,
    with_warnings: usize,
    rejected: usize,
    /// Those that would be signed and of which it was not wholly looked at whether they start.
    start_not_judged: usize,
    /// How often each reason code was the reason.
    codes: BTreeMap<ReasonCode, usize>,
    /// In how many packages there was a warning with this code.
    warning_codes: BTreeMap<ReasonCode, usize>,
}

#[derive(Serialize)]
pub(super) struct Row {
    path: String,
    #[serde(flatten)]
    pub(super) report: Report,
}

/// Judges every one of them. `count` follows how many were.
pub(super) fn of(
    subjects: Vec<Subject>,
    function: &KnownFunction,
    count: &AtomicUsize,
) -> Result<Survey, CliError> {
    let mut survey = Survey {
        counts: Counts::default(),
        packages: Vec::new(),
    };
    for subject in subjects {
        let report = Report::of(&subject.read()?, function, subject.is_layer);
        survey.counts.add(&report);
        survey.packages.push(Row {
            path: subject.shown,
            report,
        });
        count.fetch_add(1, Ordering::Relaxed);
    }
    Ok(survey)
}

impl Counts {
    fn add(&mut self, report: &Report) {
        let add = |count: &mut usize, is_it: bool| {
            *count = count.saturating_add(usize::from(is_it));
        };
        add(&mut self.packages, true);
        add(&mut self.signable, report.is_signable);
        add(&mut self.rejected, !report.is_signable);
        let warns = report.is_signable && report.has_warnings();
        add(&mut self.with_warnings, warns);
        let is_unjudged = report.is_signable && !report.start_not_judged.is_empty();
        add(&mut self.start_not_judged, is_unjudged);
        if let Some(refusal) = &report.refusal {
            add(self.codes.entry(refusal.code).or_default(), true);
        }
        let codes = report.start_faults.iter().map(|fault| fault.code);
        for code in codes.collect::<BTreeSet<ReasonCode>>() {
            add(self.warning_codes.entry(code).or_default(), true);
        }
    }
}

impl Survey {
    /// The same for people.
    pub(super) fn render(&self) -> String {
        let mut text = String::new();
        // Writing to a String cannot fail; the results are dropped for that reason.
        for row in &self.packages {
            let report = &row.report;
            let (colour, word) = match (report.is_signable, report.has_warnings()) {
                (false, _) => (ERROR, "rejected"),
                (true, true) => (WARN, "warnings"),
                (true, false) => (OK, "signed"),
            };
            let word = style(colour, format_args!("{word:<9}"));
            let path = escape(&shown(Path::new(&row.path)));
            let _ = writeln!(text, "{word} {path}");
            if let Some((code, reason)) = report.first_reason() {
                let code = style(BOLD, code);
                let _ = writeln!(text, "          {code} {}", escape(&shortened(reason)));
            }
        }
        let counts = &self.counts;
        let _ = writeln!(
            text,
            "\n{}: {} would be signed, {} of them with warnings; {} would be rejected.",
            counted(counts.packages, "package"),
            counts.signable,
            counts.with_warnings,
            counts.rejected
        );
        for (heading, codes) in [("", &counts.codes), (" (warning)", &counts.warning_codes)] {
            for (code, count) in codes {
                let _ = writeln!(text, "{count:>8}  {}{heading}", code.as_str());
                let _ = writeln!(text, "          fix: {}", code.about().fix);
            }
        }
        text.push_str(&self.what_was_not_judged());
        text
    }

    /// A line on those of which it was not looked at whether they start.
    fn what_was_not_judged(&self) -> String {
        let count = self.counts.start_not_judged;
        if count == 0 {
            return String::new();
        }
        let rows = self.packages.iter();
        let mut parts = rows.flat_map(|row| &row.report.start_not_judged);
        let is_function_known = parts.all(|part| part.fix.as_deref() != Some(NAME_THE_FUNCTION));
        let fix = if is_function_known {
            "check one alone to see why".to_owned()
        } else {
            NAME_THE_FUNCTION.to_owned()
        };
        format!(
            "Whether they start was not judged, or not wholly, of {}: {fix}.\n",
            counted(count, "package")
        )
    }
}

fn shortened(reason: &str) -> String {
    if reason.chars().count() <= MAX_REASON_CHARS {
        return reason.to_owned();
    }
    let beginning = reason.chars().take(MAX_REASON_CHARS);
    beginning.chain(['…']).collect()
}
