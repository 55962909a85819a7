//! Messages that no function can make anything of.

use countersign_e2e::{
    observer::{Nobody, PATIENCE, Poll, wait_until},
    session::{Session, text},
};
use serde_json::json;

use crate::{alone, local_stack};

const FUNCTIONS: [&str; 4] = ["sign", "deploy", "alert", "sweep"];

/// Nobody but an administrator can send one, while the stack names one.
#[test]
#[ignore = "needs the local AWS: cargo xtask test --only e2e"]
fn unreadable_message_is_set_aside() {
    let stack = local_stack();
    let _alone = alone();
    let (root, administrator) = (stack.root(), stack.administrator());
    for name in FUNCTIONS {
        let queue = queue_url(root, name);
        let message = json!({"QueueUrl": queue, "MessageBody": unreadable(name)});
        administrator.call("sqs", "send_message", message).unwrap();
    }
    for name in FUNCTIONS {
        let dead = queue_url(root, &format!("{name}-dead-letters"));
        wait_until(&Nobody, "the dead letter", PATIENCE, || {
            let answer = root.call("sqs", "receive_message", json!({"QueueUrl": dead}))?;
            Ok(match text(&answer, "/Messages/0/Body") {
                Ok(body) if body == unreadable(name) => Poll::Ready(()),
                _ => Poll::Pending(answer.to_string()),
            })
        })
        .unwrap();
    }
}

fn unreadable(function: &str) -> String {
    format!("not JSON, for {function}")
}

/// The URL of one of the stack's queues.
pub(crate) fn queue_url(session: &Session, name: &str) -> String {
    let name = format!("countersign-{name}");
    let answer = session
        .call("sqs", "get_queue_url", json!({"QueueName": name}))
        .unwrap();
    text(&answer, "/QueueUrl").unwrap()
}
