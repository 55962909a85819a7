//! What `sign` works with.

use crate::{
    domain::{ProfileName, Scope, Stack},
    ports::{Clock, Events, Functions, Records, Signer, Uploads},
};
use countersign_package::Limits;

/// What `sign` works with.
#[derive(Clone, Debug)]
pub struct SignSettings {
    /// The stack.
    pub stack: Stack,
    /// The profile for targets without a tag: `COUNTERSIGN_SIGNING_PROFILE`.
    pub profile: ProfileName,
    /// What may be deployed to, and signed with.
    pub scope: Scope,
    /// Whether functions have to be tagged for the gate: `COUNTERSIGN_REQUIRE_MANAGED_TAG`.
    pub requires_managed_tag: bool,
    /// What a package may be.
    pub limits: Limits,
}

/// What `sign` needs of the world.
pub trait SignWorld: Clock + Uploads + Functions + Signer + Records + Events {}

impl<W: Clock + Uploads + Functions + Signer + Records + Events> SignWorld for W {}
