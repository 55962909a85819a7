//! The contents are what the signer signed, and the chain leads to a trust anchor.

use crate::verdict::{
    evidence::{Evidence, Integrity},
    finding::CheckResult,
    reasons,
};
use countersign_package::IntegrityError;

pub(crate) fn integrity(evidence: &Evidence) -> CheckResult {
    match &evidence.package.integrity {
        Integrity::Verified(verified) => CheckResult::Pass(format!(
            "signed at {} by {}, and unchanged since",
            verified.claims().signed_at(),
            verified.claims().profile_version()
        )),
        Integrity::Failed {
            error: IntegrityError::Unsigned,
            ..
        } => CheckResult::NotJudged("there is no signature to verify".to_owned()),
        Integrity::Failed { error, .. } => {
            let mut message = error.to_string();
            if evidence.lambda_overrides_integrity() {
                message.push_str(
                    "; deployed on Lambda's word, because the stack is set to \
                     COUNTERSIGN_INTEGRITY_AUTHORITY=lambda",
                );
            }
            CheckResult::Fail(reasons::of_integrity(error), message)
        }
        Integrity::Unjudged => CheckResult::NotJudged(
            "a zip that is not sound has no one content to verify".to_owned(),
        ),
    }
}
