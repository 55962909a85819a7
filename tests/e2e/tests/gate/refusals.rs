//! Uploads that end as rejected.

use countersign_e2e::{
    local_stack::Protection,
    observer::{Nobody, PATIENCE, Poll, wait_until},
    packages,
    session::{list, text},
};
use serde_json::json;

use crate::{beside_others, local_stack};

#[test]
#[ignore = "needs the local AWS: cargo xtask test --only e2e"]
fn target_without_a_configuration_is_refused() {
    let _shared = beside_others();
    let stack = local_stack();
    stack
        .create_function("demo-open", "before", Protection::None)
        .unwrap();
    let package = packages::function("after").unwrap();
    let upload = stack.upload("functions/demo-open", &package).unwrap();
    let outcome = stack.wait_for_end(&Nobody, &upload, "rejected").unwrap();
    assert!(text(&outcome, "/fix").is_ok(), "{outcome}");
    assert_eq!(stack.ask("demo-open").unwrap(), "before");
    stack
        .pages
        .wait_for(&Nobody, "the page", PATIENCE, |page| {
            page.text.contains("demo-open")
        })
        .unwrap();
}

#[test]
#[ignore = "needs the local AWS: cargo xtask test --only e2e"]
fn target_outside_the_scope_is_rejected() {
    let _shared = beside_others();
    let stack = local_stack();
    let package = packages::function("lost").unwrap();
    for (name, code) in [
        ("another-team", "TARGET_NOT_MANAGED"),
        ("countersign-deploy", "TARGET_IS_GATE"),
    ] {
        let upload = stack
            .upload(&format!("functions/{name}"), &package)
            .unwrap();
        let outcome = stack.wait_for_end(&Nobody, &upload, "rejected").unwrap();
        assert_eq!(text(&outcome, "/code").unwrap(), code);
        assert!(text(&outcome, "/job").is_err(), "was signed: {outcome}");
    }
}

#[test]
#[ignore = "needs the local AWS: cargo xtask test --only e2e"]
fn key_that_names_no_target_leaves_a_record() {
    let _shared = beside_others();
    let stack = local_stack();
    let package = packages::function("lost").unwrap();
    let upload = stack.upload("notes/größe + 1", &package).unwrap();
    let bucket = stack.stack().output("RecordsBucket").unwrap();
    let ending = format!("-{}/outcome.json", upload.version);
    wait_until(&Nobody, "the record", PATIENCE, || {
        let answer = stack.root().call(
            "s3",
            "list_objects_v2",
            json!({"Bucket": bucket, "Prefix": "unrecognised/"}),
        )?;
        let found = list(&answer, "/Contents")
            .iter()
            .any(|object| text(object, "/Key").is_ok_and(|key| key.ends_with(&ending)));
        Ok(if found {
            Poll::Ready(())
        } else {
            Poll::Pending(answer.to_string())
        })
    })
    .unwrap();
}
