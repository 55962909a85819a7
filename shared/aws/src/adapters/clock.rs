//! The one place that reads the wall clock.

use std::time::Duration;

use countersign_gate::ports::Clock;
use jiff::Timestamp;

/// The wall clock of the machine, and the timer of the async runtime.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the adapter through which everything else is told the time"
    )]
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    async fn sleep(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }
}
