//! The use case of `alert`: from an event to a page, or to nothing.
//!
//! Lives here: `alert.rs` (the entry), `detections/` (which recorded API calls page, one
//! file each), `known_code.rs` (whose code a call put on a function),
//! `drift_page.rs` (what `sweep` found), `page.rs` (what a person is told, rendered for each protocol of SNS), `settings.rs` (the stack, its
//! own roles, its targets).
//!
//! May use: every room below, `events`.
//!
//! Data passes through like this: message body, [`Event`], for an upload's end the
//! outcome on record, for drift its document, [`classify`], [`Page`], SNS message.

mod alert;
pub mod detections;
mod drift_page;
mod known_code;
mod page;
mod settings;

pub use alert::{AlertError, Alerted, Event, Lookup, RecordPointer, alert, classify, parse};

pub use known_code::KnownCode;
pub use page::{Page, Severity};
pub use settings::{AlertSettings, OwnRoles, OwnRolesError};
