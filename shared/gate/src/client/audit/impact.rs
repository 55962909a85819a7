//! What runs that a signing job or a version of a signing profile signed: the blast radius of a revocation.

use countersign_package::{ArnError, ProfileVersionArn, SigningJobArn};
use serde::Serialize;

use super::{judge::subjects_of, subject::Subject};
use crate::records::Posture;

/// Who or what signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Signer {
    /// One job: one package.
    Job(SigningJobArn),
    /// A version of a profile: all that it signed.
    ProfileVersion(ProfileVersionArn),
}

impl Signer {
    /// Reads the ARN of a job or of a version of a profile.
    pub fn parse(arn: &str) -> Result<Self, ArnError> {
        SigningJobArn::parse(arn)
            .map(Self::Job)
            .or_else(|_| ProfileVersionArn::parse(arn).map(Self::ProfileVersion))
    }

    /// The ARN.
    #[must_use]
    pub fn arn(&self) -> String {
        match self {
            Self::Job(arn) => arn.to_string(),
            Self::ProfileVersion(arn) => arn.to_string(),
        }
    }

    fn signed(&self, subject: &Subject) -> bool {
        let of = match self {
            Self::Job(_) => &subject.signing_job,
            Self::ProfileVersion(_) => &subject.signing_profile_version,
        };
        of.as_deref() == Some(&self.arn())
    }
}

/// A function or layer that runs what was signed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ImpactOn {
    /// `functions/<name>` or `layers/<name>`.
    pub subject: String,
    /// `CodeSha256` of what runs.
    pub code_sha256: Option<String>,
    /// The job that signed it.
    pub signing_job: Option<String>,
    /// The version of the profile that signed it.
    pub signing_profile_version: Option<String>,
    /// The upload that was deployed last.
    pub deployed: Option<String>,
    /// What it was deployed as.
    pub version: Option<String>,
}

/// What a signer's signatures are on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Impact {
    /// The ARN that was asked for.
    pub signer: String,
    /// `$LATEST` of functions, and newest versions of layers, that it signed.
    pub runs: Vec<ImpactOn>,
    /// The code signing configurations that list it, for a version of a profile.
    pub trusted_by: Vec<String>,
}

impl Impact {
    /// What the last sweep knows of it.
    #[must_use]
    pub fn of(signer: &Signer, posture: &Posture) -> Self {
        let arn = signer.arn();
        let runs = subjects_of(posture)
            .into_iter()
            .filter(|subject| signer.signed(subject))
            .map(|subject| ImpactOn {
                subject: subject.subject,
                code_sha256: subject.code_sha256,
                signing_job: subject.signing_job,
                signing_profile_version: subject.signing_profile_version,
                deployed: subject.deployed,
                version: subject.version,
            })
            .collect();
        let trusted_by = posture
            .configurations
            .iter()
            .filter(|csc| csc.publishers.contains(&arn))
            .map(|csc| csc.arn.clone())
            .collect();
        Self {
            signer: arn,
            runs,
            trusted_by,
        }
    }
}
