//! What no event told is found from state alone: a lost event, a deletion, a change while nobody logs.

use std::time::Duration;

use countersign_e2e::{
    local_stack::Protection,
    observer::{Nobody, PATIENCE, Poll, wait_until},
    packages,
    pages::Page,
    session::text,
};
use serde_json::{Value, json};

use crate::{alone, happy_path::assert_never_denied, local_stack};

/// In which a run over everything ends, as a rule.
const A_RUN: Duration = Duration::from_secs(20);

fn control(call: &str, body: Value) {
    local_stack().root().call("control", call, body).unwrap();
}

/// Faults and settings of the local AWS, which go back when this is dropped.
struct Weather;

impl Drop for Weather {
    fn drop(&mut self) {
        let root = local_stack().root();
        let _told = root.call("control", "PUT settings", json!({"trail_logs": true}));
        let _none = root.call("control", "DELETE faults", json!({}));
    }
}

fn create(name: &str) {
    let stack = local_stack();
    stack
        .create_function(name, "before", Protection::Enforce)
        .unwrap();
    stack.wait_until_active(&Nobody, name).unwrap();
}

fn upload(name: &str, words: &str) -> countersign_e2e::local_stack::Upload {
    let package = packages::function(words).unwrap();
    let target = format!("functions/{name}");
    local_stack().upload(&target, &package).unwrap()
}

fn deploy(name: &str, words: &str) -> countersign_e2e::local_stack::Upload {
    let upload = upload(name, words);
    let stack = local_stack();
    stack.wait_for_end(&Nobody, &upload, "deployed").unwrap();
    upload
}

/// Has sweep look at everything until it pages with a title that begins so and is about this function. A run
/// gives way to one that is still at work for another test.
fn sweep_until_page(title: &str, name: &str, kind: &str) -> Page {
    let title = format!("{title}: functions/{name} ({kind})");
    let what = format!("the page {title:?}");
    let is_it = |page: &Page| page.text.contains(&title);
    let stack = local_stack();
    let runs = (0..40).map(|_| {
        stack.fire("EverythingRule").unwrap();
        stack.pages.wait_for(&Nobody, &what, A_RUN, is_it)
    });
    let mut seen = runs.filter_map(Result::ok);
    seen.next().unwrap_or_else(|| panic!("{what} never came"))
}

fn count_pages(words: &str) -> usize {
    let all = local_stack().pages.all().unwrap();
    all.iter().filter(|page| page.text.contains(words)).count()
}

/// S3's notification of an upload never arrives. Nobody but sweep could know.
#[test]
#[ignore = "needs the local AWS: cargo xtask test --only e2e"]
fn upload_whose_notification_is_lost_is_deployed() {
    let stack = local_stack();
    let _alone = alone();
    create("demo-lost");
    stack.make_sweep_impatient().unwrap();
    let weather = Weather;
    let lost = json!({"event": "s3.notification/*", "effect": "drop"});
    control("POST faults", lost);
    let lost = upload("demo-lost", "lost");
    drop(weather);
    wait_until(&Nobody, "the lost upload", PATIENCE, || {
        stack.fire("UnfinishedRule")?;
        Ok(match stack.record(&lost, "received")? {
            Some(_) => Poll::Ready(()),
            None => Poll::Pending("no record of it".to_owned()),
        })
    })
    .unwrap();
    stack.wait_for_end(&Nobody, &lost, "deployed").unwrap();
    assert_eq!(stack.ask("demo-lost").unwrap(), "lost");
    let resent = stack.record(&lost, "resent").unwrap().unwrap();
    assert_eq!(text(&resent, "/to").unwrap(), "sign");
    assert_never_denied("sweep");
}

/// Signer's event that a job ended never arrives.
#[test]
#[ignore = "needs the local AWS: cargo xtask test --only e2e"]
fn upload_whose_job_event_is_lost_is_deployed() {
    let stack = local_stack();
    let _alone = alone();
    create("demo-lost-job");
    stack.make_sweep_impatient().unwrap();
    let weather = Weather;
    control(
        "POST faults",
        json!({"event": "aws.signer/*", "effect": "drop"}),
    );
    let lost = upload("demo-lost-job", "signed unheard");
    stack.wait_for_record(&Nobody, &lost, "signing").unwrap();
    wait_until(&Nobody, "the lost job", PATIENCE, || {
        stack.fire("UnfinishedRule")?;
        Ok(match stack.record(&lost, "resent")? {
            Some(_) => Poll::Ready(()),
            None => Poll::Pending("its event was not sent again".to_owned()),
        })
    })
    .unwrap();
    drop(weather);
    stack.wait_for_end(&Nobody, &lost, "deployed").unwrap();
}

/// The live version of a key is deleted for good, so that an older one is current: S3 tells nobody.
#[test]
#[ignore = "needs the local AWS: cargo xtask test --only e2e"]
fn live_version_that_is_deleted_for_good_is_told() {
    let stack = local_stack();
    let _alone = alone();
    create("demo-reverted");
    deploy("demo-reverted", "first");
    let second = deploy("demo-reverted", "second");
    let bucket = stack.stack().output("UploadsBucket").unwrap();
    let delete = json!({"Bucket": bucket, "Key": "functions/demo-reverted.zip", "VersionId": second.version});
    stack.root().call("s3", "delete_object", delete).unwrap();
    let title = "The current upload is not what runs";
    sweep_until_page(title, "demo-reverted", "OTHER_VERSION_CURRENT");
    assert_eq!(stack.ask("demo-reverted").unwrap(), "second");
    deploy("demo-reverted", "third");
    sweep_until_page("No longer so", "demo-reverted", "OTHER_VERSION_CURRENT");
}

/// Code is changed past the gate while the trail logs nothing. It is told once, and once more when it is gone.
#[test]
#[ignore = "needs the local AWS: cargo xtask test --only e2e"]
fn change_that_no_trail_logs_is_told() {
    let stack = local_stack();
    let _alone = alone();
    stack
        .create_function("demo-unseen", "before", Protection::Warn)
        .unwrap();
    stack.wait_until_active(&Nobody, "demo-unseen").unwrap();
    deploy("demo-unseen", "ours");
    let weather = Weather;
    control("PUT settings", json!({"trail_logs": false}));
    let foreign = packages::function("foreign").unwrap();
    stack.intrude("demo-unseen", &foreign).unwrap();
    drop(weather);
    let detach = json!({"FunctionName": "demo-unseen"});
    stack
        .root()
        .call("lambda", "delete_function_code_signing_config", detach)
        .unwrap();
    let title = "Other code runs than was deployed";
    let page = sweep_until_page(title, "demo-unseen", "OTHER_CODE_RUNS");
    assert!(page.subject.contains("CRITICAL"), "{}", page.subject);
    sweep_until_page("Code signing was taken off", "demo-unseen", "CSC_MISSING");
    let csc = stack.stack().output("CodeSigningConfig").unwrap();
    let attach = json!({"FunctionName": "demo-unseen", "CodeSigningConfigArn": csc});
    stack
        .root()
        .call("lambda", "put_function_code_signing_config", attach)
        .unwrap();
    deploy("demo-unseen", "ours again");
    sweep_until_page("No longer so", "demo-unseen", "OTHER_CODE_RUNS");
    sweep_until_page("No longer so", "demo-unseen", "CSC_MISSING");
    let words = format!("{title}: functions/demo-unseen");
    assert_eq!(count_pages(&words), 1);
    assert_never_denied("sweep");
}
