//! What `deploy` works with.

use std::{num::NonZeroU32, time::Duration};

use super::people_settings::PeopleSettings;
use crate::{
    domain::{CodeStorage, CscArn, Stack},
    verdict::{BuilderTrust, DemandParts, OperatorPolicy},
};

/// What `deploy` works with.
#[derive(Clone, Debug)]
pub struct DeploySettings {
    /// The stack.
    pub stack: Stack,
    /// The operator's choices.
    pub policy: OperatorPolicy,
    /// The configuration that layers are judged by: `COUNTERSIGN_LAYER_CSC_ARN`.
    pub layer_csc: Option<CscArn>,
    /// The configuration that uploads for functions that do not exist yet are judged by:
    /// `COUNTERSIGN_NEW_FUNCTION_CSC_ARN`. `None`: they are rejected.
    pub new_function_csc: Option<CscArn>,
    /// What happens when the alias splits its traffic: `COUNTERSIGN_CANARY_ON_ALIAS`.
    pub canary: CanaryPolicy,
    /// Whether functions have to be tagged for the gate: `COUNTERSIGN_REQUIRE_MANAGED_TAG`.
    pub requires_managed_tag: bool,
    /// Where Lambda is to read what is deployed from: `COUNTERSIGN_CODE_STORAGE`.
    pub storage: CodeStorage,
    /// What people have to say before something is deployed.
    pub people: PeopleSettings,
    /// Which old versions of a function are kept; `None`: all of them.
    pub kept_versions: Option<KeptVersions>,
    /// What is demanded of where packages were built.
    pub provenance: ProvenanceSettings,
}

/// What is demanded of where packages were built, and who is believed.
#[derive(Clone, Debug)]
pub struct ProvenanceSettings {
    /// What is demanded of all targets: `COUNTERSIGN_PROVENANCE_…`. Tags of a function demand more.
    pub demand: DemandParts,
    /// Who is believed.
    pub trust: BuilderTrust,
    /// How long after its upload an attestation is waited for, within the patience:
    /// `COUNTERSIGN_ATTESTATION_WAIT_SECONDS`.
    pub wait: Duration,
}

/// Which old versions are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeptVersions {
    /// So many of the newest.
    pub newest: NonZeroU32,
    /// Those that records of so many days name.
    pub days: u32,
}

/// What to do when somebody runs a canary on the alias that is to be moved: another version gets some of
/// its traffic.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CanaryPolicy {
    /// Wait until it is over, within the patience.
    #[default]
    Wait,
    /// Reject the upload.
    Refuse,
    /// Move the alias and give the new version all traffic.
    TakeOver,
}
