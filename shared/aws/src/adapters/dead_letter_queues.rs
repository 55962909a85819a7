//! The dead-letter queues of a stack, by their names.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use aws_sdk_sqs::types::{Message, MessageSystemAttributeName};
use countersign_gate::{
    domain::GateFunction,
    ports::{DeadLetter, DeadLetters, PortError},
};
use jiff::Timestamp;

use crate::{
    connection::Connection,
    error::{port_error, required},
};

/// [`DeadLetters`] over SQS.
#[derive(Debug)]
pub struct DeadLetterQueues {
    connection: Connection,
    stack: String,
    /// URLs by name, as far as they were asked for.
    urls: Mutex<BTreeMap<String, String>>,
}

impl DeadLetterQueues {
    /// Those of the stack of this name, in the connection's account and region.
    #[must_use]
    pub fn new(connection: Connection, stack: String) -> Self {
        Self {
            connection,
            stack,
            urls: Mutex::default(),
        }
    }

    async fn queue(&self, of: GateFunction) -> Result<String, PortError> {
        self.url(format!("{}-{of}", self.stack)).await
    }

    async fn dead_letters(&self, of: GateFunction) -> Result<String, PortError> {
        self.url(format!("{}-{of}-dead-letters", self.stack)).await
    }

    async fn url(&self, name: String) -> Result<String, PortError> {
        const CALL: &str = "sqs:GetQueueUrl";
        let known = {
            let urls = self.urls.lock().unwrap_or_else(PoisonError::into_inner);
            urls.get(&name).cloned()
        };
        if let Some(url) = known {
            return Ok(url);
        }
        let request = self.connection.sqs().get_queue_url().queue_name(&name);
        let answer = request.send().await;
        let answer = answer.map_err(|error| port_error(CALL, error))?;
        let url = required(CALL, "QueueUrl", answer.queue_url)?;
        let mut urls = self.urls.lock().unwrap_or_else(PoisonError::into_inner);
        urls.insert(name, url.clone());
        Ok(url)
    }
}

impl DeadLetters for DeadLetterQueues {
    async fn take_dead_letters(
        &self,
        of: GateFunction,
        hidden: Duration,
    ) -> Result<Vec<DeadLetter>, PortError> {
        const CALL: &str = "sqs:ReceiveMessage";
        let hidden = i32::try_from(hidden.as_secs()).unwrap_or(i32::MAX);
        let request = self.connection.sqs().receive_message();
        let answer = request
            .queue_url(self.dead_letters(of).await?)
            .max_number_of_messages(10)
            .visibility_timeout(hidden)
            // Without waiting, SQS asks some of its servers only, and may answer that there is nothing.
            .wait_time_seconds(1)
            .message_attribute_names("All")
            .message_system_attribute_names(MessageSystemAttributeName::SentTimestamp)
            .send()
            .await
            .map_err(|error| port_error(CALL, error))?;
        let messages = answer.messages.into_iter().flatten();
        messages.map(|message| letter(CALL, message)).collect()
    }

    async fn release_dead_letter(
        &self,
        of: GateFunction,
        letter: &DeadLetter,
    ) -> Result<(), PortError> {
        const CALL: &str = "sqs:ChangeMessageVisibility";
        let request = self.connection.sqs().change_message_visibility();
        let request = request
            .queue_url(self.dead_letters(of).await?)
            .receipt_handle(&letter.receipt)
            .visibility_timeout(0);
        match request.send().await {
            Ok(_) => Ok(()),
            Err(error) => Err(port_error(CALL, error)),
        }
    }

    async fn send_back(&self, to: GateFunction, body: &str) -> Result<(), PortError> {
        const CALL: &str = "sqs:SendMessage";
        let request = self.connection.sqs().send_message();
        let request = request.queue_url(self.queue(to).await?).message_body(body);
        match request.send().await {
            Ok(_) => Ok(()),
            Err(error) => Err(port_error(CALL, error)),
        }
    }

    async fn delete_dead_letter(
        &self,
        of: GateFunction,
        letter: &DeadLetter,
    ) -> Result<(), PortError> {
        const CALL: &str = "sqs:DeleteMessage";
        let request = self.connection.sqs().delete_message();
        let request = request
            .queue_url(self.dead_letters(of).await?)
            .receipt_handle(&letter.receipt);
        match request.send().await {
            Ok(_) => Ok(()),
            Err(error) => Err(port_error(CALL, error)),
        }
    }
}

fn letter(call: &'static str, message: Message) -> Result<DeadLetter, PortError> {
    let sent_at = message
        .attributes
        .as_ref()
        .and_then(|of| of.get(&MessageSystemAttributeName::SentTimestamp))
        .and_then(|milliseconds| milliseconds.parse().ok())
        .and_then(|milliseconds| Timestamp::from_millisecond(milliseconds).ok());
    let attributes = message.message_attributes.into_iter().flatten();
    Ok(DeadLetter {
        id: required(call, "MessageId", message.message_id)?,
        body: required(call, "Body", message.body)?,
        attributes: attributes
            .filter_map(|(name, value)| Some((name, value.string_value?)))
            .collect(),
        sent_at,
        receipt: required(call, "ReceiptHandle", message.receipt_handle)?,
    })
}
