//! The use case of `alert`: from an event to a page, or to nothing.
//!
//! Lives here: `alert.rs` (the entry), `trail.rs` (which recorded API calls page), `page.rs` (what a
//! person is told, rendered for each protocol of SNS).
//!
//! May use: every room below, `events`.
//!
//! Data passes through like this: message body, typed event, [`Page`], SNS message.

mod alert;
mod page;
mod trail;

pub use alert::{AlertError, alert, classify};

pub use page::{Page, Severity};
