//! The queues of a function over SQS.

use aws_sdk_sqs::types::MessageAttributeValue;
use countersign_gate::{domain::Arn, ports::PortError};

use super::dead_letter::{DeadLetter, Queues, attribute_text};
use crate::{
    connection::Connection,
    error::{not_made, port_error},
};

/// [`Queues`] over SQS.
#[derive(Debug, Clone)]
pub(super) struct Sqs {
    connection: Connection,
    dead_letter_queue: String,
}

impl Sqs {
    /// The queues of a function whose dead-letter queue has this URL.
    pub(super) fn new(connection: Connection, dead_letter_queue: String) -> Self {
        Self {
            connection,
            dead_letter_queue,
        }
    }
}

impl Queues for Sqs {
    async fn change_visibility(
        &self,
        source_arn: &str,
        receipt_handle: &str,
        seconds: i32,
    ) -> Result<(), PortError> {
        const CALL: &str = "sqs:ChangeMessageVisibility";
        let url = queue_url(source_arn, self.connection.endpoint())
            .ok_or_else(|| not_made(CALL, format!("{source_arn:?} is no ARN of a queue")))?;
        let request = self.connection.sqs().change_message_visibility();
        let request = request.queue_url(url).receipt_handle(receipt_handle);
        match request.visibility_timeout(seconds).send().await {
            Ok(_) => Ok(()),
            Err(error) => Err(port_error(CALL, error)),
        }
    }

    async fn send_dead_letter(&self, letter: &DeadLetter<'_>) -> Result<(), PortError> {
        const CALL: &str = "sqs:SendMessage";
        let attributes = [
            ("reason", "String", letter.reason.as_str().to_owned()),
            ("error", "String", attribute_text(&letter.error)),
            ("attempts", "Number", letter.attempts.to_string()),
            ("firstReceived", "String", letter.first_received.to_string()),
            ("function", "String", attribute_text(letter.function)),
        ];
        let mut request = self
            .connection
            .sqs()
            .send_message()
            .queue_url(&self.dead_letter_queue)
            .message_body(letter.body);
        for (name, data_type, value) in attributes {
            let value = MessageAttributeValue::builder()
                .data_type(data_type)
                .string_value(value)
                .build()
                .map_err(|error| not_made(CALL, error))?;
            request = request.message_attributes(name, value);
        }
        match request.send().await {
            Ok(_) => Ok(()),
            Err(error) => Err(port_error(CALL, error)),
        }
    }
}

/// The URL of a queue from its ARN, `arn:<partition>:sqs:<region>:<account>:<name>`. The SDK sends
/// the request to the region's endpoint; SQS takes account and name from the URL's path.
fn queue_url(arn: &str, endpoint: Option<&str>) -> Option<String> {
    let arn = Arn::parse(arn)?;
    let name = arn.only_resource_of("sqs")?;
    let (region, account) = (arn.region, arn.account);
    // The partitions whose names do not end in amazonaws.com (AWS's endpoint metadata, grade A).
    let suffix = match arn.partition {
        "aws-cn" => "amazonaws.com.cn",
        "aws-eusc" => "amazonaws.eu",
        _ => "amazonaws.com",
    };
    let base = endpoint.map_or_else(|| format!("https://sqs.{region}.{suffix}"), str::to_owned);
    Some(format!("{base}/{account}/{name}"))
}

#[cfg(test)]
mod tests {
    use countersign_testkit::fake_aws::{FakeAws, exception};

    use super::*;
    use crate::{connection::tests::connection_to, function_runtime::DeadLetterReason};

    const QUEUE: &str = "arn:aws:sqs:eu-west-1:111122223333:gate-sign";

    fn queues() -> (FakeAws, Sqs) {
        let fake = FakeAws::start().unwrap();
        let dead_letters = format!("{}/111122223333/gate-sign-dead-letters", fake.endpoint());
        let queues = Sqs::new(connection_to(&fake.endpoint()), dead_letters);
        (fake, queues)
    }

    fn sent(fake: &FakeAws, call: usize) -> serde_json::Value {
        serde_json::from_slice(&fake.calls()[call].request.body).unwrap()
    }

    #[test]
    fn queue_url_comes_from_the_arn() {
        let url = |arn| queue_url(arn, None);
        assert_eq!(
            url(QUEUE).unwrap(),
            "https://sqs.eu-west-1.amazonaws.com/111122223333/gate-sign"
        );
        assert_eq!(
            url("arn:aws-cn:sqs:cn-north-1:111122223333:q").unwrap(),
            "https://sqs.cn-north-1.amazonaws.com.cn/111122223333/q"
        );
        assert_eq!(
            queue_url(QUEUE, Some("http://127.0.0.1:4566")).unwrap(),
            "http://127.0.0.1:4566/111122223333/gate-sign"
        );
        for odd in [
            "",
            "gate-sign",
            "arn:aws:sns:eu-west-1:111122223333:q",
            "arn:aws:sqs:r:a:q:x",
        ] {
            assert_eq!(url(odd), None, "{odd}");
        }
    }

    #[tokio::test]
    async fn visibility_of_a_message_is_changed() {
        let (fake, queues) = queues();
        queues
            .change_visibility(QUEUE, "handle-1", 4)
            .await
            .unwrap();
        assert_eq!(fake.called(), ["sqs:ChangeMessageVisibility"]);
        let url = format!("{}/111122223333/gate-sign", fake.endpoint());
        assert_eq!(
            sent(&fake, 0),
            serde_json::json!({"QueueUrl": url, "ReceiptHandle": "handle-1", "VisibilityTimeout": 4})
        );
        let denied = exception(403, "AccessDenied", "no");
        fake.answers("sqs:ChangeMessageVisibility", denied);
        let error = queues.change_visibility(QUEUE, "handle-1", 4).await;
        assert!(matches!(error, Err(PortError::Denied { .. })));
        let error = queues.change_visibility("arn:odd", "handle-1", 4).await;
        assert!(matches!(error, Err(PortError::NotMade { .. })));
    }

    #[tokio::test]
    async fn dead_letter_carries_its_reason() {
        let (fake, queues) = queues();
        let letter = DeadLetter {
            body: "not JSON",
            reason: DeadLetterReason::NotUnderstood,
            error: "the event is not JSON\0".to_owned(),
            attempts: 3,
            first_received: "2026-11-21T21:44:00Z".parse().unwrap(),
            function: "gate-sign",
        };
        queues.send_dead_letter(&letter).await.unwrap();
        assert_eq!(fake.called(), ["sqs:SendMessage"]);
        let text = |value: &str| serde_json::json!({"DataType": "String", "StringValue": value});
        assert_eq!(
            sent(&fake, 0),
            serde_json::json!({
                "QueueUrl": format!("{}/111122223333/gate-sign-dead-letters", fake.endpoint()),
                "MessageBody": "not JSON",
                "MessageAttributes": {
                    "reason": text("NOT_UNDERSTOOD"),
                    "error": text("the event is not JSON\u{FFFD}"),
                    "attempts": {"DataType": "Number", "StringValue": "3"},
                    "firstReceived": text("2026-11-21T21:44:00Z"),
                    "function": text("gate-sign"),
                },
            })
        );
    }
}
