//! One check a file. Each looks at the evidence by itself and returns a `CheckResult` (`startable` one for each
//! fault); what a failure does is decided by the table of the room above (`verdict/decide.rs`).
//!
//! May use: what the room `verdict` may, and its evidence.
//!
//! Data passes through like this: `Evidence`, one check after the other, a `CheckResult` of each, which `decide` makes findings of.

pub(super) mod approval;
pub(super) mod claims;
pub(super) mod expiry;
pub(super) mod freeze;
pub(super) mod integrity;
pub(super) mod origin;
pub(super) mod provenance;
pub(super) mod publisher;
pub(super) mod revocation;
pub(super) mod second_opinion;
pub(super) mod startable;
pub(super) mod structure;
