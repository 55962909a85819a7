//! A summary of a deployment, from the key of the stack to a program that shares nothing with the gate.

use std::fs;

use countersign_e2e::{
    local_stack::Protection,
    observer::{Nobody, PATIENCE, Poll, wait_until},
    packages,
    session::{Credentials, body, text},
};
use serde_json::json;

use crate::{beside_others, command_line::run, local_stack};

/// Verifies an envelope with a public key in PEM, as DSSE says, and prints the statement.
const VERIFIER: &str = "
import base64, json, sys
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA384
from cryptography.hazmat.primitives.serialization import load_der_public_key
envelope = json.load(open(sys.argv[1]))
kind, payload = envelope['payloadType'].encode(), base64.b64decode(envelope['payload'])
encoded = b'DSSEv1 %d %b %d %b' % (len(kind), kind, len(payload), payload)
(signature,) = envelope['signatures']
key = load_der_public_key(open(sys.argv[2], 'rb').read())
key.verify(base64.b64decode(signature['sig']), encoded, ec.ECDSA(SHA384()))
print(payload.decode())
";

#[test]
#[ignore = "needs the local AWS: cargo xtask test --only e2e"]
fn deployment_is_summarised_and_others_verify_it() {
    let _shared = beside_others();
    let stack = local_stack();
    stack
        .create_function("demo-told", "before", Protection::Enforce)
        .unwrap();
    let package = packages::function("told").unwrap();
    let upload = stack.upload("functions/demo-told", &package).unwrap();
    let outcome = stack.wait_for_end(&Nobody, &upload, "deployed").unwrap();
    let version = text(&outcome, "/deployed/version").unwrap();

    let administrator = Credentials::root();
    let arguments = ["summary", "functions/demo-told", "--envelope"];
    let envelope = wait_until(&Nobody, "the summary is signed", PATIENCE, || {
        let output = run(&administrator, &arguments);
        Ok(if output.status.success() {
            Poll::Ready(output.stdout)
        } else {
            Poll::Pending(String::from_utf8_lossy(&output.stderr).into_owned())
        })
    });
    let envelope = envelope.unwrap();
    let key = stack.stack().output("SummaryKey").unwrap();
    let public = stack
        .root()
        .call("kms", "get_public_key", json!({"KeyId": key}))
        .unwrap();

    let folder = std::env::temp_dir().join(format!("countersign-summary-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let (file, der) = (folder.join("summary.json"), folder.join("key.der"));
    fs::write(&file, &envelope).unwrap();
    fs::write(&der, body(&public, "/PublicKey").unwrap()).unwrap();
    let tools = stack.cloud().tools();
    let python = tools.python();
    let mut program = tools.command(&python.to_string_lossy(), &stack.cloud().endpoint());
    program.args(["-c", VERIFIER]).arg(&file).arg(&der);
    let verified = program.output().unwrap();
    fs::remove_dir_all(&folder).unwrap();
    assert!(verified.status.success(), "{verified:?}");
    let statement: serde_json::Value = serde_json::from_slice(&verified.stdout).unwrap();
    let resource = text(&statement, "/predicate/resourceUri").unwrap();
    assert!(
        resource.ends_with(&format!(":function:demo-told:{version}")),
        "{resource}"
    );
    assert_eq!(
        text(&statement, "/predicate/verificationResult").unwrap(),
        "PASSED"
    );
    let id = text(&statement, "/predicate/verifier/id").unwrap();
    assert!(id.contains(":stack/countersign/"), "{id}");
}
