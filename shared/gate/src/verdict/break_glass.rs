//! Break-glass: what a policy refuses passes, loudly, because somebody other than the uploader says so.
//!
//! It passes over policy alone. What the package is (structure, integrity, origin, claims), what was revoked, and what
//! Lambda itself refuses stay as they are.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    finding::{Action, Check, CheckResult, Finding, Status},
    uploader::person_who_uploaded,
};
use crate::domain::{BreakGlass, PersonalRoles, ReasonCode};

/// What is known of break-glass for this upload and this target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Glass {
    /// There is a statement, which is judged.
    Found(BreakGlassRequest),
    /// It counted before Lambda took the package: what became of it since changes nothing.
    Used(BreakGlassUse),
}

/// By what a policy was passed over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BreakGlassUse {
    /// The key of the statement.
    pub key: String,
    /// The principal that put it there.
    pub by: String,
    /// Why.
    pub justification: String,
    /// When it ends.
    pub until: Timestamp,
}

impl BreakGlassUse {
    fn sentence(&self) -> String {
        format!(
            "{}, by {} until {}: {:?}",
            self.key, self.by, self.until, self.justification
        )
    }
}

/// A break-glass statement about this upload for this target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BreakGlassRequest {
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

impl BreakGlassRequest {
    /// Who says so, why and until when; or why it does not count.
    fn judge(&self, now: Timestamp) -> Result<BreakGlassUse, String> {
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
        Ok(BreakGlassUse {
            key: self.key.clone(),
            by: principal.clone(),
            justification: order.justification.clone(),
            until: order.until,
        })
    }
}

/// Turns what a policy refuses into warnings, if the glass was broken for it, and tells of that. What was used before is told
/// also where nothing stands in the way any more: people are asked before the update alone.
pub(super) fn pass_over(
    findings: &mut [Finding],
    glass: &Glass,
    now: Timestamp,
) -> Option<(Finding, Option<BreakGlassUse>)> {
    let stands_in_the_way = |finding: &Finding| {
        finding.status == Status::Inconclusive
            || (finding.status == Status::Fail && finding.action == Action::Block)
    };
    let mut passed: Vec<&mut Finding> = findings
        .iter_mut()
        .filter(|finding| stands_in_the_way(finding) && is_policy(finding))
        .collect();
    let judged = match glass {
        Glass::Found(_) if passed.is_empty() => return None,
        Glass::Found(found) => found.judge(now).map_err(|why| (&found.key, why)),
        Glass::Used(used) => Ok(used.clone()),
    };
    let (code, message) = match &judged {
        Err((key, why)) => {
            let message = format!("{key} does not count: {why}");
            (ReasonCode::BreakGlassInvalid, message)
        }
        Ok(used) => {
            for finding in &mut passed {
                finding.status = Status::Fail;
                finding.action = Action::Warn;
                finding.message = format!("{}; passed over by break-glass", finding.message);
            }
            (ReasonCode::BreakGlassUsed, used.sentence())
        }
    };
    let finding = CheckResult::Fail(code, message).into_finding(Check::BreakGlass, Action::Warn);
    Some((finding, judged.ok()))
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
