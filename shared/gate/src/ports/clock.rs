//! Time.

use jiff::Timestamp;
use std::{future::Future, time::Duration};

/// What time it is, and waiting.
pub trait Clock: Sync {
    /// Now.
    fn now(&self) -> Timestamp;
    /// Returns after `duration`.
    fn sleep(&self, duration: Duration) -> impl Future<Output = ()> + Send;
}
