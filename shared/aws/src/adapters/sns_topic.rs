//! Where pages go.

use aws_sdk_sns::types::MessageAttributeValue;
use countersign_gate::ports::{Pager, PortError, SnsMessage};

use crate::{
    connection::Connection,
    error::{not_made, port_error},
};

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
        let mut request = request
            .subject(message.subject())
            .message(message.message());
        for (name, value) in message.attributes() {
            let attribute = MessageAttributeValue::builder()
                .data_type("String")
                .string_value(value)
                .build()
                .map_err(|error| not_made("sns:Publish", error))?;
            request = request.message_attributes(*name, attribute);
        }
        match request.message_structure("json").send().await {
            Ok(_) => Ok(()),
            Err(error) => Err(port_error("sns:Publish", error)),
        }
    }
}
