//! A function whose uploads somebody else has to approve: asked for, given and shown by the command line.

use std::fs;

use countersign_e2e::{
    local_stack::{LocalStack, Protection, create_user},
    observer::Nobody,
    packages,
    session::{Credentials, text},
};
use countersign_testkit::checkout;
use serde_json::{Value, json};

use crate::{beside_others, command_line::run, local_stack};

const FUNCTION: &str = "demo-approved";
const TARGET: &str = "functions/demo-approved";

/// A user with one of the policies for people, for this function.
fn user(stack: &LocalStack<'_>, name: &str, policy: &str) -> Credentials {
    let path = checkout::path(&format!("policies/{policy}.json"));
    let mut text = fs::read_to_string(path).unwrap();
    for (word, output) in [
        ("UPLOADS_BUCKET", "UploadsBucket"),
        ("RECORDS_BUCKET", "RecordsBucket"),
        ("KEY_ARN", "Key"),
    ] {
        text = text.replace(word, stack.stack().output(output).unwrap());
    }
    let text = text.replace("TARGETS", FUNCTION);
    let policy: Value = serde_json::from_str(&text).unwrap();
    create_user(stack.root(), name, policy.pointer("/Statement").unwrap()).unwrap()
}

/// What a command prints as JSON, where it ends well.
fn printed(credentials: &Credentials, arguments: &[&str]) -> Value {
    let output = run(credentials, &[arguments, &["--format", "json"]].concat());
    let told = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{arguments:?}: {told}");
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
#[ignore = "needs the local AWS: cargo xtask test --only e2e"]
fn upload_goes_live_once_somebody_else_approved_it() {
    let _shared = beside_others();
    let stack = local_stack();
    stack
        .create_function(FUNCTION, "before", Protection::Enforce)
        .unwrap();
    let lambda = |operation, arguments| stack.root().call("lambda", operation, arguments).unwrap();
    let function = lambda(
        "get_function_configuration",
        json!({"FunctionName": FUNCTION}),
    );
    let arn = text(&function, "/FunctionArn").unwrap();
    let tags = json!({"countersign:approvals": "1"});
    lambda("tag_resource", json!({"Resource": arn, "Tags": tags}));

    let ann = user(stack, "demo-ann", "ci");
    let ben = user(stack, "demo-ben", "approver");
    let folder = tempfile::tempdir().unwrap();
    let package = folder.path().join("after.zip");
    fs::write(&package, packages::function("after").unwrap()).unwrap();
    let pushed = run(
        &ann,
        &[
            "push",
            &format!("{TARGET}={}", package.display()),
            "--no-wait",
        ],
    );
    assert_eq!(pushed.status.code(), Some(0), "{pushed:?}");
    let upload = stack.current(TARGET).unwrap();
    let waiting = stack.wait_for_record(&Nobody, &upload, "waiting").unwrap();
    assert_eq!(waiting.pointer("/approvals/required"), Some(&json!(1)));

    let asked = printed(&ben, &["approvals", TARGET]);
    assert_eq!(asked.pointer("/missing"), Some(&json!(1)), "{asked}");
    let tried = run(&ann, &["approve", TARGET]);
    assert_eq!(
        tried.status.code(),
        Some(2),
        "whoever uploads may not: {tried:?}"
    );
    let done = printed(
        &ben,
        &[
            "approve",
            TARGET,
            "--version-id",
            &upload.version,
            "--reason",
            "seen",
        ],
    );
    assert_eq!(done.pointer("/missing"), Some(&json!(0)), "{done}");
    stack.wait_for_end(&Nobody, &upload, "deployed").unwrap();
    assert_eq!(stack.ask(FUNCTION).unwrap(), "after");
    let verdict = stack.wait_for_record(&Nobody, &upload, "verdict").unwrap();
    let by = text(&verdict, "/approved_by/0/principal").unwrap();
    let you = text(&done, "/you").unwrap();
    assert_eq!(by, format!("AWS:{you}"));
}
