//! A function's real binary between a Runtime API and an AWS, all on loopback: what the tests of
//! the function packages stand on.

use std::{
    io, thread,
    time::{Duration, Instant},
};

use crate::{
    checkout,
    fake_aws::FakeAws,
    runtime_api::{Answer, FunctionProcess, RuntimeApi},
};

/// After how long a test is taken to hang. What it waits for should happen within a second.
const PATIENCE: Duration = Duration::from_mins(2);

/// The function with both of its ends.
#[derive(Debug)]
pub struct Stage {
    // Before the others, so that the process ends before what it talks to.
    process: FunctionProcess,
    api: RuntimeApi,
    /// The AWS that the function talks to.
    pub aws: FakeAws,
}

impl Stage {
    /// Starts the function `name` of the package whose test this is, with these variables beside
    /// those that Lambda sets and a dead-letter queue.
    pub fn start(name: &str, variables: &[(&str, &str)]) -> io::Result<Self> {
        let aws = FakeAws::start()?;
        let api = RuntimeApi::start()?;
        let endpoint = aws.endpoint();
        let dead_letters = format!("{endpoint}/111122223333/dead-letters");
        let own = [
            ("AWS_ENDPOINT_URL", endpoint.as_str()),
            ("COUNTERSIGN_DEAD_LETTER_QUEUE", dead_letters.as_str()),
        ];
        let all = own.iter().chain(variables).copied();
        let process = FunctionProcess::start(&checkout::program(name), &api, all)?;
        Ok(Self { process, api, aws })
    }

    /// How long the invocations may take from now on; a minute until it is said.
    pub fn set_timeout(&self, timeout: Duration) {
        self.api.set_timeout(timeout);
    }

    /// Hands the function an event and waits for its answer.
    #[must_use]
    pub fn invoke(&self, event: &str) -> Answer {
        let request_id = self.api.invoke(event);
        let answer = self.api.answer_to(&request_id, PATIENCE);
        assert!(
            answer.is_some(),
            "no answer; the function wrote:\n{}",
            self.process.output()
        );
        answer.map_or_else(|| Answer::Response(String::new()), |(answer, _)| answer)
    }

    /// Hands the function one message for each body, first received just now and for the given
    /// time, and answers with the positions of those that are to be handed out again.
    #[must_use]
    pub fn failures(&self, bodies: &[&str], received: u32) -> Vec<usize> {
        self.failures_of(&batch(bodies, received, now_ms()))
    }

    /// The same with messages whose patience is used up: this is their last attempt.
    #[must_use]
    pub fn last_failures(&self, bodies: &[&str]) -> Vec<usize> {
        self.failures_of(&batch(bodies, 50, 0))
    }

    /// Has each upload that waits in this bucket of records have waited since 1970: its own patience is used up.
    pub fn use_patience_up(&self, records: &str) {
        let keys = self.aws.keys(records);
        for key in keys.iter().filter(|key| key.ends_with("/waiting.json")) {
            let body = self.aws.object(records, key).unwrap_or_default();
            let mut waiting: serde_json::Value = serde_json::from_slice(&body).unwrap_or_default();
            if let Some(since) = waiting.get_mut("since") {
                *since = "1970-01-01T00:00:00Z".into();
            }
            self.aws.put(records, key, waiting.to_string());
        }
    }

    /// What was sent to the dead-letter queue so far, as `sqs:SendMessage` takes it.
    #[must_use]
    pub fn dead_letters(&self) -> Vec<serde_json::Value> {
        let calls = self.aws.calls();
        let sent = calls.iter().filter(|call| call.name == "sqs:SendMessage");
        sent.map(|call| serde_json::from_slice(&call.request.body).expect("JSON is sent"))
            .collect()
    }

    #[expect(
        clippy::panic,
        reason = "a test that cannot go on should stop, and say why"
    )]
    fn failures_of(&self, event: &str) -> Vec<usize> {
        let answer = self.invoke(event);
        let Answer::Response(response) = answer else {
            panic!(
                "the batch failed as a whole: {answer:?}\n{}",
                self.process.output()
            );
        };
        // `{"batchItemFailures":[{"itemIdentifier":"message-1"}]}`
        let ids = response
            .split('"')
            .filter_map(|word| word.strip_prefix("message-"));
        ids.filter_map(|position| position.parse().ok()).collect()
    }

    /// Waits until the function is ready for events.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.api.polled(1, PATIENCE).is_some()
    }

    /// Waits for the function to report that it cannot start and to end; answers with the report,
    /// and with whether the exit status told of a failure.
    pub fn init_failure(&mut self) -> io::Result<(Option<Answer>, bool)> {
        let report = self.api.init_error(PATIENCE);
        let status = self.process.exit(PATIENCE)?;
        Ok((report, status.is_some_and(|status| !status.success())))
    }

    /// Waits for the function to write this. A line of an event was written before its answer, and
    /// takes a moment to come through the pipe.
    pub fn assert_says(&self, text: &str) {
        let give_up = Instant::now() + PATIENCE;
        while !self.process.output().contains(text) {
            assert!(
                Instant::now() < give_up,
                "not said: {text}; the function wrote:\n{}",
                self.process.output()
            );
            thread::sleep(Duration::from_millis(5));
        }
    }

    /// What has arrived so far of what the function writes, to tell a failure with.
    #[must_use]
    pub fn output(&self) -> String {
        self.process.output()
    }

    /// Ends the function and answers with everything that it has written, in whole lines.
    pub fn end(&mut self) -> String {
        self.process.end()
    }
}

/// An SQS batch as Lambda hands it over, with `message-<position>` as message ids. `since` is when
/// the messages were first received, in milliseconds since 1970.
#[must_use]
pub fn batch(bodies: &[&str], received: u32, since: u64) -> String {
    let records: Vec<String> = bodies
        .iter()
        .enumerate()
        .map(|(position, body)| {
            format!(
                r#"{{"messageId":"message-{position}","receiptHandle":"handle-{position}","body":{},
                "attributes":{{"ApproximateReceiveCount":"{received}",
                "ApproximateFirstReceiveTimestamp":"{since}"}},
                "messageAttributes":{{}},"eventSource":"aws:sqs","awsRegion":"eu-west-1",
                "eventSourceARN":"arn:aws:sqs:eu-west-1:111122223333:queue"}}"#,
                json_string(body)
            )
        })
        .collect();
    format!(r#"{{"Records":[{}]}}"#, records.join(","))
}

#[expect(
    clippy::disallowed_methods,
    reason = "the queue that stands behind these messages tells the function the wall clock time"
)]
fn now_ms() -> u64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    u64::try_from(now.unwrap_or_default().as_millis()).unwrap_or_default()
}

fn json_string(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            c if c.is_control() => quoted.extend(["\\u", &format!("{:04x}", u32::from(c))]),
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}
