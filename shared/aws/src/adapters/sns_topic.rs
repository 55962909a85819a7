//! Where pages go.

use countersign_gate::ports::{Pager, PortError, SnsMessage};

use crate::{connection::Connection, error::port_error};

/// [`Pager`] over SNS: the topic that people subscribe to.
#[derive(Debug, Clone)]
pub struct SnsTopic {
    connection: Connection,
    arn: String,
}

impl SnsTopic {
    /// The topic of this ARN.
    #[must_use]
    pub fn new(connection: Connection, arn: String) -> Self {
        Self { connection, arn }
    }
}

impl Pager for SnsTopic {
    async fn page(&self, message: &SnsMessage) -> Result<(), PortError> {
        let request = self.connection.sns().publish().topic_arn(&self.arn);
        let request = request
            .subject(message.subject())
            .message(message.message());
        match request.message_structure("json").send().await {
            Ok(_) => Ok(()),
            Err(error) => Err(port_error("sns:Publish", error)),
        }
    }
}
