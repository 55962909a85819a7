//! Findings: which check, how it came out, what a failure does.

use crate::domain::ReasonCode;
use serde::{Deserialize, Serialize};

/// How a check came out, before it is known what that does.
pub(super) enum CheckResult {
    Pass(String),
    Fail(ReasonCode, String),
    /// A failure whose fix depends on more than its code.
    FailWith(ReasonCode, String, String),
    NotJudged(String),
    Inconclusive(ReasonCode, String),
}

impl CheckResult {
    pub(super) fn into_finding(self, check: Check, action: Action) -> Finding {
        let fix_of = |code: ReasonCode| Some(code.about().fix.to_owned());
        let (status, code, message, fix) = match self {
            Self::Pass(message) => (Status::Pass, None, message, None),
            Self::Fail(code, message) => (Status::Fail, Some(code), message, fix_of(code)),
            Self::FailWith(code, message, fix) => (Status::Fail, Some(code), message, Some(fix)),
            Self::NotJudged(message) => (Status::NotJudged, None, message, None),
            Self::Inconclusive(code, message) => {
                (Status::Inconclusive, Some(code), message, fix_of(code))
            }
        };
        Finding {
            check,
            status,
            action,
            code,
            message,
            fix,
        }
    }
}

/// What is done about a package.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    /// It may be deployed.
    Accept,
    /// It may be deployed, and someone should know what is wrong with it.
    AcceptWithWarnings,
    /// It must not be deployed.
    Reject,
    /// It cannot be said yet: not deployed, tried again.
    Inconclusive,
}

impl Decision {
    /// Whether it may be deployed.
    #[must_use]
    pub fn accepts(self) -> bool {
        matches!(self, Self::Accept | Self::AcceptWithWarnings)
    }
}

/// The checks, in the order in which they are reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Check {
    /// The zip can be read in exactly one way and keeps the limits.
    Structure,
    /// The contents are what the signer signed, and the signer's chain leads to a pinned root.
    Integrity,
    /// The package is the uploaded one plus the signature.
    Origin,
    /// Job and profile in the signature are those of the signing job.
    Claims,
    /// The signature has not expired.
    Expiry,
    /// The profile version is an allowed publisher.
    Publisher,
    /// Neither job nor profile is revoked for this signature.
    Revocation,
    /// It was built from the source, and by the workflow, that its target demands. Absent where nothing is demanded.
    Provenance,
    /// It can start as the function that it is for. Each fault is a finding of its own.
    Startable,
    /// As many people approved it as are demanded.
    Approval,
    /// No freeze covers the target.
    Freeze,
    /// Somebody broke the glass, so that what a policy refuses passes.
    BreakGlass,
    /// Lambda says the same.
    SecondOpinion,
}

/// How a check came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// It holds.
    Pass,
    /// It does not hold.
    Fail,
    /// It was not asked, or there is nothing to ask it of.
    NotJudged,
    /// It was asked, and there was no answer.
    Inconclusive,
}

/// What a failure of this check does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// The package is not deployed.
    Block,
    /// The package is deployed, with a warning.
    Warn,
}

/// What one check found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// Which check.
    pub check: Check,
    /// How it came out.
    pub status: Status,
    /// What a failure of it does here.
    pub action: Action,
    /// Why, for `fail` and `inconclusive`; otherwise null.
    pub code: Option<ReasonCode>,
    /// What was found, for people.
    pub message: String,
    /// What to do about it, for `fail` and `inconclusive`; otherwise null.
    pub fix: Option<String>,
}
