//! Rows about the algorithms that the envelope and the signer name: which, and how they are
//! written.

use countersign_package::SignatureError as E;
use countersign_testkit::asn1;
use countersign_testkit::pki::{ECDSA_WITH_SHA256, ECDSA_WITH_SHA384, Hash, algorithm};
use countersign_testkit::signature::{SHA1, SHA256, SHA384};

use crate::{Case, Expected, accept, refuse, signature, with_signature};

/// What is said of the parameters of an algorithm, or of how it is written.
macro_rules! written {
    ($field:literal, $fault:literal) => {
        signature!(E::Encoding {
            field: $field,
            fault: $fault,
            ..
        })
    };
}

pub(crate) fn cases() -> Vec<Case> {
    let with = |id: &str, parameters: Vec<u8>| asn1::sequence([asn1::oid(id), parameters]);
    let with_null = move |id: &str| with(id, asn1::null());
    let curve = || asn1::oid("1.3.132.0.34");
    let announced = |what: &str, identifier: Vec<u8>, expected: Expected| {
        refuse(
            format!("an announced digest by {what}"),
            expected,
            move || {
                with_signature(|signature| signature.digest_algorithms = vec![identifier.clone()])
            },
        )
    };
    let digest = |what: &str, identifier: Vec<u8>, expected: Expected| {
        refuse(
            format!("a signer's digest by {what}"),
            expected,
            move || {
                with_signature(|signature| {
                    signature.signer().digest_algorithm.clone_from(&identifier);
                })
            },
        )
    };
    let scheme = |what: &str, identifier: Vec<u8>, expected: Expected| {
        refuse(format!("a signature by {what}"), expected, move || {
            with_signature(|signature| {
                let scheme = &mut signature.signer().signature_algorithm;
                scheme.clone_from(&identifier);
            })
        })
    };
    let other_announced = || {
        signature!(E::Algorithm {
            field: "announced digest",
            ..
        })
    };
    let other_digest = || {
        signature!(E::Algorithm {
            field: "digest",
            ..
        })
    };
    let other_scheme = || {
        signature!(E::Algorithm {
            field: "signature",
            ..
        })
    };
    vec![
        accept(
            "NULL parameters in every algorithm, as in 2022",
            move || {
                with_signature(|signature| {
                    signature.digest_algorithms = vec![with_null(SHA384)];
                    signature.signer().digest_algorithm = with_null(SHA384);
                    signature.signer().signature_algorithm = with_null(ECDSA_WITH_SHA384);
                })
            },
        ),
        announced("SHA-1", algorithm(SHA1), other_announced()),
        announced(
            "SHA-384 on a curve",
            with(SHA384, curve()),
            written!("digestAlgorithms", "it has parameters other than NULL"),
        ),
        announced(
            "SHA-384 with a NULL that is not empty",
            with(SHA384, asn1::tlv(0x05, b"x")),
            written!("digestAlgorithms", "it has a NULL with contents"),
        ),
        digest("SHA-256", algorithm(SHA256), other_digest()),
        digest("SHA-1", algorithm(SHA1), other_digest()),
        digest(
            "SHA-384 with odd parameters",
            with(SHA384, asn1::octets(b"x")),
            written!("digestAlgorithm", "it has parameters other than NULL"),
        ),
        digest(
            "SHA-384 with NULL and more",
            with(SHA384, asn1::concat([asn1::null(), asn1::null()])),
            written!("digestAlgorithm", "it has parameters other than NULL"),
        ),
        digest(
            "SHA-384 on a curve",
            with(SHA384, curve()),
            written!("digestAlgorithm", "it has parameters other than NULL"),
        ),
        digest(
            "SHA-384 filled up with a zero",
            asn1::sequence([asn1::padded_oid(SHA384)]),
            written!("digestAlgorithm", "it is not in the shortest form"),
        ),
        scheme(
            "ECDSA with SHA-256",
            algorithm(ECDSA_WITH_SHA256),
            other_scheme(),
        ),
        scheme(
            "RSA with SHA-384",
            with_null("1.2.840.113549.1.1.12"),
            other_scheme(),
        ),
        scheme(
            "a bare elliptic curve key",
            algorithm("1.2.840.10045.2.1"),
            other_scheme(),
        ),
        scheme(
            "ECDSA on a curve",
            with(ECDSA_WITH_SHA384, curve()),
            written!("signatureAlgorithm", "it has parameters other than NULL"),
        ),
        scheme(
            "ECDSA with odd parameters",
            with(ECDSA_WITH_SHA384, asn1::octets(b"x")),
            written!("signatureAlgorithm", "it has parameters other than NULL"),
        ),
        refuse(
            "a SHA-256 digest signed under SHA-384's name",
            signature!(E::SignatureMismatch),
            || with_signature(|signature| signature.signer().hash = Hash::Sha256),
        ),
    ]
}
