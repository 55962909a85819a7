//! What CloudTrail recorded.

use aws_sdk_cloudtrail::types::{LookupAttribute, LookupAttributeKey};
use countersign_gate::ports::{CallHistory, Pages, PortError};

use crate::{
    connection::Connection,
    error::{not_made, port_error},
};

/// [`CallHistory`] over CloudTrail.
#[derive(Debug)]
pub struct CloudTrail {
    connection: Connection,
}

impl CloudTrail {
    /// That of the connection's account and region.
    #[must_use]
    pub fn new(connection: Connection) -> Self {
        Self { connection }
    }
}

impl CallHistory for CloudTrail {
    async fn recorded_call(&self, event_id: &str) -> Result<Option<String>, PortError> {
        const CALL: &str = "cloudtrail:LookupEvents";
        let attribute = LookupAttribute::builder()
            .attribute_key(LookupAttributeKey::EventId)
            .attribute_value(event_id)
            .build()
            .map_err(|error| not_made(CALL, error))?;
        let mut pages = Pages::of(CALL);
        // A page may be empty although there is another.
        while pages.has_next() {
            let request = self.connection.cloudtrail().lookup_events();
            let answer = request
                .lookup_attributes(attribute.clone())
                .set_next_token(pages.marker().map(str::to_owned))
                .send()
                .await
                .map_err(|error| port_error(CALL, error))?;
            let mut events = answer.events.into_iter().flatten();
            let found = events.find(|event| event.event_id.as_deref() == Some(event_id));
            if let Some(event) = found.and_then(|event| event.cloud_trail_event) {
                return Ok(Some(event));
            }
            pages.turn_to(answer.next_token)?;
        }
        Ok(None)
    }
}
