//! What `sweep` works with.

use std::time::Duration;

use super::daily_probe::DailyProbeSettings;
use crate::{
    domain::{CscArn, Scope, Stack, WeakerParameter},
    ports::{
        Clock, Events, FunctionInventory, Functions, Layers, Records, Redelivery, SignedObjects,
        Signer, UploadInventory, UploadStore, Uploads,
    },
    verdict::WithoutCsc,
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
    pub without_csc: WithoutCsc,
    /// Parameters of the stack that let more through than their defaults.
    pub weaker_parameters: Vec<WeakerParameter>,
    /// How long the other functions try: what is younger may still be on its way.
    pub patience: Duration,
    /// The probe of every day; `None` where the stack wants none.
    pub daily_probe: Option<DailyProbeSettings>,
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
    + Layers
    + Signer
    + Events
    + Uploads
    + UploadStore
    + SignedObjects
{
}

impl<
    W: Clock
        + UploadInventory
        + FunctionInventory
        + Records
        + Redelivery
        + Functions
        + Layers
        + Signer
        + Events
        + Uploads
        + UploadStore
        + SignedObjects,
> SweepWorld for W
{
}
