//! The detections: which recorded API calls someone should hear of.
//!
//! Lives here: one file for each detection, with what it matches and what it says; the table of them and
//! the search through it (`table.rs`); what a matcher is given and answers (`detection.rs`); the page
//! (`page_of.rs`), what its steps name (`fill.rs`) and what takes the caller's access away (`revocation.rs`); the same detections as rules of others (`rules/`). `docs/detections.md` is written from the table by a test, and the event names that the
//! rule on the bus must let through are read from it.
//!
//! May use: what the room `alerts` may, and its pages.
//!
//! Data passes through like this: `ApiCall`, the first detection of the table that matches, [`Page`].
//!
//! [`Page`]: super::Page

mod detection;
mod fill;
mod page_of;
mod revocation;
mod rules;
#[cfg(test)]
mod samples;
mod table;

mod alias_changed;
mod attempt_denied;
mod code_changed;
mod code_refused;
mod configuration_changed;
mod csc_changed;
mod csc_deleted;
mod csc_detached;
mod csc_replaced;
mod csc_weakened;
mod foreign_signing;
mod function_created;
mod function_deleted;
mod gate_changed;
mod gate_role_passed;
mod layer_changed;
mod layer_opened;
mod opened_to_everybody;
mod profile_changed;
mod profile_opened;
mod records_deleted;
mod stack_changed;
mod tags_changed;
mod trail_changed;
mod trust_revoked;
mod untrusted_code_live;
mod version_changed;

pub use detection::{Answer, Detection, EventPredicate, WatchedCall};
pub use fill::in_capitals;
pub(super) use fill::is_plain;
pub(super) use gate_changed::ID as GATE_CHANGED;
pub(super) use page_of::{Known, names_live, needs_records, page_of};
pub use rules::{RuleFile, RuleFormat, rules};
pub(super) use stack_changed::ID as GATE_STACK_CHANGED;
pub(super) use table::is_gates_work;
pub use table::{DETECTIONS, EventNames, detect, event_names};
