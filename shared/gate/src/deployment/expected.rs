//! What Lambda must report of a deployed package: deployed bytes are verified bytes.

use countersign_package::{SigningJobArn, VerifiedPackage};

use crate::{
    domain::{CodeIdentity, SigningJobId},
    verdict::Verified,
};

/// What Lambda must report of a package that was deployed.
///
/// ARNs are compared where they are proven. Where Lambda's dry run overrides our integrity finding, no ARN
/// is; the job is still known, and only its id is compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExpectedCode {
    pub(super) code_sha256: String,
    pub(super) job_arn: Option<String>,
    pub(super) profile_version_arn: Option<String>,
    job: SigningJobId,
}

impl ExpectedCode {
    /// What was verified, signed by this job.
    #[must_use]
    pub fn of(verified: &Verified, job: &SigningJobId) -> Self {
        let claims = verified.package().map(VerifiedPackage::claims);
        Self {
            code_sha256: verified.code_sha256(),
            job_arn: claims.map(|claims| claims.job().to_string()),
            profile_version_arn: claims.map(|claims| claims.profile_version().to_string()),
            job: job.clone(),
        }
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
        if differences.is_empty() {
            self.job_difference(reported.job_arn.as_deref())
        } else {
            Some(differences.join("; "))
        }
    }

    fn job_difference(&self, job_arn: Option<&str>) -> Option<String> {
        let reported = job_arn.and_then(|arn| SigningJobArn::parse(arn).ok());
        let is_same = reported.is_some_and(|arn| arn.job_id() == self.job.as_str());
        (self.job_arn.is_none() && !is_same).then(|| {
            let reported = job_arn.unwrap_or("absent");
            format!(
                "SigningJobArn is {reported}, the job of the upload was {}",
                self.job
            )
        })
    }
}
