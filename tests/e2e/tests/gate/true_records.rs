//! What is on record is what runs, whatever people do to a function and its uploads meanwhile.

use countersign_e2e::{
    HarnessError,
    local_stack::{LocalStack, Protection, Upload},
    observer::{Nobody, PATIENCE, Poll, wait_until},
    packages,
    pages::Page,
    session::{list, text},
};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::{alone, beside_others, local_stack};

fn lambda(operation: &str, arguments: Value) -> Value {
    let root = local_stack().root();
    root.call("lambda", operation, arguments).unwrap()
}

fn upload(name: &str, words: &str) -> Upload {
    let package = packages::function(words).unwrap();
    let target = format!("functions/{name}");
    local_stack().upload(&target, &package).unwrap()
}

/// A function under the gate that can be called.
fn create(name: &str) {
    let stack = local_stack();
    stack
        .create_function(name, "before", Protection::Enforce)
        .unwrap();
    stack.wait_until_active(&Nobody, name).unwrap();
}

/// Brings this code onto a function through the gate.
fn deploy(name: &str, words: &str) -> Value {
    let upload = upload(name, words);
    let outcome = local_stack().wait_for_end(&Nobody, &upload, "deployed");
    outcome.unwrap()
}

fn deployed(name: &str, words: &str) -> Value {
    create(name);
    deploy(name, words)
}

/// The same, with the alias `live`, which follows the uploads.
fn deployed_with_alias(name: &str, words: &str) -> Value {
    create(name);
    let alias = json!({"FunctionName": name, "Name": "live", "FunctionVersion": "$LATEST"});
    lambda("create_alias", alias);
    tag(name, "live");
    deploy(name, words)
}

fn tag(name: &str, alias: &str) {
    let function = lambda("get_function_configuration", json!({"FunctionName": name}));
    let arn = text(&function, "/FunctionArn").unwrap();
    let tags = json!({"Resource": arn, "Tags": {"countersign:alias": alias}});
    lambda("tag_resource", tags);
}

fn version(outcome: &Value) -> String {
    text(outcome, "/deployed/version").unwrap()
}

/// Settings of the local AWS, which go back when this is dropped.
struct Settings(Value);

impl Settings {
    fn change(changes: Value, back: Value) -> Self {
        let root = local_stack().root();
        root.call("control", "PUT settings", changes).unwrap();
        Self(back)
    }
}

impl Drop for Settings {
    fn drop(&mut self) {
        let root = local_stack().root();
        let _told = root.call("control", "PUT settings", self.0.clone());
        let _none = root.call("control", "DELETE faults", json!({}));
    }
}

fn wait_for_waiting(stack: &LocalStack<'_>, upload: &Upload, words: &str) -> Value {
    wait_until(&Nobody, "waiting.json", PATIENCE, || {
        if let Some(outcome) = stack.record(upload, "outcome")? {
            return Err(HarnessError::Surprise {
                expected: "the upload to wait".to_owned(),
                found: outcome.to_string(),
            });
        }
        let waiting = stack.record(upload, "waiting")?.unwrap_or_default();
        let why = text(&waiting, "/why").unwrap_or_default();
        Ok(if why.contains(words) {
            Poll::Ready(waiting)
        } else {
            Poll::Pending(why)
        })
    })
    .unwrap()
}

/// An invalid alias tag that comes while the update is under way is no reason to call it rejected.
#[test]
#[ignore = "needs the local AWS: cargo xtask test --only e2e"]
fn alias_tag_that_changes_during_the_update_rejects_nothing() {
    let stack = local_stack();
    let _alone = alone();
    deployed("demo-tagged", "first");
    let _slow = Settings::change(
        json!({"update_seconds": 3.0}),
        json!({"update_seconds": 0.5}),
    );
    let second = upload("demo-tagged", "second");
    stack.wait_for_record(&Nobody, &second, "verdict").unwrap();
    wait_until(&Nobody, "the update", PATIENCE, || {
        let read = json!({"FunctionName": "demo-tagged"});
        let found = stack
            .root()
            .call("lambda", "get_function_configuration", read)?;
        Ok(match text(&found, "/LastUpdateStatus")?.as_str() {
            "InProgress" => Poll::Ready(()),
            other => Poll::Pending(other.to_owned()),
        })
    })
    .unwrap();
    tag("demo-tagged", "v1.0");
    let outcome = stack.wait_for_record(&Nobody, &second, "outcome").unwrap();
    let state = text(&outcome, "/state").unwrap();
    assert!(state == "deployed" || state == "failed", "{outcome}");
    assert_eq!(stack.ask("demo-tagged").unwrap(), "second");
}

#[test]
#[ignore = "needs the local AWS: cargo xtask test --only e2e"]
fn changed_configuration_makes_the_same_code_a_new_version() {
    let _shared = beside_others();
    let first = deployed_with_alias("demo-config", "same");
    lambda(
        "update_function_configuration",
        json!({"FunctionName": "demo-config", "Environment": {"Variables": {"LEVEL": "2"}}}),
    );
    let second = deploy("demo-config", "same");
    assert_ne!(version(&first), version(&second));
    let alias = json!({"FunctionName": "demo-config", "Name": "live"});
    let alias = lambda("get_alias", alias);
    assert_eq!(text(&alias, "/FunctionVersion").unwrap(), version(&second));
    let live = json!({"FunctionName": "demo-config", "Qualifier": version(&second)});
    let live = lambda("get_function_configuration", live);
    assert_eq!(text(&live, "/Environment/Variables/LEVEL").unwrap(), "2");
}

#[test]
#[ignore = "needs the local AWS: cargo xtask test --only e2e"]
fn deleted_version_is_not_believed_to_be_live() {
    let _shared = beside_others();
    let first = version(&deployed("demo-pruned", "same"));
    lambda(
        "delete_function",
        json!({"FunctionName": "demo-pruned", "Qualifier": first}),
    );
    let second = version(&deploy("demo-pruned", "same"));
    let found = json!({"FunctionName": "demo-pruned", "Qualifier": second});
    let found = lambda("get_function_configuration", found);
    assert_eq!(text(&found, "/Version").unwrap(), second);
}

#[test]
#[ignore = "needs the local AWS: cargo xtask test --only e2e"]
fn upload_deleted_for_good_is_not_called_replaced() {
    let stack = local_stack();
    let _alone = alone();
    deployed("demo-deleted", "first");
    let held = Settings::change(
        json!({"hold_signing_jobs": true}),
        json!({"hold_signing_jobs": false}),
    );
    let second = upload("demo-deleted", "second");
    stack.wait_for_record(&Nobody, &second, "signing").unwrap();
    let bucket = stack.stack().output("UploadsBucket").unwrap();
    let gone =
        json!({"Bucket": bucket, "Key": "functions/demo-deleted.zip", "VersionId": second.version});
    stack.root().call("s3", "delete_object", gone).unwrap();
    let root = stack.root();
    root.call("control", "POST signing-jobs/release", json!({}))
        .unwrap();
    drop(held);
    let outcome = stack.wait_for_end(&Nobody, &second, "superseded").unwrap();
    assert_eq!(text(&outcome, "/code").unwrap(), "DELETED");
    assert_eq!(stack.ask("demo-deleted").unwrap(), "first");
}

#[test]
#[ignore = "needs the local AWS: cargo xtask test --only e2e"]
fn alias_that_lambda_refuses_to_move_is_a_failure_that_says_how_far_it_came() {
    let stack = local_stack();
    let _alone = alone();
    deployed_with_alias("demo-refused", "first");
    let _refusing = Settings::change(json!({}), json!({}));
    let fault = json!({"action": "lambda:UpdateAlias", "effect": "fail", "status": 400,
                       "code": "InvalidParameterValueException", "message": "weights", "times": 1});
    stack.root().call("control", "POST faults", fault).unwrap();
    let second = upload("demo-refused", "second");
    let outcome = stack.wait_for_end(&Nobody, &second, "failed").unwrap();
    assert_eq!(text(&outcome, "/code").unwrap(), "ALIAS_REFUSED");
    let published = version(&outcome);
    let found = json!({"FunctionName": "demo-refused", "Qualifier": published});
    let found = lambda("get_function_configuration", found);
    assert_eq!(
        text(&found, "/CodeSha256").unwrap(),
        text(&outcome, "/deployed/code_sha256").unwrap()
    );
    assert_eq!(stack.ask("demo-refused").unwrap(), "second");
    assert_eq!(stack.ask("demo-refused:live").unwrap(), "first");
}

#[test]
#[ignore = "needs the local AWS: cargo xtask test --only e2e"]
fn canary_is_waited_for() {
    let _shared = beside_others();
    let stack = local_stack();
    let first = version(&deployed_with_alias("demo-canary", "first"));
    lambda(
        "update_function_configuration",
        json!({"FunctionName": "demo-canary", "Description": "another version"}),
    );
    let other = wait_until(&Nobody, "another version", PATIENCE, || {
        let publish = json!({"FunctionName": "demo-canary"});
        Ok(
            match stack.root().call("lambda", "publish_version", publish) {
                Ok(answer) => Poll::Ready(text(&answer, "/Version")?),
                Err(busy) => Poll::Pending(busy.to_string()),
            },
        )
    })
    .unwrap();
    let weights = |weights: Value| {
        wait_until(&Nobody, "the weights", PATIENCE, || {
            let alias = json!({"FunctionName": "demo-canary", "Name": "live",
                               "FunctionVersion": first,
                               "RoutingConfig": {"AdditionalVersionWeights": weights}});
            Ok(match stack.root().call("lambda", "update_alias", alias) {
                Ok(_) => Poll::Ready(()),
                Err(busy) => Poll::Pending(busy.to_string()),
            })
        })
        .unwrap();
    };
    weights(json!({ &other: 0.1 }));
    let second = upload("demo-canary", "second");
    let waiting = wait_for_waiting(stack, &second, "live");
    assert!(waiting.pointer("/next_try_at").is_some(), "{waiting}");
    weights(json!({}));
    let outcome = stack.wait_for_end(&Nobody, &second, "deployed").unwrap();
    let alias = lambda(
        "get_alias",
        json!({"FunctionName": "demo-canary", "Name": "live"}),
    );
    assert_eq!(text(&alias, "/FunctionVersion").unwrap(), version(&outcome));
    assert!(list(&alias, "/RoutingConfig/AdditionalVersionWeights").is_empty());
}

/// Text of attackers stays text: no mention, no markup, nothing that turns what follows it round.
#[test]
#[ignore = "needs the local AWS: cargo xtask test --only e2e"]
fn text_of_an_attacker_is_inert_in_a_page() {
    let _shared = beside_others();
    let stack = local_stack();
    let target = "functions/demo-<!channel>\u{202e}[Runbook](https://example.com)";
    let upload = stack.upload(target, &packages::malformed()).unwrap();
    let page = stack
        .pages
        .wait_for(&Nobody, "the page", PATIENCE, |page| {
            page.text.contains(&upload.version)
                || page.text.contains("demo-") && page.text.contains("Runbook")
        })
        .unwrap();
    for raw in [
        "\u{202e}",
        "\\u202e",
        "<!channel>",
        "[Runbook](https://example.com)",
    ] {
        assert!(!page.text.contains(raw), "{raw:?} is in {}", page.text);
    }
    // The subject is of mails alone, which is plain text.
    assert!(!page.subject.contains('\u{202e}'), "{}", page.subject);
}

/// The function `deploy` with a shorter life or less patience, which go back when this is dropped.
struct Hasty(Value);

impl Hasty {
    fn deploy(timeout_seconds: u32, patience_seconds: Option<u32>) -> Self {
        let function = format!("{}-deploy", local_stack().stack().name());
        let found = lambda(
            "get_function_configuration",
            json!({"FunctionName": function}),
        );
        let before = found.pointer("/Environment/Variables").cloned().unwrap();
        let back = json!({"FunctionName": function, "Timeout": found.pointer("/Timeout"),
                          "Environment": {"Variables": before}});
        let mut changed = back.clone();
        *changed.pointer_mut("/Timeout").unwrap() = timeout_seconds.into();
        if let Some(seconds) = patience_seconds {
            let name = "/Environment/Variables/COUNTERSIGN_PATIENCE_SECONDS";
            *changed.pointer_mut(name).unwrap() = seconds.to_string().into();
        }
        let hasty = Self(back);
        change_function(&changed);
        hasty
    }
}

impl Drop for Hasty {
    fn drop(&mut self) {
        change_function(&self.0);
    }
}

/// Lambda takes one change at a time.
fn change_function(change: &Value) {
    wait_until(&Nobody, "the change of deploy", PATIENCE, || {
        let root = local_stack().root();
        let changed = root.call("lambda", "update_function_configuration", change.clone());
        Ok(match changed {
            Ok(_) => Poll::Ready(()),
            Err(busy) => Poll::Pending(busy.to_string()),
        })
    })
    .unwrap();
    let read = json!({"FunctionName": change.pointer("/FunctionName")});
    wait_until(&Nobody, "deploy to be ready", PATIENCE, || {
        let found = lambda("get_function_configuration", read.clone());
        Ok(match text(&found, "/LastUpdateStatus")?.as_str() {
            "Successful" => Poll::Ready(()),
            other => Poll::Pending(other.to_owned()),
        })
    })
    .unwrap();
}

/// A version takes longer to get ready than `deploy` lives. Meanwhile a newer upload comes, and is refused.
#[test]
#[ignore = "needs the local AWS: cargo xtask test --only e2e"]
fn refused_newer_upload_does_not_supersede_what_was_applied() {
    let stack = local_stack();
    let _alone = alone();
    deployed("demo-slow", "first");
    let _hasty = Hasty::deploy(20, None);
    let slow = Settings::change(
        json!({"version_seconds": 600.0}),
        json!({"version_seconds": 0.2}),
    );
    let second = upload("demo-slow", "second");
    wait_for_waiting(stack, &second, "demo-slow");
    let third = stack
        .upload("functions/demo-slow", &packages::malformed())
        .unwrap();
    stack.wait_for_end(&Nobody, &third, "rejected").unwrap();
    drop(slow);
    let outcome = stack.wait_for_end(&Nobody, &second, "deployed").unwrap();
    assert_eq!(stack.ask("demo-slow").unwrap(), "second");
    let found = json!({"FunctionName": "demo-slow", "Qualifier": version(&outcome)});
    lambda("get_function_configuration", found);
}

/// The function stays busy with the update beyond the last attempt: it ends on record, and says how far it came.
#[test]
#[ignore = "needs the local AWS: cargo xtask test --only e2e"]
fn last_attempt_that_runs_out_of_time_writes_an_outcome() {
    let stack = local_stack();
    let _alone = alone();
    deployed("demo-busy", "first");
    let _hasty = Hasty::deploy(15, Some(1));
    let _stuck = Settings::change(
        json!({"update_seconds": 600.0}),
        json!({"update_seconds": 0.5}),
    );
    let second = upload("demo-busy", "second");
    let outcome = stack.wait_for_end(&Nobody, &second, "failed").unwrap();
    assert_eq!(text(&outcome, "/code").unwrap(), "NOT_COMPLETED");
    assert!(text(&outcome, "/deployed/code_sha256").is_ok(), "{outcome}");
}

/// Somebody starts a job of their own under the upload's client token before `sign` can.
#[test]
#[ignore = "needs the local AWS: cargo xtask test --only e2e"]
fn job_of_somebody_else_under_the_token_of_an_upload_ends_it() {
    let stack = local_stack();
    let _alone = alone();
    create("demo-hijacked");
    let root = stack.root();
    let bucket = "demo-hijackers";
    let create = json!({"Bucket": bucket});
    root.call("s3", "create_bucket", create).unwrap();
    let versions = json!({"Bucket": bucket, "VersioningConfiguration": {"Status": "Enabled"}});
    root.call("s3", "put_bucket_versioning", versions).unwrap();
    let _held = Settings::change(json!({}), json!({}));
    let hold = json!({"event": "s3.notification/*", "effect": "hold"});
    root.call("control", "POST faults", hold).unwrap();
    let wanted = upload("demo-hijacked", "wanted");
    let uploads = stack.stack().output("UploadsBucket").unwrap();
    let key = "functions/demo-hijacked.zip";
    let job = json!({
        "source": {"s3": {"bucketName": uploads, "key": key, "version": wanted.version}},
        "destination": {"s3": {"bucketName": bucket, "prefix": "mine/"}},
        "profileName": stack.stack().output("SigningProfile").unwrap(),
        "clientRequestToken": client_token(&[uploads, key, &wanted.version]),
    });
    stack
        .insider()
        .call("signer", "start_signing_job", job)
        .unwrap();
    root.call("control", "DELETE faults", json!({})).unwrap();
    root.call("control", "POST events/release", json!({}))
        .unwrap();
    let outcome = stack.wait_for_end(&Nobody, &wanted, "rejected").unwrap();
    assert_eq!(text(&outcome, "/code").unwrap(), "FOREIGN_SIGNING_JOB");
    let page = stack.pages.wait_for(&Nobody, "the page", PATIENCE, |page| {
        page.text.contains("demo-hijacked") && page.text.contains("FOREIGN_SIGNING_JOB")
    });
    assert!(page.unwrap().subject.contains("CRITICAL"));
    assert_eq!(stack.ask("demo-hijacked").unwrap(), "before");
}

/// As the gate makes it: SHA-256 over bucket, key and version, each after its length in eight bytes.
fn client_token(parts: &[&str; 3]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(u64::try_from(part.len()).unwrap().to_be_bytes());
        hash.update(part.as_bytes());
    }
    hash.finalize()
        .iter()
        .fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}

/// A throttle more than the client itself retries, and an answer of Signer's that lags: seconds, not the quarter
/// of an hour after which the queue would hand the message out by itself.
#[test]
#[ignore = "needs the local AWS: cargo xtask test --only e2e"]
fn hiccup_costs_seconds() {
    let stack = local_stack();
    let _alone = alone();
    create("demo-hiccup");
    let _lagging = Settings::change(
        json!({"signer_lag_seconds": 2.0}),
        json!({"signer_lag_seconds": 0.0}),
    );
    let throttle = json!({"action": "signer:StartSigningJob", "effect": "throttle", "times": 12});
    let root = stack.root();
    root.call("control", "POST faults", throttle).unwrap();
    let upload = upload("demo-hiccup", "good");
    let outcome = stack.wait_for_end(&Nobody, &upload, "deployed").unwrap();
    let took = outcome.pointer("/took_ms").and_then(Value::as_i64).unwrap();
    assert!(took < 60_000, "{took} ms");
}

/// A configuration that warns lists another version of the gate's profile. That is one warning, and no attack.
#[test]
#[ignore = "needs the local AWS: cargo xtask test --only e2e"]
fn own_deployment_under_warn_is_one_warning() {
    let stack = local_stack();
    let _alone = alone();
    create("demo-other-version");
    let name = stack.stack().output("SigningProfile").unwrap();
    let profile = json!({"profileName": name});
    let root = stack.root();
    let profile = root.call("signer", "get_signing_profile", profile).unwrap();
    let arn = text(&profile, "/profileVersionArn").unwrap();
    let (profile, _) = arn.rsplit_once('/').unwrap();
    let other = format!("{profile}/Zz00000000");
    let lenient = json!({"AllowedPublishers": {"SigningProfileVersionArns": [other]},
                         "CodeSigningPolicies": {"UntrustedArtifactOnDeployment": "Warn"}});
    let lenient = lambda("create_code_signing_config", lenient);
    let csc = text(&lenient, "/CodeSigningConfig/CodeSigningConfigArn").unwrap();
    let attach = json!({"FunctionName": "demo-other-version", "CodeSigningConfigArn": csc});
    lambda("put_function_code_signing_config", attach);
    let outcome = deploy("demo-other-version", "warned");
    let findings = list(&outcome, "/findings");
    assert_eq!(findings.len(), 1, "{outcome}");
    assert_eq!(
        text(&findings[0], "/code").unwrap(),
        "PUBLISHER_NOT_ALLOWED"
    );
    let about = |page: &Page| {
        let is_title = page.subject.contains("functions/demo-other-version");
        is_title && page.subject.contains("Deployed with a warning")
    };
    let pages = &stack.pages;
    pages
        .wait_for(&Nobody, "the warning", PATIENCE, about)
        .unwrap();
    // What CloudTrail tells of the gate's own update comes before what it tells of this.
    let marker = packages::function("marker").unwrap();
    stack
        .create_function("demo-marker", "before", Protection::Warn)
        .unwrap();
    stack.wait_until_active(&Nobody, "demo-marker").unwrap();
    stack.intrude("demo-marker", &marker).unwrap();
    let is_marker = |page: &Page| page.text.contains("demo-marker");
    pages
        .wait_for(&Nobody, "the marker", PATIENCE, is_marker)
        .unwrap();
    let all = pages.all().unwrap();
    let ours = all.iter().filter(|page| {
        let is_about = page.text.contains("demo-other-version");
        is_about && page.text.contains("went live")
    });
    assert_eq!(ours.count(), 0);
    assert_eq!(all.iter().filter(|page| about(page)).count(), 1);
}
