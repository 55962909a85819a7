//! Good uploads, and what they make of functions and layers.

use countersign_e2e::{
    demo::{Demo, SCENES},
    local_stack::Protection,
    observer::{Nobody, PATIENCE},
    packages,
    session::{list, text},
};
use serde_json::{Value, json};

use crate::{beside_others, local_stack};

#[test]
#[ignore = "needs the local AWS: cargo xtask test --only e2e"]
fn five_scenes() {
    let _shared = beside_others();
    let mut demo = Demo::open(local_stack(), &Nobody).unwrap();
    for scene in &SCENES {
        demo.scene(scene).unwrap();
    }
    for name in ["sign", "deploy", "alert"] {
        assert_never_denied(name);
    }
}

/// A role that lacks something shows up here, even where a retry or a default would hide it.
pub(crate) fn assert_never_denied(function: &str) {
    let journal = format!("GET calls?caller=*/countersign-{function}");
    let root = local_stack().root();
    let answer = root.call("control", &journal, json!({})).unwrap();
    let calls = list(&answer, "/calls");
    assert!(!calls.is_empty(), "{function} called nothing");
    for call in calls {
        let status = call.pointer("/status").and_then(Value::as_u64);
        assert_ne!(status, Some(403), "{function} was denied: {call}");
    }
}

#[test]
#[ignore = "needs the local AWS: cargo xtask test --only e2e"]
fn layer_is_published_with_its_signature() {
    let _shared = beside_others();
    let stack = local_stack();
    let package = packages::layer("signed").unwrap();
    let upload = stack.upload("layers/shared", &package).unwrap();
    let outcome = stack.wait_for_end(&Nobody, &upload, "deployed").unwrap();
    let arn = text(&outcome, "/deployed/layer_version_arn").unwrap();
    let layer = stack
        .root()
        .call("lambda", "get_layer_version_by_arn", json!({"Arn": arn}))
        .unwrap();
    let job = text(&outcome, "/job").unwrap();
    let job_arn = text(&layer, "/Content/SigningJobArn").unwrap();
    assert!(job_arn.ends_with(&job), "{job_arn} is not job {job}");
}

#[test]
#[ignore = "needs the local AWS: cargo xtask test --only e2e"]
fn newest_of_two_uploads_wins() {
    let _shared = beside_others();
    let stack = local_stack();
    stack
        .create_function("demo-race", "before", Protection::Enforce)
        .unwrap();
    let first = packages::function("first").unwrap();
    let last = packages::function("last").unwrap();
    let first = stack.upload("functions/demo-race", &first).unwrap();
    let last = stack.upload("functions/demo-race", &last).unwrap();
    stack.wait_for_end(&Nobody, &last, "deployed").unwrap();
    stack.wait_for_end(&Nobody, &first, "superseded").unwrap();
    assert_eq!(stack.ask("demo-race").unwrap(), "last");
}

#[test]
#[ignore = "needs the local AWS: cargo xtask test --only e2e"]
fn copy_of_an_older_version_rolls_back() {
    let _shared = beside_others();
    let stack = local_stack();
    stack
        .create_function("demo-back", "before", Protection::Enforce)
        .unwrap();
    let mut versions = Vec::new();
    for words in ["good", "regretted"] {
        let package = packages::function(words).unwrap();
        let upload = stack.upload("functions/demo-back", &package).unwrap();
        stack.wait_for_end(&Nobody, &upload, "deployed").unwrap();
        assert_eq!(stack.ask("demo-back").unwrap(), words);
        versions.push(upload.version);
    }
    let good = versions.first().unwrap();
    let upload = stack.roll_back("functions/demo-back", good).unwrap();
    stack.wait_for_end(&Nobody, &upload, "deployed").unwrap();
    assert_eq!(stack.ask("demo-back").unwrap(), "good");
}

/// Lambda refuses an alias for a version that is not ready yet, which each is at first.
#[test]
#[ignore = "needs the local AWS: cargo xtask test --only e2e"]
fn alias_that_a_tag_names_follows_the_upload() {
    let _shared = beside_others();
    let stack = local_stack();
    stack
        .create_function("demo-alias", "before", Protection::Enforce)
        .unwrap();
    let lambda = |operation, arguments| stack.root().call("lambda", operation, arguments).unwrap();
    lambda(
        "create_alias",
        json!({"FunctionName": "demo-alias", "Name": "live", "FunctionVersion": "$LATEST"}),
    );
    let function = lambda(
        "get_function_configuration",
        json!({"FunctionName": "demo-alias"}),
    );
    let arn = text(&function, "/FunctionArn").unwrap();
    lambda(
        "tag_resource",
        json!({"Resource": arn, "Tags": {"countersign:alias": "live"}}),
    );
    let package = packages::function("after").unwrap();
    let upload = stack.upload("functions/demo-alias", &package).unwrap();
    let outcome = stack.wait_for_end(&Nobody, &upload, "deployed").unwrap();
    assert_eq!(text(&outcome, "/deployed/alias").unwrap(), "live");
    let alias = lambda(
        "get_alias",
        json!({"FunctionName": "demo-alias", "Name": "live"}),
    );
    assert_eq!(
        text(&alias, "/FunctionVersion").unwrap(),
        text(&outcome, "/deployed/version").unwrap()
    );
    assert_eq!(stack.ask("demo-alias:live").unwrap(), "after");
}

/// What the gate says of a package that cannot start stands in the record, and warns a person; and it is so.
#[test]
#[ignore = "needs the local AWS: cargo xtask test --only e2e"]
fn package_that_cannot_start_is_deployed_with_a_warning() {
    let _shared = beside_others();
    let stack = local_stack();
    stack
        .create_function("demo-folder", "before", Protection::Enforce)
        .unwrap();
    let package = packages::zipped_folder("shop", "after").unwrap();
    let upload = stack.upload("functions/demo-folder", &package).unwrap();
    let outcome = stack.wait_for_end(&Nobody, &upload, "deployed").unwrap();
    let findings = list(&outcome, "/findings");
    let told = findings
        .iter()
        .find(|finding| text(finding, "/check").is_ok_and(|check| check == "startable"))
        .unwrap_or_else(|| panic!("nothing is said of how it starts: {outcome}"));
    assert_eq!(text(told, "/code").unwrap(), "ENTRY_POINT_MISSING");
    assert_eq!(text(told, "/action").unwrap(), "warn");
    assert!(text(told, "/fix").unwrap().contains("shop"), "{told}");
    let page = stack
        .pages
        .wait_for(&Nobody, "the page", PATIENCE, |page| {
            page.text.contains("demo-folder") && page.text.contains("ENTRY_POINT_MISSING")
        })
        .unwrap();
    assert!(
        page.text.contains("Deployed with a warning"),
        "{}",
        page.text
    );
    assert!(stack.ask("demo-folder").is_err(), "it starts all the same");
}
