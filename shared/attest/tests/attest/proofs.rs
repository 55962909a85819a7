//! What has to be proven cryptographically, one proof broken at a time.

use countersign_attest::{AttestError, Level, Signer, TrustRoot, verify, verify_by_any};
use countersign_testkit::pki::Key;
use serde_json::{Value, json};

use crate::{
    artifact, assert_refused,
    forge::{COMMIT, Entry, Forge, GITHUB, SIGNED, SOURCE, WORKFLOW},
    now, parse, proven, refused, root,
};

#[test]
fn honest_build_is_proven() {
    let provenance = proven(&Forge::new());
    assert_eq!(provenance.subject(), &artifact());
    assert_eq!(provenance.subject_name(), "shop.zip");
    assert_eq!(provenance.builder_id(), WORKFLOW);
    assert_eq!(
        provenance.build_type(),
        "https://actions.github.io/buildtypes/workflow/v1"
    );
    assert_eq!(provenance.source().unwrap().as_str(), SOURCE);
    assert_eq!(provenance.commit(), Some(COMMIT));
    assert_eq!(provenance.git_ref(), Some("refs/heads/main"));
    assert_eq!(
        provenance.workflow(),
        Some(".github/workflows/release.yml@refs/heads/main")
    );
    assert_eq!(provenance.signer_workflow(), Some(WORKFLOW));
    assert_eq!(provenance.level(), Level::L2);
    assert_eq!(provenance.signed_at().unwrap().as_second(), SIGNED);
    let signer = Signer::Build {
        issuer: GITHUB.to_owned(),
        identity: WORKFLOW.to_owned(),
    };
    assert_eq!(provenance.signer(), &signer);
}

#[test]
fn honest_variants_are_proven_the_same() {
    let ordinary = proven(&Forge::new());
    for forge in [
        Forge {
            entry: Entry::Intoto,
            ..Forge::new()
        },
        Forge {
            entry: Entry::Hashedrekord,
            has_promise: false,
            tokens: vec![0],
            ..Forge::new()
        },
        Forge {
            tokens: vec![0, 30],
            ..Forge::new()
        },
        Forge {
            logs: 2,
            ..Forge::new()
        },
        Forge::private(),
    ] {
        assert_eq!(proven(&forge), ordinary);
    }
}

#[test]
fn earliest_proven_time_counts() {
    let forge = Forge {
        tokens: vec![-20],
        ..Forge::new()
    };
    assert_eq!(proven(&forge).signed_at().unwrap().as_second(), SIGNED - 20);
}

#[test]
fn certificate_of_another_authority_is_refused() {
    let forge = Forge {
        signs_certificate: Key::p384("somebody"),
        ..Forge::new()
    };
    assert_refused!(refused(&forge), AttestError::Certificate { .. });
    let other = Forge {
        authority: Key::p384("somebody"),
        signs_certificate: Key::p384("somebody"),
        ..Forge::new()
    };
    let crossed = verify(
        &parse(&other.bundle()),
        &root(&Forge::new().root()),
        &artifact(),
        now(),
    );
    assert_refused!(crossed.unwrap_err(), AttestError::Certificate { .. });
}

#[test]
fn certificate_for_another_purpose_is_refused() {
    let forge = Forge {
        purpose: "1.3.6.1.5.5.7.3.1",
        ..Forge::new()
    };
    assert_refused!(refused(&forge), AttestError::Certificate { .. });
}

#[test]
fn signature_outside_of_the_certificate_is_refused() {
    // The chain's verification says it first, as a fault of the chain.
    for integrated in [SIGNED - 3600, SIGNED + 3600] {
        let forge = Forge {
            integrated,
            ..Forge::new()
        };
        assert_refused!(refused(&forge), AttestError::Certificate { .. });
    }
}

#[test]
fn every_proven_time_has_to_lie_within_the_certificate() {
    let forge = Forge {
        tokens: vec![0, 3600],
        ..Forge::new()
    };
    assert_refused!(refused(&forge), AttestError::Certificate { .. });
}

#[test]
fn certificate_that_no_log_has_is_refused() {
    let forge = Forge {
        has_sct: false,
        ..Forge::new()
    };
    assert_refused!(refused(&forge), AttestError::CertificateLog { .. });
    let forge = Forge {
        signs_sct: Key::p256("somebody"),
        ..Forge::new()
    };
    assert_refused!(refused(&forge), AttestError::CertificateLog { .. });
}

#[test]
fn signature_that_no_log_has_is_refused() {
    let forge = Forge {
        signs_promise: Key::p256("somebody"),
        ..Forge::new()
    };
    assert_refused!(refused(&forge), AttestError::Log { .. });
    let forge = Forge {
        signs_checkpoint: Key::p256("somebody"),
        ..Forge::new()
    };
    assert_refused!(refused(&forge), AttestError::Log { .. });
    let forge = Forge {
        log: Key::p256("another log"),
        ..Forge::new()
    };
    let crossed = verify(
        &parse(&forge.bundle()),
        &root(&Forge::new().root()),
        &artifact(),
        now(),
    );
    assert_refused!(crossed.unwrap_err(), AttestError::Log { .. });
}

#[test]
fn proof_of_another_tree_is_refused() {
    let mut bundle = Forge::new().bundle();
    bundle["verificationMaterial"]["tlogEntries"][0]["inclusionProof"]["hashes"] =
        json!([crate::forge::base64([1; 32])]);
    let refusal = verify(
        &parse(&bundle),
        &root(&Forge::new().root()),
        &artifact(),
        now(),
    );
    assert_refused!(refusal.unwrap_err(), AttestError::Log { .. });
}

#[test]
fn bundle_without_log_entry_or_proof_is_incomplete() {
    for forge in [
        Forge {
            logs: 0,
            tokens: vec![0],
            ..Forge::new()
        },
        Forge {
            has_proof: false,
            ..Forge::new()
        },
    ] {
        assert_refused!(refused(&forge), AttestError::Incomplete { .. });
    }
}

/// The oldest format wants no more than the log's promise, and bundles say themselves which format they have.
#[test]
fn promise_of_a_log_is_no_proof() {
    let forge = Forge {
        has_proof: false,
        ..Forge::new()
    };
    let root = root(&forge.root());
    for media_type in [
        Some("application/vnd.dev.sigstore.bundle+json;version=0.1"),
        None,
    ] {
        let mut bundle = forge.bundle();
        match media_type {
            Some(media_type) => bundle["mediaType"] = json!(media_type),
            None => drop(bundle.as_object_mut().unwrap().remove("mediaType")),
        }
        let refusal = verify(&parse(&bundle), &root, &artifact(), now()).unwrap_err();
        assert_refused!(refusal, AttestError::Incomplete { .. });
    }
    // Beside an entry with a proof, each other entry needs its own.
    let mut bundle = Forge::new().bundle();
    let entries = &mut bundle["verificationMaterial"]["tlogEntries"];
    let mut without = entries[0].clone();
    without.as_object_mut().unwrap().remove("inclusionProof");
    entries.as_array_mut().unwrap().push(without);
    let refusal = verify(&parse(&bundle), &root, &artifact(), now()).unwrap_err();
    assert_refused!(refusal, AttestError::Incomplete { .. });
}

#[test]
fn second_entry_has_to_be_about_the_same_attestation() {
    let honest = Forge::new();
    let other = Forge {
        builder: Key::p256("another builder"),
        ..Forge::new()
    };
    let mut bundle = honest.bundle();
    let foreign = other.bundle()["verificationMaterial"]["tlogEntries"][0].clone();
    let entries = &mut bundle["verificationMaterial"]["tlogEntries"];
    entries.as_array_mut().unwrap().push(foreign);
    let refusal = verify(&parse(&bundle), &root(&honest.root()), &artifact(), now());
    assert_refused!(refusal.unwrap_err(), AttestError::EntryOfAnother { .. });
}

#[test]
fn entry_about_something_else_is_refused() {
    type Change = fn(&mut Value);
    let changes: [(Entry, Change); 7] = [
        (Entry::Dsse, |body| {
            body["payloadHash"]["value"] = json!("00".repeat(32));
        }),
        (Entry::Dsse, |body| {
            body["signatures"][0]["signature"] = json!("AAAA");
        }),
        (Entry::Dsse, |body| body["signatures"] = json!([])),
        (Entry::Intoto, |body| {
            body["content"]["payloadHash"]["value"] = json!("00".repeat(32));
        }),
        (Entry::Intoto, |body| {
            body["content"]["envelope"]["signatures"][0]["sig"] = json!("QUFBQQ==");
        }),
        (Entry::Hashedrekord, |body| {
            body["hashedRekordV002"]["data"]["digest"] = json!(crate::forge::base64([0; 32]));
        }),
        (Entry::Hashedrekord, |body| {
            body["hashedRekordV002"]["signature"]["content"] = json!("AAAA");
        }),
    ];
    for (entry, logged) in changes {
        let forge = Forge {
            entry,
            logged,
            tokens: vec![0],
            ..Forge::new()
        };
        assert_refused!(refused(&forge), AttestError::EntryOfAnother { .. });
    }
}

#[test]
fn entry_with_another_certificate_is_refused_even_if_the_key_is_the_same() {
    // Who watches the log for one identity would not see what was signed under another.
    let elsewhere = Forge::new().claim(12, Some("https://github.com/acme/other"));
    for entry in [Entry::Dsse, Entry::Intoto, Entry::Hashedrekord] {
        let forge = Forge {
            entry,
            tokens: vec![0],
            logged_certificate: Some(elsewhere.certificate()),
            ..Forge::new()
        };
        assert_refused!(refused(&forge), AttestError::EntryOfAnother { .. });
    }
}

#[test]
fn timestamp_that_does_not_verify_is_refused() {
    let forge = Forge {
        signs_token: Key::p256("somebody"),
        ..Forge::private()
    };
    assert_refused!(refused(&forge), AttestError::Timestamp { .. });
    let forge = Forge {
        stamped: Some(b"another signature".to_vec()),
        ..Forge::private()
    };
    assert_refused!(refused(&forge), AttestError::Timestamp { .. });
    // One that nobody needs has to verify all the same.
    let forge = Forge {
        tokens: vec![0],
        trusts_timestamper: false,
        ..Forge::new()
    };
    assert_refused!(refused(&forge), AttestError::Timestamp { .. });
}

#[test]
fn signature_without_a_proven_time_is_refused() {
    let forge = Forge {
        has_promise: false,
        ..Forge::new()
    };
    assert_refused!(refused(&forge), AttestError::NoTime { .. });
}

#[test]
fn signature_from_the_future_is_refused() {
    for (forge, before) in [
        (Forge::new(), -1),
        (Forge::private(), -1),
        (
            Forge {
                tokens: vec![30],
                ..Forge::new()
            },
            29,
        ),
    ] {
        let at = |second| jiff::Timestamp::from_second(SIGNED + second).unwrap();
        let (bundle, root) = (parse(&forge.bundle()), root(&forge.root()));
        let early = verify(&bundle, &root, &artifact(), at(before)).unwrap_err();
        assert_refused!(early, AttestError::SignedInFuture { .. });
        assert!(verify(&bundle, &root, &artifact(), at(before + 1)).is_ok());
    }
}

#[test]
fn signature_of_another_key_is_refused() {
    let forge = Forge {
        signs_statement: Key::p256("somebody"),
        ..Forge::private()
    };
    assert_refused!(refused(&forge), AttestError::Signature { .. });
    assert_refused!(
        refused(&Forge {
            signs_statement: Key::p256("somebody"),
            ..Forge::new()
        }),
        AttestError::Signature { .. }
    );
}

#[test]
fn statement_that_was_changed_is_refused() {
    let mut bundle = Forge::private().bundle();
    let changed = Forge::private()
        .says("/subject/0/name", json!("other.zip"))
        .envelope();
    bundle["dsseEnvelope"]["payload"] = changed["payload"].clone();
    let refusal = verify(
        &parse(&bundle),
        &root(&Forge::private().root()),
        &artifact(),
        now(),
    );
    assert_refused!(refusal.unwrap_err(), AttestError::Signature { .. });
}

#[test]
fn demands_of_a_public_instance_are_not_met_by_a_private_bundle() {
    let private = Forge::private();
    let public = root(&Forge::new().root());
    let refusal = verify(&parse(&private.bundle()), &public, &artifact(), now());
    assert_refused!(refusal.unwrap_err(), AttestError::Incomplete { .. });
    let unlogged = Forge {
        trusts_log: false,
        ..Forge::private()
    };
    let with_certificate_log = Forge {
        trusts_certificate_log: true,
        ..unlogged
    };
    assert_refused!(
        refused(&with_certificate_log),
        AttestError::CertificateLog { .. }
    );
}

#[test]
fn root_of_the_instance_is_found_among_several() {
    let (public, private) = (Forge::new(), Forge::private());
    let built_in = || {
        vec![
            TrustRoot::github().unwrap(),
            TrustRoot::public_good().unwrap(),
        ]
    };
    // Both instances of the forge have one authority, and demand different proofs.
    for (forge, order) in [
        (&public, [&private, &public]),
        (&private, [&public, &private]),
    ] {
        let mut roots = built_in();
        roots.extend(order.map(|forge| root(&forge.root())));
        let found = verify_by_any(&parse(&forge.bundle()), &roots, &artifact(), now());
        assert_eq!(found.unwrap(), proven(forge));
    }
    let unknown = verify_by_any(&parse(&public.bundle()), &built_in(), &artifact(), now());
    assert_refused!(unknown.unwrap_err(), AttestError::Certificate { .. });
    // The refusal is of the root that counts, not of those that know nothing of the certificate.
    let mut roots = built_in();
    roots.push(root(&public.root()));
    let changed = public
        .clone()
        .says("/predicateType", json!("https://example.com"));
    let refusal = verify_by_any(&parse(&changed.bundle()), &roots, &artifact(), now());
    assert_refused!(refusal.unwrap_err(), AttestError::NotProvenance { .. });
    let envelope = verify_by_any(&parse(&public.envelope()), &roots, &artifact(), now());
    assert_refused!(envelope.unwrap_err(), AttestError::SignedByKey);
}
