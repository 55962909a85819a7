//! A function that demands to know where its packages were built, with a builder that signs with a key of its own: no
//! certificate authority would issue one to a test.

use countersign_e2e::{
    local_stack::{LocalStack, Protection},
    observer::Nobody,
    packages,
    session::text,
};
use countersign_testkit::pki::Key;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::{
    attest_forge::{Forge, SOURCE, hex, pem},
    beside_others, local_stack,
};

fn key() -> Key {
    Key::p256("the builder's own")
}

/// The builder's public key, for the parameter `ProvenanceKeys`.
pub(crate) fn public_key() -> String {
    pem("PUBLIC KEY", &key().public_key_info())
}

/// Puts a statement of the builder where attestations of the package lie.
fn attest(stack: &LocalStack<'_>, package: &[u8], source: &str) {
    let sha256 = hex(&Sha256::digest(package));
    let dependency = format!("git+{source}@refs/heads/main");
    let workflow = "/predicate/buildDefinition/externalParameters/workflow";
    let mut forge = Forge::new()
        .says("/subject/0/digest/sha256", json!(sha256))
        .says(&format!("{workflow}/repository"), json!(source))
        .says(
            "/predicate/buildDefinition/resolvedDependencies/1/uri",
            json!(dependency),
        );
    forge.signs_statement = key();
    let put = json!({
        "Bucket": stack.stack().output("UploadsBucket").unwrap(),
        "Key": format!("attestations/{sha256}/build.json"),
        "Body": forge.envelope().to_string(),
    });
    stack.root().call("s3", "put_object", put).unwrap();
}

#[test]
#[ignore = "needs the local AWS: cargo xtask test --only e2e"]
fn package_goes_live_once_its_build_is_proven() {
    let _shared = beside_others();
    let stack = local_stack();
    stack
        .create_function("demo-proven", "before", Protection::Enforce)
        .unwrap();
    let lambda = |operation, arguments| stack.root().call("lambda", operation, arguments).unwrap();
    let function = lambda(
        "get_function_configuration",
        json!({"FunctionName": "demo-proven"}),
    );
    let arn = text(&function, "/FunctionArn").unwrap();
    let digest = Sha256::digest(key().public_key_info());
    let tags = json!({
        "countersign:source": "github.com/acme/shop",
        "countersign:builder": format!("sha256:{}", hex(&digest)),
    });
    lambda("tag_resource", json!({"Resource": arn, "Tags": tags}));

    let elsewhere = packages::function("elsewhere").unwrap();
    attest(stack, &elsewhere, "https://github.com/evil/shop");
    let upload = stack.upload("functions/demo-proven", &elsewhere).unwrap();
    let outcome = stack.wait_for_end(&Nobody, &upload, "rejected").unwrap();
    assert_eq!(text(&outcome, "/code").unwrap(), "PROVENANCE_MISMATCH");
    assert!(
        text(&outcome, "/message").unwrap().contains("evil"),
        "{outcome}"
    );
    assert_eq!(stack.ask("demo-proven").unwrap(), "before");

    // The zip comes first, and waits.
    let package = packages::function("after").unwrap();
    let upload = stack.upload("functions/demo-proven", &package).unwrap();
    let waiting = stack.wait_for_record(&Nobody, &upload, "waiting").unwrap();
    assert!(
        text(&waiting, "/why").unwrap().contains("waited for until"),
        "{waiting}"
    );
    attest(stack, &package, SOURCE);
    stack.wait_for_end(&Nobody, &upload, "deployed").unwrap();
    assert_eq!(stack.ask("demo-proven").unwrap(), "after");
    let verdict = stack.wait_for_record(&Nobody, &upload, "verdict").unwrap();
    let found = verdict.pointer("/verdict/provenance").unwrap();
    assert_eq!(text(found, "/source").unwrap(), SOURCE);
    assert_eq!(found.pointer("/level").and_then(Value::as_u64), Some(1));
}
