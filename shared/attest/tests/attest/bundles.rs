//! Bytes that are not one attestation.

use countersign_attest::{Bundle, BundleError, MAX_BUNDLE_BYTES, MAX_NESTING};
use serde_json::{Value, json};

use crate::{assert_refused, forge::Forge};

fn refused(bytes: impl AsRef<[u8]>) -> BundleError {
    Bundle::parse(bytes.as_ref()).unwrap_err()
}

fn changed(change: impl FnOnce(&mut Value)) -> BundleError {
    let mut bundle = Forge::new().bundle();
    change(&mut bundle);
    refused(bundle.to_string())
}

#[test]
fn size_has_a_ceiling() {
    let padded = |bytes: usize| {
        let mut bundle = Forge::new().bundle().to_string();
        bundle.extend(std::iter::repeat_n(' ', bytes - bundle.len()));
        bundle
    };
    assert_refused!(
        refused(padded(MAX_BUNDLE_BYTES + 1)),
        BundleError::TooLarge { .. }
    );
    assert!(Bundle::parse(padded(MAX_BUNDLE_BYTES).as_bytes()).is_ok());
}

#[test]
fn nesting_has_a_ceiling() {
    let nested = |deep: usize| {
        let mut bundle = Forge::new().bundle();
        let mut value = json!(1);
        for _ in 1..deep {
            value = json!([value]);
        }
        bundle["more"] = value;
        bundle.to_string()
    };
    assert_refused!(
        refused(nested(MAX_NESTING + 1)),
        BundleError::TooDeep { .. }
    );
    assert!(Bundle::parse(nested(MAX_NESTING).as_bytes()).is_ok());
    assert_refused!(refused("[".repeat(1 << 20)), BundleError::TooDeep { .. });
}

#[test]
fn non_json_is_refused() {
    for bytes in [
        &b""[..],
        b"  ",
        b"PK\x03\x04",
        b"{",
        b"{\"a\":\"\xff\"}",
        b"]",
    ] {
        assert_refused!(refused(bytes), BundleError::NotJson { .. });
    }
}

#[test]
fn collection_is_refused_by_its_name() {
    let bundle = Forge::new().bundle();
    for collection in [
        format!("{bundle}\n{bundle}\n"),
        json!([bundle]).to_string(),
        json!({ "attestations": [{ "bundle": bundle }] }).to_string(),
        json!({ "version": 1, "attestation_bundles": [] }).to_string(),
    ] {
        assert_refused!(refused(collection), BundleError::Several { .. });
    }
}

#[test]
fn name_twice_in_a_bundle_is_refused() {
    let bundle = Forge::new().bundle().to_string();
    for name in ["dsseEnvelope", "more", "m\\u006fre"] {
        let twice = format!("{{\"{name}\":1,\"more\":1,{}", &bundle[1..]);
        assert_refused!(refused(twice), BundleError::Malformed { .. });
    }
    let envelope = Forge::new().envelope().to_string();
    let twice = envelope.replacen("\"sig\":", "\"sig\":\"AAAA\",\"sig\":", 1);
    assert_refused!(refused(twice), BundleError::Malformed { .. });
}

#[test]
fn other_json_is_refused() {
    for other in ["{}", "7", "\"text\"", "null", r#"{"mediaType":"x"}"#] {
        assert_refused!(refused(other), BundleError::NotAnAttestation);
    }
}

#[test]
fn fields_that_are_not_as_the_format_says_are_refused() {
    let material = "verificationMaterial";
    for refusal in [
        changed(|bundle| bundle["mediaType"] = json!("application/json")),
        changed(|bundle| bundle[material] = json!({})),
        changed(|bundle| bundle[material]["certificate"] = json!({ "rawBytes": "%" })),
        changed(|bundle| bundle[material]["tlogEntries"][0]["integratedTime"] = json!("x")),
        changed(|bundle| bundle[material]["tlogEntries"][0]["kindVersion"]["kind"] = json!("x")),
        changed(|bundle| bundle["dsseEnvelope"]["signatures"] = json!([])),
        changed(|bundle| bundle["dsseEnvelope"]["payload"] = json!(7)),
        changed(|bundle| bundle["dsseEnvelope"] = Value::Null),
    ] {
        assert_refused!(refusal, BundleError::Malformed { .. });
    }
    let pypi = json!({
        "version": 2,
        "verification_material": { "certificate": "", "transparency_entries": [] },
        "envelope": { "statement": "", "signature": "" },
    });
    assert_refused!(refused(pypi.to_string()), BundleError::Malformed { .. });
}

#[test]
fn parts_have_ceilings() {
    let material = "verificationMaterial";
    let entry = Forge::new().bundle()[material]["tlogEntries"][0].clone();
    let token = json!({ "signedTimestamp": "AAAA" });
    let certificate = json!({ "rawBytes": "AAAA" });
    for refusal in [
        changed(|bundle| bundle[material]["tlogEntries"] = json!(vec![entry; 5])),
        changed(|bundle| {
            bundle[material]["timestampVerificationData"] =
                json!({ "rfc3161Timestamps": vec![token; 5] });
        }),
        changed(|bundle| {
            bundle[material]["certificate"].take();
            bundle[material] = json!({
                "x509CertificateChain": { "certificates": vec![certificate; 9] },
                "tlogEntries": [],
            });
        }),
    ] {
        assert_refused!(refusal, BundleError::TooMany { .. });
    }
}

#[test]
fn signature_over_the_artifact_is_no_statement() {
    let mut bundle = Forge::new().bundle();
    bundle.as_object_mut().unwrap().remove("dsseEnvelope");
    bundle["messageSignature"] = json!({ "signature": "AAAA" });
    assert_refused!(refused(bundle.to_string()), BundleError::NoStatement);
}
