//! Other stacks than the one that all tests share: each is created, deploys, and is deleted.

use countersign_e2e::{
    HarnessError,
    cloud::Stack,
    observer::{Nobody, PATIENCE, Poll, wait_until},
    packages,
    session::{Credentials, Session, body, bytes, list, text},
};
use serde_json::{Value, json};

use crate::{alone, assert_denied, local_stack};

/// A stack with parameters of its own beside the shared one.
struct Variant {
    stack: Stack,
    root: Session,
}

impl Variant {
    fn deploy(name: &str, parameters: &[&str]) -> Self {
        let cloud = local_stack().cloud();
        let stack = cloud.deploy(name, parameters, &Nobody).unwrap();
        let root = cloud.session(&Credentials::root()).unwrap();
        Self { stack, root }
    }

    fn call(&self, service: &str, operation: &str, arguments: &Value) -> Value {
        let answer = self.root.call(service, operation, arguments.clone());
        answer.unwrap_or_else(|error| panic!("{service} {operation}: {error}"))
    }

    /// A function under this configuration, with these tags.
    fn create_function(&self, name: &str, csc: &str, tags: &Value) -> String {
        let package = packages::function("before").unwrap();
        let created = self.call(
            "lambda",
            "create_function",
            &json!({"FunctionName": name, "Runtime": "python3.13", "Handler": "app.handler",
                    "Role": local_stack().role(), "Code": {"ZipFile": bytes(&package)}, "Tags": tags}),
        );
        self.call(
            "lambda",
            "put_function_code_signing_config",
            &json!({"FunctionName": name, "CodeSigningConfigArn": csc}),
        );
        text(&created, "/FunctionArn").unwrap()
    }

    /// Drops a package for a function, and waits for how that ends.
    fn outcome_of(&self, function: &str, words: &str) -> Value {
        let bucket = self.stack.output("UploadsBucket").unwrap();
        let package = packages::function(words).unwrap();
        let dropped = self.call(
            "s3",
            "put_object",
            &json!({"Bucket": bucket, "Key": format!("functions/{function}.zip"), "Body": bytes(&package)}),
        );
        let version = text(&dropped, "/VersionId").unwrap();
        let records = self.stack.output("RecordsBucket").unwrap();
        wait_until(&Nobody, "the outcome", PATIENCE, || {
            let folder = json!({"Bucket": records, "Prefix": format!("functions/{function}/")});
            let found = self.root.call("s3", "list_objects_v2", folder)?;
            let keys = list(&found, "/Contents").iter();
            let mut keys = keys.filter_map(|object| object.get("Key")?.as_str());
            let Some(key) =
                keys.find(|key| key.contains(&version) && key.ends_with("/outcome.json"))
            else {
                return Ok(Poll::Pending("no outcome".to_owned()));
            };
            let read = json!({"Bucket": records, "Key": key});
            let answer = self.root.call("s3", "get_object", read)?;
            let body = body(&answer, "/Body")?;
            Ok(Poll::Ready(serde_json::from_slice(&body).unwrap()))
        })
        .unwrap()
    }

    /// Deletes the stack. What it keeps is told by the template.
    fn delete(self) {
        let name = json!({"StackName": self.stack.name()});
        self.call("cloudformation", "delete_stack", &name);
        wait_until(&Nobody, "the stack to be gone", PATIENCE, || {
            match self
                .root
                .call("cloudformation", "describe_stacks", name.clone())
            {
                Err(HarnessError::Refused { .. }) => Ok(Poll::Ready(())),
                Err(error) => Err(error),
                Ok(found) => {
                    let status = text(&found, "/Stacks/0/StackStatus")?;
                    Ok(if status == "DELETE_COMPLETE" {
                        Poll::Ready(())
                    } else {
                        Poll::Pending(status)
                    })
                }
            }
        })
        .unwrap();
        let gone = json!({"FunctionName": format!("{}-deploy", self.stack.name())});
        let gone = self.root.call("lambda", "get_function", gone);
        assert!(
            matches!(gone, Err(HarnessError::Refused { .. })),
            "{gone:?}"
        );
        let kept = json!({"Bucket": self.stack.output("RecordsBucket").unwrap()});
        self.call("s3", "head_bucket", &kept);
    }
}

/// Its own trail is none, code is read from the signed bucket, and functions are given to it one by one.
#[test]
#[ignore = "needs the local AWS: cargo xtask test --only e2e"]
fn stack_deploys_only_to_functions_that_are_tagged_for_it() {
    let shared = local_stack();
    let _alone = alone();
    let variant = Variant::deploy(
        "tagged",
        &[
            "TargetFunctions=tagged-*",
            "RequireManagedTag=true",
            "CodeStorage=reference",
            "CreateTrail=false",
            "KeepVersions=2",
            "Freezes=true",
            "AllowBreakGlass=true",
        ],
    );
    let csc = variant.stack.output("CodeSigningConfig").unwrap();
    let arn = variant.create_function("tagged-shop", csc, &json!({"team": "shop"}));

    let outcome = variant.outcome_of("tagged-shop", "first");
    assert_eq!(text(&outcome, "/state").unwrap(), "rejected", "{outcome}");
    assert_eq!(
        text(&outcome, "/code").unwrap(),
        "TARGET_NOT_MANAGED",
        "{outcome}"
    );
    // IAM says so, too: whatever the function thinks.
    let role = shared
        .act_as_role_of(variant.stack.name(), "DeployRole")
        .unwrap();
    let update =
        json!({"FunctionName": "tagged-shop", "ZipFile": bytes(&packages::function("x").unwrap())});
    assert_denied(&role, "lambda", "update_function_code", &update);

    let tag = json!({"Resource": arn, "Tags": {"countersign:managed": "true"}});
    variant.call("lambda", "tag_resource", &tag);
    let outcome = variant.outcome_of("tagged-shop", "second");
    assert_eq!(text(&outcome, "/state").unwrap(), "deployed", "{outcome}");
    assert_eq!(shared.ask("tagged-shop").unwrap(), "second");
    variant.delete();
}

/// Profile and configuration are brought along.
#[test]
#[ignore = "needs the local AWS: cargo xtask test --only e2e"]
fn stack_works_with_a_profile_and_a_configuration_that_were_there() {
    let shared = local_stack();
    let _alone = alone();
    let profile = shared
        .root()
        .call(
            "signer",
            "put_signing_profile",
            json!({"profileName": "brought", "platformId": "AWSLambda-SHA384-ECDSA"}),
        )
        .unwrap();
    let publisher = text(&profile, "/profileVersionArn").unwrap();
    let csc = shared
        .root()
        .call(
            "lambda",
            "create_code_signing_config",
            json!({"AllowedPublishers": {"SigningProfileVersionArns": [publisher]},
                   "CodeSigningPolicies": {"UntrustedArtifactOnDeployment": "Enforce"}}),
        )
        .unwrap();
    let csc = text(&csc, "/CodeSigningConfig/CodeSigningConfigArn").unwrap();
    let variant = Variant::deploy(
        "brought",
        &[
            "TargetFunctions=brought-*",
            &format!("SigningProfileVersionArn={publisher}"),
            &format!("CscArn={csc}"),
        ],
    );
    assert_eq!(variant.stack.output("CodeSigningConfig").unwrap(), csc);
    variant.create_function("brought-shop", &csc, &json!({}));
    let outcome = variant.outcome_of("brought-shop", "first");
    assert_eq!(text(&outcome, "/state").unwrap(), "deployed", "{outcome}");
    assert_eq!(shared.ask("brought-shop").unwrap(), "first");
    variant.delete();
    // What was brought stays.
    let read = json!({"CodeSigningConfigArn": csc});
    shared
        .root()
        .call("lambda", "get_code_signing_config", read)
        .unwrap();
}
