//! The proof that effects ask for.

use countersign_package::{SigningJobArn, VerifiedPackage, origin::OriginProof};

use crate::{
    decide::{decide, stands_on_lambdas_word},
    evidence::{Evidence, Fact, Integrity, Origin, SecondOpinion},
    names::SigningJobId,
    ports::{CodeIdentity, SignedObject},
    target::Target,
    upload::Upload,
    verdict::{Check, Status, Verdict},
};

/// What a package would be deployed as.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// What it would be deployed to.
    pub target: Target,
    /// The upload that it comes from.
    pub upload: Upload,
    /// The object version that the examined bytes were read from.
    pub signed: SignedObject,
}

/// A package that was judged and may be deployed: to this target, from this object version, with
/// these bytes. Made only by [`judge`], and only with proofs that nothing but verifying can make; so an
/// effect that skips a check does not compile.
#[derive(Clone, Debug)]
pub struct Approved {
    candidate: Candidate,
    /// Absent only when Lambda's word stands for our integrity finding.
    verified: Option<VerifiedPackage>,
    origin: OriginProof,
}

/// A verdict, and what it permits.
#[derive(Clone, Debug)]
pub struct Judgement {
    /// The verdict.
    pub verdict: Verdict,
    /// There exactly when the verdict accepts and everything that a deployment needs was judged.
    pub approved: Option<Approved>,
}

/// Decides about a candidate, and makes the proof that effects ask for.
#[must_use]
pub fn judge(evidence: &Evidence, candidate: Candidate) -> Judgement {
    let verdict = decide(evidence);
    let approved = if verdict.decision.accepts() {
        approve(evidence, candidate)
    } else {
        None
    };
    Judgement { verdict, approved }
}

/// What acceptance alone does not give: an offline verdict may accept without a source, a job or a
/// second opinion; a deployment may not.
fn approve(evidence: &Evidence, candidate: Candidate) -> Option<Approved> {
    let Origin::Judged(Ok(origin)) = &evidence.package.origin else {
        return None;
    };
    let verified = match &evidence.package.integrity {
        Integrity::Verified(verified) => Some(verified.clone()),
        _ if stands_on_lambdas_word(evidence) => None,
        _ => return None,
    };
    let Fact::Known(_) = &evidence.job else {
        return None;
    };
    let is_asked = match candidate.target {
        Target::Function(_) => evidence.second_opinion == SecondOpinion::Takes,
        // Lambda has no opinion on a layer until it is attached.
        Target::Layer(_) => true,
    };
    let is_of_this_upload = Target::from_key(&candidate.upload.id.key).as_ref()
        == Ok(&candidate.target)
        && origin.signed_sha256().to_string() == evidence.package.sha256;
    (is_asked && is_of_this_upload).then(|| Approved {
        candidate,
        verified,
        origin: origin.clone(),
    })
}

impl Approved {
    /// What it may be deployed to.
    #[must_use]
    pub fn target(&self) -> &Target {
        &self.candidate.target
    }

    /// The upload that it comes from.
    #[must_use]
    pub fn upload(&self) -> &Upload {
        &self.candidate.upload
    }

    /// The object version that was read and judged: Lambda must be given this one.
    #[must_use]
    pub fn signed(&self) -> &SignedObject {
        &self.candidate.signed
    }

    /// What Lambda must report as `CodeSha256` afterwards.
    #[must_use]
    pub fn code_sha256(&self) -> String {
        self.origin.signed_sha256().to_string()
    }

    /// Base64 of the SHA-256 of the unsigned upload.
    #[must_use]
    pub fn source_sha256(&self) -> String {
        self.origin.source_sha256().to_string()
    }

    /// The verified package, unless Lambda's word stands for it.
    #[must_use]
    pub fn verified(&self) -> Option<&VerifiedPackage> {
        self.verified.as_ref()
    }

    /// What Lambda must report of it afterwards.
    #[must_use]
    pub fn expected(&self) -> Expected {
        let claims = self.verified.as_ref().map(VerifiedPackage::claims);
        Expected {
            code_sha256: self.code_sha256(),
            job_arn: claims.map(|claims| claims.job().to_string()),
            profile_version_arn: claims.map(|claims| claims.profile_version().to_string()),
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
