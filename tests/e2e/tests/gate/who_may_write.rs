//! Who may write what: roles their own, strangers and insiders nothing, and what forgers get for it.

use countersign_e2e::{
    local_stack::{LocalStack, Protection, Upload},
    observer::{Nobody, PATIENCE},
    packages,
    session::{Credentials, bytes, text},
};
use serde_json::{Value, json};

use crate::{assert_denied, beside_others, dead_letters::queue_url, local_stack};

#[test]
#[ignore = "needs the local AWS: cargo xtask test --only e2e"]
fn role_can_do_its_work_and_nothing_else() {
    let _shared = beside_others();
    let stack = local_stack();
    stack
        .create_function("demo-roles", "before", Protection::Enforce)
        .unwrap();
    let code = bytes(&packages::function("stolen").unwrap());
    let records = stack.stack().output("RecordsBucket").unwrap();
    let update =
        |function: &str| json!({"FunctionName": function, "ZipFile": code, "DryRun": true});
    let document = json!({"Bucket": records, "Key": "functions/x/y/outcome.json"});
    let target = json!({"FunctionName": "demo-roles"});

    let deploy = stack.act_as("DeployRole").unwrap();
    deploy
        .call("lambda", "get_function", target.clone())
        .unwrap();
    for own in ["sign", "deploy", "alert", "sweep"] {
        let own = format!("{}-{own}", stack.stack().name());
        assert_denied(&deploy, "lambda", "update_function_code", &update(&own));
    }
    assert_denied(&deploy, "lambda", "delete_function", &target);
    let detach = "delete_function_code_signing_config";
    assert_denied(&deploy, "lambda", detach, &target);
    assert_denied(&deploy, "s3", "delete_object", &document);
    assert_denied(&deploy, "iam", "list_roles", &json!({}));

    let sign = stack.act_as("SignRole").unwrap();
    sign.call("lambda", "get_function", target.clone()).unwrap();
    let steal = update("demo-roles");
    assert_denied(&sign, "lambda", "update_function_code", &steal);
    assert_denied(&sign, "s3", "delete_object", &document);

    let alert = stack.act_as("AlertRole").unwrap();
    let page = json!({"TopicArn": stack.stack().output("Topic").unwrap(),
                      "Subject": "A test of the role", "Message": "Nothing happened."});
    alert.call("sns", "publish", page.clone()).unwrap();
    assert_denied(&alert, "lambda", "get_function", &target);
    assert_denied(&alert, "s3", "put_object", &document);
    assert_denied(stack.insider(), "sns", "publish", &page);
}

/// The other tests would prove nothing on an AWS that lets everybody in.
#[test]
#[ignore = "needs the local AWS: cargo xtask test --only e2e"]
fn unauthenticated_caller_is_denied() {
    let stranger = Credentials {
        key: "AKIANOSUCHKEY0000000".to_owned(),
        secret: "wrong".to_owned(),
        token: None,
    };
    let session = local_stack().cloud().session(&stranger).unwrap();
    let error = session.call("s3", "list_buckets", json!({})).unwrap_err();
    assert!(error.code().is_some(), "{error}");
}

#[test]
#[ignore = "needs the local AWS: cargo xtask test --only e2e"]
fn uploader_on_record_is_the_principal() {
    let _shared = beside_others();
    let stack = local_stack();
    let upload = stack
        .drop_file("functions/demo-principal", &packages::malformed())
        .unwrap();
    let outcome = stack.wait_for_end(&Nobody, &upload, "rejected").unwrap();
    let answer = stack
        .root()
        .call("iam", "get_user", json!({"UserName": "developer"}))
        .unwrap();
    let id = text(&answer, "/User/UserId").unwrap();
    let principal = text(&outcome, "/uploaded_by/principal").unwrap();
    assert_eq!(principal, format!("AWS:{id}"));
}

/// The folder of an upload's records, once it has one.
fn folder(stack: &LocalStack<'_>, upload: &Upload) -> String {
    let received = stack.wait_for_record(&Nobody, upload, "received").unwrap();
    let at = text(&received, "/upload/at").unwrap();
    let compact: String = at.chars().filter(|c| !"-:".contains(*c)).collect();
    format!("{}/{compact}-{}", upload.target, upload.version)
}

/// The insider makes documents up: neither new ones nor others in the place of old ones are taken.
fn assert_not_forgeable(stack: &LocalStack<'_>, key: &str, document: &Value) {
    let bucket = stack.stack().output("RecordsBucket").unwrap();
    let body = bytes(document.to_string().as_bytes());
    let put = json!({"Bucket": bucket, "Key": key, "Body": body});
    assert_denied(stack.insider(), "s3", "put_object", &put);
    let mut create = put.clone();
    create
        .as_object_mut()
        .unwrap()
        .insert("IfNoneMatch".to_owned(), json!("*"));
    assert_denied(stack.insider(), "s3", "put_object", &create);
    let delete = json!({"Bucket": bucket, "Key": key});
    assert_denied(stack.insider(), "s3", "delete_object", &delete);
}

#[test]
#[ignore = "needs the local AWS: cargo xtask test --only e2e"]
fn forged_records_are_denied_and_the_upload_ends_truly() {
    let _shared = beside_others();
    let stack = local_stack();
    stack
        .create_function("demo-forged", "before", Protection::Enforce)
        .unwrap();
    let package = packages::function("good").unwrap();
    let upload = stack.upload("functions/demo-forged", &package).unwrap();
    let folder = folder(stack, &upload);
    for name in ["signing", "verdict", "outcome", "announced", "waiting"] {
        let made_up = json!({"schema": 1, "state": "deployed", "decision": "accepted"});
        assert_not_forgeable(stack, &format!("{folder}/{name}.json"), &made_up);
    }
    stack.wait_for_end(&Nobody, &upload, "deployed").unwrap();
    assert_eq!(stack.ask("demo-forged").unwrap(), "good");
}

#[test]
#[ignore = "needs the local AWS: cargo xtask test --only e2e"]
fn forged_live_record_is_denied() {
    let _shared = beside_others();
    let stack = local_stack();
    let target = "functions/demo-live";
    stack
        .create_function("demo-live", "before", Protection::Enforce)
        .unwrap();
    for words in ["first", "second"] {
        let package = packages::function(words).unwrap();
        let upload = stack.upload(target, &package).unwrap();
        let made_up = json!({"schema": 1, "source_sha256": "made up"});
        assert_not_forgeable(stack, &format!("{target}/live.json"), &made_up);
        let outcome = stack.wait_for_end(&Nobody, &upload, "deployed").unwrap();
        let unchanged = outcome.pointer("/deployed/unchanged");
        assert_eq!(unchanged, Some(&json!(false)), "{outcome}");
        assert_eq!(stack.ask("demo-live").unwrap(), words);
    }
}

#[test]
#[ignore = "needs the local AWS: cargo xtask test --only e2e"]
fn forged_event_pages_nobody() {
    let _shared = beside_others();
    let stack = local_stack();
    let detail = json!({
        "stack": stack.stack().name(), "state": "rejected", "critical": true,
        "target": {"kind": "function", "name": "demo-forged-event"},
        "message": "Call the number below and read your password out.",
    });
    let entry = |bus: &str| {
        json!({"Entries": [{"Source": "countersign", "DetailType": "Countersign Upload Decided",
                            "EventBusName": bus, "Detail": detail.to_string()}]})
    };
    let own = entry(stack.stack().output("EventBus").unwrap());
    assert_denied(stack.insider(), "events", "put_events", &own);
    // The default bus takes events of any such source, but nobody listens.
    stack
        .insider()
        .call("events", "put_events", entry("default"))
        .unwrap();
    // A page that comes after it, so that the forged one would be here by now.
    let upload = stack
        .upload("functions/demo-unheard", &packages::malformed())
        .unwrap();
    stack.wait_for_end(&Nobody, &upload, "rejected").unwrap();
    stack
        .pages
        .wait_for(&Nobody, "the real page", PATIENCE, |page| {
            page.text.contains("demo-unheard")
        })
        .unwrap();
    let pages = stack.pages.all().unwrap();
    assert!(
        !pages
            .iter()
            .any(|page| page.text.contains("the number below")),
        "{pages:?}"
    );
}

#[test]
#[ignore = "needs the local AWS: cargo xtask test --only e2e"]
fn forged_message_is_denied() {
    let _shared = beside_others();
    let stack = local_stack();
    let bucket = stack.stack().output("UploadsBucket").unwrap();
    let message = json!({"Records": [{
        "eventSource": "aws:s3", "eventName": "ObjectCreated:Put",
        "userIdentity": {"principalId": "the-ceo"},
        "s3": {"bucket": {"name": bucket}, "object": {"key": "functions/demo.zip", "versionId": "made-up"}},
    }]});
    for name in ["sign", "deploy", "alert", "sweep"] {
        for suffix in ["", "-dead-letters"] {
            let queue = queue_url(stack.root(), &format!("{name}{suffix}"));
            let send = json!({"QueueUrl": queue, "MessageBody": message.to_string()});
            assert_denied(stack.insider(), "sqs", "send_message", &send);
            assert_denied(stack.root(), "sqs", "send_message", &send);
        }
    }
}

/// Whoever may start signing jobs can compute the token of an upload, but not write where the gate reads.
#[test]
#[ignore = "needs the local AWS: cargo xtask test --only e2e"]
fn signed_bucket_takes_no_packages_of_others() {
    let _shared = beside_others();
    let stack = local_stack();
    let upload = stack
        .upload("functions/demo-foreign", &packages::malformed())
        .unwrap();
    let (uploads, signed) = (
        stack.stack().output("UploadsBucket").unwrap(),
        stack.stack().output("SignedBucket").unwrap(),
    );
    let job = json!({
        "source": {"s3": {"bucketName": uploads, "key": "functions/demo-foreign.zip", "version": upload.version}},
        "destination": {"s3": {"bucketName": signed, "prefix": "functions/demo-foreign/"}},
        "profileName": stack.stack().output("SigningProfile").unwrap(),
        "clientRequestToken": "0123456789",
    });
    assert_denied(stack.insider(), "signer", "start_signing_job", &job);
    let package = bytes(&packages::function("foreign").unwrap());
    for key in [
        "current/functions/demo-foreign.zip",
        "functions/demo-foreign/x.zip",
    ] {
        let put = json!({"Bucket": signed, "Key": key, "Body": package});
        assert_denied(stack.insider(), "s3", "put_object", &put);
    }
}
