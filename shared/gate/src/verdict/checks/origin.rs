//! The package is the uploaded one plus the signature.

use crate::{
    domain::ReasonCode,
    verdict::{
        evidence::{Evidence, Origin},
        finding::CheckResult,
        reasons,
    },
};

pub(crate) fn origin(evidence: &Evidence) -> CheckResult {
    match &evidence.package.origin {
        Origin::Judged(Ok(_)) => CheckResult::Pass(
            "it is the uploaded package plus the signature, and nothing else".into(),
        ),
        Origin::Judged(Err(error)) => {
            CheckResult::Fail(reasons::of_origin(error), error.to_string())
        }
        Origin::NotAsked => {
            CheckResult::NotJudged("the unsigned source was not given to compare with".to_owned())
        }
        Origin::Absent => CheckResult::Fail(
            ReasonCode::SourceAbsent,
            "the uploaded version that it was signed from no longer exists".to_owned(),
        ),
        Origin::Unavailable(why) => CheckResult::Inconclusive(
            ReasonCode::SourceUnknown,
            format!("the uploaded version could not be read: {why}"),
        ),
        Origin::Unjudged => {
            CheckResult::NotJudged("a zip that is not sound cannot be compared".to_owned())
        }
    }
}
