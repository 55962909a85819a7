//! The use case of `alert`: from an event to a page, or to nothing.
//!
//! Lives here: `alert.rs` (the entry), `record_pointer.rs` (an event of the gate's own names a record, and nothing more); `detections/` (which recorded API calls page, one file each), with what the
//! records know of them: `known_code.rs` (whose code it is), `known_csc.rs` (what a configuration was before, and `put_back.rs`, the command for it), `known_live.rs` (what was deployed last), `known_profiles.rs` (whom the stack's functions trust),
//! `known_functions.rs` (which others are under its configuration),
//! `peers.rs` (another gate's work),
//! `stack_update.rs` (is the gate's own stack being updated); `outcome_page.rs` (how an upload ended), `approval_page.rs` (one waits for approvals), `drift_page.rs` (what `sweep` found); `page.rs` (what a
//! person is told), `formats/` (as each protocol of SNS carries it), `publish.rs`; `silences.rs` (it was planned) and `silence_pages.rs` (which is told),
//! `incidents.rs` (it is told once), `incident_counts.rs` (what is counted), `tally.rs` (by whom), `repeat_pages.rs` (it happened again, it is gone: the pages),
//! `sender.rs` (one run at a time sends about it), `recovery.rs` (what ends it), `ended_before.rs` (what had ended it before it was heard of), and the documents of these, `open_alerts.rs` and
//! `compare_and_swap.rs` (replaced only as they were seen); `settings.rs`, `world.rs` (the ports), `error.rs`.
//!
//! May use: `domain`, `verdict`, `ports`, `records`, `outcome`, `events`.
//!
//! Data passes through like this: message body, [`Event`], for an upload's end the
//! outcome on record, for drift its document, [`classify`], [`Page`]; unless a silence or the count of
//! repeats keeps it, SNS message. The clock comes back for what was counted.

mod alert;
mod approval_page;
mod compare_and_swap;
pub mod detections;
mod drift_page;
mod ended_before;
mod error;
pub mod formats;
mod incident_counts;
mod incidents;
mod known_code;
mod known_csc;
mod known_functions;
mod known_live;
mod known_profiles;
mod open_alerts;
mod outcome_page;
mod page;
mod peers;
mod publish;
mod put_back;
mod record_pointer;
mod recovery;
mod repeat_pages;
mod sender;
mod settings;
mod silence_pages;
mod silences;
mod stack_update;
mod tally;
mod world;

pub use alert::{Alerted, Event, Lookup, alert, classify, parse};
pub use error::AlertError;
pub use incidents::RepeatRun;
pub use known_code::KnownCode;
pub use known_csc::{CscBefore, CscOfFunction, KnownCsc};
pub use known_live::LiveUpload;
pub use page::{AwsLocation, IncidentScope, Page, Repetition, Severity};
pub use record_pointer::{AwaitedApproval, RecordPointer};
pub use settings::{AlertSettings, HttpsPages, RoleList, RoleListError};
pub use world::AlertWorld;
