//! What `sweep` is told by its environment.

use std::collections::BTreeSet;

use countersign_aws::function_runtime::{
    environment::{ConfigError, Environment, Variables},
    settings,
};
use countersign_gate::{
    domain::Scope,
    records::SettingsPosture,
    sweep::{DailyProbeSettings, SweepSettings},
};
use countersign_package::{Certificate, TrustRoots};

/// Everything that is set.
#[derive(Debug)]
pub(crate) struct Config {
    pub(crate) settings: SweepSettings,
    pub(crate) event_bus: String,
    pub(crate) sign_queue: String,
    pub(crate) deploy_queue: String,
}

impl Config {
    /// Reads the environment, or tells everything that is wrong with it.
    pub(crate) fn read(variables: &Variables) -> Result<Self, ConfigError> {
        let mut environment = Environment::new(variables);
        let stack = environment.stack();
        let event_bus = environment.read(&settings::EVENT_BUS);
        let sign_queue = environment.read(&settings::SIGN_QUEUE);
        let deploy_queue = environment.read(&settings::DEPLOY_QUEUE);
        let functions = environment.read(&settings::TARGET_FUNCTIONS);
        let layers = environment.read(&settings::TARGET_LAYERS);
        let csc = environment.read(&settings::CSC_ARN);
        let new_function_csc = environment.read(&settings::NEW_FUNCTION_CSC_ARN);
        let without_csc = environment.read(&settings::TARGET_WITHOUT_CSC);
        let weaker_parameters = environment.read(&settings::WEAKER_PARAMETERS);
        let patience = environment.read(&settings::UPLOAD_PATIENCE);
        let probe_function = environment.read(&settings::PROBE_FUNCTION);
        let quota_share = environment.read(&settings::SWEEP_QUOTA);
        let summary_key = environment.read(&settings::SUMMARY_KEY_ARN);
        let heeds_freezes = environment.read(&settings::FREEZES);
        let trust_roots = environment.read(&settings::TRUST_ROOTS);
        let trust_roots = trust_roots.map(|roots| roots.unwrap_or_else(TrustRoots::aws));
        let peer_roles = environment.read(&settings::PEER_ROLES);
        let watched = (|| {
            Some(SettingsPosture {
                target_functions: functions.as_ref()?.as_str().to_owned(),
                target_layers: layers.as_ref()?.as_str().to_owned(),
                peer_roles: peer_roles?.arns_without_paths(),
                trust_roots: fingerprints(trust_roots.as_ref()?),
            })
        })();
        let config = (|| {
            Some(Self {
                settings: SweepSettings {
                    stack: stack?,
                    scope: Scope {
                        functions: functions?,
                        layers: layers?,
                        tagged_profiles: None,
                    },
                    cscs: csc?.into_iter().chain(new_function_csc?).collect(),
                    without_csc: without_csc?,
                    weaker_parameters: weaker_parameters?,
                    patience: patience?,
                    watched: watched?,
                    daily_probe: probe_function?
                        .zip(trust_roots)
                        .map(|(function, roots)| DailyProbeSettings { function, roots }),
                    quota_share: quota_share?,
                    heeds_freezes: heeds_freezes?,
                    summarizes: summary_key?.is_some(),
                },
                event_bus: event_bus?,
                sign_queue: sign_queue?,
                deploy_queue: deploy_queue?,
            })
        })();
        environment.finish(config)
    }
}

/// SHA-256 of each root's certificate.
fn fingerprints(roots: &TrustRoots) -> BTreeSet<String> {
    let certificates = roots.certificates().iter();
    certificates.map(Certificate::sha256_hex).collect()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use countersign_gate::{
        domain::{CscArn, WeakerParameter},
        ports::QuotaShare,
        verdict::MissingCscPolicy,
    };

    use super::*;

    const QUEUE: &str = "https://sqs.eu-west-1.amazonaws.com/111122223333/gate-sign";

    fn variables() -> Variables {
        [
            ("AWS_REGION", "eu-west-1"),
            ("COUNTERSIGN_STACK", "gate"),
            ("COUNTERSIGN_UPLOADS_BUCKET", "gate-uploads"),
            ("COUNTERSIGN_SIGNED_BUCKET", "gate-signed"),
            ("COUNTERSIGN_RECORDS_BUCKET", "gate-records"),
            ("COUNTERSIGN_EVENT_BUS", "gate-events"),
            ("COUNTERSIGN_SIGN_QUEUE", QUEUE),
            ("COUNTERSIGN_DEPLOY_QUEUE", QUEUE),
            ("COUNTERSIGN_TARGET_FUNCTIONS", "shop-*"),
            ("COUNTERSIGN_TARGET_LAYERS", "*"),
            ("COUNTERSIGN_UPLOAD_PATIENCE_SECONDS", "600"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into()
    }

    #[test]
    fn sound_environment_is_read() {
        let config = Config::read(&variables()).unwrap();
        assert_eq!(config.settings.patience, Duration::from_mins(10));
        assert_eq!(config.settings.scope.functions.as_str(), "shop-*");
        assert_eq!(config.settings.without_csc, MissingCscPolicy::Reject);
        assert_eq!(config.settings.cscs, []);
        assert_eq!(config.event_bus, "gate-events");
        assert_eq!(config.sign_queue, QUEUE);
    }

    #[test]
    fn configurations_of_the_stack_are_read() {
        let csc = |end: char| {
            format!(
                "arn:aws:lambda:eu-west-1:111122223333:code-signing-config:csc-0123456789abcdef{end}"
            )
        };
        let mut variables = variables();
        variables.insert("COUNTERSIGN_CSC_ARN".to_owned(), csc('0'));
        variables.insert("COUNTERSIGN_NEW_FUNCTION_CSC_ARN".to_owned(), csc('1'));
        let config = Config::read(&variables).unwrap();
        let found: Vec<&str> = config.settings.cscs.iter().map(CscArn::as_str).collect();
        assert_eq!(found, [csc('0'), csc('1')]);
    }

    #[test]
    fn settings_for_comparison_are_read() {
        let mut variables = variables();
        let watched = Config::read(&variables).unwrap().settings.watched;
        assert_eq!(watched.target_functions, "shop-*");
        assert_eq!(watched.target_layers, "*");
        assert!(watched.peer_roles.is_empty());
        let built_in = watched.trust_roots;
        assert_eq!(built_in, fingerprints(&TrustRoots::aws()));
        assert!(!built_in.is_empty());
        // The path of a role makes it no other.
        let roles = "arn:aws:iam::111122223333:role/path/gate-SignRole-1X,arn:aws:iam::111122223333:role/gate-DeployRole-1X";
        variables.insert("COUNTERSIGN_PEER_ROLES".to_owned(), roles.to_owned());
        let watched = Config::read(&variables).unwrap().settings.watched;
        let found: Vec<&str> = watched.peer_roles.iter().map(String::as_str).collect();
        let expected = ["DeployRole", "SignRole"]
            .map(|role| format!("arn:aws:iam::111122223333:role/gate-{role}-1X"));
        assert_eq!(found, expected);
    }

    #[test]
    fn weaker_parameters_are_read() {
        let config = Config::read(&variables()).unwrap();
        assert_eq!(config.settings.weaker_parameters, []);
        let name = "COUNTERSIGN_WEAKER_PARAMETERS";
        let mut variables = variables();
        // As CloudFormation joins what is not in use.
        variables.insert(
            name.to_owned(),
            " TargetWithoutCsc=allow TrustRoots ".to_owned(),
        );
        let config = Config::read(&variables).unwrap();
        let found = config.settings.weaker_parameters;
        assert_eq!(
            found,
            [
                WeakerParameter::TargetWithoutCsc,
                WeakerParameter::TrustRoots
            ]
        );
        variables.insert(name.to_owned(), "TargetWithoutCsc=reject".to_owned());
        let error = Config::read(&variables).unwrap_err().to_string();
        assert!(error.contains("TargetWithoutCsc=reject"), "{error}");
    }

    #[test]
    fn function_of_the_daily_probe_is_read() {
        assert!(
            Config::read(&variables())
                .unwrap()
                .settings
                .daily_probe
                .is_none()
        );
        let name = "COUNTERSIGN_PROBE_FUNCTION_ARN";
        let mut variables = variables();
        let arn = "arn:aws:lambda:eu-west-1:111122223333:function:countersign-probe";
        variables.insert(name.to_owned(), arn.to_owned());
        let probe = Config::read(&variables)
            .unwrap()
            .settings
            .daily_probe
            .unwrap();
        assert_eq!(probe.function.name.as_str(), "countersign-probe");
        assert_eq!(probe.function.account, "111122223333");
        variables.insert(name.to_owned(), "countersign-probe".to_owned());
        let error = Config::read(&variables).unwrap_err().to_string();
        assert!(error.contains("is not the ARN of a function"), "{error}");
    }

    #[test]
    fn share_of_lambdas_quotas_is_read() {
        let share = |variables: &Variables| {
            Config::read(variables).map(|config| config.settings.quota_share)
        };
        assert_eq!(share(&variables()).unwrap(), QuotaShare::TENTH);
        let name = "COUNTERSIGN_SWEEP_QUOTA_PERCENT";
        let with = |percent: &str| {
            let mut variables = variables();
            variables.insert(name.to_owned(), percent.to_owned());
            share(&variables)
        };
        assert_eq!(Some(with("25").unwrap()), QuotaShare::of_percent(25));
        for percent in ["0", "4", "51", "100", "10%", "-10"] {
            let error = with(percent).unwrap_err().to_string();
            assert!(error.contains(name), "{error}");
        }
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
}
