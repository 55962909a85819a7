//! The use case of `sign`: from an upload event to a signing job, or to the reason why there is none.
//!
//! Lives here: `admit.rs` (the steps), `pin.rs` (which version, and is it current), `eligibility.rs`
//! (what can never be deployed is refused before a job is spent), `settings.rs`.
//!
//! May use: every room below, `events`.
//!
//! Data passes through like this: [`crate::events::UploadEvent`], pinned version, `received.json`,
//! eligibility, `StartSigningJob`, `signing.json`.

mod admit;
mod eligibility;
mod pin;
mod settings;

pub use admit::{Admission, admit};
pub use settings::{PROFILE_TAG, SignSettings, SignWorld};
