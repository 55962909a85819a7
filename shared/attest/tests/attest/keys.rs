//! Attestations that are signed with a key of one's own.

use countersign_attest::{
    AttestError, Bundle, KeyError, Level, Provenance, PublicKey, Signer, Subject, verify,
    verify_by_any, verify_with_key,
};
use countersign_testkit::pki::Key;
use serde_json::json;

use crate::{
    artifact, assert_refused,
    forge::{COMMIT, Forge, SOURCE, base64, pem},
    now, parse, root,
};

fn public(key: &Key) -> PublicKey {
    PublicKey::from_pem(pem("PUBLIC KEY", &key.public_key_info()).as_bytes()).unwrap()
}

fn signed_by(key: &Key) -> Forge {
    Forge {
        signs_statement: key.clone(),
        ..Forge::new()
    }
}

fn verified(forge: &Forge, key: &Key) -> Result<Provenance, AttestError> {
    verify_with_key(&parse(&forge.envelope()), &public(key), &artifact())
}

#[test]
fn holder_of_the_key_is_believed() {
    for key in [Key::p256("ours"), Key::p384("ours")] {
        let provenance = verified(&signed_by(&key), &key).unwrap();
        assert_eq!(provenance.source().unwrap().as_str(), SOURCE);
        assert_eq!(provenance.commit(), Some(COMMIT));
        assert_eq!(
            provenance.workflow(),
            Some(".github/workflows/release.yml@refs/heads/main")
        );
        assert_eq!(provenance.level(), Level::L1);
        assert_eq!(provenance.signed_at(), None);
        let sha256 = public(&key).sha256();
        assert_eq!(provenance.signer(), &Signer::Key { sha256 });
    }
}

#[test]
fn bundle_with_a_hint_of_the_key_is_read_too() {
    let key = Key::p256("ours");
    let mut bundle = signed_by(&key).bundle();
    bundle["verificationMaterial"] = json!({ "publicKey": { "hint": "ours" } });
    let bundle = parse(&bundle);
    assert!(verify_with_key(&bundle, &public(&key), &artifact()).is_ok());
    let refusal = verify(&bundle, &root(&Forge::new().root()), &artifact(), now());
    assert_refused!(refusal.unwrap_err(), AttestError::SignedByKey);
}

#[test]
fn other_key_is_refused() {
    let forge = signed_by(&Key::p256("ours"));
    for other in [Key::p256("theirs"), Key::p384("ours")] {
        assert_refused!(
            verified(&forge, &other).unwrap_err(),
            AttestError::Signature { .. }
        );
    }
}

#[test]
fn envelope_that_was_changed_is_refused() {
    let key = Key::p256("ours");
    let mut envelope = signed_by(&key).envelope();
    envelope["payload"] = json!(base64(r#"{"a":1}"#));
    let refusal = verify_with_key(&parse(&envelope), &public(&key), &artifact());
    assert_refused!(refusal.unwrap_err(), AttestError::Signature { .. });
    let mut envelope = signed_by(&key).envelope();
    envelope["payloadType"] = json!("application/json");
    let refusal = verify_with_key(&parse(&envelope), &public(&key), &artifact());
    assert_refused!(refusal.unwrap_err(), AttestError::Signature { .. });
}

#[test]
fn payload_of_another_type_is_refused_although_the_key_signed_it() {
    let key = Key::p256("ours");
    let forge = Forge {
        payload_type: "application/vnd.in-toto+json; x".to_owned(),
        ..signed_by(&key)
    };
    assert_refused!(
        verified(&forge, &key).unwrap_err(),
        AttestError::Statement { .. }
    );
}

#[test]
fn other_artifact_is_refused() {
    let key = Key::p256("ours");
    let envelope = parse(&signed_by(&key).envelope());
    let other = Subject::of_sha256([9; 32]);
    let refusal = verify_with_key(&envelope, &public(&key), &other).unwrap_err();
    assert_refused!(refusal, AttestError::OtherSubject { .. });
}

#[test]
fn key_and_certificate_are_not_confused() {
    let key = Key::p256("ours");
    let refusal = verify_with_key(&parse(&Forge::new().bundle()), &public(&key), &artifact());
    assert_refused!(refusal.unwrap_err(), AttestError::SignedByCertificate);
    let envelope = parse(&Forge::new().envelope());
    let refusal = verify(&envelope, &root(&Forge::new().root()), &artifact(), now());
    assert_refused!(refusal.unwrap_err(), AttestError::SignedByKey);
}

#[test]
fn statement_without_a_source_proves_none() {
    let key = Key::p256("ours");
    let forge = signed_by(&key)
        .says(
            "/predicate/buildDefinition/externalParameters",
            json!({ "job": 7 }),
        )
        .says(
            "/predicate/buildDefinition/buildType",
            json!("https://ci.example/v1"),
        );
    let provenance = verified(&forge, &key).unwrap();
    assert_eq!(provenance.source(), None);
    assert_eq!(provenance.workflow(), None);
}

#[test]
fn source_parameter_of_a_generator_is_read() {
    let key = Key::p256("ours");
    let source =
        json!({ "uri": format!("git+{SOURCE}@refs/tags/v1"), "digest": { "sha1": COMMIT } });
    for source in [source, json!(format!("git+{SOURCE}@refs/tags/v1"))] {
        let parameters = json!({ "source": source });
        let forge = signed_by(&key)
            .says("/predicate/buildDefinition/externalParameters", parameters)
            .says("/predicate/buildDefinition/resolvedDependencies", json!([]));
        let provenance = verified(&forge, &key).unwrap();
        assert_eq!(provenance.source().unwrap().as_str(), SOURCE);
        assert_eq!(provenance.git_ref(), Some("refs/tags/v1"));
    }
}

#[test]
fn key_that_is_none_is_refused() {
    assert_refused!(
        PublicKey::from_pem(b"").unwrap_err(),
        KeyError::NotPem { .. }
    );
    assert_refused!(
        PublicKey::from_pem(&[0xff]).unwrap_err(),
        KeyError::NotPem { .. }
    );
    assert_refused!(
        PublicKey::from_pem(&[b'-'; 5000]).unwrap_err(),
        KeyError::NotPem { .. }
    );
    let certificate = pem("CERTIFICATE", &Forge::new().certificate());
    assert_refused!(
        PublicKey::from_pem(certificate.as_bytes()).unwrap_err(),
        KeyError::NotPem { .. }
    );
    // Ed25519 (RFC 8410), and something that is no key at all.
    let mut ed25519 = vec![
        0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00,
    ];
    ed25519.extend([7; 32]);
    for der in [ed25519, vec![0x30, 0x00]] {
        let key = pem("PUBLIC KEY", &der);
        assert_refused!(
            PublicKey::from_pem(key.as_bytes()).unwrap_err(),
            KeyError::Unsupported { .. }
        );
    }
}

/// What slsa-github-generator wrote before v2.1.0.
#[test]
fn envelope_with_a_certificate_is_told_from_one_that_a_key_signed() {
    let forge = Forge::new();
    let mut envelope = forge.envelope();
    envelope["signatures"][0]["cert"] = json!(pem("CERTIFICATE", &forge.certificate()));
    let roots = [root(&forge.root())];
    let old = parse(&envelope);
    for refusal in [
        verify(&old, &roots[0], &artifact(), now()),
        verify_by_any(&old, &roots, &artifact(), now()),
    ] {
        let refusal = refusal.unwrap_err();
        assert!(refusal.to_string().contains("v2.1.0"), "{refusal}");
        assert_refused!(refusal, AttestError::NoProof);
    }
    for none in [json!(""), json!(null)] {
        envelope["signatures"][0]["cert"] = none;
        let refusal = verify(&parse(&envelope), &roots[0], &artifact(), now()).unwrap_err();
        assert_refused!(refusal, AttestError::SignedByKey);
    }
}

#[test]
fn envelope_with_two_signatures_is_refused() {
    let mut envelope = Forge::new().envelope();
    let signature = envelope["signatures"][0].clone();
    envelope["signatures"] = json!([signature, signature]);
    assert!(Bundle::parse(envelope.to_string().as_bytes()).is_err());
}
