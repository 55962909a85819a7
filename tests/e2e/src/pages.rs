//! A subscriber to the stack's topic, and the pages as they reach it.

use std::{
    collections::HashSet,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use serde_json::{Value, json};

use crate::{
    cloud::{Cloud, Stack},
    error::HarnessError,
    observer::{Observer, Poll, wait_until},
    session::{Credentials, Session, list, text},
};

/// A page, as a subscriber receives it.
#[derive(Clone, Debug)]
pub struct Page {
    /// The subject line.
    pub subject: String,
    /// The text.
    pub text: String,
}

impl Page {
    /// The page as it can be shown; the text as it is, when it is not the document that programs get.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        let page: Value = serde_json::from_str(&self.text).unwrap_or_default();
        let (Ok(title), Ok(words)) = (text(&page, "/title"), text(&page, "/text")) else {
            return self.text.lines().map(str::to_owned).collect();
        };
        let steps = list(&page, "/next_steps")
            .iter()
            .filter_map(Value::as_str)
            .map(|step| format!("- {step}"));
        let facts = page
            .pointer("/facts")
            .and_then(Value::as_object)
            .into_iter()
            .flatten()
            .filter_map(|(name, value)| Some(format!("{name}: {}", value.as_str()?)));
        std::iter::once(title)
            .chain(words.lines().map(str::to_owned))
            .chain(steps)
            .chain(facts)
            .collect()
    }
}

/// A queue that is subscribed to the stack's topic. Every page stays, so that several can look for
/// theirs.
#[derive(Debug)]
pub struct Pages {
    session: Session,
    queue: String,
    received: Mutex<Received>,
}

#[derive(Debug, Default)]
struct Received {
    /// Of messages: a queue hands one out again whose answer was lost.
    ids: HashSet<String>,
    pages: Vec<Page>,
}

impl Pages {
    /// Subscribes; what was published before is not seen.
    pub fn subscribe(cloud: &Cloud, stack: &Stack) -> Result<Self, HarnessError> {
        let session = cloud.session(&Credentials::root())?;
        let name = format!("{}-pager", stack.name());
        let answer = session.call("sqs", "create_queue", json!({"QueueName": name}))?;
        let queue = text(&answer, "/QueueUrl")?;
        let answer = session.call(
            "sqs",
            "get_queue_attributes",
            json!({"QueueUrl": queue, "AttributeNames": ["QueueArn"]}),
        )?;
        let arn = text(&answer, "/Attributes/QueueArn")?;
        let topic = stack.output("Topic")?;
        let policy = json!({
            "Version": "2012-10-17",
            "Statement": [{
                "Effect": "Allow",
                "Principal": {"Service": "sns.amazonaws.com"},
                "Action": "sqs:SendMessage",
                "Resource": arn,
                "Condition": {"ArnEquals": {"aws:SourceArn": topic}},
            }],
        });
        session.call(
            "sqs",
            "set_queue_attributes",
            json!({"QueueUrl": queue, "Attributes": {"Policy": policy.to_string()}}),
        )?;
        session.call(
            "sns",
            "subscribe",
            json!({"TopicArn": topic, "Protocol": "sqs", "Endpoint": arn}),
        )?;
        Ok(Self {
            session,
            queue,
            received: Mutex::default(),
        })
    }

    /// Waits for a page that `wanted` holds for. Pages seen once are seen again.
    pub fn wait_for(
        &self,
        observer: &dyn Observer,
        what: &str,
        patience: Duration,
        wanted: impl Fn(&Page) -> bool,
    ) -> Result<Page, HarnessError> {
        wait_until(observer, what, patience, || {
            let received = self.all()?;
            Ok(received.iter().find(|page| wanted(page)).map_or_else(
                || Poll::Pending(seen(&received)),
                |page| Poll::Ready(page.clone()),
            ))
        })
    }

    /// All pages so far.
    pub fn all(&self) -> Result<Vec<Page>, HarnessError> {
        let answer = self.session.call(
            "sqs",
            "receive_message",
            json!({"QueueUrl": self.queue, "MaxNumberOfMessages": 10, "VisibilityTimeout": 20}),
        )?;
        for message in list(&answer, "/Messages") {
            let (id, handle) = (
                text(message, "/MessageId")?,
                text(message, "/ReceiptHandle")?,
            );
            let page = page(&text(message, "/Body")?)?;
            let mut received = self.received();
            if received.ids.insert(id) {
                received.pages.push(page);
            }
            drop(received);
            let read = json!({"QueueUrl": self.queue, "ReceiptHandle": handle});
            self.session.call("sqs", "delete_message", read)?;
        }
        Ok(self.received().pages.clone())
    }

    fn received(&self) -> MutexGuard<'_, Received> {
        self.received.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Reads what SNS sends to a queue.
/// What came instead: how many, and the newest by their subjects.
fn seen(pages: &[Page]) -> String {
    let subjects = pages.iter().rev().take(8).map(|page| page.subject.as_str());
    let subjects: Vec<&str> = subjects.collect();
    format!(
        "{} other pages, the newest first: {subjects:?}",
        pages.len()
    )
}

fn page(body: &str) -> Result<Page, HarnessError> {
    let notification: Value = serde_json::from_str(body).unwrap_or_default();
    Ok(Page {
        subject: text(&notification, "/Subject")?,
        text: text(&notification, "/Message")?,
    })
}
