//! The queues of the functions `sign` and `deploy`, for events that are sent again.

use countersign_gate::ports::{PortError, Redelivery, UploadFunction};

use crate::{connection::Connection, error::port_error};

/// [`Redelivery`] over SQS.
#[derive(Debug, Clone)]
pub struct FunctionQueues {
    connection: Connection,
    sign: String,
    deploy: String,
}

impl FunctionQueues {
    /// The queues with these URLs.
    #[must_use]
    pub fn new(connection: Connection, sign: String, deploy: String) -> Self {
        Self {
            connection,
            sign,
            deploy,
        }
    }
}

impl Redelivery for FunctionQueues {
    async fn resend(&self, to: UploadFunction, body: &str) -> Result<(), PortError> {
        const CALL: &str = "sqs:SendMessage";
        let url = match to {
            UploadFunction::Sign => &self.sign,
            UploadFunction::Deploy => &self.deploy,
        };
        let request = self.connection.sqs().send_message().queue_url(url);
        match request.message_body(body).send().await {
            Ok(_) => Ok(()),
            Err(error) => Err(port_error(CALL, error)),
        }
    }
}
