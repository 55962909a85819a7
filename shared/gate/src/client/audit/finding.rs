//! One finding, as it is told.

use jiff::Timestamp;
use serde::Serialize;

use super::kind::{AuditSeverity, FindingKind};

/// One thing that is not as it should be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AuditFinding {
    /// A target, or the ARN of a code signing configuration, user, group or role.
    pub subject: String,
    /// Its kind.
    pub kind: FindingKind,
    /// How much it matters.
    pub severity: AuditSeverity,
    /// What was found.
    pub message: String,
    /// What to do.
    pub fix: &'static str,
    /// The command that mends it or shows more, where there is one.
    pub command: Option<String>,
    /// The controls that ask for it.
    pub controls: &'static [&'static str],
    /// When it was first found; null for what is judged anew each time.
    pub found_at: Option<Timestamp>,
}

/// A finding of this kind, told by its meaning where there is nothing more precise to say.
pub(super) fn finding(
    subject: &str,
    kind: FindingKind,
    message: Option<String>,
    command: Option<String>,
) -> AuditFinding {
    AuditFinding {
        subject: subject.to_owned(),
        kind,
        severity: kind.severity(),
        message: message.unwrap_or_else(|| kind.meaning().to_owned()),
        fix: kind.fix(),
        command,
        controls: kind.controls(),
        found_at: None,
    }
}
