//! The table of settings: every environment variable of the functions, once.
//!
//! The names that are known, what is read, and what a fault says all come from here. A test holds
//! `template.yaml` against it.

use std::time::Duration;

use countersign_gate::{
    alerts::{HttpsPages, RoleList},
    deployment::{CanaryPolicy, MAX_APPROVALS},
    domain::{
        CodeStorage, CscArn, NamePattern, PersonalRoles, ProbeFunction, ProfileName, StackArn,
        WeakerParameter, variables,
    },
    ports::QuotaShare,
    verdict::{
        Builder, BuilderTrust, IntegrityAuthority, Level, MissingCscPolicy, PublicKey, RefPattern,
        SourcePattern, UnstartablePolicy, WorkflowPattern,
    },
};
use countersign_package::TrustRoots;

use super::setting_values::{
    bucket_name, choice, event_bus, hours, key_arn, number, optional, patience, queue_url,
    quota_share, repeat_interval, runbook_url, stack_name, topic_arn, unfit,
};

/// Every variable of the gate begins like this, so that a misspelt one can be told from a foreign
/// one.
pub(super) const PREFIX: &str = "COUNTERSIGN_";

/// One setting: an environment variable, what it means, and what it is read as.
#[derive(Debug, Clone, Copy)]
pub struct Setting<T: 'static> {
    /// The variable.
    pub name: &'static str,
    /// Completes "set it to …".
    pub meaning: &'static str,
    /// Reads the value, trimmed and not empty, or says what is wrong with it.
    pub(super) parse: fn(&str) -> Result<T, String>,
    /// What it is when it is not set; without that it must be set.
    pub(super) default: Option<fn() -> T>,
}

/// Makes a constant of each row, and of all rows the list of names.
macro_rules! settings {
    ($($(#[$doc:meta])* $setting:ident: $type:ty {
        name: $name:expr,
        meaning: $meaning:literal,
        parse: $parse:expr,
        default: $default:expr,
    })+) => {
        $($(#[$doc])*
        pub const $setting: Setting<$type> = Setting {
            name: $name,
            meaning: $meaning,
            parse: $parse,
            default: $default,
        };)+

        /// The names of all settings.
        pub const NAMES: &[&str] = &[$($name),+];

        /// Each setting's name with its meaning.
        #[cfg(test)]
        const MEANINGS: &[(&str, &str)] = &[$(($name, $meaning)),+];
    };
}

settings! {
    /// The stack's region: without one no call could be made.
    REGION: String {
        name: "AWS_REGION",
        meaning: "the stack's region (Lambda sets it)",
        parse: |text| Ok(text.to_owned()),
        default: None,
    }

    /// The stack's name: in metrics, in events, and in the names of the gate's own functions.
    STACK: String {
        name: variables::STACK,
        meaning: "the stack's name: a letter, then at most 127 letters, digits and hyphens",
        parse: stack_name,
        default: None,
    }

    /// The bucket that uploads are dropped into.
    UPLOADS_BUCKET: String {
        name: variables::UPLOADS_BUCKET,
        meaning: "the name of the stack's uploads bucket",
        parse: bucket_name,
        default: None,
    }

    /// The bucket that Signer writes to.
    SIGNED_BUCKET: String {
        name: variables::SIGNED_BUCKET,
        meaning: "the name of the stack's signed bucket",
        parse: bucket_name,
        default: None,
    }

    /// The bucket that the gate keeps its records in.
    RECORDS_BUCKET: String {
        name: variables::RECORDS_BUCKET,
        meaning: "the name of the stack's records bucket",
        parse: bucket_name,
        default: None,
    }

    /// The bus that the gate's own events go to. There is no default: on the account's default bus
    /// anybody with `events:PutEvents` could send such events.
    EVENT_BUS: String {
        name: "COUNTERSIGN_EVENT_BUS",
        meaning: "the name or ARN of the stack's event bus",
        parse: event_bus,
        default: None,
    }

    /// How long a message is tried, from when its queue first handed it out. The queue's
    /// `maxReceiveCount` must leave room for an attempt a minute, and for polls that are throttled,
    /// which count as receives.
    PATIENCE: Duration {
        name: "COUNTERSIGN_PATIENCE_SECONDS",
        meaning: "how long an event is tried before it is given up, 1 to 43200 seconds",
        parse: patience,
        default: Some(|| Duration::from_hours(1)),
    }

    /// How long the other functions try an upload, as `sweep` needs to know it: its own patience is another.
    UPLOAD_PATIENCE: Duration {
        name: "COUNTERSIGN_UPLOAD_PATIENCE_SECONDS",
        meaning: "how long an upload is tried before it is given up, 1 to 43200 seconds",
        parse: patience,
        default: None,
    }

    /// How much of Lambda's quotas `sweep` may take.
    SWEEP_QUOTA: QuotaShare {
        name: "COUNTERSIGN_SWEEP_QUOTA_PERCENT",
        meaning: "the share of Lambda's quotas that sweep may take, 5 to 50 percent",
        parse: quota_share,
        default: Some(|| QuotaShare::TENTH),
    }

    /// The queue of the function `sign`, for events that are sent again.
    SIGN_QUEUE: String {
        name: variables::SIGN_QUEUE,
        meaning: "the URL of the queue of the function sign",
        parse: queue_url,
        default: None,
    }

    /// The queue of the function `deploy`, for events that are sent again.
    DEPLOY_QUEUE: String {
        name: variables::DEPLOY_QUEUE,
        meaning: "the URL of the queue of the function deploy",
        parse: queue_url,
        default: None,
    }

    /// The queue for what cannot be worked on.
    DEAD_LETTER_QUEUE: String {
        name: variables::DEAD_LETTER_QUEUE,
        meaning: "the URL of the function's dead-letter queue",
        parse: queue_url,
        default: None,
    }

    /// The profile that signs what has no tag `countersign:profile`.
    SIGNING_PROFILE: ProfileName {
        name: "COUNTERSIGN_SIGNING_PROFILE",
        meaning: "the name of the profile that signs what has no tag countersign:profile",
        parse: |text| ProfileName::parse(text).map_err(|error| error.to_string()),
        default: None,
    }

    /// The functions that the gate may deploy to.
    TARGET_FUNCTIONS: NamePattern {
        name: variables::TARGET_FUNCTIONS,
        meaning: "the names of the functions that may be deployed to, such as shop-* or *",
        parse: |text| NamePattern::parse(text).map_err(|error| error.to_string()),
        default: None,
    }

    /// Whether functions have to be tagged for the gate, beside having such a name.
    REQUIRE_MANAGED_TAG: bool {
        name: variables::REQUIRE_MANAGED_TAG,
        meaning: "one of: false, true",
        parse: |text| choice(text, &[("false", false), ("true", true)]),
        default: Some(|| false),
    }

    /// The layers that the gate may publish.
    TARGET_LAYERS: NamePattern {
        name: "COUNTERSIGN_TARGET_LAYERS",
        meaning: "the names of the layers that may be deployed to, such as shop-* or *",
        parse: |text| NamePattern::parse(text).map_err(|error| error.to_string()),
        default: None,
    }

    /// The signing profiles that a tag may choose; none unless it is set.
    TAGGED_PROFILES: Option<NamePattern> {
        name: "COUNTERSIGN_TAGGED_PROFILES",
        meaning: "the names of the profiles that a tag countersign:profile may choose, or nothing",
        parse: |text| NamePattern::parse(text).map(Some).map_err(|error| error.to_string()),
        default: Some(|| None),
    }

    /// The roles of the stack's functions: how `alert` knows the gate's own calls. There is no default:
    /// whoever is not known as the gate would page at each deployment.
    OWN_ROLES: RoleList {
        name: "COUNTERSIGN_OWN_ROLES",
        meaning: "the ARNs of the roles of the stack's functions, separated by commas",
        parse: |text| RoleList::parse(text).map_err(|error| error.to_string()),
        default: None,
    }

    /// The roles of other gates of the account: their work on what is not this stack's pages nobody.
    PEER_ROLES: RoleList {
        name: "COUNTERSIGN_PEER_ROLES",
        meaning: "the ARNs of the sign and deploy roles of other Countersign stacks, separated by commas, or nothing",
        parse: |text| RoleList::parse(text).map_err(|error| error.to_string()),
        default: Some(RoleList::none),
    }

    /// The stack's code signing configuration.
    CSC_ARN: Option<CscArn> {
        name: "COUNTERSIGN_CSC_ARN",
        meaning: "the ARN of the code signing configuration of the stack's functions",
        parse: |text| CscArn::parse(text).map(Some).map_err(|error| error.to_string()),
        default: Some(|| None),
    }

    /// The stack's key.
    KEY_ARN: Option<String> {
        name: "COUNTERSIGN_KEY_ARN",
        meaning: "the ARN of the stack's key",
        parse: key_arn,
        default: Some(|| None),
    }

    /// Whether a good deployment is told, too.
    SUCCESS_NOTICES: bool {
        name: "COUNTERSIGN_SUCCESS_NOTICES",
        meaning: "one of: off, on",
        parse: |text| choice(text, &[("off", false), ("on", true)]),
        default: Some(|| false),
    }

    /// How long the same thing is counted before it is summed up; none tells each time.
    REPEAT_INTERVAL: Duration {
        name: "COUNTERSIGN_REPEAT_MINUTES",
        meaning: "how long repeats are counted before they are summed up, 0 to 1440 minutes",
        parse: repeat_interval,
        default: Some(|| Duration::from_hours(1)),
    }

    /// What subscribers by https get.
    HTTPS_PAGES: HttpsPages {
        name: "COUNTERSIGN_HTTPS_PAGES",
        meaning: "one of: amazon-q, json",
        parse: |text| choice(text, &[("amazon-q", HttpsPages::AmazonQ), ("json", HttpsPages::Json)]),
        default: Some(HttpsPages::default),
    }

    /// The runbook that pages link to.
    RUNBOOK_URL: Option<String> {
        name: "COUNTERSIGN_RUNBOOK_URL",
        meaning: "the https address of a runbook, without #",
        parse: runbook_url,
        default: Some(|| None),
    }

    /// Whether the code signing configuration of the stack only warns.
    UNTRUSTED_CODE: bool {
        name: "COUNTERSIGN_UNTRUSTED_CODE",
        meaning: "one of: Enforce, Warn",
        parse: |text| choice(text, &[("Enforce", false), ("Warn", true)]),
        default: Some(|| false),
    }

    /// What happens to an upload whose target has no code signing configuration.
    TARGET_WITHOUT_CSC: MissingCscPolicy {
        name: "COUNTERSIGN_TARGET_WITHOUT_CSC",
        meaning: "one of: reject, allow",
        parse: |text| choice(text, &[("reject", MissingCscPolicy::Reject), ("allow", MissingCscPolicy::Allow)]),
        default: Some(|| MissingCscPolicy::Reject),
    }

    /// Whose word counts when the gate finds a signature bad that Lambda accepts.
    INTEGRITY_AUTHORITY: IntegrityAuthority {
        name: "COUNTERSIGN_INTEGRITY_AUTHORITY",
        meaning: "one of: countersign, lambda",
        parse: |text| choice(text, &[
            ("countersign", IntegrityAuthority::Countersign),
            ("lambda", IntegrityAuthority::Lambda),
        ]),
        default: Some(|| IntegrityAuthority::Countersign),
    }

    /// What happens to a package that cannot start as the function that it is for.
    PACKAGES_THAT_CANNOT_START: UnstartablePolicy {
        name: "COUNTERSIGN_PACKAGES_THAT_CANNOT_START",
        meaning: "one of: warn, refuse",
        parse: |text| choice(text, &[("warn", UnstartablePolicy::Warn), ("refuse", UnstartablePolicy::Refuse)]),
        default: Some(UnstartablePolicy::default),
    }

    /// What a reader of the stack's events does not learn: which parameters were made weaker.
    WEAKER_PARAMETERS: Vec<WeakerParameter> {
        name: "COUNTERSIGN_WEAKER_PARAMETERS",
        meaning: "the parameters of the stack that let more through than their defaults, separated by blanks",
        parse: |text| text.split_whitespace().map(|word| {
            WeakerParameter::parse(word).ok_or_else(|| unfit(word, "such a parameter"))
        }).collect(),
        default: Some(Vec::new),
    }

    /// The function that the daily probe is for, by its ARN: of this account and region, and not there.
    PROBE_FUNCTION: Option<ProbeFunction> {
        name: "COUNTERSIGN_PROBE_FUNCTION_ARN",
        meaning: "the ARN, without a version, of a function that is not there, for the daily probe",
        parse: |text| ProbeFunction::parse(text).map(Some).ok_or_else(|| unfit(text, "the ARN of a function")),
        default: Some(|| None),
    }

    /// The code signing configuration for layers, which have none of their own.
    LAYER_CSC_ARN: Option<CscArn> {
        name: "COUNTERSIGN_LAYER_CSC_ARN",
        meaning: "the ARN of the code signing configuration that layers are judged by",
        parse: |text| CscArn::parse(text).map(Some).map_err(|error| error.to_string()),
        default: Some(|| None),
    }

    /// The code signing configuration for functions that do not exist yet.
    NEW_FUNCTION_CSC_ARN: Option<CscArn> {
        name: "COUNTERSIGN_NEW_FUNCTION_CSC_ARN",
        meaning: "the ARN of the code signing configuration that uploads for new functions are judged by",
        parse: |text| CscArn::parse(text).map(Some).map_err(|error| error.to_string()),
        default: Some(|| None),
    }

    /// What happens when the alias that is to be moved splits its traffic.
    CANARY_ON_ALIAS: CanaryPolicy {
        name: "COUNTERSIGN_CANARY_ON_ALIAS",
        meaning: "one of: wait, refuse, takeover",
        parse: |text| choice(text, &[
            ("wait", CanaryPolicy::Wait),
            ("refuse", CanaryPolicy::Refuse),
            ("takeover", CanaryPolicy::TakeOver),
        ]),
        default: Some(CanaryPolicy::default),
    }

    /// Where Lambda reads what is deployed from.
    CODE_STORAGE: CodeStorage {
        name: "COUNTERSIGN_CODE_STORAGE",
        meaning: "one of: copy, reference",
        parse: |text| choice(text, &[("copy", CodeStorage::Copied), ("reference", CodeStorage::Referenced)]),
        default: Some(CodeStorage::default),
    }

    /// How many people have to approve an upload for any target.
    REQUIRED_APPROVALS: u32 {
        name: "COUNTERSIGN_REQUIRED_APPROVALS",
        meaning: "how many people have to approve an upload, 0 (nobody) to 10",
        parse: |text| number(text, 0..=MAX_APPROVALS),
        default: Some(|| 0),
    }

    /// How long an approval counts.
    APPROVAL_HOURS: Duration {
        name: "COUNTERSIGN_APPROVAL_HOURS",
        meaning: "for how many hours an approval counts, 1 to 2160",
        parse: |text| hours(text, 1..=2160),
        default: Some(|| Duration::from_hours(168)),
    }

    /// How long an upload waits for people. The queue's `maxReceiveCount` must leave room for it.
    PEOPLE_WAIT_HOURS: Duration {
        name: "COUNTERSIGN_PEOPLE_WAIT_HOURS",
        meaning: "for how many hours an upload waits for approvals or the end of a freeze, 1 to 120",
        parse: |text| hours(text, 1..=120),
        default: Some(|| Duration::from_hours(72)),
    }

    /// The roles whose sessions have the names of people.
    PERSONAL_ROLES: PersonalRoles {
        name: "COUNTERSIGN_PERSONAL_ROLES",
        meaning: "the unique ids (AROA…) of roles whose sessions are named after people, separated by commas, or nothing",
        parse: PersonalRoles::parse,
        default: Some(PersonalRoles::default),
    }

    /// Whether freezes are heeded.
    FREEZES: bool {
        name: "COUNTERSIGN_FREEZES",
        meaning: "one of: false, true",
        parse: |text| choice(text, &[("false", false), ("true", true)]),
        default: Some(|| false),
    }

    /// Whether somebody other than the uploader may have a policy passed over.
    ALLOW_BREAK_GLASS: bool {
        name: "COUNTERSIGN_ALLOW_BREAK_GLASS",
        meaning: "one of: false, true",
        parse: |text| choice(text, &[("false", false), ("true", true)]),
        default: Some(|| false),
    }

    /// How many of a function's newest versions are kept; all of them if it is 0.
    KEEP_VERSIONS: u32 {
        name: "COUNTERSIGN_KEEP_VERSIONS",
        meaning: "how many of a function's newest versions are kept, 0 (all) to 10000",
        parse: |text| number(text, 0..=10_000),
        default: Some(|| 0),
    }

    /// How many days a version is kept that records name.
    KEEP_VERSIONS_DAYS: u32 {
        name: "COUNTERSIGN_KEEP_VERSIONS_DAYS",
        meaning: "for how many days a version is kept that records name, 1 to 365",
        parse: |text| number(text, 1..=365),
        default: Some(|| 30),
    }

    /// The key that summaries of deployments are signed with; none are made unless it is set.
    SUMMARY_KEY_ARN: Option<String> {
        name: "COUNTERSIGN_SUMMARY_KEY_ARN",
        meaning: "the ARN of the key that signs summaries of deployments",
        parse: key_arn,
        default: Some(|| None),
    }

    /// The stack as CloudFormation names it: who verified, in summaries. Only they need it.
    STACK_ARN: StackArn {
        name: "COUNTERSIGN_STACK_ARN",
        meaning: "the ARN of the stack, as CloudFormation has it",
        parse: |text| StackArn::parse(text).ok_or_else(|| unfit(text, "the ARN of a stack")),
        default: None,
    }

    /// The roots that certificate chains may lead to; AWS's unless it is set.
    TRUST_ROOTS: Option<TrustRoots> {
        name: "COUNTERSIGN_TRUST_ROOTS",
        meaning: "one or more certificates in PEM, which replace the built-in root of AWS",
        parse: |pem| TrustRoots::from_pem(pem.as_bytes()).map(Some).map_err(|error| error.to_string()),
        default: Some(|| None),
    }

    /// From which repository packages have to be built.
    PROVENANCE_SOURCE: Option<SourcePattern> {
        name: "COUNTERSIGN_PROVENANCE_SOURCE",
        meaning: "the repository that packages are built from, such as github.com/owner/repository, or github.com/owner/ for all of an owner",
        parse: optional,
        default: Some(|| None),
    }

    /// By which workflow packages have to be built.
    PROVENANCE_WORKFLOW: Option<WorkflowPattern> {
        name: "COUNTERSIGN_PROVENANCE_WORKFLOW",
        meaning: "the file that describes the build, such as .github/workflows/release.yml",
        parse: optional,
        default: Some(|| None),
    }

    /// From which branch or tag packages have to be built.
    PROVENANCE_REF: Option<RefPattern> {
        name: "COUNTERSIGN_PROVENANCE_REF",
        meaning: "the branch or tag that packages are built from, such as refs/heads/main, or refs/tags/ for all tags",
        parse: optional,
        default: Some(|| None),
    }

    /// The least build level of packages.
    PROVENANCE_LEVEL: Option<Level> {
        name: "COUNTERSIGN_PROVENANCE_LEVEL",
        meaning: "the least build level of packages, 1 to 3",
        parse: optional,
        default: Some(|| None),
    }

    /// Who has to vouch for builds, where that is not the platform that hosts the source.
    PROVENANCE_BUILDER: Option<Builder> {
        name: "COUNTERSIGN_PROVENANCE_BUILDER",
        meaning: "the issuer of the builds' identities, from https:// on, or a key as sha256: and its digest",
        parse: optional,
        default: Some(|| None),
    }

    /// The keys of builders that have no certificate.
    PROVENANCE_KEYS: Vec<PublicKey> {
        name: "COUNTERSIGN_PROVENANCE_KEYS",
        meaning: "one or more public keys in PEM, of ECDSA on P-256 or P-384",
        parse: |pem| BuilderTrust::keys_from_pem(pem).map_err(|error| error.to_string()),
        default: Some(Vec::new),
    }

    /// How long an attestation is waited for that its package came before.
    ATTESTATION_WAIT: Duration {
        name: "COUNTERSIGN_ATTESTATION_WAIT_SECONDS",
        meaning: "how long after the upload an attestation is waited for, 0 to 43200 seconds",
        parse: |text| number(text, 0..=43_200).map(|seconds| Duration::from_secs(u64::from(seconds))),
        default: Some(|| Duration::from_mins(1)),
    }

    /// Where pages go.
    TOPIC_ARN: String {
        name: variables::TOPIC_ARN,
        meaning: "the ARN of the SNS topic that people subscribe to",
        parse: topic_arn,
        default: None,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// How the meaning of a setting begins that takes one of a few words.
    const ONE_OF: &str = "one of: ";

    const TEMPLATE: &str = include_str!("../../../../template.yaml");

    #[test]
    fn template_sets_every_setting_and_no_other() {
        let set: BTreeSet<&str> = TEMPLATE
            .lines()
            .filter_map(|line| line.trim_start().split_once(':'))
            .map(|(name, _)| name)
            .filter(|name| name.starts_with(PREFIX))
            .collect();
        let settings: BTreeSet<&str> = NAMES
            .iter()
            .copied()
            .filter(|name| name.starts_with(PREFIX))
            .collect();
        assert_eq!(set, settings);
    }

    #[test]
    fn unset_patience_is_an_hour() {
        let default = PATIENCE.default.map(|default| default());
        assert_eq!(default, Some(Duration::from_hours(1)));
    }

    #[test]
    fn settings_have_names_of_their_own() {
        let names: BTreeSet<&str> = NAMES.iter().copied().collect();
        assert_eq!(names.len(), NAMES.len());
    }

    /// Whether the setting reads each word that its meaning offers, and no other.
    fn reads_its_words<T>(setting: &Setting<T>) -> bool {
        let words = setting.meaning.strip_prefix(ONE_OF).unwrap();
        words.split(", ").all(|word| (setting.parse)(word).is_ok())
            && (setting.parse)("no such word").is_err()
    }

    #[test]
    fn choices_are_named_by_their_meaning() {
        let held = [
            (
                TARGET_WITHOUT_CSC.name,
                reads_its_words(&TARGET_WITHOUT_CSC),
            ),
            (
                INTEGRITY_AUTHORITY.name,
                reads_its_words(&INTEGRITY_AUTHORITY),
            ),
            (SUCCESS_NOTICES.name, reads_its_words(&SUCCESS_NOTICES)),
            (HTTPS_PAGES.name, reads_its_words(&HTTPS_PAGES)),
            (UNTRUSTED_CODE.name, reads_its_words(&UNTRUSTED_CODE)),
            (CODE_STORAGE.name, reads_its_words(&CODE_STORAGE)),
            (CANARY_ON_ALIAS.name, reads_its_words(&CANARY_ON_ALIAS)),
            (
                REQUIRE_MANAGED_TAG.name,
                reads_its_words(&REQUIRE_MANAGED_TAG),
            ),
            (FREEZES.name, reads_its_words(&FREEZES)),
            (ALLOW_BREAK_GLASS.name, reads_its_words(&ALLOW_BREAK_GLASS)),
            (
                PACKAGES_THAT_CANNOT_START.name,
                reads_its_words(&PACKAGES_THAT_CANNOT_START),
            ),
        ];
        for (name, reads) in held {
            assert!(reads, "{name}");
        }
        // None is left out.
        let held: BTreeSet<&str> = held.iter().map(|(name, _)| *name).collect();
        let all: BTreeSet<&str> = MEANINGS
            .iter()
            .filter(|(_, meaning)| meaning.starts_with(ONE_OF))
            .map(|(name, _)| *name)
            .collect();
        assert_eq!(held, all);
    }
}
