//! What is known to be done to Lambda functions by who got in, done here: code is overwritten, a signed package is replayed, a
//! layer is put beside it, an alias is moved, a function is opened. Each is told with what it was, and what its page says to do
//! is done as it stands there, and leads out.

use countersign_e2e::{
    HarnessError,
    local_stack::{Protection, Upload},
    observer::{Nobody, PATIENCE, Poll, wait_until},
    packages,
    session::{bytes, text},
};
use serde_json::{Value, json};

use crate::{
    alone, beside_others,
    documented_commands::follow,
    local_stack,
    pages::{document, says, wait_for_page, wait_for_page_that},
};

/// A function that the gate deployed `words` to.
fn deployed(name: &str, words: &str, protection: Protection) -> Upload {
    let stack = local_stack();
    stack.create_function(name, "before", protection).unwrap();
    stack.wait_until_active(&Nobody, name).unwrap();
    deploy(name, words)
}

fn deploy(name: &str, words: &str) -> Upload {
    let stack = local_stack();
    let package = packages::function(words).unwrap();
    let upload = stack
        .upload(&format!("functions/{name}"), &package)
        .unwrap();
    stack.wait_for_end(&Nobody, &upload, "deployed").unwrap();
    upload
}

/// A call that somebody makes to whom IAM allows everything.
fn insider(operation: &str, arguments: &Value) -> Value {
    let answer = local_stack()
        .insider()
        .call("lambda", operation, arguments.clone());
    answer.unwrap_or_else(|error| panic!("{operation}: {error}"))
}

fn words_of(page: &Value) -> String {
    text(page, "/text").unwrap()
}

/// Waits until a function answers so, after what a page said to do.
fn wait_for_answer(name: &str, words: &str) {
    wait_until(&Nobody, "the gate's code to run again", PATIENCE, || {
        let said = local_stack().ask(name)?;
        Ok(if said == words {
            Poll::Ready(())
        } else {
            Poll::Pending(said)
        })
    })
    .unwrap();
}

/// The code is overwritten. Under Enforce nothing changes; without a configuration it runs until it is put back.
#[test]
#[ignore = "needs the local AWS: cargo xtask test --only e2e"]
fn overwritten_code_is_refused_or_told_and_put_back() {
    let _shared = beside_others();
    let stack = local_stack();
    deployed("demo-overwritten", "ours", Protection::Enforce);
    let theirs = packages::function("theirs").unwrap();
    let refused = stack.intrude("demo-overwritten", &theirs);
    assert!(
        matches!(refused, Err(HarnessError::Refused { .. })),
        "{refused:?}"
    );
    wait_for_page("code-refused", "functions/demo-overwritten", "detected");
    assert_eq!(stack.ask("demo-overwritten").unwrap(), "ours");

    let detach = json!({"FunctionName": "demo-overwritten"});
    insider("delete_function_code_signing_config", &detach);
    let detached = wait_for_page("csc-detached", "functions/demo-overwritten", "detected");
    stack.intrude("demo-overwritten", &theirs).unwrap();
    let page = wait_for_page(
        "code-changed-past-gate",
        "functions/demo-overwritten",
        "detected",
    );
    assert!(
        words_of(&page).contains("was never uploaded for it"),
        "{page}"
    );
    follow(&detached, "Put it back");
    wait_for_page("csc-detached", "functions/demo-overwritten", "closed");
    follow(&page, "See which files differ");
    follow(&page, "Put the gate's package back");
    wait_for_page(
        "code-changed-past-gate",
        "functions/demo-overwritten",
        "closed",
    );
    wait_for_answer("demo-overwritten", "ours");
}

/// AWS binds no signature to a function: another function's package and an older one are valid.
#[test]
#[ignore = "needs the local AWS: cargo xtask test --only e2e"]
fn validly_signed_packages_that_are_replayed_are_told_and_put_back() {
    let _shared = beside_others();
    let stack = local_stack();
    let first = deployed("demo-replayed", "first", Protection::Enforce);
    deploy("demo-replayed", "second");
    let other = deployed("demo-replay-source", "of another", Protection::Enforce);

    let older = stack.signed_package(&first).unwrap();
    stack.intrude("demo-replayed", &older).unwrap();
    stack.wait_until_active(&Nobody, "demo-replayed").unwrap();
    assert_eq!(stack.ask("demo-replayed").unwrap(), "first");
    let is_older = |page: &Value| words_of(page).contains("an older upload of this function");
    let page = wait_for_page_that(
        "code-changed-past-gate",
        "functions/demo-replayed",
        is_older,
    );
    assert!(words_of(&page).contains("validly signed"), "{page}");

    let foreign = stack.signed_package(&other).unwrap();
    stack.intrude("demo-replayed", &foreign).unwrap();
    stack.wait_until_active(&Nobody, "demo-replayed").unwrap();
    assert_eq!(stack.ask("demo-replayed").unwrap(), "of another");
    // Other code by the same caller is told at once.
    let is_other = |page: &Value| !is_older(page) && says(page, "state", "detected");
    let page = wait_for_page_that(
        "code-changed-past-gate",
        "functions/demo-replayed",
        is_other,
    );
    assert!(words_of(&page).contains("validly signed"), "{page}");
    follow(&page, "Put the gate's package back");
    wait_for_answer("demo-replayed", "second");
    wait_for_page(
        "code-changed-past-gate",
        "functions/demo-replayed",
        "closed",
    );
}

/// The records of the other function say which upload it was.
#[test]
#[ignore = "needs the local AWS: cargo xtask test --only e2e"]
fn page_names_whose_package_was_put_there() {
    let _shared = beside_others();
    let stack = local_stack();
    deployed("demo-mistaken", "ours", Protection::Enforce);
    let other = deployed("demo-named", "of another", Protection::Enforce);
    let foreign = stack.signed_package(&other).unwrap();
    stack.intrude("demo-mistaken", &foreign).unwrap();
    let page = wait_for_page(
        "code-changed-past-gate",
        "functions/demo-mistaken",
        "detected",
    );
    let words = words_of(&page);
    assert!(
        words.contains("the package of another target, functions/demo-named: the upload "),
        "{words}"
    );
    assert!(
        words.contains(&format!("-{}, deployed.", other.version)),
        "{words}"
    );
}

/// A layer with code of its own: an unsigned one is refused under Enforce, a signed one runs beside the function.
#[test]
#[ignore = "needs the local AWS: cargo xtask test --only e2e"]
fn layer_that_is_put_on_a_function_is_told_and_taken_off() {
    const INJECTED: &str = "demo-injected";
    let _shared = beside_others();
    let stack = local_stack();
    deployed("demo-layered", "ours", Protection::Enforce);
    let content = bytes(&packages::layer("injected").unwrap());
    let layer = json!({"LayerName": INJECTED, "Content": {"ZipFile": content}});
    let published = insider("publish_layer_version", &layer);
    let page = wait_for_page(
        "layer-changed-past-gate",
        "layers/demo-injected",
        "detected",
    );
    let with = |layers: Value| json!({"FunctionName": "demo-layered", "Layers": layers});
    let arn = text(&published, "/LayerVersionArn").unwrap();
    let change = "update_function_configuration";
    let refused = stack.insider().call("lambda", change, with(json!([arn])));
    assert!(
        matches!(refused, Err(HarnessError::Refused { .. })),
        "{refused:?}"
    );
    wait_for_page("code-refused", "functions/demo-layered", "detected");
    follow(&page, "Find the functions that use it");
    follow(&page, "If nobody needs it");
    let read = json!({"LayerName": INJECTED, "VersionNumber": 1});
    let gone = stack.root().call("lambda", "get_layer_version", read);
    assert!(
        matches!(gone, Err(HarnessError::Refused { .. })),
        "{gone:?}"
    );

    // One that the gate signed for something else.
    let package = packages::layer("base").unwrap();
    let upload = stack.upload("layers/demo-base", &package).unwrap();
    let outcome = stack.wait_for_end(&Nobody, &upload, "deployed").unwrap();
    let arn = text(&outcome, "/deployed/layer_version_arn").unwrap();
    insider(change, &with(json!([arn])));
    stack.wait_until_active(&Nobody, "demo-layered").unwrap();
    let page = wait_for_page(
        "configuration-runs-other-code",
        "functions/demo-layered",
        "detected",
    );
    assert_eq!(text(&page, "/severity").unwrap(), "critical", "{page}");
    assert!(words_of(&page).contains(&arn), "{page}");
    let told = follow(&page, "See the configuration");
    assert!(told.contains(&arn), "{told}");
    insider(change, &with(json!([])));
    stack.wait_until_active(&Nobody, "demo-layered").unwrap();
    follow(&page, "Deploy once more through the gate");
    wait_for_answer("demo-layered", "ours");
}

/// The alias that callers use is moved to old code, and then shares its traffic with it.
#[test]
#[ignore = "needs the local AWS: cargo xtask test --only e2e"]
fn alias_that_is_moved_or_weighted_is_told_and_put_back() {
    const NAME: &str = "demo-alias-moved";
    let _shared = beside_others();
    let stack = local_stack();
    deployed(NAME, "first", Protection::Enforce);
    let version = |outcome: &Value| text(outcome, "/deployed/version").unwrap();
    let found = json!({"FunctionName": NAME});
    let found = stack.root().call("lambda", "get_function", found).unwrap();
    let arn = text(&found, "/Configuration/FunctionArn").unwrap();
    let alias = json!({"FunctionName": NAME, "Name": "live", "FunctionVersion": "1"});
    stack.root().call("lambda", "create_alias", alias).unwrap();
    let tag = json!({"Resource": arn, "Tags": {"countersign:alias": "live"}});
    stack.root().call("lambda", "tag_resource", tag).unwrap();
    let second = packages::function("second").unwrap();
    let second = stack.upload(&format!("functions/{NAME}"), &second).unwrap();
    let second = version(&stack.wait_for_end(&Nobody, &second, "deployed").unwrap());

    let points_at = || {
        let read = json!({"FunctionName": NAME, "Name": "live"});
        stack.root().call("lambda", "get_alias", read)
    };
    assert_eq!(
        text(&points_at().unwrap(), "/FunctionVersion").unwrap(),
        second
    );
    let target = format!("functions/{NAME}");
    insider(
        "update_alias",
        &json!({"FunctionName": NAME, "Name": "live", "FunctionVersion": "1"}),
    );
    let is_moved = |page: &Value| {
        words_of(page).contains("The alias \"live\" points at 1.")
            && text(page, "/severity").unwrap() == "critical"
    };
    let page = wait_for_page_that("alias-changed-past-gate", &target, is_moved);
    follow(&page, "See where it points");
    follow(&page, "Put the gate's package back");
    wait_until(&Nobody, "the alias to be back", PATIENCE, || {
        let alias = points_at()?;
        Ok(if text(&alias, "/FunctionVersion")? == "1" {
            Poll::Pending(alias.to_string())
        } else {
            Poll::Ready(())
        })
    })
    .unwrap();

    let weights = json!({"AdditionalVersionWeights": {"1": 0.5}});
    insider(
        "update_alias",
        &json!({"FunctionName": NAME, "Name": "live", "RoutingConfig": weights}),
    );
    let is_weighted =
        |page: &Value| words_of(page).contains("It sends part of its traffic elsewhere");
    let page = wait_for_page_that("alias-changed-past-gate", &target, is_weighted);
    follow(&page, "Take the weights off first");
    let alias = points_at().unwrap();
    let left = alias.pointer("/RoutingConfig/AdditionalVersionWeights");
    assert!(left.is_none_or(|left| left == &json!({})), "{alias}");
    follow(&page, "Put the gate's package back");
}

/// A URL without authentication, and a permission for everybody.
#[test]
#[ignore = "needs the local AWS: cargo xtask test --only e2e"]
fn function_that_is_opened_to_everybody_is_told_and_closed() {
    const NAME: &str = "demo-opened";
    let _shared = beside_others();
    let stack = local_stack();
    deployed(NAME, "ours", Protection::Enforce);
    let target = format!("functions/{NAME}");
    insider(
        "create_function_url_config",
        &json!({"FunctionName": NAME, "AuthType": "NONE"}),
    );
    let has_url = |page: &Value| text(page, "/title").unwrap().contains("has a URL");
    let page = wait_for_page_that("function-open-to-everybody", &target, has_url);
    follow(&page, "Take it away");
    let read = json!({"FunctionName": NAME});
    let url = stack
        .root()
        .call("lambda", "get_function_url_config", read.clone());
    assert!(matches!(url, Err(HarnessError::Refused { .. })), "{url:?}");

    let open = json!({"FunctionName": NAME, "StatementId": "anybody",
        "Action": "lambda:InvokeFunctionUrl", "Principal": "*", "FunctionUrlAuthType": "NONE"});
    insider("add_permission", &open);
    let is_open = |page: &Value| text(page, "/title").unwrap().contains("was opened");
    let page = wait_for_page_that("function-open-to-everybody", &target, is_open);
    let told = follow(&page, "See who may call it");
    assert!(told.contains("anybody"), "{told}");
    follow(&page, "Take it back");
    let policy = stack.root().call("lambda", "get_policy", read);
    let is_gone = match &policy {
        Ok(policy) => !text(policy, "/Policy").unwrap().contains("anybody"),
        Err(error) => matches!(error, HarnessError::Refused { .. }),
    };
    assert!(is_gone, "{policy:?}");
}

/// What was done to the trust of one function, and to tags, versions and layers, by the page's own commands.
#[test]
#[ignore = "needs the local AWS: cargo xtask test --only e2e"]
fn advice_of_pages_leads_out() {
    const NAME: &str = "demo-followed";
    let _shared = beside_others();
    let stack = local_stack();
    let root = stack.root();
    deployed(NAME, "ours", Protection::Enforce);
    let target = format!("functions/{NAME}");
    let function = json!({"FunctionName": NAME});

    // Another configuration, weakened. What it is put back to is the stack's own.
    let own = json!({"CodeSigningConfigArn": stack.stack().output("CodeSigningConfig").unwrap()});
    let own = root.call("lambda", "get_code_signing_config", own).unwrap();
    let made = insider(
        "create_code_signing_config",
        &json!({"AllowedPublishers": own.pointer("/CodeSigningConfig/AllowedPublishers").unwrap(),
                "CodeSigningPolicies": {"UntrustedArtifactOnDeployment": "Enforce"}}),
    );
    let csc = text(&made, "/CodeSigningConfig/CodeSigningConfigArn").unwrap();
    insider(
        "put_function_code_signing_config",
        &json!({"FunctionName": NAME, "CodeSigningConfigArn": csc}),
    );
    let page = wait_for_page("csc-replaced", &target, "detected");
    follow(&page, "See what it trusts");
    follow(&page, "Put it back");
    wait_for_page("csc-replaced", &target, "closed");
    insider(
        "update_code_signing_config",
        &json!({"CodeSigningConfigArn": csc,
                "CodeSigningPolicies": {"UntrustedArtifactOnDeployment": "Warn"}}),
    );
    let is_of_csc = |page: &countersign_e2e::pages::Page| {
        says(&document(page), "detection", "csc-weakened") && page.text.contains(&csc)
    };
    let page = stack
        .pages
        .wait_for(&Nobody, "the page csc-weakened", PATIENCE, is_of_csc);
    follow(&document(&page.unwrap()), "Put it back");
    let is_closed = |page: &countersign_e2e::pages::Page| {
        is_of_csc(page) && says(&document(page), "state", "closed")
    };
    stack
        .pages
        .wait_for(&Nobody, "the end of csc-weakened", PATIENCE, is_closed)
        .unwrap();
    insider(
        "delete_code_signing_config",
        &json!({"CodeSigningConfigArn": csc}),
    );

    // A version.
    insider(
        "update_function_configuration",
        &json!({"FunctionName": NAME, "Description": "so that there is something to publish"}),
    );
    stack.wait_until_active(&Nobody, NAME).unwrap();
    let published = insider("publish_version", &function);
    let page = wait_for_page("version-published-past-gate", &target, "detected");
    follow(&page, "See what it holds");
    follow(&page, "See whether an alias points at it");
    let read = json!({"FunctionName": NAME, "Qualifier": text(&published, "/Version").unwrap()});
    let gone = root.call("lambda", "get_function", read);
    assert!(
        matches!(gone, Err(HarnessError::Refused { .. })),
        "{gone:?}"
    );

    // A layer's permission.
    let package = packages::layer("shared").unwrap();
    let upload = stack.upload("layers/demo-followed", &package).unwrap();
    stack.wait_for_end(&Nobody, &upload, "deployed").unwrap();
    insider(
        "add_layer_version_permission",
        &json!({"LayerName": NAME, "VersionNumber": 1, "StatementId": "open",
                "Action": "lambda:GetLayerVersion", "Principal": "*"}),
    );
    let page = wait_for_page("layer-permission-added", "layers/demo-followed", "detected");
    follow(&page, "See who may use it");
    follow(&page, "Take it back");
    let read = json!({"LayerName": NAME, "VersionNumber": 1});
    let policy = root.call("lambda", "get_layer_version_policy", read);
    assert!(
        policy.as_ref().is_err()
            || !text(policy.as_ref().unwrap(), "/Policy")
                .unwrap()
                .contains("open"),
        "{policy:?}"
    );
}

/// Each part of the gate is turned on again by the command of its page.
#[test]
#[ignore = "needs the local AWS: cargo xtask test --only e2e"]
fn parts_of_the_gate_are_turned_on_again_as_their_pages_say() {
    let stack = local_stack();
    let _alone = alone();
    let root = stack.root();
    let call = |service, operation, arguments| root.call(service, operation, arguments).unwrap();
    let page_about = |detection: &str, thing: &str| {
        let is_it = |page: &countersign_e2e::pages::Page| {
            says(&document(page), "detection", detection)
                && says(&document(page), "state", "detected")
                && text(&document(page), "/title")
                    .unwrap_or_default()
                    .contains(thing)
        };
        let what = format!("the page {detection} about {thing}");
        document(
            &stack
                .pages
                .wait_for(&Nobody, &what, PATIENCE, is_it)
                .unwrap(),
        )
    };
    let rule = stack.resource("JobRule").unwrap();
    let rule = rule.rsplit(['/', ':']).next().unwrap().to_owned();
    call("events", "disable_rule", json!({"Name": rule}));
    follow(&page_about("gate-changed", &rule), "Turn it on again");
    let found = call("events", "describe_rule", json!({"Name": rule}));
    assert_eq!(text(&found, "/State").unwrap(), "ENABLED");

    let alarm = stack.resource("SignDeadLettersAlarm").unwrap();
    call(
        "cloudwatch",
        "disable_alarm_actions",
        json!({"AlarmNames": [alarm]}),
    );
    follow(&page_about("gate-changed", &alarm), "Turn them on again");
    let found = call(
        "cloudwatch",
        "describe_alarms",
        json!({"AlarmNames": [alarm]}),
    );
    assert_eq!(
        found.pointer("/MetricAlarms/0/ActionsEnabled"),
        Some(&json!(true)),
        "{found}"
    );

    let trail = stack.resource("Trail").unwrap();
    call("cloudtrail", "stop_logging", json!({"Name": trail}));
    follow(&page_about("trail-changed", &trail), "Start it again");
    let found = call("cloudtrail", "get_trail_status", json!({"Name": trail}));
    assert_eq!(found.pointer("/IsLogging"), Some(&json!(true)), "{found}");
}

/// Records are deleted by one of the few who may. The page has the commands that bring them back.
#[test]
#[ignore = "needs the local AWS: cargo xtask test --only e2e"]
fn record_that_is_deleted_is_told_and_brought_back() {
    let stack = local_stack();
    let _alone = alone();
    let upload = deployed("demo-erased", "ours", Protection::Enforce);
    let bucket = stack.stack().output("RecordsBucket").unwrap();
    let list = json!({"Bucket": bucket, "Prefix": "functions/demo-erased/"});
    let found = stack.root().call("s3", "list_objects_v2", list).unwrap();
    let keys = countersign_e2e::session::list(&found, "/Contents").iter();
    let mut keys = keys.map(|object| text(object, "/Key").unwrap());
    let key = keys
        .find(|key| key.contains(&upload.version) && key.ends_with("/outcome.json"))
        .unwrap();
    let delete = json!({"Bucket": bucket, "Key": key});
    crate::assert_denied(stack.insider(), "s3", "delete_object", &delete);
    stack
        .administrator()
        .call("s3", "delete_object", delete)
        .unwrap();
    let is_it = |page: &countersign_e2e::pages::Page| {
        says(&document(page), "detection", "records-deleted") && page.text.contains(&key)
    };
    let page = stack
        .pages
        .wait_for(&Nobody, "the page records-deleted", PATIENCE, is_it);
    let page = document(&page.unwrap());
    let told = follow(&page, "See what is gone");
    assert!(told.contains(&key), "{told}");
    // The page's word for what the command before it shows.
    let versions = json!({"Bucket": bucket, "Prefix": key});
    let versions = stack
        .root()
        .call("s3", "list_object_versions", versions)
        .unwrap();
    let version = text(&versions, "/Versions/0/VersionId").unwrap();
    let step = page
        .pointer("/next_steps/1")
        .and_then(Value::as_str)
        .unwrap();
    let back = step
        .split_once("aws s3api")
        .unwrap()
        .1
        .replace("VERSION", &version);
    let keys = stack.administrator_keys();
    let back = format!("command aws s3api {back} --endpoint-url \"$AWS_ENDPOINT_URL\"");
    stack.cloud().paste(keys, &back).unwrap();
    assert!(stack.record(&upload, "outcome").unwrap().is_some());
}
