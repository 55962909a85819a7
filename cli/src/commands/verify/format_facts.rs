//! `countersign verify --explain-format`: fact by fact, what a package tells of Signer's format.

use std::fmt::Write as _;

use clap::builder::styling::Style;
use countersign_package::{
    Limits, TrustRoots,
    format::{Answer, Observation, observe},
};
use serde::Serialize;

use crate::io::{
    count::counted,
    escape::escape,
    exit_status::ExitStatus,
    style::{BOLD, DIM, ERROR, OK, WARN, style},
};

/// What was found. It names no account, job, profile, entry or file, so that it can be handed on as it is.
#[derive(Serialize)]
pub(super) struct Report {
    schema: u8,
    countersign: &'static str,
    summary: Summary,
    facts: Vec<Fact>,
}

#[derive(Default, Serialize)]
struct Summary {
    confirmed: usize,
    differs: usize,
    seen: usize,
    not_asked: usize,
    unknown: usize,
}

#[derive(Serialize)]
struct Fact {
    id: &'static str,
    grade: &'static str,
    statement: &'static str,
    answer: &'static str,
    seen: String,
}

/// Looks at the package.
pub(super) fn look(package: &[u8], source: Option<&[u8]>, roots: &TrustRoots) -> Report {
    let observations = observe(package, source, &Limits::default(), roots);
    let mut summary = Summary::default();
    for observation in &observations {
        let count = match observation.answer() {
            Answer::Confirmed => &mut summary.confirmed,
            Answer::Differs => &mut summary.differs,
            Answer::Seen => &mut summary.seen,
            Answer::NotAsked => &mut summary.not_asked,
            Answer::Unknown => &mut summary.unknown,
        };
        *count = count.saturating_add(1);
    }
    Report {
        schema: 1,
        countersign: env!("CARGO_PKG_VERSION"),
        summary,
        facts: observations.iter().map(Fact::of).collect(),
    }
}

impl Fact {
    fn of(observation: &Observation) -> Self {
        let fact = observation.fact();
        Self {
            id: fact.id(),
            grade: fact.grade().as_str(),
            statement: fact.statement(),
            answer: observation.answer().as_str(),
            seen: observation.seen().to_owned(),
        }
    }
}

fn label(answer: &str) -> (Style, &'static str) {
    match answer {
        "confirmed" => (OK, "confirmed"),
        "differs" => (ERROR, "DIFFERS"),
        "seen" => (BOLD, "seen"),
        "not_asked" => (DIM, "not asked"),
        _ => (WARN, "unknown"),
    }
}

impl Report {
    /// 1 if something differs, 3 if something that was asked could not be told.
    pub(super) fn status(&self) -> ExitStatus {
        if self.summary.differs > 0 {
            ExitStatus::Rejected
        } else if self.summary.unknown > 0 {
            ExitStatus::Inconclusive
        } else {
            ExitStatus::Success
        }
    }

    /// The report for people. Writing to a String cannot fail; the results are dropped for that reason.
    pub(super) fn render(&self) -> String {
        let Summary {
            confirmed,
            differs,
            seen,
            not_asked,
            unknown,
        } = &self.summary;
        let mut text = format!(
            "{}\n\n",
            style(
                BOLD,
                format_args!(
                    "{} confirmed, {differs} differ, {seen} seen, {not_asked} not asked, {unknown} unknown",
                    counted(*confirmed, "fact")
                )
            )
        );
        for fact in &self.facts {
            let (colour, label) = label(fact.answer);
            let grade = format!("[{}]", fact.grade);
            let _ = writeln!(
                text,
                "{}  {} {}",
                style(colour, format_args!("{label:<9}")),
                fact.statement,
                style(DIM, grade),
            );
            let _ = writeln!(text, "           {}: {}", fact.id, escape(&fact.seen));
        }
        let _ = writeln!(
            text,
            "\n{}",
            style(
                DIM,
                "This names no account, job, profile, entry or file. If AWS Signer made the signature, please report it \
                 (README, \"What it does not do yet\"): what differs, and what is seen, is news."
            )
        );
        text
    }
}
