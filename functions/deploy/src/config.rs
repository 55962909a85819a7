//! What `deploy` is told by its environment.

use std::num::NonZeroU32;

use countersign_aws::function_runtime::{
    environment::{ConfigError, Environment, Variables},
    settings,
};
use countersign_gate::{
    deployment::{DeploySettings, KeptVersions, PeopleSettings, ProvenanceSettings},
    domain::StackArn,
    verdict::{BuilderTrust, DemandParts, OperatorPolicy, PackageExaminer},
};
use countersign_package::Limits;

/// Everything that is set.
#[derive(Debug)]
pub(crate) struct Config {
    pub(crate) settings: DeploySettings,
    pub(crate) examiner: PackageExaminer,
    pub(crate) event_bus: String,
    pub(crate) summaries: Option<Summaries>,
}

/// What summaries of deployments take: none are made without a key.
#[derive(Debug)]
pub(crate) struct Summaries {
    /// The ARN of the key.
    pub(crate) key: String,
    /// Who verified.
    pub(crate) verifier: StackArn,
}

impl Config {
    /// Reads the environment, or tells everything that is wrong with it.
    pub(crate) fn read(variables: &Variables) -> Result<Self, ConfigError> {
        let mut environment = Environment::new(variables);
        let stack = environment.stack();
        let event_bus = environment.read(&settings::EVENT_BUS);
        let without_csc = environment.read(&settings::TARGET_WITHOUT_CSC);
        let integrity_authority = environment.read(&settings::INTEGRITY_AUTHORITY);
        let unstartable = environment.read(&settings::PACKAGES_THAT_CANNOT_START);
        let layer_csc = environment.read(&settings::LAYER_CSC_ARN);
        let new_function_csc = environment.read(&settings::NEW_FUNCTION_CSC_ARN);
        let canary = environment.read(&settings::CANARY_ON_ALIAS);
        let storage = environment.read(&settings::CODE_STORAGE);
        let requires_managed_tag = environment.read(&settings::REQUIRE_MANAGED_TAG);
        let required_approvals = environment.read(&settings::REQUIRED_APPROVALS);
        let approval_lifetime = environment.read(&settings::APPROVAL_HOURS);
        let people_wait = environment.read(&settings::PEOPLE_WAIT_HOURS);
        let personal_roles = environment.read(&settings::PERSONAL_ROLES);
        let heeds_freezes = environment.read(&settings::FREEZES);
        let allows_break_glass = environment.read(&settings::ALLOW_BREAK_GLASS);
        let probe_function = environment.read(&settings::PROBE_FUNCTION);
        let newest = environment.read(&settings::KEEP_VERSIONS);
        let days = environment.read(&settings::KEEP_VERSIONS_DAYS);
        let roots = environment.read(&settings::TRUST_ROOTS);
        let provenance = provenance(&mut environment);
        let summary_key = environment.read(&settings::SUMMARY_KEY_ARN);
        let verifier = match &summary_key {
            Some(Some(_)) => environment.read(&settings::STACK_ARN),
            _ => None,
        };
        let config = (|| {
            Some(Self {
                settings: DeploySettings {
                    stack: stack?,
                    policy: OperatorPolicy {
                        without_csc: without_csc?,
                        integrity_authority: integrity_authority?,
                        unstartable: unstartable?,
                    },
                    layer_csc: layer_csc?,
                    new_function_csc: new_function_csc?,
                    canary: canary?,
                    storage: storage?,
                    requires_managed_tag: requires_managed_tag?,
                    people: PeopleSettings {
                        required_approvals: required_approvals?,
                        approval_lifetime: approval_lifetime?,
                        max_wait: people_wait?,
                        personal_roles: personal_roles?,
                        heeds_freezes: heeds_freezes?,
                        allows_break_glass: allows_break_glass?,
                        probe: probe_function?.map(|probe| probe.name),
                    },
                    kept_versions: kept_versions(newest?, days?),
                    provenance: provenance?,
                },
                examiner: PackageExaminer::new(Limits::default(), roots?),
                event_bus: event_bus?,
                summaries: match summary_key? {
                    Some(key) => Some(Summaries {
                        key,
                        verifier: verifier?,
                    }),
                    None => None,
                },
            })
        })();
        environment.finish(config)
    }
}

/// What is demanded of where packages were built.
fn provenance(environment: &mut Environment<'_>) -> Option<ProvenanceSettings> {
    let source = environment.read(&settings::PROVENANCE_SOURCE);
    let workflow = environment.read(&settings::PROVENANCE_WORKFLOW);
    let git_ref = environment.read(&settings::PROVENANCE_REF);
    let level = environment.read(&settings::PROVENANCE_LEVEL);
    let builder = environment.read(&settings::PROVENANCE_BUILDER);
    let keys = environment.read(&settings::PROVENANCE_KEYS);
    let wait = environment.read(&settings::ATTESTATION_WAIT);
    Some(ProvenanceSettings {
        demand: DemandParts {
            source: source?,
            workflow: workflow?,
            git_ref: git_ref?,
            level: level?,
            builder: builder?,
        },
        trust: BuilderTrust {
            keys: keys?,
            ..BuilderTrust::built_in()
        },
        wait: wait?,
    })
}

/// `None`, which keeps all, unless there is a number.
fn kept_versions(newest: u32, days: u32) -> Option<KeptVersions> {
    NonZeroU32::new(newest).map(|newest| KeptVersions { newest, days })
}

#[cfg(test)]
mod tests {
    use countersign_gate::{
        deployment::CanaryPolicy,
        domain::{CodeStorage, PersonalRoles},
        verdict::{IntegrityAuthority, MissingCscPolicy, UnstartablePolicy},
    };

    use super::*;

    /// Made by `openssl ecparam -name prime256v1 -genkey`, whose private half nobody kept.
    const KEY: &str = "-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEAWYShJp8P6fWDa/zwoxrx22q0A3m
yMNvJTUKPk1Jrfvyqmk7f+Erl5jT5PTVMtJHU9sw+4e/z745nZhvmKldqg==
-----END PUBLIC KEY-----";

    fn variables(more: &[(&str, &str)]) -> Variables {
        let mut variables: Variables = [
            ("AWS_REGION", "eu-west-1"),
            ("COUNTERSIGN_STACK", "gate"),
            ("COUNTERSIGN_UPLOADS_BUCKET", "gate-uploads"),
            ("COUNTERSIGN_SIGNED_BUCKET", "gate-signed"),
            ("COUNTERSIGN_RECORDS_BUCKET", "gate-records"),
            ("COUNTERSIGN_EVENT_BUS", "gate-events"),
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
    fn unset_policy_is_the_safe_one() {
        let config = Config::read(&variables(&[])).unwrap();
        assert_eq!(config.settings.policy.without_csc, MissingCscPolicy::Reject);
        assert_eq!(
            config.settings.policy.integrity_authority,
            IntegrityAuthority::Countersign
        );
        assert_eq!(config.settings.policy.unstartable, UnstartablePolicy::Warn);
        assert_eq!(config.settings.layer_csc, None);
        assert_eq!(config.settings.new_function_csc, None);
        assert_eq!(config.settings.canary, CanaryPolicy::Wait);
        assert_eq!(config.settings.storage, CodeStorage::Copied);
        assert_eq!(config.settings.kept_versions, None, "nothing is deleted");
        assert!(config.summaries.is_none(), "nothing is signed");
        let provenance = config.settings.provenance;
        assert_eq!(
            provenance.demand,
            DemandParts::default(),
            "nothing is demanded"
        );
        assert!(provenance.trust.keys.is_empty());
        assert_eq!(provenance.wait.as_secs(), 60);
        let people = config.settings.people;
        assert_eq!(people.required_approvals, 0);
        assert!(!people.allows_break_glass);
        assert_eq!(people.personal_roles, PersonalRoles::default());
        assert!(
            !people.heeds_freezes,
            "nothing is asked where nobody asks for it"
        );
    }

    #[test]
    fn summaries_take_a_key_and_the_stack() {
        const KEY: &str = "arn:aws:kms:eu-west-1:111122223333:key/7c9b";
        const STACK: &str = "arn:aws:cloudformation:eu-west-1:111122223333:stack/gate/5d1e";
        let key = ("COUNTERSIGN_SUMMARY_KEY_ARN", KEY);
        let stack = ("COUNTERSIGN_STACK_ARN", STACK);
        let summaries = Config::read(&variables(&[key, stack])).unwrap().summaries;
        let Some(Summaries { key, verifier }) = summaries else {
            panic!("there is a key")
        };
        assert_eq!((key.as_str(), verifier.as_str()), (KEY, STACK));
        // The stack alone is what a template without a key sets.
        assert!(
            Config::read(&variables(&[stack]))
                .unwrap()
                .summaries
                .is_none()
        );
        for (wrong, fault) in [
            (
                vec![("COUNTERSIGN_SUMMARY_KEY_ARN", KEY)],
                "COUNTERSIGN_STACK_ARN: is not set",
            ),
            (
                vec![("COUNTERSIGN_SUMMARY_KEY_ARN", "alias/mine"), stack],
                "COUNTERSIGN_SUMMARY_KEY_ARN: \"alias/mine\" is not",
            ),
        ] {
            let error = Config::read(&variables(&wrong)).unwrap_err().to_string();
            assert!(error.contains(fault), "{fault} is not in {error}");
        }
    }

    /// Nothing else of the function may be able to delete, and a function's ARN has no colon behind its name.
    #[test]
    fn right_to_delete_is_on_versions_alone_and_only_where_old_ones_are_deleted() {
        const TEMPLATE: &str = include_str!("../../../template.yaml");
        let given: Vec<usize> = TEMPLATE
            .match_indices("lambda:DeleteFunction\n")
            .map(|(at, _)| at)
            .collect();
        let [allowed, denied] = given.as_slice() else {
            panic!("{given:?}")
        };
        let before = &TEMPLATE[..*allowed];
        let condition = before.rfind("- Fn::If:").unwrap();
        assert!(before[condition..].contains("- PrunesVersions"));
        assert!(before[condition..].contains("Sid: DeletesOldVersions"));
        let resource = TEMPLATE[*allowed..].lines().nth(1).unwrap().trim();
        let prefix = "Resource: !Sub \"arn:${AWS::Partition}:lambda:${AWS::Region}:${AWS::AccountId}:function:";
        assert_eq!(resource, format!("{prefix}${{TargetFunctions}}:*\""));
        let before = &TEMPLATE[..*denied];
        assert!(before[before.rfind("Sid: ").unwrap()..].starts_with("Sid: NeverItself"));
    }

    #[test]
    fn policy_is_taken_as_set() {
        let arn = "arn:aws:lambda:eu-west-1:111122223333:code-signing-config:csc-1";
        let keys = format!("{KEY}\n{KEY}");
        let config = Config::read(&variables(&[
            ("COUNTERSIGN_TARGET_WITHOUT_CSC", "allow"),
            ("COUNTERSIGN_INTEGRITY_AUTHORITY", "lambda"),
            ("COUNTERSIGN_PACKAGES_THAT_CANNOT_START", "refuse"),
            ("COUNTERSIGN_LAYER_CSC_ARN", arn),
            ("COUNTERSIGN_NEW_FUNCTION_CSC_ARN", arn),
            ("COUNTERSIGN_CANARY_ON_ALIAS", "takeover"),
            ("COUNTERSIGN_KEEP_VERSIONS", "25"),
            ("COUNTERSIGN_REQUIRED_APPROVALS", "2"),
            ("COUNTERSIGN_APPROVAL_HOURS", "24"),
            ("COUNTERSIGN_PEOPLE_WAIT_HOURS", "5"),
            ("COUNTERSIGN_PERSONAL_ROLES", "AROAEXAMPLEROLEID0000"),
            ("COUNTERSIGN_FREEZES", "true"),
            ("COUNTERSIGN_ALLOW_BREAK_GLASS", "true"),
            ("COUNTERSIGN_CODE_STORAGE", "reference"),
            ("COUNTERSIGN_PROVENANCE_SOURCE", "github.com/acme/"),
            (
                "COUNTERSIGN_PROVENANCE_WORKFLOW",
                ".github/workflows/release.yml",
            ),
            ("COUNTERSIGN_PROVENANCE_REF", "refs/tags/"),
            ("COUNTERSIGN_PROVENANCE_LEVEL", "2"),
            (
                "COUNTERSIGN_PROVENANCE_BUILDER",
                "https://token.actions.githubusercontent.com/acme",
            ),
            ("COUNTERSIGN_PROVENANCE_KEYS", &keys),
            ("COUNTERSIGN_ATTESTATION_WAIT_SECONDS", "0"),
        ]))
        .unwrap();
        assert_eq!(config.settings.policy.without_csc, MissingCscPolicy::Allow);
        assert_eq!(
            config.settings.policy.integrity_authority,
            IntegrityAuthority::Lambda
        );
        assert_eq!(
            config.settings.policy.unstartable,
            UnstartablePolicy::Refuse
        );
        assert_eq!(config.settings.layer_csc.unwrap().as_str(), arn);
        let new_function_csc = config.settings.new_function_csc.unwrap();
        assert_eq!(new_function_csc.as_str(), arn);
        assert_eq!(config.settings.canary, CanaryPolicy::TakeOver);
        assert_eq!(config.settings.storage, CodeStorage::Referenced);
        assert_eq!(config.event_bus, "gate-events");
        let kept = config.settings.kept_versions.unwrap();
        assert_eq!((kept.newest.get(), kept.days), (25, 30));
        let provenance = config.settings.provenance;
        assert_eq!(
            provenance.demand.source.unwrap().to_string(),
            "https://github.com/acme/"
        );
        assert!(provenance.demand.workflow.is_some() && provenance.demand.git_ref.is_some());
        assert!(provenance.demand.level.is_some() && provenance.demand.builder.is_some());
        assert_eq!(provenance.trust.keys.len(), 2);
        assert!(provenance.wait.is_zero());
        let people = config.settings.people;
        assert_eq!(people.required_approvals, 2);
        assert_eq!(people.approval_lifetime.as_secs(), 24 * 3600);
        assert_eq!(people.max_wait.as_secs(), 5 * 3600);
        let roles = PersonalRoles::parse("AROAEXAMPLEROLEID0000").unwrap();
        assert_eq!(people.personal_roles, roles);
        assert!(people.heeds_freezes && people.allows_break_glass);
    }

    #[test]
    fn misspelling_never_falls_back_to_a_default() {
        let error = Config::read(&variables(&[
            ("COUNTERSIGN_TARGET_WITHOUT_CSC", "Reject"),
            ("COUNTERSIGN_INTEGRITY_AUTHORITY", "aws"),
            ("COUNTERSIGN_LAYER_CSC_ARN", "csc-1"),
            ("COUNTERSIGN_TRUST_ROOTS", "not a certificate"),
            ("COUNTERSIGN_TARGET_WITHOUT_CSK", "allow"),
            ("COUNTERSIGN_PROVENANCE_SOURCE", "acme/shop"),
            ("COUNTERSIGN_PROVENANCE_LEVEL", "4"),
            ("COUNTERSIGN_PROVENANCE_KEYS", "not a key"),
        ]))
        .unwrap_err()
        .to_string();
        for fault in [
            "8 fault(s)",
            "COUNTERSIGN_TARGET_WITHOUT_CSC: is \"Reject\"; set it to one of: reject, allow",
            "COUNTERSIGN_INTEGRITY_AUTHORITY: is \"aws\"; set it to one of: countersign, lambda",
            "COUNTERSIGN_LAYER_CSC_ARN: ",
            "COUNTERSIGN_TRUST_ROOTS: ",
            "COUNTERSIGN_PROVENANCE_SOURCE: `acme/shop` cannot be demanded",
            "COUNTERSIGN_PROVENANCE_LEVEL: a build level is 1, 2 or 3; set it to",
            "COUNTERSIGN_PROVENANCE_KEYS: the key is not a public key in PEM",
            "COUNTERSIGN_TARGET_WITHOUT_CSK: no function of the gate knows this variable",
        ] {
            assert!(error.contains(fault), "{fault} is not in {error}");
        }
    }
}
