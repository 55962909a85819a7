//! What `sweep` works with.

use std::time::Duration;

use countersign_package::TrustRoots;

use crate::{
    domain::{CscArn, ProbeFunction, Scope, Stack, WeakerParameter},
    ports::{
        Clock, Events, FunctionAliases, FunctionInventory, Functions, Layers, PackageStorage,
        QuotaShare, Records, Redelivery, SignedObjects, Signer, UploadInventory, UploadStore,
        Uploads,
    },
    records::SettingsPosture,
    verdict::MissingCscPolicy,
};

/// What `sweep` works with.
#[derive(Clone, Debug)]
pub struct SweepSettings {
    /// The stack.
    pub stack: Stack,
    /// The targets of the gate.
    pub scope: Scope,
    /// The code signing configurations that the stack names for its functions.
    pub cscs: Vec<CscArn>,
    /// Whether a target without a code signing configuration is deployed to.
    pub without_csc: MissingCscPolicy,
    /// Parameters of the stack that let more through than their defaults.
    pub weaker_parameters: Vec<WeakerParameter>,
    /// What the parameters say that decide what is watched and who is believed.
    pub watched: SettingsPosture,
    /// How long the other functions try: what is younger may still be on its way.
    pub patience: Duration,
    /// The probe of every day; `None` where the stack wants none.
    pub daily_probe: Option<DailyProbeSettings>,
    /// How much of Lambda's quotas it may take.
    pub quota_share: QuotaShare,
    /// Whether freezes stop deployments: `COUNTERSIGN_FREEZES`. Then people are told when they begin and end.
    pub heeds_freezes: bool,
    /// Whether the stack has a key for summaries: then a deployment without one is incomplete.
    pub summarizes: bool,
}

/// What the probe is about.
#[derive(Clone, Debug)]
pub struct DailyProbeSettings {
    /// The function that it is for, which must not be there.
    pub function: ProbeFunction,
    /// Whom signatures may lead to.
    pub roots: TrustRoots,
}

/// What `sweep` needs of the world: no way to change a function or a layer is among it that asks for less
/// than an approved package. The daily probe alone uploads and reads packages.
pub trait SweepWorld:
    Clock
    + UploadInventory
    + FunctionInventory
    + Records
    + Redelivery
    + Functions
    + FunctionAliases
    + Layers
    + Signer
    + Events
    + Uploads
    + UploadStore
    + SignedObjects
    + PackageStorage
{
}

impl<
    W: Clock
        + UploadInventory
        + FunctionInventory
        + Records
        + Redelivery
        + Functions
        + FunctionAliases
        + Layers
        + Signer
        + Events
        + Uploads
        + UploadStore
        + SignedObjects
        + PackageStorage,
> SweepWorld for W
{
}
