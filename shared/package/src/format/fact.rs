//! What a fact about the format is.

/// How well a fact about AWS is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Grade {
    /// Read off genuine bytes, or AWS's own service model.
    A,
    /// AWS's documentation.
    B,
    /// Recorded by one independent project.
    C,
    /// Inference.
    D,
    /// Not known at all: the fact is a question.
    Open,
}

impl Grade {
    /// The grade's letter; `open` for a question.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::A => "A",
            Self::B => "B",
            Self::C => "C",
            Self::D => "D",
            Self::Open => "open",
        }
    }
}

/// What is known, or asked, of Signer's format. All of them are in [`FACTS`](super::FACTS).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FormatFact {
    id: &'static str,
    statement: &'static str,
    grade: Grade,
}

impl FormatFact {
    pub(super) const fn new(id: &'static str, grade: Grade, statement: &'static str) -> Self {
        Self {
            id,
            statement,
            grade,
        }
    }

    /// Its name in reports. It never changes its meaning.
    #[must_use]
    pub fn id(&self) -> &'static str {
        self.id
    }

    /// What it says.
    #[must_use]
    pub fn statement(&self) -> &'static str {
        self.statement
    }

    /// How well that is known.
    #[must_use]
    pub fn grade(&self) -> Grade {
        self.grade
    }
}
