//! Trust roots: those that are built in, and those that are refused.

use countersign_attest::{MAX_TRUST_ROOT_BYTES, TrustRoot, TrustRootError};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::{
    assert_refused,
    forge::{Forge, hex},
};

fn refused(root: &Value) -> TrustRootError {
    TrustRoot::parse(root.to_string().as_bytes()).unwrap_err()
}

fn changed(change: impl FnOnce(&mut Value)) -> TrustRootError {
    let mut root = Forge::new().root();
    change(&mut root);
    refused(&root)
}

/// `roots/README.md` says the same digests, and where the files are from.
#[test]
fn built_in_roots_are_the_committed_ones() {
    let readme = include_str!("../../roots/README.md");
    for file in [
        &include_bytes!("../../roots/public-good.trusted_root.json")[..],
        include_bytes!("../../roots/github.trusted_root.json"),
    ] {
        assert!(readme.contains(&hex(&Sha256::digest(file))));
        assert!(TrustRoot::parse(file).is_ok());
    }
    let public = format!("{:?}", TrustRoot::public_good().unwrap());
    assert!(
        public.contains("has_log: true, has_certificate_log: true"),
        "{public}"
    );
    let github = format!("{:?}", TrustRoot::github().unwrap());
    assert!(
        github.contains("has_log: false, has_certificate_log: false"),
        "{github}"
    );
}

#[test]
fn size_has_a_ceiling() {
    let refusal = TrustRoot::parse(&vec![b' '; MAX_TRUST_ROOT_BYTES + 1]).unwrap_err();
    assert_refused!(refusal, TrustRootError::TooLarge { .. });
}

#[test]
fn other_json_is_refused() {
    for bytes in [&b""[..], b"{}", b"[]", b"\xff"] {
        assert_refused!(
            TrustRoot::parse(bytes).unwrap_err(),
            TrustRootError::Malformed { .. }
        );
    }
    let refusal = TrustRoot::parse("[".repeat(1000).as_bytes()).unwrap_err();
    assert_refused!(refusal, TrustRootError::Malformed { .. });
    let refusal = changed(|root| root["mediaType"] = json!("application/json"));
    assert_refused!(refusal, TrustRootError::Malformed { .. });
}

/// A log whose name is not read is a log that nobody asks for.
#[test]
fn unknown_or_repeated_field_is_refused() {
    let renamed = |from: &str, to: &str| {
        changed(|root| {
            let value = root[from].take();
            let root = root.as_object_mut().unwrap();
            root.remove(from);
            root.insert(to.to_owned(), value);
        })
    };
    for (from, to) in [
        ("ctlogs", "ctLogs"),
        ("tlogs", "tlog"),
        ("timestampAuthorities", "timestamp_authorities"),
        ("mediaType", "media_type"),
    ] {
        assert_refused!(renamed(from, to), TrustRootError::Malformed { .. });
    }
    let root = Forge::new().root().to_string();
    assert!(TrustRoot::parse(root.as_bytes()).is_ok());
    let twice = root.replacen('{', r#"{"ctlogs":[],"#, 1);
    let refusal = TrustRoot::parse(twice.as_bytes()).unwrap_err();
    assert_refused!(refusal, TrustRootError::Malformed { .. });
}

#[test]
fn root_that_proves_too_little_is_refused() {
    let refusal = changed(|root| root["certificateAuthorities"] = json!([]));
    assert_refused!(refusal, TrustRootError::NoAuthority);
    let refusal = changed(|root| {
        root["tlogs"] = json!([]);
        root["timestampAuthorities"] = json!([]);
    });
    assert_refused!(refusal, TrustRootError::NoTime);
}

#[test]
fn authorities_have_a_ceiling() {
    for kind in [
        "certificateAuthorities",
        "tlogs",
        "ctlogs",
        "timestampAuthorities",
    ] {
        let refusal = changed(|root| root[kind] = json!(vec![root[kind][0].clone(); 65]));
        assert_refused!(refusal, TrustRootError::TooMany { .. });
    }
}

#[test]
fn root_with_something_unusable_is_refused() {
    for refusal in [
        changed(|root| root["tlogs"][0]["publicKey"]["rawBytes"] = json!("AAAA")),
        changed(|root| root["tlogs"] = json!(vec![root["tlogs"][0].clone(); 2])),
        changed(|root| {
            root["certificateAuthorities"][0]["certChain"]["certificates"][0]["rawBytes"] =
                json!("AAAA");
        }),
        changed(|root| root["certificateAuthorities"][0]["certChain"]["certificates"] = json!([])),
    ] {
        assert_refused!(refusal, TrustRootError::Unusable { .. });
    }
}
