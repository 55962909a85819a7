//! Lambda's own dry run agrees.

use crate::{
    domain::ReasonCode,
    verdict::{
        evidence::{Evidence, Governance, SecondOpinion, integrity_failed},
        finding::{CheckResult, Decision},
    },
};

/// What Lambda's verdict adds to `ours`; nothing when it was not asked.
pub(crate) fn second_opinion(evidence: &Evidence, ours: Decision) -> Option<CheckResult> {
    // Without a configuration Lambda looks at no signature, so its consent says nothing of one.
    let has_csc = matches!(evidence.governance, Governance::Csc(_));
    Some(match &evidence.second_opinion {
        SecondOpinion::NotAsked => return None,
        SecondOpinion::Takes if has_csc && integrity_failed(evidence) => CheckResult::Fail(
            ReasonCode::LambdaWouldAccept,
            "Lambda would take this package, whose integrity cannot be verified".to_owned(),
        ),
        SecondOpinion::Takes => CheckResult::Pass("Lambda would take it, too".to_owned()),
        SecondOpinion::Refuses(refusal) if ours == Decision::Reject => {
            CheckResult::Pass(format!("Lambda refuses it, too: {}", refusal.message))
        }
        SecondOpinion::Refuses(refusal) => {
            let code = if refusal.is_about_signature() {
                ReasonCode::LambdaDisagrees
            } else {
                ReasonCode::LambdaRefused
            };
            CheckResult::Fail(code, format!("{}: {}", refusal.exception, refusal.message))
        }
        SecondOpinion::Unavailable(why) => CheckResult::Inconclusive(
            ReasonCode::SecondOpinionUnknown,
            format!("Lambda could not be asked: {why}"),
        ),
    })
}
