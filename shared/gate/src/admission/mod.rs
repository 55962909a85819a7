//! The use case of `sign`: from an upload event to a signing job, or to the reason why there is none.
//!
//! Lives here: `admit.rs` (the steps), `pin.rs` (which version, and is it current), `eligibility.rs`
//! (what can never be deployed is refused before a job is spent), `start.rs` (the job), `statement.rs`
//! (what people and builders say of uploads), `admission.rs` (what became of the event), `settings.rs`.
//!
//! May use: `domain`, `verdict`, `ports`, `records`, `outcome`, `events`.
//!
//! Data passes through like this: [`crate::events::UploadEvent`], pinned version, eligibility,
//! `received.json`, `StartSigningJob`, `signing.json`.

#[expect(clippy::module_inception, reason = "the file is named for its type")]
mod admission;
mod admit;
mod eligibility;
mod pin;
mod settings;
mod start;
mod statement;

pub use crate::domain::PROFILE_TAG;
pub use admission::Admission;
pub use admit::admit;
pub use settings::{SignSettings, SignWorld};
