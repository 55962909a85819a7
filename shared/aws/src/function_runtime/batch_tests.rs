//! Batches with a handler and queues that note what they are given, on a clock that does not wait.

use std::{cell::RefCell, time::Duration};

use aws_lambda_events::event::sqs::SqsEvent;
use countersign_gate::{
    outcome::DeliveryAttempt,
    ports::{Clock, PortError},
};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::{
    batch::{Invocation, Worker},
    dead_letter::{DeadLetter, Queues},
    delivery::Delivery,
    message::{Failure, Handle, Message},
};

/// 2026-11-21T21:44:00Z, in milliseconds.
const START: i64 = 1_795_297_440_000;

fn start() -> Timestamp {
    Timestamp::from_millisecond(START).unwrap()
}

fn after(seconds: u64) -> Timestamp {
    start().checked_add(Duration::from_secs(seconds)).unwrap()
}

/// Tokio's time, which passes when everybody waits.
struct PausedClock(tokio::time::Instant);

impl Clock for PausedClock {
    fn now(&self) -> Timestamp {
        start().checked_add(self.0.elapsed()).unwrap()
    }

    async fn sleep(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }
}

/// Fails on "bad", "busy", "throttled", "waiting", "unapproved" and "odd", works ten seconds on "long", and never ends on "hanging".
#[derive(Default)]
struct Handler(RefCell<Vec<(String, DeliveryAttempt)>>);

impl Handle for Handler {
    async fn handle(&self, message: Message<'_>) -> Result<(), Failure> {
        let seen = (message.body.to_owned(), message.attempt.clone());
        self.0.borrow_mut().push(seen);
        match message.body {
            "bad" => Err(Failure::Retry("it is bad".into())),
            "throttled" => Err(Failure::WaitsForAws("it was throttled".into())),
            "waiting" => Err(Failure::Waiting("it waits".into())),
            "unapproved" => Err(Failure::WaitsForPeople(
                Duration::from_mins(10),
                "nobody approved it".into(),
            )),
            "busy" => Err(Failure::LeaseHeld("another delivery is at work".into())),
            "odd" => Err(Failure::NotUnderstood("it is odd".into())),
            "long" => {
                tokio::time::sleep(Duration::from_secs(10)).await;
                Ok(())
            }
            "hanging" => std::future::pending().await,
            _ => Ok(()),
        }
    }
}

/// How the queues answer.
#[derive(Clone, Copy, Default, PartialEq)]
enum Mood {
    #[default]
    Well,
    Refusing,
    Hanging,
}

#[derive(Default)]
struct Recorder {
    mood: Mood,
    /// Queue, receipt handle, seconds.
    changes: RefCell<Vec<(String, String, i32)>>,
    /// Body, reason, error, attempts.
    letters: RefCell<Vec<(String, &'static str, String, u32)>>,
}

impl Recorder {
    async fn answer(&self, call: &'static str) -> Result<(), PortError> {
        match self.mood {
            Mood::Well => Ok(()),
            Mood::Refusing => Err(PortError::Denied {
                call,
                source: "no".into(),
            }),
            Mood::Hanging => std::future::pending().await,
        }
    }
}

impl Queues for Recorder {
    async fn change_visibility(
        &self,
        source_arn: &str,
        receipt_handle: &str,
        seconds: i32,
    ) -> Result<(), PortError> {
        let change = (source_arn.to_owned(), receipt_handle.to_owned(), seconds);
        self.changes.borrow_mut().push(change);
        self.answer("sqs:ChangeMessageVisibility").await
    }

    async fn send_dead_letter(&self, letter: &DeadLetter<'_>) -> Result<(), PortError> {
        assert_eq!(letter.function, "gate-sign");
        self.letters.borrow_mut().push((
            letter.body.to_owned(),
            letter.reason.as_str(),
            letter.error.clone(),
            letter.attempts,
        ));
        self.answer("sqs:SendMessage").await
    }
}

/// What came of a batch.
struct Run {
    failed: Result<Vec<String>, String>,
    handled: Vec<(String, DeliveryAttempt)>,
    changes: Vec<(String, String, i32)>,
    letters: Vec<(String, &'static str, String, u32)>,
    took: Duration,
}

impl Run {
    fn bodies(&self) -> Vec<&str> {
        self.handled.iter().map(|(body, _)| body.as_str()).collect()
    }
}

/// Hands out a batch with a minute of time and a patience of ten.
fn run(records: &Value, mood: Mood) -> Run {
    run_for(Duration::from_mins(1), records, mood)
}

fn run_for(time: Duration, records: &Value, mood: Mood) -> Run {
    let batch: SqsEvent = serde_json::from_value(json!({ "Records": records })).unwrap();
    let handler = Handler::default();
    let queues = Recorder {
        mood,
        ..Recorder::default()
    };
    let delivery = Delivery {
        stack: "gate".to_owned(),
        function: "gate-sign".to_owned(),
        patience: Duration::from_mins(10),
        dead_letter_queue: String::new(),
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap();
    let (failed, took) = runtime.block_on(async {
        let clock = PausedClock(tokio::time::Instant::now());
        let worker = Worker {
            handler: &handler,
            queues: &queues,
            clock: &clock,
            delivery: &delivery,
        };
        let invocation = Invocation {
            request_id: "r-1",
            deadline: start().checked_add(time).unwrap(),
        };
        let answer = worker.work(&batch, invocation).await;
        (answer, clock.0.elapsed())
    });
    let failed = failed.map_err(|error| error.to_string()).map(|response| {
        let failures = response.batch_item_failures.into_iter();
        failures.map(|item| item.item_identifier).collect()
    });
    Run {
        failed,
        handled: handler.0.into_inner(),
        changes: queues.changes.into_inner(),
        letters: queues.letters.into_inner(),
        took,
    }
}

/// A message that was first received now, for the given time.
fn message(id: &str, body: &str, receives: u32) -> Value {
    message_since(id, body, receives, START)
}

fn message_since(id: &str, body: &str, receives: u32, since: i64) -> Value {
    json!({
        "messageId": id, "body": body, "receiptHandle": format!("handle of {id}"),
        "eventSourceARN": "arn:aws:sqs:eu-west-1:111122223333:gate-sign",
        "attributes": {
            "ApproximateReceiveCount": receives.to_string(),
            "ApproximateFirstReceiveTimestamp": since.to_string(),
        },
    })
}

#[test]
fn bad_message_fails_alone_and_comes_back_in_seconds() {
    let run = run(
        &json!([
            message("1", "good", 1),
            message("2", "bad", 1),
            message("3", "good too", 3)
        ]),
        Mood::Well,
    );
    assert_eq!(run.failed.unwrap(), ["2"]);
    let arn = "arn:aws:sqs:eu-west-1:111122223333:gate-sign";
    let change = (arn.to_owned(), "handle of 2".to_owned(), 1);
    assert_eq!(run.changes, [change]);
    assert!(run.letters.is_empty());
    let attempts: Vec<_> = run.handled.iter().map(|(_, attempt)| attempt).collect();
    assert_eq!((attempts[0].attempt, attempts[2].attempt), (1, 3));
    assert_eq!(attempts[0].since, start());
    assert_eq!(attempts[0].give_up_at, after(600));
    assert_eq!(
        attempts[0].work_until,
        after(48),
        "a fifth of a minute is kept back"
    );
}

#[test]
fn delays_grow_and_differ() {
    let records: Vec<Value> = (0..40)
        .map(|n| message(&format!("{n}"), "bad", 6))
        .collect();
    let run = run(&records.into(), Mood::Well);
    let mut seconds: Vec<i32> = run.changes.iter().map(|&(_, _, seconds)| seconds).collect();
    seconds.sort_unstable();
    assert!(seconds.iter().all(|s| (26..=38).contains(s)), "{seconds:?}");
    seconds.dedup();
    assert!(seconds.len() > 5, "{seconds:?}");
}

#[test]
fn odd_message_goes_to_the_dead_letter_queue_at_once() {
    let run = run(
        &json!([message("1", "odd", 2), message("2", "good", 1)]),
        Mood::Well,
    );
    assert_eq!(run.failed.as_deref(), Ok(&[][..]), "and counts as done");
    let letter = (
        "odd".to_owned(),
        "NOT_UNDERSTOOD",
        "it is odd".to_owned(),
        2,
    );
    assert_eq!(run.letters, [letter]);
    assert!(run.changes.is_empty());
    assert_eq!(run.bodies(), ["odd", "good"]);
}

#[test]
fn last_attempt_goes_to_the_dead_letter_queue() {
    // The delay before a tenth attempt is a minute, which is all of the patience that is left, or
    // more.
    for (age, is_last) in [(539_000, false), (541_000, true), (900_000, true)] {
        let run = run(
            &json!([message_since("1", "bad", 9, START - age)]),
            Mood::Well,
        );
        assert_eq!(run.failed.unwrap().is_empty(), is_last, "{age}");
        assert_eq!(run.letters.len(), usize::from(is_last), "{age}");
        assert_eq!(run.handled.len(), 1, "{age}: it is tried");
        if is_last {
            assert_eq!(run.letters[0].1, "PATIENCE_EXHAUSTED");
        }
    }
}

#[test]
fn throttled_message_has_half_a_day() {
    const HOUR: i64 = 3_600_000;
    for (age, is_last) in [(HOUR, false), (11 * HOUR, false), (12 * HOUR, true)] {
        let run = run(
            &json!([message_since("1", "throttled", 9, START - age)]),
            Mood::Well,
        );
        assert_eq!(run.letters.len(), usize::from(is_last), "{age}");
        assert_eq!(run.failed.unwrap().is_empty(), is_last, "{age}");
    }
}

#[test]
fn message_whose_upload_waits_is_never_given_up() {
    let run = run(&json!([message_since("1", "waiting", 9, 0)]), Mood::Well);
    assert_eq!(run.failed.unwrap(), ["1"]);
    assert!(run.letters.is_empty());
    assert_eq!(run.changes.len(), 1);
}

#[test]
fn message_that_waits_for_people_stays_and_is_hidden_for_as_long_as_is_said() {
    let run = run(&json!([message_since("1", "unapproved", 9, 0)]), Mood::Well);
    assert_eq!(run.failed.unwrap(), ["1"]);
    assert!(run.letters.is_empty());
    let [change] = run.changes.as_slice() else {
        panic!("{:?}", run.changes)
    };
    assert!((480..=720).contains(&change.2), "{change:?}");
}

#[test]
fn message_that_becomes_overdue_while_it_is_worked_on_has_one_attempt_more() {
    // The use case is cut off, and did not know that there would be no other attempt.
    let run = run(
        &json!([message_since("1", "hanging", 9, START - 500_000)]),
        Mood::Well,
    );
    assert_eq!(run.failed.unwrap(), ["1"]);
    assert!(run.letters.is_empty());
}

#[test]
fn message_that_another_delivery_works_on_is_never_given_up() {
    let run = run(&json!([message_since("1", "busy", 9, 0)]), Mood::Well);
    assert_eq!(run.failed.unwrap(), ["1"]);
    assert!(run.letters.is_empty());
    assert_eq!(run.changes.len(), 1);
}

#[test]
fn hanging_message_is_cut_off_before_the_function_is() {
    let run = run(&json!([message("1", "hanging", 1)]), Mood::Well);
    assert_eq!(run.failed.unwrap(), ["1"]);
    assert_eq!(run.took, Duration::from_secs(58));
    assert_eq!(run.changes.len(), 1);
}

#[test]
fn message_is_not_begun_without_time_to_end_it() {
    let six = |_| message("1", "long", 1);
    let records: Vec<Value> = (0..6).map(six).collect();
    let run = run(&records.into(), Mood::Well);
    assert_eq!(
        run.bodies().len(),
        5,
        "the sixth would begin after 48 seconds"
    );
    assert_eq!(run.failed.unwrap(), ["1"]);
    assert_eq!(run.changes.len(), 1, "and is handed out again in seconds");
}

#[test]
fn message_that_was_not_begun_is_never_given_up() {
    let records = json!([message("1", "hanging", 1), message_since("2", "bad", 9, 0)]);
    let run = run(&records, Mood::Well);
    assert_eq!(run.failed.unwrap(), ["1", "2"]);
    assert!(run.letters.is_empty());
    assert_eq!(run.changes.len(), 2);
}

#[test]
fn long_invocation_keeps_back_twenty_seconds() {
    let run = run_for(
        Duration::from_secs(150),
        &json!([message("1", "good", 1)]),
        Mood::Well,
    );
    assert_eq!(run.handled[0].1.work_until, after(130));
}

#[test]
fn short_invocation_keeps_its_order() {
    let records = json!([message("1", "hanging", 1)]);
    let run = run_for(Duration::from_secs(4), &records, Mood::Hanging);
    let work_until = run.handled[0].1.work_until;
    assert_eq!(work_until.as_millisecond(), START + 3200);
    // Cut off at 3.6 s, and the queue is given up before the end.
    assert_eq!(run.took, Duration::from_millis(3700));
}

#[test]
fn refusing_queues_leave_the_message_where_it_is() {
    for mood in [Mood::Refusing, Mood::Hanging] {
        let run = run(
            &json!([message("1", "bad", 1), message("2", "odd", 1)]),
            mood,
        );
        assert_eq!(run.failed.unwrap(), ["1", "2"]);
        assert_eq!(run.changes.len(), 2);
        assert_eq!(run.letters.len(), 1);
        assert!(run.took <= Duration::from_secs(15), "{:?}", run.took);
    }
}

#[test]
fn hanging_queues_do_not_use_up_the_invocation() {
    let records = json!([message("1", "hanging", 1), message("2", "good", 1)]);
    let run = run(&records, Mood::Hanging);
    assert_eq!(run.failed.unwrap(), ["1", "2"]);
    assert!(run.took < Duration::from_mins(1), "{:?}", run.took);
}

#[test]
fn message_without_queue_or_body_goes_back() {
    let run = run(
        &json!([{"messageId": "1", "body": "bad"}, {"messageId": "2"}]),
        Mood::Well,
    );
    assert_eq!(run.failed.unwrap(), ["1", "2"]);
    assert!(run.changes.is_empty());
}

#[test]
fn record_without_message_id_fails_the_whole_batch() {
    let run = run(&json!([{"body": "good"}]), Mood::Well);
    assert!(run.failed.unwrap_err().contains("messageId"));
    assert!(run.handled.is_empty());
}
