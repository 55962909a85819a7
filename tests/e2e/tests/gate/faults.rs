//! Storms: AWS throttles, fails and loses answers, events come twice and out of order, functions are killed amid
//! their work, the key is off. When a storm is over, every upload is in one state, the newest one of each function
//! runs, and each refusal was paged once.

use std::{thread, time::Duration};

use countersign_e2e::{
    HarnessError,
    local_stack::{Protection, Upload},
    observer::{Nobody, Poll, wait_until},
    packages,
    session::text,
};
use serde_json::{Value, json};

use crate::{alone, dead_letters::queue_url, happy_path::assert_never_denied, local_stack};

/// How long a storm may take to come to rest. What was being worked on when a function was killed is taken up again by
/// `sweep`, or by its queue once its visibility timeout is over: three minutes later, when its lease has run out.
const CALM_TIMEOUT: Duration = Duration::from_mins(6);
/// The functions of the gate, as they call AWS.
const GATE: &str = "*:assumed-role/countersign-*";
const FUNCTIONS: [&str; 2] = ["first", "second"];

fn control(call: &str, body: Value) {
    local_stack().root().call("control", call, body).unwrap();
}

/// The faults of a storm; there are none any more when this is dropped.
struct Storm;

impl Storm {
    fn begin(faults: Vec<Value>) -> Self {
        let storm = Self;
        for fault in faults {
            control("POST faults", fault);
        }
        storm
    }
}

impl Drop for Storm {
    fn drop(&mut self) {
        let root = local_stack().root();
        let _none = root.call("control", "DELETE faults", json!({}));
        let held = json!({"order": "newest-first"});
        let _delivered = root.call("control", "POST events/release", held);
    }
}

/// What was dropped while a storm raged.
struct Dropped {
    /// Of each function, the older and the newer one, which says its number.
    uploads: Vec<(String, [Upload; 2])>,
    /// To be refused.
    malformed: (String, Upload),
}

impl Dropped {
    fn into(storm: &str) -> Self {
        let stack = local_stack();
        let create = |name: &str| {
            stack
                .create_function(name, "before", Protection::Enforce)
                .unwrap();
            stack.wait_until_active(&Nobody, name).unwrap();
        };
        let upload = |name: &str, package: &[u8]| {
            let target = format!("functions/{name}");
            stack.upload(&target, package).unwrap()
        };
        let words = |words: &str| packages::function(words).unwrap();
        let names = FUNCTIONS.map(|function| format!("demo-{storm}-{function}"));
        let uploads = names.map(|name| {
            create(&name);
            let uploads = ["older", "newer"].map(|text| upload(&name, &words(text)));
            (name, uploads)
        });
        let name = format!("demo-{storm}-malformed");
        create(&name);
        let malformed = upload(&name, &packages::malformed());
        Self {
            uploads: uploads.into(),
            malformed: (name, malformed),
        }
    }

    fn all(&self) -> impl Iterator<Item = &Upload> {
        let of_functions = self.uploads.iter().flat_map(|(_, uploads)| uploads);
        of_functions.chain([&self.malformed.1])
    }

    fn ended(&self) -> Result<usize, HarnessError> {
        let stack = local_stack();
        let mut ended = Vec::new();
        for upload in self.all() {
            ended.extend(stack.record(upload, "outcome")?);
        }
        Ok(ended.len())
    }

    /// Waits until everything has ended, while `sweep` comes by as its schedule would have it come.
    fn wait_for_ends(&self) {
        let stack = local_stack();
        let count = self.all().count();
        wait_until(&Nobody, "the end of every upload", CALM_TIMEOUT, || {
            let ended = self.ended()?;
            if ended == count {
                return Ok(Poll::Ready(()));
            }
            stack.fire("UnfinishedRule")?;
            thread::sleep(Duration::from_secs(1));
            Ok(Poll::Pending(format!("{ended} of {count} have ended")))
        })
        .unwrap();
    }

    /// Each state is the only one, and true of what runs.
    fn check_states(&self) {
        let stack = local_stack();
        for (name, [older, newer]) in &self.uploads {
            stack.wait_for_end(&Nobody, newer, "deployed").unwrap();
            let outcome = stack.record(older, "outcome").unwrap().unwrap();
            let state = text(&outcome, "/state").unwrap();
            assert!(
                ["deployed", "superseded"].contains(&state.as_str()),
                "{outcome}"
            );
            assert_eq!(stack.ask(name).unwrap(), "newer", "{name}");
        }
        stack
            .wait_for_end(&Nobody, &self.malformed.1, "rejected")
            .unwrap();
        assert_eq!(stack.ask(&self.malformed.0).unwrap(), "before");
    }

    /// The refusal is told, once, and none of the others.
    fn check_pages(&self) {
        let stack = local_stack();
        let about = |name: &str| format!("functions/{name} (");
        let refused = about(&self.malformed.0);
        stack
            .pages
            .wait_for(&Nobody, "the refusal's page", CALM_TIMEOUT, |page| {
                page.text.contains(&refused)
            })
            .unwrap();
        let pages = stack.pages.all().unwrap();
        let count = |words: &str| {
            let told = pages.iter().filter(|page| page.text.contains(words));
            told.count()
        };
        assert_eq!(count(&refused), 1);
        for (name, _) in &self.uploads {
            assert_eq!(count(&format!("Upload refused: {}", about(name))), 0);
            assert_eq!(count(&format!("Upload failed: {}", about(name))), 0);
        }
    }

    fn check(&self) {
        self.wait_for_ends();
        self.check_states();
        self.check_pages();
        for function in ["sign", "deploy", "sweep"] {
            assert_never_denied(function);
        }
    }
}

fn fault(action: &str, effect: &str, share: f64) -> Value {
    json!({"action": action, "caller": GATE, "effect": effect, "share": share, "seed": 7})
}

/// Every service of AWS throttles, fails and loses answers, each third call in all.
#[test]
#[ignore = "needs the local AWS: cargo xtask test --only e2e"]
fn storm_of_failing_services_loses_nothing() {
    let _alone = alone();
    local_stack().make_sweep_impatient().unwrap();
    let services = ["s3", "signer", "lambda", "sns", "sqs", "events"];
    let faults = services.iter().flat_map(|service| {
        let calls = format!("{service}:*");
        [
            fault(&calls, "throttle", 0.15),
            fault(&calls, "fail", 0.1),
            fault(&calls, "lose-answer", 0.1),
        ]
    });
    let storm = Storm::begin(faults.collect());
    let dropped = Dropped::into("failing");
    thread::sleep(Duration::from_secs(8));
    drop(storm);
    dropped.check();
}

/// `sign` and `deploy` are killed before and after what matters most, events come twice, late and out of order.
#[test]
#[ignore = "needs the local AWS: cargo xtask test --only e2e"]
fn storm_of_killed_functions_and_unruly_events_loses_nothing() {
    let _alone = alone();
    local_stack().make_sweep_impatient().unwrap();
    let killed = |action: &str, function: &str, effect: &str| {
        let caller = format!("*/countersign-{function}");
        json!({"action": action, "caller": caller, "effect": effect, "skip": 1, "times": 1})
    };
    let storm = Storm::begin(vec![
        killed("signer:StartSigningJob", "sign", "stop-caller-after"),
        killed("s3:PutObject", "sign", "stop-caller-before"),
        killed("lambda:UpdateFunctionCode", "deploy", "stop-caller-after"),
        killed("s3:PutObject", "deploy", "stop-caller-after"),
        killed("events:PutEvents", "deploy", "stop-caller-before"),
        json!({"event": "s3.notification/*", "effect": "duplicate", "share": 0.5}),
        json!({"event": "aws.signer/*", "effect": "hold", "share": 0.4}),
        json!({"event": "aws.signer/*", "effect": "duplicate", "share": 0.5}),
    ]);
    let dropped = Dropped::into("killed");
    thread::sleep(Duration::from_secs(8));
    drop(storm);
    dropped.check();
}

/// While the stack's key is off, nothing can be read or written; a message that nobody can read is among the others.
#[test]
#[ignore = "needs the local AWS: cargo xtask test --only e2e"]
fn storm_of_a_disabled_key_and_a_poisoned_queue_loses_nothing() {
    let _alone = alone();
    let stack = local_stack();
    stack.make_sweep_impatient().unwrap();
    let key = json!({"KeyId": stack.resource("Key").unwrap()});
    for name in ["sign", "deploy"] {
        let message = json!({"QueueUrl": queue_url(stack.root(), name), "MessageBody": "poison"});
        let administrator = stack.administrator();
        administrator.call("sqs", "send_message", message).unwrap();
    }
    let lost = Storm::begin(vec![
        json!({"event": "s3.notification/*", "effect": "drop", "share": 0.3, "seed": 7}),
    ]);
    let dropped = Dropped::into("key");
    drop(lost);
    stack
        .root()
        .call("kms", "disable_key", key.clone())
        .unwrap();
    thread::sleep(Duration::from_secs(5));
    stack.root().call("kms", "enable_key", key).unwrap();
    dropped.check();
}
