//! What comes off the queues, parsed strictly. The folder `events/` of the repository has a sample of
//! each shape.
//!
//! Lives here: one file for each kind of event, and `role_id.rs` (which role called). An event that is not understood is an error and ends
//! in the dead-letter queue: nothing is dropped silently. An event that is understood and concerns
//! another stack is recognised by the use case.
//!
//! May use: `domain`.
//!
//! Data passes through like this: message body, `parse`, typed event, use case. An event only says
//! where to look; records and AWS say what is so.

mod alert_run;
mod cloudtrail;
mod envelope;
mod role_id;
mod signing_job;
mod sweep_run;
mod upload;

pub use alert_run::AlertRun;
pub use cloudtrail::ApiCall;
pub(crate) use cloudtrail::{API_CALL, unqualified};
pub(crate) use envelope::Envelope;
pub use envelope::EventError;
pub use role_id::RoleId;
pub use signing_job::JobEvent;
pub use sweep_run::SweepRun;
pub use upload::UploadEvent;
