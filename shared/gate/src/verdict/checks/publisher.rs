//! The signing profile version is an allowed publisher.

use crate::{
    domain::ReasonCode,
    verdict::{
        evidence::{Evidence, Fact},
        finding::CheckResult,
    },
};

pub(crate) fn publisher(evidence: &Evidence) -> CheckResult {
    let csc = match &evidence.csc {
        Fact::Known(Some(csc)) => csc,
        Fact::Known(None) => {
            return CheckResult::Fail(
                ReasonCode::NoCodeSigningConfig,
                "the target has no code signing configuration, so nobody is an allowed publisher"
                    .to_owned(),
            );
        }
        Fact::Unavailable(why) => {
            return CheckResult::Inconclusive(
                ReasonCode::CscUnknown,
                format!("the code signing configuration could not be read: {why}"),
            );
        }
        // Only a configuration that says Warn lets an unsigned package through.
        Fact::NotAsked if evidence.is_unsigned() => {
            return CheckResult::Fail(
                ReasonCode::Unsigned,
                "the package is not signed, and no configuration was given that would allow that"
                    .to_owned(),
            );
        }
        Fact::NotAsked => {
            return CheckResult::NotJudged(
                "no code signing configuration was given, so publishers are not judged".to_owned(),
            );
        }
    };
    if evidence.is_unsigned() {
        return CheckResult::Fail(
            ReasonCode::Unsigned,
            "the package is not signed, so it has no publisher".to_owned(),
        );
    }
    let Some(claims) = evidence.claims_to_judge() else {
        return CheckResult::NotJudged("there is no publisher that is proven".to_owned());
    };
    if csc.allows(&claims.publisher) {
        CheckResult::Pass(format!("{} is an allowed publisher", claims.publisher))
    } else {
        CheckResult::Fail(
            ReasonCode::PublisherNotAllowed,
            format!("{} is not among the allowed publishers", claims.publisher),
        )
    }
}
