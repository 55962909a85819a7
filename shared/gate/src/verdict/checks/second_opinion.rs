//! Lambda's own dry run agrees.

use crate::{
    domain::ReasonCode,
    verdict::{
        evidence::{DryRun, Evidence, Fact},
        finding::{CheckResult, Decision},
    },
};

/// What Lambda's verdict adds to `ours`; nothing when it was not asked.
pub(crate) fn second_opinion(evidence: &Evidence, ours: Decision) -> Option<CheckResult> {
    // Without a configuration Lambda looks at no signature, so its consent says nothing of one.
    let has_csc = evidence.has_csc();
    Some(match &evidence.dry_run {
        Fact::NotAsked => return None,
        Fact::Known(DryRun::Accepted) if has_csc && evidence.integrity_failed() => {
            CheckResult::Fail(
                ReasonCode::LambdaWouldAccept,
                "Lambda would take this package, whose integrity cannot be verified".to_owned(),
            )
        }
        Fact::Known(DryRun::Accepted) => CheckResult::Pass("Lambda would take it, too".to_owned()),
        Fact::Known(DryRun::Refused(refusal)) if ours == Decision::Reject => {
            CheckResult::Pass(format!("Lambda refuses it, too: {}", refusal.message))
        }
        Fact::Known(DryRun::Refused(refusal)) => {
            CheckResult::Fail(refusal.reason(), refusal.to_string())
        }
        Fact::Unavailable(why) => CheckResult::Inconclusive(
            ReasonCode::SecondOpinionUnknown,
            format!("Lambda could not be asked: {why}"),
        ),
    })
}
