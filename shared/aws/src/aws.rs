//! One value that stands for all of AWS, as far as the use cases are concerned.

use std::time::Duration;

use countersign_gate::{domain::Stack, ports::Clock};
use jiff::Timestamp;

use crate::{clock::SystemClock, connection::Connection};

/// The ports of the gate, over AWS.
#[derive(Debug, Clone)]
pub struct Aws {
    pub(crate) connection: Connection,
    pub(crate) stack: Stack,
    pub(crate) event_bus: String,
}

impl Aws {
    /// AWS for one stack, whose own events go to `event_bus` (a name or an ARN).
    #[must_use]
    pub fn new(connection: Connection, stack: Stack, event_bus: String) -> Self {
        Self {
            connection,
            stack,
            event_bus,
        }
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
