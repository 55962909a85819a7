//! Whether a stack is whole: each part of it looked at, and what is wrong told with the command that mends it.
//!
//! Lives here: what a check is and how it ends (`check.rs`), all of them with what they rest on (`kinds.rs`), the stack's
//! resources by their names in the template (`parts.rs`), and the checks of each category (`stack.rs`, `functions.rs`,
//! `storage.rs`, `messages.rs`, `paging.rs`, `targets.rs` with `tags.rs`). `diagnose.rs` runs them all over
//! what is in `world.rs`.
//!
//! May use: what the room `client` may.
//!
//! Data passes through like this: [`diagnose`] asks CloudFormation for the stack and its resources, and every other service for what it
//! knows of each; what has no answer is told as that, and never taken for a pass. Nothing is changed.

mod check;
mod diagnose;
mod functions;
mod kinds;
mod messages;
mod paging;
mod parts;
mod stack;
mod storage;
mod tags;
mod targets;
mod world;

pub use check::{CheckKind, StackCheck, StackCheckResult};
pub use diagnose::{Diagnosis, DoctorSummary, StackPlace, diagnose};
pub use kinds::KINDS;
pub use messages::RULE_TARGETS;
pub use parts::LOGICAL_IDS;
pub use stack::REGIONS_WITHOUT_CODE_SIGNING;
pub use world::DoctorWorld;
