//! Neither job nor profile is revoked for this signature.

use crate::{
    domain::{ProfileStatus, ReasonCode},
    verdict::{
        evidence::{Evidence, Fact},
        finding::CheckResult,
    },
};

pub(crate) fn revocation(evidence: &Evidence) -> CheckResult {
    let (job, profile) = match (&evidence.job, &evidence.profile) {
        (Fact::Known(job), _) if job.revocation.is_some() => (job, None),
        (Fact::Known(job), Fact::Known(profile)) => (job, Some(profile)),
        (Fact::NotAsked, _) | (_, Fact::NotAsked) => {
            return CheckResult::NotJudged("AWS was not asked whether it was revoked".to_owned());
        }
        (Fact::Unavailable(why), _) | (_, Fact::Unavailable(why)) => {
            return CheckResult::Inconclusive(
                ReasonCode::RevocationUnknown,
                format!("job or profile could not be read: {why}"),
            );
        }
    };
    if evidence.is_unsigned() {
        return CheckResult::NotJudged("there is no signature to revoke".to_owned());
    }
    if let Some(revocation) = &job.revocation {
        return CheckResult::Fail(
            ReasonCode::JobRevoked,
            format!(
                "the job {} was revoked at {}: {}",
                job.id, revocation.at, revocation.reason
            ),
        );
    }
    let Some(profile) = profile else {
        return CheckResult::NotJudged("AWS was not asked about the profile".to_owned());
    };
    if profile.version_arn.version() != job.profile_version {
        return CheckResult::Inconclusive(
            ReasonCode::RevocationUnknown,
            format!(
                "Signer tells the state of version {} of the profile {}; this was signed with {}",
                profile.version_arn.version(),
                job.profile,
                job.profile_version
            ),
        );
    }
    let signed_at = evidence
        .claims_to_judge()
        .and_then(|claims| claims.signed_at);
    match (&profile.status, signed_at) {
        (ProfileStatus::Active, _) => {
            CheckResult::Pass("neither the job nor the profile is revoked".to_owned())
        }
        (ProfileStatus::Canceled, _) => CheckResult::Pass(
            "the profile was canceled, which ends its signing and keeps what it signed".to_owned(),
        ),
        (ProfileStatus::Revoked { effective_from }, Some(signed_at))
            if signed_at < *effective_from =>
        {
            CheckResult::Pass(format!(
                "the profile is revoked from {effective_from}; this was signed before, at \
                 {signed_at}"
            ))
        }
        (ProfileStatus::Revoked { effective_from }, _) => CheckResult::Fail(
            ReasonCode::ProfileRevoked,
            format!("the profile is revoked for what was signed at or after {effective_from}"),
        ),
    }
}
