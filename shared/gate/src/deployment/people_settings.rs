//! What people have to say before something is deployed.

use std::time::Duration;

use crate::domain::{FunctionName, PersonalRoles};

/// The most approvals that a target may demand.
pub const MAX_APPROVALS: u32 = 10;

/// What people have to say before something is deployed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeopleSettings {
    /// How many people have to approve an upload for any target: `COUNTERSIGN_REQUIRED_APPROVALS`. A tag of the function
    /// may demand more.
    pub required_approvals: u32,
    /// How long an approval counts: `COUNTERSIGN_APPROVAL_HOURS`.
    pub approval_lifetime: Duration,
    /// How long an upload waits for people, from when S3 took it: `COUNTERSIGN_PEOPLE_WAIT_HOURS`.
    pub max_wait: Duration,
    /// The roles whose sessions are people: `COUNTERSIGN_PERSONAL_ROLES`.
    pub personal_roles: PersonalRoles,
    /// Whether freezes are heeded: `COUNTERSIGN_FREEZES`.
    pub heeds_freezes: bool,
    /// Whether the glass may be broken: `COUNTERSIGN_ALLOW_BREAK_GLASS`.
    pub allows_break_glass: bool,
    /// The function that the daily probe is for, `COUNTERSIGN_PROBE_FUNCTION_ARN`: it is not there, so that nothing is
    /// deployed, and nobody is asked.
    pub probe: Option<FunctionName>,
}
