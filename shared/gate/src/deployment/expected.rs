//! What Lambda must report of a deployed package: deployed bytes are verified bytes.

use super::{function::failed, pending_deployment::PendingDeployment};
use crate::{
    domain::{CodeIdentity, ReasonCode, SigningJobId},
    outcome::EarlyExit,
    records::Deployed,
    verdict::{Check, Status, Verdict},
};
use countersign_package::SigningJobArn;

/// Verified bytes are deployed bytes, or someone is woken.
pub(super) fn check_deployed(
    case: &PendingDeployment,
    expected: &Expected,
    code: &CodeIdentity,
    verdict: &Verdict,
) -> Result<(), EarlyExit> {
    let difference = expected
        .difference(code)
        .or_else(|| expected.job_difference(&case.job.id, code.job_arn.as_deref()));
    match difference {
        None => Ok(()),
        Some(difference) => {
            let deployed = Deployed {
                code_sha256: code.sha256.clone(),
                ..Deployed::default()
            };
            Err(failed(ReasonCode::DeployedMismatch, difference, deployed, verdict).into())
        }
    }
}

/// What Lambda must report of a package that was deployed: verified bytes are deployed bytes.
///
/// ARNs are compared where they are proven; under Lambda's word the job's id is, and the rest is its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expected {
    pub(crate) code_sha256: String,
    pub(crate) job_arn: Option<String>,
    pub(crate) profile_version_arn: Option<String>,
}

impl Expected {
    /// As a recorded verdict has it; for a delivery that goes on where another was cut off.
    pub(crate) fn of_record(verdict: &Verdict) -> Self {
        let is_proven = verdict
            .finding(Check::Integrity)
            .is_some_and(|finding| finding.status == Status::Pass);
        let signature = verdict.signature.as_ref().filter(|_| is_proven);
        Self {
            code_sha256: verdict.package.sha256.clone(),
            job_arn: signature.map(|signature| signature.job_arn.clone()),
            profile_version_arn: signature.map(|signature| signature.profile_version_arn.clone()),
        }
    }

    /// Where no ARN is proven, under Lambda's word, the job is still known: the one that this upload
    /// started. Lambda must name it; its account and region are Lambda's own word.
    pub(crate) fn job_difference(
        &self,
        job: &SigningJobId,
        job_arn: Option<&str>,
    ) -> Option<String> {
        let reported = job_arn.and_then(|arn| SigningJobArn::parse(arn).ok());
        let is_same = reported.is_some_and(|arn| arn.job_id() == job.to_string());
        (self.job_arn.is_none() && !is_same).then(|| {
            let reported = job_arn.unwrap_or("absent");
            format!("SigningJobArn is {reported}, the job of the upload was {job}")
        })
    }

    /// What Lambda reports otherwise, in words; nothing when all is as verified.
    #[must_use]
    pub fn difference(&self, reported: &CodeIdentity) -> Option<String> {
        let pairs = [
            (
                "CodeSha256",
                Some(self.code_sha256.as_str()),
                Some(reported.sha256.as_str()),
            ),
            (
                "SigningJobArn",
                self.job_arn.as_deref(),
                reported.job_arn.as_deref(),
            ),
            (
                "SigningProfileVersionArn",
                self.profile_version_arn.as_deref(),
                reported.profile_version_arn.as_deref(),
            ),
        ];
        let differences: Vec<String> = pairs
            .into_iter()
            .filter(|(_, expected, reported)| expected.is_some() && expected != reported)
            .map(|(name, expected, reported)| {
                let or_absent = |text: Option<&str>| text.unwrap_or("absent").to_owned();
                format!(
                    "{name} is {}, verified was {}",
                    or_absent(reported),
                    or_absent(expected)
                )
            })
            .collect();
        (!differences.is_empty()).then(|| differences.join("; "))
    }
}
