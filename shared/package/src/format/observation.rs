//! What one package says to one fact.

use super::fact::FormatFact;

/// How a package answers a fact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Answer {
    /// It is as the fact says.
    Confirmed,
    /// It is otherwise.
    Differs,
    /// Nothing is known to compare with: what was seen is new.
    Seen,
    /// It could be told with what was not given, such as the source.
    NotAsked,
    /// It cannot be told from this package.
    Unknown,
}

impl Answer {
    /// The word in reports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Confirmed => "confirmed",
            Self::Differs => "differs",
            Self::Seen => "seen",
            Self::NotAsked => "not_asked",
            Self::Unknown => "unknown",
        }
    }
}

/// A fact, and what a package says to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Observation {
    fact: FormatFact,
    answer: Answer,
    seen: String,
}

impl Observation {
    pub(super) fn new(fact: FormatFact, answer: Answer, seen: impl Into<String>) -> Self {
        Self {
            fact,
            answer,
            seen: seen.into(),
        }
    }

    /// Confirmed if `holds`, or else different.
    pub(super) fn judged(fact: FormatFact, holds: bool, seen: impl Into<String>) -> Self {
        let answer = if holds {
            Answer::Confirmed
        } else {
            Answer::Differs
        };
        Self::new(fact, answer, seen)
    }

    pub(super) fn unknown(fact: FormatFact, why: impl Into<String>) -> Self {
        Self::new(fact, Answer::Unknown, why)
    }

    /// The fact.
    #[must_use]
    pub fn fact(&self) -> FormatFact {
        self.fact
    }

    /// How the package answers it.
    #[must_use]
    pub fn answer(&self) -> Answer {
        self.answer
    }

    /// What was seen, or why nothing could be. Safe to print, and without a name of the package's own.
    #[must_use]
    pub fn seen(&self) -> &str {
        &self.seen
    }
}
