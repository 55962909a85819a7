//! Job and profile in the signature are those of the signing job that was started.

use crate::{
    domain::ReasonCode,
    verdict::{
        evidence::{Evidence, Fact},
        finding::CheckResult,
    },
};

pub(crate) fn claims(evidence: &Evidence) -> CheckResult {
    let job = match &evidence.job {
        Fact::Known(job) => job,
        // Whichever job it would be compared with.
        Fact::NotAsked if evidence.is_unsigned() => {
            return CheckResult::Fail(
                ReasonCode::Unsigned,
                "the package is not signed, and the gate deploys only what a signing job made"
                    .to_owned(),
            );
        }
        Fact::NotAsked => {
            return CheckResult::NotJudged("no signing job was given to compare with".to_owned());
        }
        Fact::Unavailable(why) => {
            return CheckResult::Inconclusive(
                ReasonCode::JobUnknown,
                format!("the signing job could not be read: {why}"),
            );
        }
    };
    let Some(claims) = evidence.package.proven_claims() else {
        return if evidence.is_unsigned() {
            CheckResult::Fail(
                ReasonCode::JobLeftUnsigned,
                format!(
                    "the signing job {} succeeded, and the package is not signed",
                    job.id
                ),
            )
        } else {
            CheckResult::NotJudged("nothing in the signature is proven".to_owned())
        };
    };
    if claims.job().job_id() != job.id.as_str() || claims.job().account() != job.owner {
        return CheckResult::Fail(
            ReasonCode::JobMismatch,
            format!(
                "it was signed by {}, not by the job {}",
                claims.job(),
                job.id
            ),
        );
    }
    let publisher = claims.profile_version();
    if publisher.profile_name() != job.profile.as_str()
        || publisher.version() != job.profile_version
    {
        return CheckResult::Fail(
            ReasonCode::ProfileMismatch,
            format!(
                "it was signed with {publisher}; the job says {}/{}",
                job.profile, job.profile_version
            ),
        );
    }
    CheckResult::Pass(format!(
        "it was signed by the job {} that was started for it",
        job.id
    ))
}
