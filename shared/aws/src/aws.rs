//! One value that stands for all of AWS, as far as the use cases are concerned.

use std::time::Duration;

use countersign_gate::ports::Clock;
use jiff::Timestamp;

use crate::{clock::SystemClock, connection::Connection};

/// What the stack has called its things.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StackNames {
    /// The uploads bucket.
    pub uploads: String,
    /// The records bucket.
    pub records: String,
    /// The event bus that the gate's own events go to, by name or ARN.
    pub event_bus: String,
}

/// The ports of the gate, over AWS.
#[derive(Debug, Clone)]
pub struct Aws {
    pub(crate) connection: Connection,
    pub(crate) names: StackNames,
}

impl Aws {
    /// AWS for one stack.
    #[must_use]
    pub fn new(connection: Connection, names: StackNames) -> Self {
        Self { connection, names }
    }
}

impl Clock for Aws {
    fn now(&self) -> Timestamp {
        SystemClock.now()
    }

    async fn sleep(&self, duration: Duration) {
        SystemClock.sleep(duration).await;
    }
}
