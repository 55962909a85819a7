//! One check, and how it ended.

use serde::Serialize;

use crate::ports::PortError;

/// How a check ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum StackCheckResult {
    /// It is as it should be.
    Pass,
    /// It works, and something should be looked at.
    Warning,
    /// There was no answer.
    CouldNotTell,
    /// It is not as it should be.
    Failure,
}

/// What is checked.
#[derive(Debug, PartialEq, Eq)]
pub struct CheckKind {
    /// Its name in reports. It never changes its meaning.
    pub id: &'static str,
    /// Under which heading it is told.
    pub category: &'static str,
    /// What holds when it passes.
    pub statement: &'static str,
    /// The calls that it rests on.
    pub basis: &'static str,
    /// Where our documents say more, from the root of the checkout.
    pub docs: &'static str,
}

/// A check that was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StackCheck {
    /// See [`CheckKind`].
    pub id: &'static str,
    /// See [`CheckKind`].
    pub category: &'static str,
    /// What it is about: a name in the template, a function, a target.
    pub subject: String,
    /// How it ended.
    pub result: StackCheckResult,
    /// What was found.
    pub message: String,
    /// The calls that it rests on.
    pub basis: &'static str,
    /// Where our documents say more.
    pub docs: &'static str,
    /// What to do; null when it passed.
    pub fix: Option<String>,
    /// The command that mends it or shows more. Each failure has one, unless a name in it is none that a shell takes as it
    /// stands.
    pub command: Option<String>,
}

impl StackCheck {
    fn new(
        kind: &'static CheckKind,
        subject: impl Into<String>,
        result: StackCheckResult,
        message: impl Into<String>,
    ) -> Self {
        Self {
            id: kind.id,
            category: kind.category,
            subject: subject.into(),
            result,
            message: message.into(),
            basis: kind.basis,
            docs: kind.docs,
            fix: None,
            command: None,
        }
    }

    pub(super) fn pass(
        kind: &'static CheckKind,
        subject: impl Into<String>,
        message: impl Into<String>,
    ) -> Self {
        Self::new(kind, subject, StackCheckResult::Pass, message)
    }

    pub(super) fn warning(
        kind: &'static CheckKind,
        subject: impl Into<String>,
        message: impl Into<String>,
        fix: impl Into<String>,
    ) -> Self {
        let mut check = Self::new(kind, subject, StackCheckResult::Warning, message);
        check.fix = Some(fix.into());
        check
    }

    /// It is not as it should be. `command` mends that or shows more; `None` only where a name in it is not [`plain`].
    pub(super) fn failure(
        kind: &'static CheckKind,
        subject: impl Into<String>,
        message: impl Into<String>,
        fix: impl Into<String>,
        command: Option<String>,
    ) -> Self {
        let mut check = Self::new(kind, subject, StackCheckResult::Failure, message);
        check.fix = Some(fix.into());
        check.command = command;
        check
    }

    /// Nobody answered.
    pub(super) fn no_answer(
        kind: &'static CheckKind,
        subject: impl Into<String>,
        error: &PortError,
    ) -> Self {
        let fix = match error {
            PortError::Denied { .. } => format!(
                "let yourself call {}; policies/operator.json allows all that doctor asks",
                error.call()
            ),
            PortError::Throttled { .. } | PortError::Unavailable { .. } => {
                "run it again in a minute".to_owned()
            }
            PortError::Unexpected { .. } | PortError::NotMade { .. } => {
                "see what AWS said, and update this command; if that does not help, report it"
                    .to_owned()
            }
        };
        Self::not_told(kind, subject, error.error_chain(), fix)
    }

    /// It cannot be told for another reason.
    pub(super) fn not_told(
        kind: &'static CheckKind,
        subject: impl Into<String>,
        message: impl Into<String>,
        fix: impl Into<String>,
    ) -> Self {
        let mut check = Self::new(kind, subject, StackCheckResult::CouldNotTell, message);
        check.fix = Some(fix.into());
        check
    }

    /// The same with the command that mends it or shows more.
    pub(super) fn with_command(mut self, command: Option<String>) -> Self {
        self.command = command;
        self
    }
}
