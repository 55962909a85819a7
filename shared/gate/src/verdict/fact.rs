//! Something that had to be asked for: the answer, that nobody asked, or that there was none.

use std::fmt;

/// Something that had to be asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fact<T> {
    /// This is so.
    Known(T),
    /// Nobody asked: the check that needs it is not judged, and says so.
    NotAsked,
    /// It was asked for and there was no answer, for this reason: never a pass.
    Unavailable(NoAnswer),
}

/// Why there was no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoAnswer {
    why: String,
    is_passing: bool,
}

impl NoAnswer {
    /// AWS throttled or did not answer: nothing that anybody here could mend.
    #[must_use]
    pub fn passing(why: impl Into<String>) -> Self {
        Self {
            why: why.into(),
            is_passing: true,
        }
    }

    /// Whether AWS throttled or did not answer.
    pub(super) fn is_passing(&self) -> bool {
        self.is_passing
    }

    /// It will stay so until somebody changes something: a right, a setting.
    #[must_use]
    pub fn lasting(why: impl Into<String>) -> Self {
        Self {
            why: why.into(),
            is_passing: false,
        }
    }
}

impl fmt::Display for NoAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.why)
    }
}

impl<T> Fact<T> {
    /// Whether AWS throttled or did not answer.
    pub(super) fn is_passing(&self) -> bool {
        matches!(self, Self::Unavailable(no_answer) if no_answer.is_passing())
    }
}
