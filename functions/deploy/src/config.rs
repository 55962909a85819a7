//! What `deploy` is told by its environment.

use countersign_aws::shell::{
    environment::{ConfigError, Environment, Variables},
    settings::{event_bus, max_receives, stack},
};
use countersign_gate::{
    deployment::{CanaryPolicy, DeploySettings},
    domain::CscArn,
    verdict::{IntegrityAuthority, PackageExaminer, Policy, WithoutCsc},
};
use countersign_package::{Limits, TrustRoots};

/// Everything that is set.
#[derive(Debug)]
pub(crate) struct Config {
    pub(crate) settings: DeploySettings,
    pub(crate) core: PackageExaminer,
    pub(crate) event_bus: String,
    pub(crate) max_receives: u32,
}

impl Config {
    /// Reads the environment, or tells everything that is wrong with it.
    pub(crate) fn read(variables: &Variables) -> Result<Self, ConfigError> {
        let mut environment = Environment::new(variables);
        let stack = stack(&mut environment);
        let event_bus = event_bus(&mut environment);
        let max_receives = max_receives(&mut environment);
        // The safe choice stands first, and is what a variable that is left out means.
        let without_csc = environment.choice(
            "COUNTERSIGN_TARGET_WITHOUT_CSC",
            &[("reject", WithoutCsc::Reject), ("allow", WithoutCsc::Allow)],
        );
        let integrity_authority = environment.choice(
            "COUNTERSIGN_INTEGRITY_AUTHORITY",
            &[
                ("countersign", IntegrityAuthority::Countersign),
                ("lambda", IntegrityAuthority::Lambda),
            ],
        );
        let layer_csc = environment.optional(
            "COUNTERSIGN_LAYER_CSC_ARN",
            "the ARN of the code signing configuration that layers are judged by",
            CscArn::parse,
        );
        let new_function_csc = environment.optional(
            "COUNTERSIGN_NEW_FUNCTION_CSC_ARN",
            "the ARN of the code signing configuration that uploads for new functions are judged by",
            CscArn::parse,
        );
        let canary = environment.choice(
            "COUNTERSIGN_CANARY_ON_ALIAS",
            &[
                ("wait", CanaryPolicy::Wait),
                ("refuse", CanaryPolicy::Refuse),
                ("takeover", CanaryPolicy::TakeOver),
            ],
        );
        let roots = environment.optional(
            "COUNTERSIGN_TRUST_ROOTS",
            "one or more certificates in PEM, which replace the built-in root of AWS",
            |pem| TrustRoots::from_pem(pem.as_bytes()),
        );
        let config = (|| {
            Some(Self {
                settings: DeploySettings {
                    stack: stack?,
                    policy: Policy {
                        without_csc: without_csc?,
                        integrity_authority: integrity_authority?,
                    },
                    layer_csc: layer_csc?,
                    new_function_csc: new_function_csc?,
                    canary: canary?,
                },
                core: PackageExaminer::new(Limits::default(), roots?),
                event_bus: event_bus?,
                max_receives: max_receives?,
            })
        })();
        environment.finish(config)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn variables(more: &[(&str, &str)]) -> Variables {
        let mut variables: Variables = [
            ("AWS_REGION", "eu-west-1"),
            ("COUNTERSIGN_STACK", "gate"),
            ("COUNTERSIGN_UPLOADS_BUCKET", "gate-uploads"),
            ("COUNTERSIGN_SIGNED_BUCKET", "gate-signed"),
            ("COUNTERSIGN_RECORDS_BUCKET", "gate-records"),
            ("COUNTERSIGN_MAX_RECEIVES", "5"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into();
        variables.extend(
            more.iter()
                .map(|&(name, value)| (name.to_owned(), value.to_owned())),
        );
        variables
    }

    #[test]
    fn what_is_left_out_is_the_safe_choice() {
        let config = Config::read(&variables(&[])).unwrap();
        assert_eq!(config.settings.policy.without_csc, WithoutCsc::Reject);
        assert_eq!(
            config.settings.policy.integrity_authority,
            IntegrityAuthority::Countersign
        );
        assert_eq!(config.settings.layer_csc, None);
    }

    #[test]
    fn what_is_set_is_taken() {
        let arn = "arn:aws:lambda:eu-west-1:111122223333:code-signing-config:csc-1";
        let config = Config::read(&variables(&[
            ("COUNTERSIGN_TARGET_WITHOUT_CSC", "allow"),
            ("COUNTERSIGN_INTEGRITY_AUTHORITY", "lambda"),
            ("COUNTERSIGN_LAYER_CSC_ARN", arn),
            ("COUNTERSIGN_EVENT_BUS", "gate-events"),
        ]))
        .unwrap();
        assert_eq!(config.settings.policy.without_csc, WithoutCsc::Allow);
        assert_eq!(
            config.settings.policy.integrity_authority,
            IntegrityAuthority::Lambda
        );
        assert_eq!(config.settings.layer_csc.unwrap().as_str(), arn);
        assert_eq!(config.event_bus, "gate-events");
    }

    #[test]
    fn no_misspelling_falls_back_to_a_default() {
        let error = Config::read(&variables(&[
            ("COUNTERSIGN_TARGET_WITHOUT_CSC", "Reject"),
            ("COUNTERSIGN_INTEGRITY_AUTHORITY", "aws"),
            ("COUNTERSIGN_LAYER_CSC_ARN", "csc-1"),
            ("COUNTERSIGN_TRUST_ROOTS", "not a certificate"),
            ("COUNTERSIGN_TARGET_WITHOUT_CSK", "allow"),
        ]))
        .unwrap_err()
        .to_string();
        for fault in [
            "5 fault(s)",
            "COUNTERSIGN_TARGET_WITHOUT_CSC: is \"Reject\"; set it to one of: reject, allow",
            "COUNTERSIGN_INTEGRITY_AUTHORITY: is \"aws\"; set it to one of: countersign, lambda",
            "COUNTERSIGN_LAYER_CSC_ARN: ",
            "COUNTERSIGN_TRUST_ROOTS: ",
            "COUNTERSIGN_TARGET_WITHOUT_CSK: no function of the gate knows this variable",
        ] {
            assert!(error.contains(fault), "{fault} is not in {error}");
        }
    }
}
