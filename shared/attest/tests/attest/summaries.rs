//! Verification summaries, signed with a key of the verifier's own.

use countersign_attest::{
    AttestError, Level, PublicKey, Subject, Summary, verify_summary, verify_with_key,
};
use countersign_testkit::pki::Key;
use serde_json::{Value, json};

use crate::{
    assert_refused,
    forge::{Forge, base64, pem},
    parse,
};

const UPLOAD: [u8; 32] = [1; 32];
const PACKAGE: [u8; 32] = [2; 32];
const RESOURCE: &str = "arn:aws:lambda:us-east-1:111122223333:function:orders:7";

fn hex(digest: [u8; 32]) -> String {
    digest
        .iter()
        .fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}

fn statement() -> Value {
    json!({
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [
            { "name": "upload", "digest": { "sha256": hex(UPLOAD) } },
            { "name": "signed-package", "digest": { "sha256": hex(PACKAGE) } },
        ],
        "predicateType": "https://slsa.dev/verification_summary/v1",
        "predicate": {
            "verifier": { "id": "arn:aws:cloudformation:us-east-1:111122223333:stack/gate/x" },
            "timeVerified": "2026-11-21T21:44:00Z",
            "resourceUri": RESOURCE,
            "policy": { "uri": "s3://records/policy.json", "digest": { "sha256": hex([3; 32]) } },
            "verificationResult": "PASSED",
            "verifiedLevels": ["SLSA_BUILD_LEVEL_2"],
            "slsaVersion": "1.1",
        },
    })
}

fn key() -> Key {
    Key::p384("summaries")
}

fn public(key: &Key) -> PublicKey {
    PublicKey::from_pem(pem("PUBLIC KEY", &key.public_key_info()).as_bytes()).unwrap()
}

fn signed(statement: Value) -> Forge {
    Forge {
        signs_statement: key(),
        statement,
        ..Forge::new()
    }
}

fn verified(statement: Value) -> Result<Summary, AttestError> {
    verify_summary(&parse(&signed(statement).envelope()), &public(&key()))
}

/// The refusal of a summary in which the value at a place is another one.
fn refusal(place: &str, value: Value) -> AttestError {
    let mut statement = statement();
    *statement.pointer_mut(place).unwrap() = value;
    verified(statement)
        .err()
        .unwrap_or_else(|| panic!("{place}"))
}

#[test]
fn summary_is_read() {
    let summary = verified(statement()).unwrap();
    assert!(summary.has_passed());
    assert_eq!(summary.resource(), RESOURCE);
    assert_eq!(summary.build_level(), Some(Level::L2));
    assert_eq!(summary.policy_sha256(), Some(hex([3; 32]).as_str()));
    assert_eq!(
        summary.time_verified(),
        Some("2026-11-21T21:44:00Z".parse().unwrap())
    );
    for (digest, name) in [(UPLOAD, "upload"), (PACKAGE, "signed-package")] {
        assert_eq!(summary.name_of(&Subject::of_sha256(digest)), Ok(name));
    }
    let other = summary.name_of(&Subject::of_sha256([9; 32]));
    assert_refused!(other.unwrap_err(), AttestError::OtherSubject { .. });
}

/// What is not known is passed over, and what may be missing is.
#[test]
fn summary_of_another_writer_is_read() {
    let mut statement = statement();
    let said = statement["predicate"].as_object_mut().unwrap();
    said.remove("timeVerified");
    said.remove("slsaVersion");
    said["policy"].as_object_mut().unwrap().remove("digest");
    said["verifiedLevels"] = json!(["OWN_WORD", "SLSA_BUILD_LEVEL_UNEVALUATED"]);
    said.insert("https://example.com/more".to_owned(), json!({ "a": 1 }));
    said["verificationResult"] = json!("FAILED");
    let summary = verified(statement).unwrap();
    assert!(!summary.has_passed());
    assert_eq!(summary.build_level(), None);
    assert_eq!(summary.levels().count(), 2);
    assert_eq!(summary.time_verified(), None);
}

#[test]
fn other_key_and_changed_summary_are_refused() {
    let envelope = signed(statement()).envelope();
    let theirs = verify_summary(&parse(&envelope), &public(&Key::p384("theirs")));
    assert_refused!(theirs.err().unwrap(), AttestError::Signature { .. });
    let mut changed = envelope;
    let text = statement().to_string().replace(":orders:7", ":orders:8");
    changed["payload"] = json!(base64(&text));
    let changed = verify_summary(&parse(&changed), &public(&key()));
    assert_refused!(changed.err().unwrap(), AttestError::Signature { .. });
}

#[test]
fn other_statement_is_no_summary() {
    let forge = Forge {
        signs_statement: key(),
        ..Forge::new()
    };
    let envelope = parse(&forge.envelope());
    let provenance = verify_summary(&envelope, &public(&key()));
    assert_refused!(provenance.err().unwrap(), AttestError::NotSummary { .. });
    // Nor is a summary provenance, although the same key signed it.
    let envelope = parse(&signed(statement()).envelope());
    let artifact = Subject::of_sha256(UPLOAD);
    let summary = verify_with_key(&envelope, &public(&key()), &artifact);
    assert_refused!(summary.unwrap_err(), AttestError::NotProvenance { .. });
}

#[test]
fn summary_that_lacks_or_says_what_it_must_not_is_refused() {
    for (place, value) in [
        ("/predicate/verifier/id", json!(null)),
        ("/predicate/verifier/id", json!("")),
        ("/predicate/resourceUri", json!(7)),
        ("/predicate/resourceUri", json!("arn:aws:lambda \u{202e}")),
        ("/predicate/policy", json!({})),
        ("/predicate/verificationResult", json!(true)),
        ("/predicate/timeVerified", json!("yesterday")),
        ("/predicate/verifiedLevels", json!("SLSA_BUILD_LEVEL_3")),
        ("/predicate/verifiedLevels", json!(["SLSA_BUILD_LEVEL_9"])),
        (
            "/predicate/verifiedLevels",
            json!(["SLSA_BUILD_LEVEL_1", "SLSA_BUILD_LEVEL_3"]),
        ),
        ("/predicate", json!(null)),
    ] {
        let refusal = refusal(place, value.clone());
        assert!(
            matches!(refusal, AttestError::Summary { .. }),
            "{place} {value}: {refusal}"
        );
    }
}
