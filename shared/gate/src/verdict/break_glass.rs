//! Break-glass: what a policy refuses passes, loudly, because somebody other than the uploader says so.
//!
//! It passes over policy alone. What the package is (structure, integrity, origin, claims), what was revoked, and what
//! Lambda itself refuses stay as they are.

use jiff::Timestamp;

use super::{
    finding::{Action, Check, CheckResult, Finding, Status},
    uploader::person_who_uploaded,
};
use crate::domain::{BreakGlass, PersonalRoles, ReasonCode};

/// A break-glass statement about this upload for this target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GlassBroken {
    /// Its key.
    pub key: String,
    /// The principal that put it there; `None` when S3's notification was lost, or named nobody.
    pub by: Option<String>,
    /// What it says, or why it cannot be read.
    pub order: Result<BreakGlass, String>,
    /// The principal that uploaded, as S3's notification named it.
    pub uploader: Option<String>,
    /// Whose sessions are people.
    pub personal_roles: PersonalRoles,
}

impl GlassBroken {
    /// Who says so, why and until when; or why it does not count.
    fn judge(&self, now: Timestamp) -> Result<String, String> {
        let order = self.order.as_ref().map_err(Clone::clone)?;
        let Some(principal) = &self.by else {
            return Err(
                "who put it there is not on record; whoever did has to put it there again"
                    .to_owned(),
            );
        };
        let person = self.personal_roles.person(principal);
        let person = person.map_err(|error| format!("it was put there by {error}"))?;
        let uploader = person_who_uploaded(self.uploader.as_deref(), &self.personal_roles)?;
        if person == uploader {
            return Err(format!("{principal} uploaded"));
        }
        if order.until <= now {
            return Err(format!("it ended at {}", order.until));
        }
        Ok(format!(
            "by {principal} until {}: {:?}",
            order.until, order.justification
        ))
    }
}

/// Turns what a policy refuses into warnings, if the glass was broken for it, and tells of that.
pub(super) fn pass_over(
    findings: &mut [Finding],
    glass: &GlassBroken,
    now: Timestamp,
) -> Option<Finding> {
    let stands_in_the_way = |finding: &Finding| {
        finding.status == Status::Inconclusive
            || (finding.status == Status::Fail && finding.action == Action::Block)
    };
    let mut passed: Vec<&mut Finding> = findings
        .iter_mut()
        .filter(|finding| stands_in_the_way(finding) && is_policy(finding))
        .collect();
    if passed.is_empty() {
        return None;
    }
    let (code, message) = match glass.judge(now) {
        Err(why) => {
            let message = format!("{} does not count: {why}", glass.key);
            (ReasonCode::BreakGlassInvalid, message)
        }
        Ok(order) => {
            for finding in &mut passed {
                finding.status = Status::Fail;
                finding.action = Action::Warn;
                finding.message = format!("{}; passed over by break-glass", finding.message);
            }
            let message = format!("{}, {order}", glass.key);
            (ReasonCode::BreakGlassUsed, message)
        }
    };
    Some(CheckResult::Fail(code, message).into_finding(Check::BreakGlass, Action::Warn))
}

/// Whether the finding is about what somebody decided, and not about what the package is.
fn is_policy(finding: &Finding) -> bool {
    match finding.check {
        Check::Expiry => finding.code == Some(ReasonCode::SignatureExpired),
        Check::Publisher => matches!(
            finding.code,
            Some(ReasonCode::PublisherNotAllowed | ReasonCode::NoCodeSigningConfig)
        ),
        Check::Revocation => finding.code == Some(ReasonCode::RevocationUnknown),
        Check::Provenance => finding.code != Some(ReasonCode::ProvenanceUnknown),
        Check::Approval => finding.code != Some(ReasonCode::PeopleUnknown),
        Check::Freeze => finding.code == Some(ReasonCode::Frozen),
        Check::Startable => finding.status == Status::Fail,
        Check::Structure
        | Check::Integrity
        | Check::Origin
        | Check::Claims
        | Check::BreakGlass
        | Check::SecondOpinion => false,
    }
}
