//! Every detection of the table is provoked by the real call, and its page reaches a subscriber.

use std::{collections::BTreeSet, fs};

use countersign_e2e::{
    HarnessError,
    local_stack::Protection,
    observer::{Nobody, PATIENCE},
    packages,
    pages::Page,
    session::{bytes, list, text},
};
use countersign_testkit::checkout;
use serde_json::{Value, json};

use crate::{alone, local_stack};

/// `doors.rs` provokes the first, for each service, `attacks.rs` the second.
const ELSEWHERE: [&str; 2] = ["gate-changed", "records-deleted"];
/// Canceling the profile of the stack, which Signer never takes back, would end it for all other tests. Signer
/// refuses to put one that is there.
const IRREVOCABLE: &str = "profile-changed";
const NAME: &str = "demo-provoked";
const LAYER: &str = "demo-provoked-layer";

/// The ids in the table of `docs/detections.md`, which is written from the code.
fn documented() -> BTreeSet<String> {
    let document = fs::read_to_string(checkout::path("docs/detections.md")).unwrap();
    let rows = document
        .lines()
        .filter_map(|line| line.strip_prefix("| [`"));
    rows.map(|row| row.split('`').next().unwrap().to_owned())
        .collect()
}

/// A call that is to be made, by whom everything is allowed to.
fn call(service: &str, operation: &str, arguments: &Value) -> Value {
    let stack = local_stack();
    let answer = stack.root().call(service, operation, arguments.clone());
    answer.unwrap_or_else(|error| panic!("{service} {operation}: {error}"))
}

#[test]
#[ignore = "needs the local AWS: cargo xtask test --only e2e"]
#[expect(
    clippy::too_many_lines,
    reason = "a list of calls, one after the other"
)]
fn every_detection_pages() {
    let stack = local_stack();
    let _alone = alone();
    let mut expected: Vec<(&str, String)> = Vec::new();
    let function = json!({"FunctionName": NAME});
    let with = |more: &Value| {
        let mut arguments = function.as_object().unwrap().clone();
        arguments.extend(more.as_object().unwrap().clone());
        Value::Object(arguments)
    };
    let own_csc = stack
        .stack()
        .output("CodeSigningConfig")
        .unwrap()
        .to_owned();

    // A function of its own, first deployed by the gate. Nobody put it under a configuration when it was made.
    stack
        .create_function(NAME, "before", Protection::None)
        .unwrap();
    expected.push(("function-created-without-csc", NAME.to_owned()));
    call(
        "lambda",
        "put_function_code_signing_config",
        &with(&json!({"CodeSigningConfigArn": own_csc})),
    );
    let package = packages::function("gated").unwrap();
    let upload = stack
        .upload(&format!("functions/{NAME}"), &package)
        .unwrap();
    let outcome = stack.wait_for_end(&Nobody, &upload, "deployed").unwrap();
    let job = text(&outcome, "/job").unwrap();

    // Its code.
    let unsigned = bytes(&packages::function("unsigned").unwrap());
    let code = with(&json!({"ZipFile": unsigned}));
    let refused = stack
        .root()
        .call("lambda", "update_function_code", code.clone());
    assert!(
        matches!(refused, Err(HarnessError::Refused { .. })),
        "{refused:?}"
    );
    expected.push(("code-refused", NAME.to_owned()));
    let denied = stack.intruder().call(
        "lambda",
        "update_function_configuration",
        with(&json!({"Handler": "other.handler"})),
    );
    assert!(denied.is_err(), "{denied:?}");
    // One thing for the whole stack: another test may have opened it about another target.
    expected.push(("attempt-denied", String::new()));

    // What callers run, without new code.
    let version = call("lambda", "publish_version", &function);
    expected.push(("version-published-past-gate", NAME.to_owned()));
    let number = text(&version, "/Version").unwrap();
    call(
        "lambda",
        "create_alias",
        &with(&json!({"Name": "provoked", "FunctionVersion": number})),
    );
    expected.push(("alias-changed-past-gate", NAME.to_owned()));
    call(
        "lambda",
        "update_function_configuration",
        &with(&json!({"Environment": {"Variables": {"AWS_LAMBDA_EXEC_WRAPPER": "/opt/x"}}})),
    );
    stack.wait_until_active(&Nobody, NAME).unwrap();
    expected.push(("configuration-runs-other-code", NAME.to_owned()));
    let arn = text(&version, "/FunctionArn").unwrap();
    let arn = arn.rsplit_once(':').unwrap().0.to_owned();
    call(
        "lambda",
        "tag_resource",
        &json!({"Resource": arn, "Tags": {"countersign:alias": "provoked"}}),
    );
    expected.push(("gate-tags-changed", NAME.to_owned()));
    call(
        "lambda",
        "add_permission",
        &with(&json!({"StatementId": "open", "Action": "lambda:InvokeFunction", "Principal": "*"})),
    );
    expected.push(("function-open-to-everybody", NAME.to_owned()));

    // A layer.
    let content = bytes(&packages::layer("provoked").unwrap());
    let layer = json!({"LayerName": LAYER, "Content": {"ZipFile": content}});
    call("lambda", "publish_layer_version", &layer);
    expected.push(("layer-changed-past-gate", LAYER.to_owned()));
    call(
        "lambda",
        "add_layer_version_permission",
        &json!({"LayerName": LAYER, "VersionNumber": 1, "StatementId": "open",
                "Action": "lambda:GetLayerVersion", "Principal": "*"}),
    );
    expected.push(("layer-permission-added", LAYER.to_owned()));

    // What is trusted: a configuration of its own, so that the stack's stays as it is.
    let own = call(
        "lambda",
        "get_code_signing_config",
        &json!({"CodeSigningConfigArn": own_csc}),
    );
    let publishers = own.pointer("/CodeSigningConfig/AllowedPublishers").unwrap();
    let publisher = list(publishers, "/SigningProfileVersionArns")[0]
        .as_str()
        .unwrap()
        .to_owned();
    let made = call(
        "lambda",
        "create_code_signing_config",
        &json!({"AllowedPublishers": publishers,
                "CodeSigningPolicies": {"UntrustedArtifactOnDeployment": "Enforce"}}),
    );
    let csc = text(&made, "/CodeSigningConfig/CodeSigningConfigArn").unwrap();
    let of_csc = json!({"CodeSigningConfigArn": csc});
    call("lambda", "put_function_code_signing_config", &with(&of_csc));
    expected.push(("csc-replaced", NAME.to_owned()));
    call(
        "lambda",
        "update_code_signing_config",
        &json!({"CodeSigningConfigArn": csc,
                "CodeSigningPolicies": {"UntrustedArtifactOnDeployment": "Warn"}}),
    );
    expected.push(("csc-weakened", csc.clone()));
    call(
        "lambda",
        "update_code_signing_config",
        &json!({"CodeSigningConfigArn": csc, "AllowedPublishers": publishers}),
    );
    expected.push(("csc-changed", csc.clone()));
    call("lambda", "update_function_code", &code);
    stack.wait_until_active(&Nobody, NAME).unwrap();
    expected.push(("untrusted-code-live", NAME.to_owned()));
    call("lambda", "delete_function_code_signing_config", &function);
    expected.push(("csc-detached", NAME.to_owned()));
    call("lambda", "delete_code_signing_config", &of_csc);
    expected.push(("csc-deleted", csc));
    call("lambda", "update_function_code", &code);
    expected.push(("code-changed-past-gate", NAME.to_owned()));

    // Signing.
    let profile = publisher.rsplit('/').nth(1).unwrap();
    let bucket = "provoked-signing";
    call("s3", "create_bucket", &json!({"Bucket": bucket}));
    call(
        "s3",
        "put_bucket_versioning",
        &json!({"Bucket": bucket, "VersioningConfiguration": {"Status": "Enabled"}}),
    );
    let put = json!({"Bucket": bucket, "Key": "x.zip", "Body": bytes(&package)});
    let put = call("s3", "put_object", &put);
    let source = json!({"s3": {"bucketName": bucket, "key": "x.zip", "version": text(&put, "/VersionId").unwrap()}});
    call(
        "signer",
        "start_signing_job",
        &json!({"source": source, "profileName": profile,
                "destination": {"s3": {"bucketName": bucket, "prefix": "signed/"}}}),
    );
    expected.push(("signed-past-gate", profile.to_owned()));
    call(
        "signer",
        "add_profile_permission",
        &json!({"profileName": profile, "action": "signer:StartSigningJob",
                "principal": "444455556666", "statementId": "provoked"}),
    );
    expected.push(("profile-permission-changed", profile.to_owned()));
    call(
        "signer",
        "remove_profile_permission",
        &json!({"profileName": profile, "statementId": "provoked", "revisionId":
                text(&call("signer", "list_profile_permissions", &json!({"profileName": profile})), "/revisionId").unwrap()}),
    );
    call(
        "signer",
        "revoke_signature",
        &json!({"jobId": job, "reason": "it was provoked"}),
    );
    expected.push(("signature-revoked", job));

    // What the gate stands on.
    call(
        "cloudformation",
        "set_stack_policy",
        &json!({"StackName": "countersign",
                "StackPolicyBody": r#"{"Statement": [{"Effect": "Allow", "Action": "Update:*", "Principal": "*", "Resource": "*"}]}"#}),
    );
    expected.push(("gate-stack-changed", "countersign".to_owned()));
    let trail = json!({"Name": stack.resource("Trail").unwrap()});
    // Those that it has: other tests rest on them.
    let name = json!({"TrailName": trail["Name"]});
    let found = call("cloudtrail", "get_event_selectors", &name);
    let mut selectors = name;
    for kind in ["AdvancedEventSelectors", "EventSelectors"] {
        if let Some(found) = found.get(kind).filter(|found| !list(found, "").is_empty()) {
            selectors[kind] = found.clone();
        }
    }
    call("cloudtrail", "put_event_selectors", &selectors);
    expected.push(("trail-changed", trail["Name"].as_str().unwrap().to_owned()));
    let role = json!({"RoleName": stack.resource("AlertRole").unwrap()});
    let role = text(&call("iam", "get_role", &role), "/Role/Arn").unwrap();
    stack.wait_until_active(&Nobody, NAME).unwrap();
    call(
        "lambda",
        "update_function_configuration",
        &with(&json!({"Role": role})),
    );
    stack.wait_until_active(&Nobody, NAME).unwrap();
    expected.push(("gate-role-passed", NAME.to_owned()));
    call("lambda", "delete_function", &function);
    expected.push(("function-deleted", NAME.to_owned()));

    for (id, subject) in &expected {
        let detection = format!(r#""detection":"{id}""#);
        let is_it = |page: &Page| page.text.contains(&detection) && page.text.contains(subject);
        stack
            .pages
            .wait_for(
                &Nobody,
                &format!("the page {id} about {subject}"),
                PATIENCE,
                is_it,
            )
            .unwrap();
    }
    let mut provoked: BTreeSet<String> = expected.iter().map(|(id, _)| (*id).to_owned()).collect();
    provoked.extend(ELSEWHERE.map(str::to_owned));
    provoked.insert(IRREVOCABLE.to_owned());
    assert_eq!(provoked, documented(), "a detection is not provoked");
}
