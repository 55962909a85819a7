//! One SQS batch: each message is worked on alone and fails alone, one after the other.
//!
//! ```text
//! worked on to its end ─────────────────────────────────────────► done: Lambda deletes it
//! not understood, or failed in its last attempt ── dead-letter queue ─► done, and counted
//! failed, or worked on elsewhere ── visible again in seconds ──► failed: the queue keeps it
//! ```
//!
//! Lambda leaves the visibility of a message that is reported as failed alone (AWS's own samples
//! rely on it, grade C): without a change it would be handed out again only after the queue's
//! timeout, which has to be six times the function's.

use std::{
    hash::{DefaultHasher, Hash, Hasher},
    pin::Pin,
    time::Duration,
};

use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent, SqsMessage};
use countersign_gate::{
    outcome::DeliveryAttempt,
    ports::{Clock, PortError},
};
use jiff::Timestamp;
use tracing::{Instrument, error, field::Empty, info_span, warn};

use super::{
    dead_letter::{DeadLetter, DeadLetterReason, Queues},
    delivery::Delivery,
    message::{Failure, Handle, Message, attempt},
    report,
};

/// What is kept of an invocation's time for the ending of an upload (three writes): this, or a fifth
/// of the time if that is less.
const MAX_ENDING_RESERVE: Duration = Duration::from_secs(20);
const ENDING_RESERVE_PERMILLE: u32 = 200;

/// What is kept of that for reporting on the messages that ran out of time: this, or a tenth of the
/// invocation's time if that is less. A function that is cut off reports nothing, and all of its
/// batch comes back, finished or not.
const MAX_REPORT_RESERVE: Duration = Duration::from_secs(2);
const REPORT_RESERVE_PERMILLE: u32 = 100;

/// For one call on the queues, at most. In the report reserve it is what is left but this.
const QUEUE_CALL_TIMEOUT: Duration = Duration::from_secs(5);
const QUEUE_CALL_MARGIN: Duration = Duration::from_millis(300);

/// What a function has for its batches, as long as it lives.
#[derive(Debug)]
pub(super) struct Worker<'a, H, Q, C> {
    pub(super) handler: &'a H,
    pub(super) queues: &'a Q,
    pub(super) clock: &'a C,
    pub(super) delivery: &'a Delivery,
}

/// What is true of one invocation.
#[derive(Debug, Clone, Copy)]
pub(super) struct Invocation<'a> {
    pub(super) request_id: &'a str,
    /// When Lambda cuts it off.
    pub(super) deadline: Timestamp,
}

/// Why a batch fails as a whole: a failure could not be told by its message id.
#[derive(Debug, thiserror::Error)]
#[error("a record has no messageId: this function takes the batches of an SQS event source only")]
pub(super) struct NoMessageId;

/// What becomes of one message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Disposition {
    /// Lambda deletes it from the queue.
    Done,
    /// The queue hands it out again.
    Failed,
}

impl<H: Handle, Q: Queues, C: Clock> Worker<'_, H, Q, C> {
    /// Works through a batch and answers with the messages that are to be handed out again.
    pub(super) async fn work(
        &self,
        batch: &SqsEvent,
        invocation: Invocation<'_>,
    ) -> Result<SqsBatchResponse, NoMessageId> {
        let start = self.clock.now();
        let time = between(start, invocation.deadline);
        let before = |reserve| invocation.deadline.saturating_sub(reserve).unwrap_or(start);
        let work_until = before(MAX_ENDING_RESERVE.min(permille_of(time, ENDING_RESERVE_PERMILLE)));
        let cut_off_at = before(MAX_REPORT_RESERVE.min(permille_of(time, REPORT_RESERVE_PERMILLE)));
        let mut response = SqsBatchResponse::default();
        // All before the first is worked on: a batch that fails comes again as a whole.
        let ids: Vec<&str> = batch.records.iter().map(id_of).collect::<Result<_, _>>()?;
        for (message, id) in batch.records.iter().zip(ids) {
            let attempt = attempt(
                id,
                message,
                self.delivery.patience,
                self.clock.now(),
                work_until,
            );
            let span = info_span!(
                "message",
                requestId = invocation.request_id,
                messageId = id,
                receiveCount = attempt.attempt,
                upload = Empty,
                target = Empty,
                job = Empty,
            );
            let one = MessageTask {
                worker: self,
                message,
                id,
                attempt,
                cut_off_at,
                deadline: invocation.deadline,
            };
            if one.work().instrument(span).await == Disposition::Failed {
                response.add_failure(id);
            }
        }
        Ok(response)
    }
}

fn id_of(message: &SqsMessage) -> Result<&str, NoMessageId> {
    let id = message.message_id.as_deref();
    id.filter(|id| !id.is_empty()).ok_or(NoMessageId)
}

/// So many thousandths of a time.
fn permille_of(time: Duration, permille: u32) -> Duration {
    let product = time.saturating_mul(permille);
    product.checked_div(1000).unwrap_or_default()
}

/// The time from `now` to `then`, zero if that is past.
fn between(now: Timestamp, then: Timestamp) -> Duration {
    Duration::try_from(then.duration_since(now)).unwrap_or_default()
}

/// One message on its way.
struct MessageTask<'a, H, Q, C> {
    worker: &'a Worker<'a, H, Q, C>,
    message: &'a SqsMessage,
    id: &'a str,
    attempt: DeliveryAttempt,
    /// When the work is cut off here, before Lambda cuts off the function.
    cut_off_at: Timestamp,
    deadline: Timestamp,
}

impl<H: Handle, Q: Queues, C: Clock> MessageTask<'_, H, Q, C> {
    async fn work(&self) -> Disposition {
        let Some(body) = self.message.body.as_deref() else {
            error!("the message has no body and goes back to the queue");
            return self.retry_later(self.attempt.retry_delay()).await;
        };
        let now = self.worker.clock.now();
        if now >= self.attempt.work_until {
            warn!("no time is left in this invocation; the message goes back to the queue");
            return self.retry_later(self.attempt.retry_delay()).await;
        }
        // Judged before the work and not after it: what a use case takes for one attempt of several
        // must not be taken here for the last one, since it would have ended the upload.
        let is_last = self.attempt.is_last(now);
        let is_last_without_aws = self.attempt.with_outage_patience().is_last(now);
        let Err(failure) = self.handle(body, now).await else {
            return Disposition::Done;
        };
        let error = failure.error_chain();
        let delay = match failure {
            Failure::WaitsForPeople(delay, _) => delay,
            _ => self.attempt.retry_delay(),
        };
        let reason = match failure {
            Failure::NotUnderstood(_) => Some(DeadLetterReason::NotUnderstood),
            Failure::Retry(_) if is_last => Some(DeadLetterReason::PatienceExhausted),
            Failure::WaitsForAws(_) if is_last_without_aws => {
                Some(DeadLetterReason::PatienceExhausted)
            }
            Failure::Retry(_)
            | Failure::WaitsForAws(_)
            | Failure::Waiting(_)
            | Failure::WaitsForPeople(..)
            | Failure::LeaseHeld(_) => None,
        };
        if let Some(reason) = reason {
            return self.give_up(body, reason, error).await;
        }
        warn!(error, "the message goes back to the queue");
        self.retry_later(delay).await
    }

    /// The function's own work.
    async fn handle(&self, body: &str, now: Timestamp) -> Result<(), Failure> {
        let time = between(now, self.cut_off_at);
        let message = Message {
            body,
            attempt: &self.attempt,
        };
        // The whole way of an upload is one large future, whose type is too deep for the compiler
        // unless it ends here.
        let work: Pin<Box<dyn Future<Output = _> + '_>> =
            Box::pin(self.worker.handler.handle(message));
        match tokio::time::timeout(time, work).await {
            Ok(answer) => answer,
            Err(_elapsed) => Err(Failure::Retry("the invocation's time ran out".into())),
        }
    }

    /// Puts the message into the dead-letter queue; where that fails, it goes back to its own.
    async fn give_up(&self, body: &str, reason: DeadLetterReason, error: String) -> Disposition {
        let Delivery {
            stack, function, ..
        } = self.worker.delivery;
        let letter = DeadLetter {
            body,
            reason,
            error,
            attempts: self.attempt.attempt,
            first_received: self.attempt.since,
            function,
        };
        let sent = self
            .in_time(self.worker.queues.send_dead_letter(&letter))
            .await;
        let error = letter.error.as_str();
        match sent {
            Ok(()) => {
                let reason = reason.as_str();
                error!(
                    error,
                    reason, "the message was put into the dead-letter queue"
                );
                report::dead_lettered(stack, function, reason, self.id);
                Disposition::Done
            }
            Err(refusal) => {
                error!(
                    error,
                    sendError = refusal,
                    "the message belongs into the dead-letter queue, which does not take it; it goes back \
                     to the queue"
                );
                self.retry_later(self.attempt.retry_delay()).await
            }
        }
    }

    /// Has the queue hand the message out again after this time, more or less. Where it does not do so, it will after
    /// its own visibility timeout.
    async fn retry_later(&self, delay: Duration) -> Disposition {
        let source = self.message.event_source_arn.as_deref();
        let handle = self.message.receipt_handle.as_deref();
        let (Some(source), Some(handle)) = (source, handle) else {
            warn!("the message does not say which queue it is from; its visibility stays as it is");
            return Disposition::Failed;
        };
        let seconds = jittered_seconds(delay, self.id, self.attempt.attempt);
        let change = self
            .worker
            .queues
            .change_visibility(source, handle, seconds);
        if let Err(error) = self.in_time(change).await {
            warn!(error, "the visibility of the message stays as it is");
        }
        Disposition::Failed
    }

    /// A call on the queues, given up before the invocation is cut off.
    async fn in_time(
        &self,
        call: impl Future<Output = Result<(), PortError>>,
    ) -> Result<(), String> {
        let left = between(self.worker.clock.now(), self.deadline);
        let timeout = QUEUE_CALL_TIMEOUT.min(left.saturating_sub(QUEUE_CALL_MARGIN));
        match tokio::time::timeout(timeout, call).await {
            Ok(answer) => answer.map_err(|error| error.error_chain()),
            Err(_elapsed) => Err("no answer in time".to_owned()),
        }
    }
}

/// A delay made up to 20 % longer or shorter, in whole seconds and at least one: messages that
/// failed together are not handed out together again. By how much comes from the message's id,
/// which is random.
fn jittered_seconds(delay: Duration, id: &str, attempt: u32) -> i32 {
    let mut hasher = DefaultHasher::new();
    (id, attempt).hash(&mut hasher);
    let permille = hasher.finish().rem_euclid(401).saturating_add(800);
    let permille = u32::try_from(permille).unwrap_or(1000);
    let rounded = permille_of(delay, permille)
        .saturating_add(Duration::from_millis(500))
        .as_secs();
    i32::try_from(rounded).unwrap_or(i32::MAX).max(1)
}
