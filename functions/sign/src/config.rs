//! What `sign` is told by its environment.

use countersign_aws::function_runtime::{
    environment::{ConfigError, Environment, Variables},
    settings,
};
use countersign_gate::{admission::SignSettings, domain::Scope};
use countersign_package::Limits;

/// Everything that is set.
#[derive(Debug)]
pub(crate) struct Config {
    pub(crate) settings: SignSettings,
    pub(crate) event_bus: String,
}

impl Config {
    /// Reads the environment, or tells everything that is wrong with it.
    pub(crate) fn read(variables: &Variables) -> Result<Self, ConfigError> {
        let mut environment = Environment::new(variables);
        let stack = environment.stack();
        let event_bus = environment.read(&settings::EVENT_BUS);
        let profile = environment.read(&settings::SIGNING_PROFILE);
        let functions = environment.read(&settings::TARGET_FUNCTIONS);
        let layers = environment.read(&settings::TARGET_LAYERS);
        let tagged_profiles = environment.read(&settings::TAGGED_PROFILES);
        let requires_managed_tag = environment.read(&settings::REQUIRE_MANAGED_TAG);
        let config = (|| {
            Some(Self {
                settings: SignSettings {
                    stack: stack?,
                    profile: profile?,
                    scope: Scope {
                        functions: functions?,
                        layers: layers?,
                        tagged_profiles: tagged_profiles?,
                    },
                    requires_managed_tag: requires_managed_tag?,
                    limits: Limits::default(),
                },
                event_bus: event_bus?,
            })
        })();
        environment.finish(config)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn variables() -> Variables {
        [
            ("AWS_REGION", "eu-west-1"),
            ("COUNTERSIGN_STACK", "gate"),
            ("COUNTERSIGN_UPLOADS_BUCKET", "gate-uploads"),
            ("COUNTERSIGN_SIGNED_BUCKET", "gate-signed"),
            ("COUNTERSIGN_RECORDS_BUCKET", "gate-records"),
            ("COUNTERSIGN_SIGNING_PROFILE", "gate_profile"),
            ("COUNTERSIGN_TARGET_FUNCTIONS", "shop-*"),
            ("COUNTERSIGN_TARGET_LAYERS", "*"),
            ("COUNTERSIGN_EVENT_BUS", "gate-events"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into()
    }

    #[test]
    fn sound_environment_is_read() {
        let config = Config::read(&variables()).unwrap();
        assert_eq!(config.settings.profile.as_str(), "gate_profile");
        assert_eq!(config.settings.scope.functions.as_str(), "shop-*");
        assert_eq!(config.settings.scope.layers.as_str(), "*");
        assert_eq!(config.settings.scope.tagged_profiles, None);
        assert_eq!(config.settings.stack.signed_bucket, "gate-signed");
        assert_eq!(config.event_bus, "gate-events");
    }

    #[test]
    fn missing_variable_is_asked_for() {
        for name in variables().keys() {
            let mut variables = variables();
            variables.remove(name);
            let error = Config::read(&variables).unwrap_err().to_string();
            assert!(error.contains("1 fault(s)"), "{error}");
            assert!(
                error.contains(&format!("{name}: is not set; set it to")),
                "{error}"
            );
        }
    }

    #[test]
    fn profile_arn_is_no_name() {
        let mut variables = variables();
        let arn = "arn:aws:signer:eu-west-1:111122223333:/signing-profiles/p/Ab3dEf6hIj";
        variables.insert("COUNTERSIGN_SIGNING_PROFILE".to_owned(), arn.to_owned());
        let error = Config::read(&variables).unwrap_err().to_string();
        assert!(error.contains("is not a signing profile name"), "{error}");
    }
}
