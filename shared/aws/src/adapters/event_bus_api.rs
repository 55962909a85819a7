//! The gate's own events.

use aws_sdk_eventbridge::types::PutEventsRequestEntry;
use countersign_gate::ports::{Announcement, Events, PortError, SOURCE};

use crate::{
    connection::Connection,
    error::{port_error, port_error_inside},
};

/// [`Events`] over EventBridge.
#[derive(Debug, Clone)]
pub struct EventBusApi {
    connection: Connection,
    bus: String,
}

impl EventBusApi {
    /// The bus of this name or ARN.
    #[must_use]
    pub fn new(connection: Connection, bus: String) -> Self {
        Self { connection, bus }
    }
}

impl Events for EventBusApi {
    async fn announce(&self, announcement: &Announcement) -> Result<(), PortError> {
        const CALL: &str = "events:PutEvents";
        let entry = PutEventsRequestEntry::builder()
            .source(SOURCE)
            .detail_type(announcement.detail_type())
            .detail(announcement.detail())
            .set_resources(Some(announcement.resources().to_vec()))
            .event_bus_name(&self.bus)
            .build();
        let answer = self
            .connection
            .eventbridge()
            .put_events()
            .entries(entry)
            .send()
            .await;
        let answer = answer.map_err(|error| port_error(CALL, error))?;
        if answer.failed_entry_count == 0 {
            return Ok(());
        }
        // The call succeeds even when its entries do not.
        let entry = answer
            .entries
            .into_iter()
            .flatten()
            .find(|entry| entry.error_code.is_some());
        let (code, message) = entry
            .map(|e| (e.error_code, e.error_message))
            .unwrap_or_default();
        let (code, message) = (code.unwrap_or_default(), message.unwrap_or_default());
        Err(port_error_inside(CALL, &code, &message))
    }
}
