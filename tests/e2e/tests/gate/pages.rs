//! One thing is told once, its end is told, and a planned change is quiet: with what SNS carries to a queue.

use countersign_e2e::{
    local_stack::{Protection, create_user},
    observer::{Nobody, PATIENCE, Poll, wait_until},
    packages,
    pages::Page,
    session::{bytes, list, text},
};
use serde_json::{Value, json};

use crate::{alone, assert_denied, beside_others, local_stack};

/// The document of a page; null when it is not one.
pub(crate) fn document(page: &Page) -> Value {
    serde_json::from_str(&page.text).unwrap_or_default()
}

/// Whether a document says this.
pub(crate) fn says(document: &Value, field: &str, value: &str) -> bool {
    document.get(field).and_then(Value::as_str) == Some(value)
}

/// Waits for a page of this detection or code about a target, in this state.
pub(crate) fn wait_for_page(detection: &str, target: &str, state: &str) -> Value {
    wait_for_page_that(detection, target, |page| says(page, "state", state))
}

/// Waits for a page of this detection or code about a target for which this holds.
pub(crate) fn wait_for_page_that(
    detection: &str,
    target: &str,
    holds: impl Fn(&Value) -> bool,
) -> Value {
    let what = format!("the page {detection} about {target}");
    let is_it = |page: &Page| {
        let page = document(page);
        says(&page, "detection", detection) && says(&page, "target", target) && holds(&page)
    };
    let stack = local_stack();
    let page = stack.pages.wait_for(&Nobody, &what, PATIENCE, is_it);
    let page = page.map_err(|error| error.with_log(|| stack.log_of(&["alert"], "")));
    document(&page.unwrap())
}

fn pages_of(detection: &str, target: &str) -> usize {
    let all = local_stack().pages.all().unwrap();
    let is_it = |page: &&Page| {
        let page = document(page);
        says(&page, "detection", detection) && says(&page, "target", target)
    };
    all.iter().filter(is_it).count()
}

/// The documents below `alerts/` about a target.
fn incidents(target: &str) -> Vec<Value> {
    let stack = local_stack();
    let bucket = stack.stack().output("RecordsBucket").unwrap();
    let folder = json!({"Bucket": bucket, "Prefix": format!("alerts/{target}/")});
    let found = stack.root().call("s3", "list_objects_v2", folder).unwrap();
    let keys = list(&found, "/Contents").iter();
    keys.map(|object| {
        let read = json!({"Bucket": bucket, "Key": text(object, "/Key").unwrap()});
        let answer = stack.root().call("s3", "get_object", read).unwrap();
        let body = countersign_e2e::session::body(&answer, "/Body").unwrap();
        serde_json::from_slice(&body).unwrap()
    })
    .collect()
}

#[expect(
    clippy::disallowed_methods,
    reason = "a test against a real clock has no other"
)]
fn in_an_hour() -> jiff::Timestamp {
    let hour = jiff::SignedDuration::from_hours(1);
    jiff::Timestamp::now().saturating_add(hour).unwrap()
}

#[test]
#[ignore = "needs the local AWS: cargo xtask test --only e2e"]
fn same_thing_pages_once_and_its_end_is_told_under_its_key() {
    let _shared = beside_others();
    let stack = local_stack();
    let name = "demo-again";
    let target = format!("functions/{name}");
    stack
        .create_function(name, "before", Protection::Warn)
        .unwrap();
    stack.wait_until_active(&Nobody, name).unwrap();
    for words in ["once", "twice", "thrice"] {
        let package = packages::function(words).unwrap();
        stack.intrude(name, &package).unwrap();
        stack.wait_until_active(&Nobody, name).unwrap();
    }
    let first = wait_for_page("untrusted-code-live", &target, "detected");
    let is_counted = |incident: &Value| {
        incident.get("kind").and_then(Value::as_str) == Some("untrusted-code-live")
            && incident.get("count").and_then(Value::as_u64) == Some(3)
    };
    wait_until(&Nobody, "three calls to be counted", PATIENCE, || {
        let found = incidents(&target);
        Ok(if found.iter().any(is_counted) {
            Poll::Ready(())
        } else {
            Poll::Pending(format!("{found:?}"))
        })
    })
    .unwrap();
    assert_eq!(pages_of("untrusted-code-live", &target), 1);

    let package = packages::function("good").unwrap();
    let upload = stack.upload(&target, &package).unwrap();
    stack.wait_for_end(&Nobody, &upload, "deployed").unwrap();
    let last = wait_for_page("untrusted-code-live", &target, "closed");
    assert_eq!(last["dedup_key"], first["dedup_key"]);
    assert_eq!(last["pagerduty"]["event_action"], "resolve");
}

/// Whoever may write there keeps a target quiet, is named by the reason, and can forge nothing else.
#[test]
#[ignore = "needs the local AWS: cargo xtask test --only e2e"]
fn planned_change_is_quiet_and_told_when_it_begins_and_ends() {
    let stack = local_stack();
    let _alone = alone();
    let name = "demo-planned";
    let target = format!("functions/{name}");
    stack
        .create_function(name, "before", Protection::Enforce)
        .unwrap();
    stack.wait_until_active(&Nobody, name).unwrap();
    let bucket = stack.stack().output("RecordsBucket").unwrap().to_owned();
    let silences = format!("arn:aws:s3:::{bucket}/silences/*");
    let operator = create_user(
        stack.root(),
        "silencing-operator",
        &json!([
            {"Effect": "Allow", "Action": ["s3:PutObject", "s3:DeleteObject"], "Resource": silences},
            {"Effect": "Allow", "Action": "kms:GenerateDataKey", "Resource": stack.stack().output("Key").unwrap()},
        ]),
    )
    .unwrap();
    let operator = stack.cloud().session(&operator).unwrap();
    let key = format!("silences/{target}.json");
    let until = in_an_hour();
    let silence =
        json!({"reason": "CHG-1234: an alias is made by hand", "until": until.to_string()});
    let silence = bytes(silence.to_string().as_bytes());
    let put = json!({"Bucket": bucket, "Key": key, "Body": silence});
    assert_denied(stack.intruder(), "s3", "put_object", &put);
    let forged = json!({"Bucket": bucket, "Key": format!("{target}/live.json"), "Body": silence});
    assert_denied(&operator, "s3", "put_object", &forged);
    operator.call("s3", "put_object", put).unwrap();

    let alias = json!({"FunctionName": name, "Name": "planned", "FunctionVersion": "$LATEST"});
    stack.root().call("lambda", "create_alias", alias).unwrap();
    let begins = wait_for_page("silence-begins", &target, "open");
    assert!(
        text(&begins, "/text").unwrap().contains("CHG-1234"),
        "{begins}"
    );

    let take_away = json!({"Bucket": bucket, "Key": key});
    let state = format!("alerts/silences/{target}.json");
    wait_until(&Nobody, "the alias to be kept quiet", PATIENCE, || {
        let read = json!({"Bucket": bucket, "Key": state});
        let answer = stack.root().call("s3", "get_object", read)?;
        let body = countersign_e2e::session::body(&answer, "/Body")?;
        let state: Value = serde_json::from_slice(&body).unwrap_or_default();
        let counted = state.pointer("/kept_quiet/alias-changed-past-gate");
        Ok(match counted.and_then(Value::as_u64) {
            Some(1) => Poll::Ready(()),
            _ => Poll::Pending(state.to_string()),
        })
    })
    .unwrap();
    operator.call("s3", "delete_object", take_away).unwrap();
    stack.fire("UnfinishedRule").unwrap();
    let ends = wait_for_page("silence-ends", &target, "closed");
    let told = text(&ends, "/text").unwrap();
    assert!(told.contains("alias-changed-past-gate: 1"), "{told}");
    assert_eq!(pages_of("alias-changed-past-gate", &target), 0);
}

/// A queue that is subscribed to the pages that this filter policy wants.
fn subscribe(name: &str, filter: &Value) -> String {
    let root = local_stack().root();
    let topic = local_stack().stack().output("Topic").unwrap();
    let queue = root
        .call("sqs", "create_queue", json!({"QueueName": name}))
        .unwrap();
    let queue = text(&queue, "/QueueUrl").unwrap();
    let arn = json!({"QueueUrl": queue, "AttributeNames": ["QueueArn"]});
    let arn = root.call("sqs", "get_queue_attributes", arn).unwrap();
    let arn = text(&arn, "/Attributes/QueueArn").unwrap();
    let policy = json!({"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Principal": {"Service": "sns.amazonaws.com"}, "Action": "sqs:SendMessage",
        "Resource": arn, "Condition": {"ArnEquals": {"aws:SourceArn": topic}}}]});
    let policy = json!({"QueueUrl": queue, "Attributes": {"Policy": policy.to_string()}});
    root.call("sqs", "set_queue_attributes", policy).unwrap();
    let subscription = json!({"TopicArn": topic, "Protocol": "sqs", "Endpoint": arn,
        "Attributes": {"FilterPolicy": filter.to_string()}, "ReturnSubscriptionArn": true});
    root.call("sns", "subscribe", subscription).unwrap();
    queue
}

/// A subscriber that is to hear of one team's open and critical pages alone: SNS lets through what its filter policy wants.
#[test]
#[ignore = "needs the local AWS: cargo xtask test --only e2e"]
fn subscription_with_a_filter_gets_what_it_asks_for_and_nothing_else() {
    let _shared = beside_others();
    let stack = local_stack();
    let root = stack.root();
    // One queue for each attribute that docs/pages.md names, and for all of them together.
    let stack_name = stack.stack().name();
    let all = json!({
        "severity": ["critical"], "detection": ["untrusted-code-live"], "target": ["functions/demo-filtered"],
        "state": ["detected"], "stack": [stack_name],
    });
    let by_prefix = json!({"target": [{"prefix": "functions/demo-filter"}], "state": [{"anything-but": ["detected"]}]});
    let nothing = json!({"target": ["functions/demo-filtered"], "stack": ["another"]});
    let queues = [
        subscribe("demo-filter-all", &all),
        subscribe("demo-filter-prefix", &by_prefix),
        subscribe("demo-filter-nothing", &nothing),
    ];
    let received = |queue: &str| -> Vec<Value> {
        let receive = json!({"QueueUrl": queue, "MaxNumberOfMessages": 10, "VisibilityTimeout": 0});
        let answer = root.call("sqs", "receive_message", receive).unwrap();
        let messages = list(&answer, "/Messages").iter();
        let bodies = messages.map(|message| text(message, "/Body").unwrap());
        bodies
            .map(|body| {
                let envelope: Value = serde_json::from_str(&body).unwrap();
                serde_json::from_str(&text(&envelope, "/Message").unwrap()).unwrap()
            })
            .collect()
    };
    let about = |pages: &[Value]| -> Vec<(String, String, String)> {
        let of = |page: &Value, field| text(page, field).unwrap();
        let mut all: Vec<_> = pages
            .iter()
            .map(|page| {
                (
                    of(page, "/detection"),
                    of(page, "/target"),
                    of(page, "/state"),
                )
            })
            .collect();
        all.sort();
        all.dedup();
        all
    };

    // The wanted target and another one, each told of and put back.
    for name in ["demo-filtered", "demo-unfiltered"] {
        let target = format!("functions/{name}");
        stack
            .create_function(name, "before", Protection::Warn)
            .unwrap();
        stack.wait_until_active(&Nobody, name).unwrap();
        stack
            .intrude(name, &packages::function("theirs").unwrap())
            .unwrap();
        stack.wait_until_active(&Nobody, name).unwrap();
        wait_for_page("untrusted-code-live", &target, "detected");
        let alias = json!({"FunctionName": name, "Name": "extra", "FunctionVersion": "$LATEST"});
        root.call("lambda", "create_alias", alias).unwrap();
        wait_for_page("alias-changed-past-gate", &target, "detected");
        let upload = stack
            .upload(&target, &packages::function("ours").unwrap())
            .unwrap();
        stack.wait_for_end(&Nobody, &upload, "deployed").unwrap();
        wait_for_page("untrusted-code-live", &target, "closed");
    }
    let is = |detection: &str, state: &str| {
        (
            detection.to_owned(),
            "functions/demo-filtered".to_owned(),
            state.to_owned(),
        )
    };
    let wanted = [
        vec![is("untrusted-code-live", "detected")],
        // A good deployment ends that it was created past the gate, too.
        vec![
            is("function-created-without-csc", "closed"),
            is("untrusted-code-live", "closed"),
        ],
        vec![],
    ];
    for (queue, wanted) in queues.iter().zip(wanted) {
        // Pages are published to all subscriptions at once, and what this test waits for came to one of them already.
        wait_until(&Nobody, "the filtered pages", PATIENCE, || {
            let found = about(&received(queue));
            Ok(if found == wanted {
                Poll::Ready(())
            } else {
                Poll::Pending(format!("{found:?}"))
            })
        })
        .unwrap();
    }
}
