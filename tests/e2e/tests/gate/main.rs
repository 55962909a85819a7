//! The stack end to end: the real template and binaries on a local AWS that enforces IAM, used through
//! the AWS command line and through boto3, neither of which shares code with the gate.
//!
//! What is deployed is what the last `sam build` made. All tests share one stack and run side by side,
//! each with functions of its own.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "in a test, a panic is the report"
)]

use std::{
    path::Path,
    sync::{OnceLock, PoisonError, RwLock, RwLockReadGuard},
};

use countersign_e2e::{
    HarnessError,
    cloud::{self, Cloud, Stack},
    observer::{Look, Nobody, PATIENCE, wait_until},
    packages,
    scenes::{Play, SCENES},
    session::{Credentials, Session, bytes, list, text},
    stage::{Protection, Stage},
    tools::Tools,
};
use serde_json::{Value, json};

/// Held for writing by a test that changes what all others use.
static QUEUES: RwLock<()> = RwLock::new(());

fn beside_others() -> RwLockReadGuard<'static, ()> {
    QUEUES.read().unwrap_or_else(PoisonError::into_inner)
}

/// The stage that all tests share. Nobody drops it: its processes end when this one does.
fn stage() -> &'static Stage<'static> {
    static CLOUD: OnceLock<Result<(Cloud, Stack), HarnessError>> = OnceLock::new();
    static STAGE: OnceLock<Stage<'static>> = OnceLock::new();
    STAGE.get_or_init(|| {
        // What went wrong once is told by each test, and not tried again by each.
        let (cloud, stack) = CLOUD.get_or_init(deployed).as_ref().unwrap();
        Stage::set(cloud, stack).unwrap()
    })
}

fn deployed() -> Result<(Cloud, Stack), HarnessError> {
    let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."));
    let tools = Tools::prepare(&root.canonicalize().unwrap(), &Nobody)?;
    let cloud = Cloud::start(&tools, cloud::free_port()?, &Nobody)?;
    let stack = cloud.deploy("countersign", &["TargetFunctions=demo*"], &Nobody)?;
    Ok((cloud, stack))
}

#[test]
#[ignore = "needs the local AWS: cargo xtask test --only e2e"]
fn four_scenes() {
    let _shared = beside_others();
    let mut play = Play::open(stage(), &Nobody).unwrap();
    for scene in &SCENES {
        play.scene(scene).unwrap();
    }
    for name in ["sign", "deploy", "alert"] {
        assert_never_denied(name);
    }
}

/// A role that lacks something shows up here, even where a retry or a default would hide it.
fn assert_never_denied(function: &str) {
    let journal = format!("GET calls?caller=*/countersign-{function}");
    let answer = stage().root().call("control", &journal, json!({})).unwrap();
    let calls = list(&answer, "/calls");
    assert!(!calls.is_empty(), "{function} called nothing");
    for call in calls {
        let status = call.pointer("/status").and_then(Value::as_u64);
        assert_ne!(status, Some(403), "{function} was denied: {call}");
    }
}

#[test]
#[ignore = "needs the local AWS: cargo xtask test --only e2e"]
fn a_layer_is_published_with_its_signature() {
    let _shared = beside_others();
    let stage = stage();
    let upload = stage
        .upload("layers/shared", &packages::layer("signed").unwrap())
        .unwrap();
    let outcome = stage.wait_for_end(&Nobody, &upload, "deployed").unwrap();
    let arn = text(&outcome, "/deployed/layer_version_arn").unwrap();
    let layer = stage
        .root()
        .call("lambda", "get_layer_version_by_arn", json!({"Arn": arn}))
        .unwrap();
    let job = text(&outcome, "/job").unwrap();
    let job_arn = text(&layer, "/Content/SigningJobArn").unwrap();
    assert!(job_arn.ends_with(&job), "{job_arn} is not job {job}");
}

#[test]
#[ignore = "needs the local AWS: cargo xtask test --only e2e"]
fn of_two_uploads_the_last_one_wins() {
    let _shared = beside_others();
    let stage = stage();
    stage
        .create_function("demo-race", "before", Protection::Enforce)
        .unwrap();
    let first = packages::function("first").unwrap();
    let last = packages::function("last").unwrap();
    let first = stage.upload("functions/demo-race", &first).unwrap();
    let last = stage.upload("functions/demo-race", &last).unwrap();
    stage.wait_for_end(&Nobody, &last, "deployed").unwrap();
    stage.wait_for_end(&Nobody, &first, "superseded").unwrap();
    assert_eq!(stage.ask("demo-race").unwrap(), "last");
}

#[test]
#[ignore = "needs the local AWS: cargo xtask test --only e2e"]
fn a_target_without_a_configuration_is_refused() {
    let _shared = beside_others();
    let stage = stage();
    stage
        .create_function("demo-open", "before", Protection::None)
        .unwrap();
    let upload = stage
        .upload("functions/demo-open", &packages::function("after").unwrap())
        .unwrap();
    let outcome = stage.wait_for_end(&Nobody, &upload, "rejected").unwrap();
    assert!(text(&outcome, "/fix").is_ok(), "{outcome}");
    assert_eq!(stage.ask("demo-open").unwrap(), "before");
    stage
        .pages
        .wait_for(&Nobody, "the page", PATIENCE, |page| {
            page.text.contains("demo-open")
        })
        .unwrap();
}

#[test]
#[ignore = "needs the local AWS: cargo xtask test --only e2e"]
fn copying_an_older_version_rolls_back() {
    let _shared = beside_others();
    let stage = stage();
    stage
        .create_function("demo-back", "before", Protection::Enforce)
        .unwrap();
    let mut versions = Vec::new();
    for words in ["good", "regretted"] {
        let package = packages::function(words).unwrap();
        let upload = stage.upload("functions/demo-back", &package).unwrap();
        stage.wait_for_end(&Nobody, &upload, "deployed").unwrap();
        assert_eq!(stage.ask("demo-back").unwrap(), words);
        versions.push(upload.version);
    }
    let good = versions.first().unwrap();
    let upload = stage.roll_back("functions/demo-back", good).unwrap();
    stage.wait_for_end(&Nobody, &upload, "deployed").unwrap();
    assert_eq!(stage.ask("demo-back").unwrap(), "good");
}

/// Lambda refuses an alias for a version that is not ready yet, which each is at first.
#[test]
#[ignore = "needs the local AWS: cargo xtask test --only e2e"]
fn the_alias_that_a_tag_names_follows_the_upload() {
    let _shared = beside_others();
    let stage = stage();
    stage
        .create_function("demo-alias", "before", Protection::Enforce)
        .unwrap();
    let lambda = |operation, arguments| stage.root().call("lambda", operation, arguments).unwrap();
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
    let upload = stage.upload("functions/demo-alias", &package).unwrap();
    let outcome = stage.wait_for_end(&Nobody, &upload, "deployed").unwrap();
    assert_eq!(text(&outcome, "/deployed/alias").unwrap(), "live");
    let alias = lambda(
        "get_alias",
        json!({"FunctionName": "demo-alias", "Name": "live"}),
    );
    assert_eq!(
        text(&alias, "/FunctionVersion").unwrap(),
        text(&outcome, "/deployed/version").unwrap()
    );
    assert_eq!(stage.ask("demo-alias:live").unwrap(), "after");
}

#[test]
#[ignore = "needs the local AWS: cargo xtask test --only e2e"]
fn an_upload_for_nobody_is_rejected() {
    let _shared = beside_others();
    let stage = stage();
    let package = packages::function("lost").unwrap();
    for (name, code) in [
        ("demo-nobody", "TARGET_NOT_FOUND"),
        ("another-team", "TARGET_NOT_MANAGED"),
        ("countersign-deploy", "TARGET_IS_GATE"),
    ] {
        let upload = stage
            .upload(&format!("functions/{name}"), &package)
            .unwrap();
        let outcome = stage.wait_for_end(&Nobody, &upload, "rejected").unwrap();
        assert_eq!(text(&outcome, "/code").unwrap(), code);
        assert!(text(&outcome, "/job").is_err(), "was signed: {outcome}");
    }
}

#[test]
#[ignore = "needs the local AWS: cargo xtask test --only e2e"]
fn a_key_that_names_no_target_leaves_a_record() {
    let _shared = beside_others();
    let stage = stage();
    let package = packages::function("lost").unwrap();
    let upload = stage.upload("notes/größe + 1", &package).unwrap();
    let bucket = stage.stack().output("RecordsBucket").unwrap();
    let ending = format!("-{}/outcome.json", upload.version);
    wait_until(&Nobody, "the record", PATIENCE, || {
        let answer = stage.root().call(
            "s3",
            "list_objects_v2",
            json!({"Bucket": bucket, "Prefix": "unrecognised/"}),
        )?;
        let found = list(&answer, "/Contents")
            .iter()
            .any(|object| text(object, "/Key").is_ok_and(|key| key.ends_with(&ending)));
        Ok(if found {
            Look::There(())
        } else {
            Look::NotYet(answer.to_string())
        })
    })
    .unwrap();
}

#[test]
#[ignore = "needs the local AWS: cargo xtask test --only e2e"]
fn a_role_can_do_its_work_and_nothing_else() {
    let _shared = beside_others();
    let stage = stage();
    stage
        .create_function("demo-roles", "before", Protection::Enforce)
        .unwrap();
    let code = bytes(&packages::function("stolen").unwrap());
    let records = stage.stack().output("RecordsBucket").unwrap();
    let update =
        |function: &str| json!({"FunctionName": function, "ZipFile": code, "DryRun": true});
    let document = json!({"Bucket": records, "Key": "functions/x/y/outcome.json"});
    let target = json!({"FunctionName": "demo-roles"});

    let deploy = stage.act_as("DeployRole").unwrap();
    deploy
        .call("lambda", "get_function", target.clone())
        .unwrap();
    for own in ["sign", "deploy", "alert"] {
        let own = format!("{}-{own}", stage.stack().name());
        assert_denied(&deploy, "lambda", "update_function_code", &update(&own));
    }
    assert_denied(&deploy, "lambda", "delete_function", &target);
    let detach = "delete_function_code_signing_config";
    assert_denied(&deploy, "lambda", detach, &target);
    assert_denied(&deploy, "s3", "delete_object", &document);
    assert_denied(&deploy, "iam", "list_roles", &json!({}));

    let sign = stage.act_as("SignRole").unwrap();
    sign.call("lambda", "get_function", target.clone()).unwrap();
    let steal = update("demo-roles");
    assert_denied(&sign, "lambda", "update_function_code", &steal);
    assert_denied(&sign, "s3", "delete_object", &document);

    let alert = stage.act_as("AlertRole").unwrap();
    let page = json!({"TopicArn": stage.stack().output("Topic").unwrap(),
                      "Subject": "A test of the role", "Message": "Nothing happened."});
    alert.call("sns", "publish", page).unwrap();
    assert_denied(&alert, "lambda", "get_function", &target);
    assert_denied(&alert, "s3", "get_object", &document);
}

#[test]
#[ignore = "needs the local AWS: cargo xtask test --only e2e"]
fn what_cannot_be_read_ends_in_the_dead_letter_queue() {
    const FUNCTIONS: [&str; 3] = ["sign", "deploy", "alert"];
    let stage = stage();
    let _alone = QUEUES.write().unwrap_or_else(PoisonError::into_inner);
    let root = stage.root();
    for name in FUNCTIONS {
        let queue = queue(root, name);
        // At the real pace, the attempts would take an hour.
        for (operation, arguments) in [
            (
                "set_queue_attributes",
                json!({"QueueUrl": queue, "Attributes": {"VisibilityTimeout": "1"}}),
            ),
            (
                "send_message",
                json!({"QueueUrl": queue, "MessageBody": unreadable(name)}),
            ),
        ] {
            root.call("sqs", operation, arguments).unwrap();
        }
    }
    for name in FUNCTIONS {
        let dead = queue(root, &format!("{name}-dead-letters"));
        wait_until(&Nobody, "the dead letter", PATIENCE, || {
            let answer = root.call("sqs", "receive_message", json!({"QueueUrl": dead}))?;
            Ok(match text(&answer, "/Messages/0/Body") {
                Ok(body) if body == unreadable(name) => Look::There(()),
                _ => Look::NotYet(answer.to_string()),
            })
        })
        .unwrap();
    }
}

fn unreadable(function: &str) -> String {
    format!("not JSON, for {function}")
}

fn queue(root: &Session, name: &str) -> String {
    let name = format!("countersign-{name}");
    let answer = root
        .call("sqs", "get_queue_url", json!({"QueueName": name}))
        .unwrap();
    text(&answer, "/QueueUrl").unwrap()
}

#[track_caller]
fn assert_denied(session: &Session, service: &str, operation: &str, arguments: &Value) {
    match session.call(service, operation, arguments.clone()) {
        Err(HarnessError::Refused { code, .. }) if code.starts_with("AccessDenied") => {}
        other => panic!("{service} {operation} was not denied: {other:?}"),
    }
}

/// The tests above would prove nothing on an AWS that lets everybody in.
#[test]
#[ignore = "needs the local AWS: cargo xtask test --only e2e"]
fn a_stranger_gets_nothing() {
    let stranger = Credentials {
        key: "AKIANOSUCHKEY0000000".to_owned(),
        secret: "wrong".to_owned(),
        token: None,
    };
    let session = stage().cloud().session(&stranger).unwrap();
    let error = session.call("s3", "list_buckets", json!({})).unwrap_err();
    assert!(error.code().is_some(), "{error}");
}
