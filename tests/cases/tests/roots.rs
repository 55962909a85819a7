//! What may be pinned as a root: each certificate is forged, right but for one thing.

use countersign_package::{TrustRootError, TrustRoots};
use countersign_testkit::asn1;
use countersign_testkit::pki::{CertificateForge, ExtensionForge, Key, Pki, pem};

/// What is said of the root of a PKI after a change to it.
fn fault(change: impl FnOnce(&mut CertificateForge)) -> Option<&'static str> {
    fault_in(&Pki::forge(|pki| change(&mut pki.root.certificate)).root_pem())
}

fn fault_in(pem: &str) -> Option<&'static str> {
    match TrustRoots::from_pem(pem.as_bytes()) {
        Ok(_) => None,
        Err(TrustRootError::Certificate { index: 0, fault }) => Some(fault),
        Err(other) => unreachable!("{other}"),
    }
}

#[test]
fn root_is_a_ca_that_may_sign_certificates() {
    assert_eq!(fault(|_| ()), None);
    let no_ca = fault(|root| root.set_extension(ExtensionForge::basic_constraints(None)));
    assert_eq!(no_ca, Some("it is not a CA"));
    let without = fault(|root| root.remove_extension(&ExtensionForge::basic_constraints(None)));
    assert_eq!(without, Some("it is not a CA"));
    let signs_data = fault(|root| root.set_extension(ExtensionForge::key_usage(0x82)));
    assert_eq!(signs_data, Some("it may not sign certificates"));
    let no_usage = fault(|root| root.remove_extension(&ExtensionForge::key_usage(0x80)));
    assert_eq!(no_usage, Some("it may not sign certificates"));
}

#[test]
fn root_has_a_key_of_p384() {
    let smaller = fault(|root| root.public_key_info = Key::p256("root").public_key_info());
    assert_eq!(smaller, Some("its key is not of P-384"));
    let other = fault(|root| {
        let algorithm = asn1::sequence([asn1::oid("1.2.840.113549.1.1.1"), asn1::null()]);
        root.public_key_info = asn1::sequence([algorithm, asn1::bits(&[0x30, 0])]);
    });
    assert_eq!(other, Some("its key is not of P-384"));
}

#[test]
fn root_is_one_whole_certificate() {
    let longer = [Pki::new().root, vec![0]].concat();
    assert_eq!(fault_in(&pem(&longer)), Some("bytes follow its end"));
    let first_version = fault(|root| root.version = Some(0));
    assert_eq!(first_version, Some("it is not v3"));
}

#[test]
fn sixteen_roots_are_enough() {
    let root = Pki::new().root_pem();
    let sixteen = TrustRoots::from_pem(root.repeat(16).as_bytes()).expect("sixteen sound roots");
    assert_eq!(sixteen.certificates().len(), 16);
    assert_eq!(
        TrustRoots::from_pem(root.repeat(17).as_bytes()),
        Err(TrustRootError::Certificate {
            index: 16,
            fault: "there are too many"
        })
    );
}

#[test]
fn refused_root_is_named() {
    let own = Pki::new();
    let both = own.root_pem() + &pem(&own.leaf);
    assert_eq!(
        TrustRoots::from_pem(both.as_bytes()),
        Err(TrustRootError::Certificate {
            index: 1,
            fault: "it is not a CA"
        })
    );
}
