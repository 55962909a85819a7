//! One SQS batch: each message is worked on alone and fails alone.

use std::{error::Error, time::Duration};

use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent, SqsMessage};
use countersign_gate::ports::error_chain;
use tracing::{Instrument, error, field::Empty, info_span};

/// Why a message goes back to its queue. After the queue's patience it is in the dead-letter queue.
pub type Failure = Box<dyn Error + Send + Sync + 'static>;

/// What is kept of an invocation's time, to report on the messages that ran out of it: a function
/// that is cut off reports nothing, and all of its batch comes back, finished or not.
const MARGIN: Duration = Duration::from_secs(2);

/// One message of a queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Message<'a> {
    /// `messageId`.
    pub id: &'a str,
    /// The body as sent.
    pub body: &'a str,
    /// How often the queue has handed it out, this time included: at least 1.
    pub receive_count: u32,
}

/// The work of a function on one message.
pub trait Handle {
    /// Works on a message; an error sends it back. What a person decided to refuse is no error.
    fn handle(&self, message: Message<'_>) -> impl Future<Output = Result<(), Failure>>;
}

/// Works through a batch and answers with the messages that are to be handed out again.
///
/// Fails as a whole only when a failure could not be told by its message id.
pub(super) async fn work<H: Handle>(
    handler: &H,
    batch: SqsEvent,
    request_id: &str,
    time_left: impl Fn() -> Duration,
) -> Result<SqsBatchResponse, Failure> {
    let mut response = SqsBatchResponse::default();
    for message in &batch.records {
        let id = message.message_id.as_deref().filter(|id| !id.is_empty()).ok_or(
            "a record has no messageId: this function takes the batches of an SQS event source only",
        )?;
        let span = info_span!(
            "message",
            requestId = request_id,
            messageId = id,
            receiveCount = receive_count(message),
            upload = Empty,
            target = Empty,
            job = Empty,
        );
        let time = time_left().saturating_sub(MARGIN);
        if one(handler, message, time).instrument(span).await.is_err() {
            response.add_failure(id);
        }
    }
    Ok(response)
}

/// Works on one message and logs its failure; the caller only needs to know that there was one.
async fn one<H: Handle>(handler: &H, message: &SqsMessage, time: Duration) -> Result<(), ()> {
    let Some(body) = message.body.as_deref() else {
        error!("the message has no body and goes back to the queue");
        return Err(());
    };
    if time.is_zero() {
        error!("no time is left in this invocation; the message goes back to the queue");
        return Err(());
    }
    let message = Message {
        id: message.message_id.as_deref().unwrap_or_default(),
        body,
        receive_count: receive_count(message),
    };
    match tokio::time::timeout(time, handler.handle(message)).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(failure)) => {
            let error = error_chain(&*failure);
            error!(error, "the message goes back to the queue");
            Err(())
        }
        Err(_elapsed) => {
            error!("the invocation's time ran out; the message goes back to the queue");
            Err(())
        }
    }
}

/// `ApproximateReceiveCount`; a message that does not say is taken as new.
fn receive_count(message: &SqsMessage) -> u32 {
    let told = message.attributes.get("ApproximateReceiveCount");
    told.and_then(|count| count.parse().ok())
        .unwrap_or(1)
        .max(1)
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;

    const PLENTY: Duration = Duration::from_mins(1);

    /// Notes what it is handed, fails on "bad", and never ends on "slow".
    #[derive(Default)]
    struct Notes(RefCell<Vec<(String, u32)>>);

    impl Handle for Notes {
        async fn handle(&self, message: Message<'_>) -> Result<(), Failure> {
            self.0
                .borrow_mut()
                .push((message.body.to_owned(), message.receive_count));
            match message.body {
                "bad" => Err("it is bad".into()),
                "slow" => std::future::pending().await,
                _ => Ok(()),
            }
        }
    }

    fn batch(records: &serde_json::Value) -> SqsEvent {
        serde_json::from_value(serde_json::json!({ "Records": records.clone() })).unwrap()
    }

    /// The bodies that were worked on and the ids that go back.
    fn outcome(
        records: &serde_json::Value,
        time: Duration,
    ) -> (Notes, Result<Vec<String>, Failure>) {
        let notes = Notes::default();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .unwrap();
        let answer = runtime.block_on(work(&notes, batch(records), "r-1", || time));
        let ids = answer.map(|response| {
            response
                .batch_item_failures
                .into_iter()
                .map(|item| item.item_identifier)
                .collect()
        });
        (notes, ids)
    }

    #[test]
    fn a_bad_message_fails_alone() {
        let (notes, failed) = outcome(
            &serde_json::json!([
                {"messageId": "1", "body": "good", "attributes": {"ApproximateReceiveCount": "3"}},
                {"messageId": "2", "body": "bad"},
                {"messageId": "3"},
                {"messageId": "4", "body": "good too", "attributes": {"ApproximateReceiveCount": "x"}},
            ]),
            PLENTY,
        );
        assert_eq!(failed.unwrap(), ["2", "3"]);
        let worked: Vec<_> = notes.0.into_inner();
        assert_eq!(
            worked,
            [
                ("good".to_owned(), 3),
                ("bad".to_owned(), 1),
                ("good too".to_owned(), 1)
            ]
        );
    }

    #[test]
    fn a_message_that_takes_too_long_goes_back_before_the_function_is_cut_off() {
        let (_, failed) = outcome(
            &serde_json::json!([{"messageId": "1", "body": "slow"}]),
            PLENTY,
        );
        assert_eq!(failed.unwrap(), ["1"]);
    }

    #[test]
    fn a_message_is_not_begun_without_time_to_end_it() {
        let (notes, failed) = outcome(
            &serde_json::json!([{"messageId": "1", "body": "good"}]),
            MARGIN,
        );
        assert_eq!(failed.unwrap(), ["1"]);
        assert!(notes.0.into_inner().is_empty());
    }

    #[test]
    fn a_failure_that_could_not_be_told_fails_the_whole_batch() {
        let (notes, failed) = outcome(&serde_json::json!([{"body": "good"}]), PLENTY);
        assert!(failed.unwrap_err().to_string().contains("messageId"));
        assert!(notes.0.into_inner().is_empty());
    }
}
