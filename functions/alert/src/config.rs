//! What `alert` is told by its environment.

use countersign_aws::shell::{
    environment::{ConfigError, Environment, Variables},
    settings::{bucket_name, checked, region, stack_name},
};
use countersign_gate::{
    alerts::{AlertSettings, OwnRoles},
    domain::{CscArn, NamePattern, ProfileName},
};

/// Everything that is set.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Config {
    pub(crate) settings: AlertSettings,
    pub(crate) topic_arn: String,
}

impl Config {
    /// Reads the environment, or tells everything that is wrong with it.
    pub(crate) fn read(variables: &Variables) -> Result<Self, ConfigError> {
        let mut environment = Environment::new(variables);
        let region = region(&mut environment);
        let stack = stack_name(&mut environment);
        let meaning = "the ARN of the SNS topic that people subscribe to";
        let topic_arn = environment.required("COUNTERSIGN_TOPIC_ARN", meaning, |text| {
            checked(text, is_topic(text), "the ARN of an SNS topic")
        });
        let meaning = "the name of the stack's records bucket";
        let records_bucket =
            environment.required("COUNTERSIGN_RECORDS_BUCKET", meaning, bucket_name);
        // Without a default: whoever is not known as the gate would page at each deployment.
        let meaning = "the ARNs of the roles of the stack's functions, separated by commas";
        let own_roles = environment.required("COUNTERSIGN_OWN_ROLES", meaning, OwnRoles::parse);
        let meaning = "the names of the functions that may be deployed to, such as shop-* or *";
        let functions =
            environment.optional("COUNTERSIGN_TARGET_FUNCTIONS", meaning, NamePattern::parse);
        let meaning = "the names of the layers that may be deployed to, such as shop-* or *";
        let layers = environment.optional("COUNTERSIGN_TARGET_LAYERS", meaning, NamePattern::parse);
        let meaning = "the name of the stack's signing profile";
        let signing_profile =
            environment.optional("COUNTERSIGN_SIGNING_PROFILE", meaning, ProfileName::parse);
        let meaning = "the ARN of the code signing configuration of the stack's functions";
        let csc = environment.optional("COUNTERSIGN_CSC_ARN", meaning, CscArn::parse);
        let meaning = "the ARN of the stack's key";
        let key_arn = environment.optional("COUNTERSIGN_KEY_ARN", meaning, |text| {
            checked(text, is_key(text), "the ARN of a key")
        });
        let config = (|| {
            region?;
            Some(Self {
                settings: AlertSettings {
                    stack: stack?,
                    records_bucket: records_bucket?,
                    own_roles: own_roles?,
                    functions: functions?,
                    layers: layers?,
                    signing_profile: signing_profile?,
                    csc: csc?,
                    key_arn: key_arn?,
                },
                topic_arn: topic_arn?,
            })
        })();
        environment.finish(config)
    }
}

/// `arn:<partition>:kms:<region>:<account>:key/<id>`
fn is_key(text: &str) -> bool {
    let parts: Vec<&str> = text.split(':').collect();
    matches!(parts.as_slice(), ["arn", _, "kms", _, _, key] if key.starts_with("key/"))
}

/// `arn:<partition>:sns:<region>:<account>:<name>`. A subscription's ARN has one part more.
fn is_topic(text: &str) -> bool {
    let parts: Vec<&str> = text.split(':').collect();
    matches!(parts.as_slice(), ["arn", _, "sns", _, _, name] if !name.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOPIC: &str = "arn:aws:sns:eu-west-1:111122223333:gate-pages";
    const ROLES: &str = "arn:aws:iam::111122223333:role/gate-SignRole-1X,arn:aws:iam::111122223333:role/gate-DeployRole-1X";

    fn variables(changed: &[(&str, &str)]) -> Variables {
        let mut variables: Variables = [
            ("AWS_REGION", "eu-west-1"),
            ("COUNTERSIGN_STACK", "gate"),
            ("COUNTERSIGN_TOPIC_ARN", TOPIC),
            ("COUNTERSIGN_RECORDS_BUCKET", "gate-records"),
            ("COUNTERSIGN_OWN_ROLES", ROLES),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into();
        variables.extend(
            changed
                .iter()
                .map(|&(name, value)| (name.to_owned(), value.to_owned())),
        );
        variables
    }

    #[test]
    fn environment_in_order_is_read() {
        let config = Config::read(&variables(&[])).unwrap();
        assert_eq!(config.topic_arn, TOPIC);
        assert_eq!(config.settings.stack, "gate");
        assert_eq!(config.settings.records_bucket, "gate-records");
        assert_eq!(config.settings.own_roles, OwnRoles::parse(ROLES).unwrap());
        // What is not set narrows nothing.
        assert_eq!(config.settings.functions, None);
        assert_eq!(config.settings.layers, None);
    }

    #[test]
    fn targets_profile_configuration_and_key_are_read() {
        let csc = "arn:aws:lambda:eu-west-1:111122223333:code-signing-config:csc-1";
        let key = "arn:aws:kms:eu-west-1:111122223333:key/5d1e";
        let config = Config::read(&variables(&[
            ("COUNTERSIGN_TARGET_FUNCTIONS", "shop-*"),
            ("COUNTERSIGN_TARGET_LAYERS", "base"),
            ("COUNTERSIGN_SIGNING_PROFILE", "gate"),
            ("COUNTERSIGN_CSC_ARN", csc),
            ("COUNTERSIGN_KEY_ARN", key),
        ]));
        let settings = config.unwrap().settings;
        assert_eq!(settings.functions, NamePattern::parse("shop-*").ok());
        assert_eq!(settings.layers, NamePattern::parse("base").ok());
        assert_eq!(settings.signing_profile, ProfileName::parse("gate").ok());
        assert_eq!(settings.csc, CscArn::parse(csc).ok());
        assert_eq!(settings.key_arn.as_deref(), Some(key));
    }

    #[test]
    fn subscription_is_no_topic() {
        for wrong in [
            "gate-pages",
            "arn:aws:sqs:eu-west-1:111122223333:q",
            &format!("{TOPIC}:id"),
        ] {
            let error = Config::read(&variables(&[("COUNTERSIGN_TOPIC_ARN", wrong)]));
            let error = error.unwrap_err().to_string();
            assert!(
                error.contains("is not the ARN of an SNS topic; set it to"),
                "{error}"
            );
        }
    }

    #[test]
    fn user_is_no_role_and_alias_is_no_key() {
        for (name, wrong) in [
            (
                "COUNTERSIGN_OWN_ROLES",
                "arn:aws:iam::111122223333:user/ann",
            ),
            ("COUNTERSIGN_OWN_ROLES", "gate-DeployRole-1X"),
            (
                "COUNTERSIGN_KEY_ARN",
                "arn:aws:kms:eu-west-1:111122223333:alias/gate",
            ),
        ] {
            assert!(
                Config::read(&variables(&[(name, wrong)])).is_err(),
                "{wrong}"
            );
        }
    }

    #[test]
    fn nothing_set_is_five_faults() {
        let error = Config::read(&Variables::new()).unwrap_err().to_string();
        assert!(error.contains("5 fault(s)"), "{error}");
    }
}
