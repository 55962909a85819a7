//! What CloudTrail recorded, for the person who looks a call up.

use std::future::Future;

use super::error::PortError;

/// The event history of an account and region.
pub trait CallHistory: Sync {
    /// `LookupEvents` by the event's id: the record, as JSON; `None` when there is none, not yet or no longer.
    fn recorded_call(
        &self,
        event_id: &str,
    ) -> impl Future<Output = Result<Option<String>, PortError>> + Send;
}
