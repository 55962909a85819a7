//! The signature has not expired.

use crate::{
    domain::ReasonCode,
    verdict::{evidence::Evidence, finding::CheckResult},
};
use jiff::SignedDuration;

/// How much later than the time of the verdict a signature may say that it was made: Signer's clock and
/// ours are not one. Beyond that one of the two is wrong, and an expiry cannot be held against it.
const MAX_CLOCK_SKEW: SignedDuration = SignedDuration::from_mins(5);

pub(crate) fn expiry(evidence: &Evidence) -> CheckResult {
    let claims = evidence.claims_to_judge();
    let Some((signed_at, expires_at)) =
        claims.and_then(|claims| Some((claims.signed_at, claims.expires_at?)))
    else {
        return CheckResult::NotJudged("there is no expiry that is proven".to_owned());
    };
    if let Some(signed_at) = signed_at
        && signed_at.duration_since(evidence.now) > MAX_CLOCK_SKEW
    {
        return CheckResult::Inconclusive(
            ReasonCode::ExpiryUnknown,
            format!(
                "the signature says that it was made at {signed_at}; it is judged at {}, before that",
                evidence.now
            ),
        );
    }
    if expires_at <= evidence.now {
        CheckResult::Fail(
            ReasonCode::SignatureExpired,
            format!(
                "the signature expired at {expires_at}; it is {} now",
                evidence.now
            ),
        )
    } else {
        CheckResult::Pass(format!("the signature is valid until {expires_at}"))
    }
}
