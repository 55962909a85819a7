//! What `alert` is told by its environment.

use std::collections::BTreeSet;

use countersign_aws::function_runtime::{
    environment::{ConfigError, Environment, Variables},
    settings,
};
use countersign_gate::alerts::{AlertSettings, AwsLocation};

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
        let region = environment.read(&settings::REGION);
        let stack = environment.read(&settings::STACK);
        let topic_arn = environment.read(&settings::TOPIC_ARN);
        let records_bucket = environment.read(&settings::RECORDS_BUCKET);
        let own_roles = environment.read(&settings::OWN_ROLES);
        let peer_roles = environment.read(&settings::PEER_ROLES);
        let functions = environment.read(&settings::TARGET_FUNCTIONS);
        let layers = environment.read(&settings::TARGET_LAYERS);
        let signing_profile = environment.read(&settings::SIGNING_PROFILE);
        let tagged_profiles = environment.read(&settings::TAGGED_PROFILES);
        let csc = environment.read(&settings::CSC_ARN);
        let key_arn = environment.read(&settings::KEY_ARN);
        let success_notices = environment.read(&settings::SUCCESS_NOTICES);
        let repeat_interval = environment.read(&settings::REPEAT_INTERVAL);
        let only_warns = environment.read(&settings::UNTRUSTED_CODE);
        let https_pages = environment.read(&settings::HTTPS_PAGES);
        let runbook_url = environment.read(&settings::RUNBOOK_URL);
        let config = (|| {
            region?;
            let topic_arn = topic_arn?;
            Some(Self {
                settings: AlertSettings {
                    stack: stack?,
                    records_bucket: records_bucket?,
                    own_roles: own_roles?,
                    peer_roles: peer_roles?,
                    functions: Some(functions?),
                    under_own_csc: BTreeSet::new(),
                    layers: Some(layers?),
                    signing_profile: Some(signing_profile?),
                    other_profiles: tagged_profiles?.into_iter().collect(),
                    csc: csc?,
                    key_arn: key_arn?,
                    success_notices: success_notices?,
                    repeat_interval: repeat_interval?,
                    only_warns: only_warns?,
                    https_pages: https_pages?,
                    runbook_url: runbook_url?,
                    place: place_of(&topic_arn),
                },
                topic_arn,
            })
        })();
        environment.finish(config)
    }
}

/// Partition, region and account of `arn:<partition>:sns:<region>:<account>:<name>`.
fn place_of(topic_arn: &str) -> Option<AwsLocation> {
    let mut parts = topic_arn.split(':').skip(1);
    let (partition, _, region, account) =
        (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    Some(AwsLocation {
        partition: partition.to_owned(),
        region: region.to_owned(),
        account: account.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use countersign_gate::{
        alerts::RoleList,
        domain::{CscArn, NamePattern, ProfileName},
    };

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
            ("COUNTERSIGN_TARGET_FUNCTIONS", "shop-*"),
            ("COUNTERSIGN_TARGET_LAYERS", "base"),
            ("COUNTERSIGN_SIGNING_PROFILE", "gate"),
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
        let place = config.settings.place.as_ref().unwrap();
        assert_eq!(
            (place.partition.as_str(), place.region.as_str()),
            ("aws", "eu-west-1")
        );
        assert_eq!(place.account, "111122223333");
        assert_eq!(config.settings.stack, "gate");
        assert_eq!(config.settings.records_bucket, "gate-records");
        assert_eq!(config.settings.own_roles, RoleList::parse(ROLES).unwrap());
    }

    #[test]
    fn targets_profile_configuration_and_key_are_read() {
        let csc = "arn:aws:lambda:eu-west-1:111122223333:code-signing-config:csc-1";
        let key = "arn:aws:kms:eu-west-1:111122223333:key/5d1e";
        let config = Config::read(&variables(&[
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
    fn roles_of_other_gates_and_tagged_profiles_are_read() {
        let none = Config::read(&variables(&[])).unwrap().settings;
        assert_eq!(none.peer_roles, RoleList::none());
        assert!(none.other_profiles.is_empty());
        let config = Config::read(&variables(&[
            ("COUNTERSIGN_PEER_ROLES", ROLES),
            ("COUNTERSIGN_TAGGED_PROFILES", "team_*"),
        ]));
        let settings = config.unwrap().settings;
        assert_eq!(settings.peer_roles, RoleList::parse(ROLES).unwrap());
        let team = NamePattern::parse("team_*").unwrap();
        assert_eq!(settings.other_profiles, [team]);
        let wrong = [("COUNTERSIGN_PEER_ROLES", "other-DeployRole-1X")];
        assert!(Config::read(&variables(&wrong)).is_err());
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
    fn nothing_set_is_eight_faults() {
        let error = Config::read(&Variables::new()).unwrap_err().to_string();
        assert!(error.contains("8 fault(s)"), "{error}");
    }
}
