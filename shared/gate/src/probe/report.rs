//! What a probe found, fact by fact.

use countersign_package::format::{Answer, Observation};
use jiff::Timestamp;
use serde::Serialize;

use super::facts::ProbeFact;

/// One fact, and what AWS says to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ProbedFact {
    /// Its name.
    pub id: &'static str,
    /// How well it is known.
    pub grade: &'static str,
    /// What it says.
    pub statement: &'static str,
    /// `confirmed`, `differs`, `seen`, `not_asked` or `unknown`.
    pub answer: &'static str,
    /// What was seen, or why nothing was. It names no account.
    pub seen: String,
}

/// How many facts were answered how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ProbeSummary {
    /// As it was taken to be.
    pub confirmed: usize,
    /// Otherwise.
    pub differs: usize,
    /// Nothing was known to compare with.
    pub seen: usize,
    /// It takes what was not given.
    pub not_asked: usize,
    /// There was no answer.
    pub unknown: usize,
}

/// All that a probe found. It names no account, bucket, job, profile, function or stack, so that it can be handed on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ProbeReport {
    /// 1.
    pub schema: u8,
    /// The region, which some facts depend on.
    pub region: String,
    /// When the probe began.
    pub began_at: Timestamp,
    /// How long it took.
    pub took_seconds: i64,
    /// How many facts were answered how.
    pub summary: ProbeSummary,
    /// The facts.
    pub facts: Vec<ProbedFact>,
}

/// A fact that was asked here.
pub(super) fn told(fact: ProbeFact, answer: Answer, seen: impl Into<String>) -> ProbedFact {
    ProbedFact {
        id: fact.id,
        grade: fact.grade.as_str(),
        statement: fact.statement,
        answer: answer.as_str(),
        seen: seen.into(),
    }
}

/// Confirmed if `holds`, or else different.
pub(super) fn judged(fact: ProbeFact, holds: bool, seen: impl Into<String>) -> ProbedFact {
    let answer = if holds {
        Answer::Confirmed
    } else {
        Answer::Differs
    };
    told(fact, answer, seen)
}

/// A fact of the package's format.
pub(super) fn of_format(observation: &Observation) -> ProbedFact {
    let fact = observation.fact();
    ProbedFact {
        id: fact.id(),
        grade: fact.grade().as_str(),
        statement: fact.statement(),
        answer: observation.answer().as_str(),
        seen: observation.seen().to_owned(),
    }
}

impl ProbeReport {
    pub(super) fn new(
        region: &str,
        began_at: Timestamp,
        ended_at: Timestamp,
        facts: Vec<ProbedFact>,
    ) -> Self {
        let mut summary = ProbeSummary::default();
        for fact in &facts {
            let count = match fact.answer {
                "confirmed" => &mut summary.confirmed,
                "differs" => &mut summary.differs,
                "seen" => &mut summary.seen,
                "not_asked" => &mut summary.not_asked,
                _ => &mut summary.unknown,
            };
            *count = count.saturating_add(1);
        }
        Self {
            schema: 1,
            region: region.to_owned(),
            began_at,
            took_seconds: ended_at.duration_since(began_at).as_secs(),
            summary,
            facts,
        }
    }
}
