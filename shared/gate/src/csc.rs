//! A code signing configuration: who may sign, and how strict AWS is about it.

use std::collections::BTreeSet;

use countersign_package::ProfileVersionArn;
use serde::{Deserialize, Serialize};

use crate::names::CscArn;

/// What AWS does with a package whose signature is expired, foreign, missing or revoked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum CscPolicy {
    /// It is refused.
    Enforce,
    /// It is deployed, and counted. AWS's default.
    Warn,
}

/// A code signing configuration as Lambda has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Csc {
    arn: Option<CscArn>,
    policy: CscPolicy,
    publishers: BTreeSet<String>,
}

/// What is wrong with a configuration given as JSON.
#[derive(Debug, thiserror::Error)]
#[error("this is not what `aws lambda get-code-signing-config` prints")]
pub struct CscError(#[from] serde_json::Error);

impl Csc {
    /// A configuration. `publishers` are signing profile version ARNs as Lambda lists them; AWS takes
    /// ARNs that do not exist (grade C), so they are kept as written, and one that is no ARN at all
    /// simply matches nothing.
    #[must_use]
    pub fn new(
        arn: Option<CscArn>,
        policy: CscPolicy,
        publishers: impl IntoIterator<Item = String>,
    ) -> Self {
        Self {
            arn,
            policy,
            publishers: publishers.into_iter().collect(),
        }
    }

    /// Reads what `aws lambda get-code-signing-config` prints, with or without the outer
    /// `CodeSigningConfig`. An unknown policy is an error, not a default.
    pub fn from_aws_json(json: &[u8]) -> Result<Self, CscError> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Document {
            #[serde(rename_all = "PascalCase")]
            Outer {
                code_signing_config: Config,
            },
            Bare(Config),
        }
        #[derive(Deserialize)]
        #[serde(rename_all = "PascalCase")]
        struct Config {
            code_signing_config_arn: Option<CscArn>,
            allowed_publishers: Publishers,
            code_signing_policies: Policies,
        }
        #[derive(Deserialize)]
        #[serde(rename_all = "PascalCase")]
        struct Publishers {
            signing_profile_version_arns: Vec<String>,
        }
        #[derive(Deserialize)]
        #[serde(rename_all = "PascalCase")]
        struct Policies {
            untrusted_artifact_on_deployment: CscPolicy,
        }
        let (Document::Outer {
            code_signing_config: config,
        }
        | Document::Bare(config)) = serde_json::from_slice(json)?;
        Ok(Self::new(
            config.code_signing_config_arn,
            config
                .code_signing_policies
                .untrusted_artifact_on_deployment,
            config.allowed_publishers.signing_profile_version_arns,
        ))
    }

    /// The configuration's own ARN, when it is known.
    #[must_use]
    pub fn arn(&self) -> Option<&CscArn> {
        self.arn.as_ref()
    }

    /// Warn or Enforce.
    #[must_use]
    pub fn policy(&self) -> CscPolicy {
        self.policy
    }

    /// The allowed publishers, in order.
    pub fn publishers(&self) -> impl Iterator<Item = &str> {
        self.publishers.iter().map(String::as_str)
    }

    /// Whether this very profile version may sign. ARNs are compared whole: another account, region,
    /// partition or version is another publisher.
    #[must_use]
    pub fn allows(&self, publisher: &ProfileVersionArn) -> bool {
        self.publishers.contains(&publisher.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PRINTED: &str = r#"{"CodeSigningConfig":{"CodeSigningConfigId":"csc-1",
        "CodeSigningConfigArn":"arn:aws:lambda:eu-west-1:111122223333:code-signing-config:csc-1",
        "Description":"","AllowedPublishers":{"SigningProfileVersionArns":
        ["arn:aws:signer:eu-west-1:111122223333:/signing-profiles/team/AbCdEfGh12"]},
        "CodeSigningPolicies":{"UntrustedArtifactOnDeployment":"Enforce"},
        "LastModified":"2026-11-21T21:44:00.000+0000"}}"#;

    #[test]
    fn what_the_aws_command_prints_is_understood() {
        let csc = Csc::from_aws_json(PRINTED.as_bytes()).unwrap();
        assert_eq!(csc.policy(), CscPolicy::Enforce);
        assert_eq!(csc.publishers().count(), 1);
        assert!(csc.arn().is_some());
    }

    #[test]
    fn a_policy_that_is_not_known_is_no_policy() {
        let odd = PRINTED.replace("Enforce", "enforce");
        assert!(Csc::from_aws_json(odd.as_bytes()).is_err());
        assert!(Csc::from_aws_json(b"{}").is_err());
    }
}
