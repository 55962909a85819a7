//! What `deploy` works with.

use crate::{
    domain::{CscArn, Stack},
    verdict::Policy,
};

/// What `deploy` works with.
#[derive(Clone, Debug)]
pub struct DeploySettings {
    /// The stack.
    pub stack: Stack,
    /// The operator's choices.
    pub policy: Policy,
    /// The configuration that layers are judged by: `COUNTERSIGN_LAYER_CSC_ARN`.
    pub layer_csc: Option<CscArn>,
}
