//! Rows in which something stands at the end of a level of the encoding, inside of it, where a
//! reader that stops after the last field it knows would not look. All lengths count it in, and all
//! signatures that cover it are made over it.

use countersign_package::SignatureError as E;
use countersign_testkit::asn1;
use countersign_testkit::pki::{CertificateForge, CertificateLevel, Pki};
use countersign_testkit::signature::{EnvelopeLevel, attribute};

use crate::chain::under;
use crate::{Case, Expected, refuse, signature, with_signature};

/// What is said of it.
const FOLLOWS: &str = "bytes follow its end";

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = envelope();
    cases.extend(signer());
    cases.extend(certificate());
    cases
}

/// The element with NULL after all that is in it.
fn with_null(element: &[u8]) -> Vec<u8> {
    let header = match element[1] {
        long if long >= 0x80 => 2 + usize::from(long & 0x7F),
        _ => 2,
    };
    asn1::tlv(
        element[0],
        &asn1::concat([&element[header..], &asn1::null()]),
    )
}

fn envelope() -> Vec<Case> {
    let row = |what: &str, level: EnvelopeLevel, expected: Expected| {
        refuse(format!("NULL at the end of {what}"), expected, move || {
            with_signature(|signature| signature.appended = Some((level, asn1::null())))
        })
    };
    vec![
        row(
            "the ContentInfo",
            EnvelopeLevel::ContentInfo,
            signature!(E::Encoding {
                field: "ContentInfo",
                fault: FOLLOWS,
                ..
            }),
        ),
        row(
            "the content",
            EnvelopeLevel::Content,
            signature!(E::Encoding {
                field: "content",
                fault: FOLLOWS,
                ..
            }),
        ),
        row(
            "the SignedData",
            EnvelopeLevel::SignedData,
            signature!(E::Encoding {
                field: "SignedData",
                fault: FOLLOWS,
                ..
            }),
        ),
    ]
}

fn signer() -> Vec<Case> {
    vec![
        refuse(
            "NULL at the end of the signer",
            signature!(E::Encoding {
                field: "SignerInfo",
                fault: FOLLOWS,
                ..
            }),
            || with_signature(|signature| signature.signer().appended = asn1::null()),
        ),
        refuse(
            "NULL at the end of the signer's issuer and serial number",
            signature!(E::Encoding {
                field: "issuerAndSerialNumber",
                fault: FOLLOWS,
                ..
            }),
            || {
                with_signature(|signature| {
                    let identifier = &mut signature.signer().identifier;
                    *identifier = with_null(identifier);
                })
            },
        ),
        refuse(
            "NULL at the end of a signed attribute",
            signature!(E::Encoding {
                field: "signed attribute",
                fault: FOLLOWS,
                ..
            }),
            || {
                with_signature(|signature| {
                    let signer = signature.signer();
                    signer.attribute(attribute::JOB).appended = asn1::null();
                    signer.sort_attributes();
                })
            },
        ),
        refuse(
            "NULL at the end of the algorithms under protection",
            signature!(E::AttributeValue {
                name: "CMSAlgorithmProtection",
                fault: FOLLOWS,
            }),
            || {
                with_signature(|signature| {
                    let signer = signature.signer();
                    let value = &mut signer.attribute(attribute::ALGORITHM_PROTECTION).values[0];
                    *value = with_null(value);
                    signer.sort_attributes();
                })
            },
        ),
    ]
}

/// A row in which the certificate of the lower CA is changed before it is signed.
fn changed(what: &str, expected: Expected, change: fn(&mut CertificateForge)) -> Case {
    refuse(
        format!("NULL at the end of a certificate's {what}"),
        expected,
        move || under(&Pki::forge(|pki| change(&mut pki.lower.certificate))),
    )
}

/// What is said of the lower CA's certificate.
macro_rules! lower {
    ($field:literal) => {
        signature!(E::Certificate {
            index: 1,
            field: $field,
            fault: FOLLOWS,
        })
    };
}

fn certificate() -> Vec<Case> {
    const BASIC_CONSTRAINTS: &str = "2.5.29.19";
    const KEY_USAGE: &str = "2.5.29.15";
    vec![
        refuse(
            "NULL at the end of a certificate",
            lower!("certificate"),
            || {
                under(&Pki::forge(|pki| {
                    pki.lower.certificate.appended =
                        Some((CertificateLevel::Certificate, asn1::null()));
                }))
            },
        ),
        changed("signed part", lower!("tbsCertificate"), |certificate| {
            certificate.appended = Some((CertificateLevel::Signed, asn1::null()));
        }),
        changed("version", lower!("version"), |certificate| {
            certificate.appended = Some((CertificateLevel::Version, asn1::null()));
        }),
        changed("validity", lower!("validity"), |certificate| {
            certificate.appended = Some((CertificateLevel::Validity, asn1::null()));
        }),
        changed("key", lower!("subjectPublicKeyInfo"), |certificate| {
            certificate.public_key_info = with_null(&certificate.public_key_info);
        }),
        changed("key algorithm", lower!("key algorithm"), |certificate| {
            // The algorithm is the first element of the key, and its length one byte.
            let info = &certificate.public_key_info[2..];
            let (algorithm, key) = info.split_at(2 + usize::from(info[1]));
            certificate.public_key_info = asn1::sequence([&with_null(algorithm), key]);
        }),
        changed("extensions", lower!("extensions"), |certificate| {
            certificate.appended = Some((CertificateLevel::Extensions, asn1::null()));
        }),
        changed("extension", lower!("extension"), |certificate| {
            certificate.extension(KEY_USAGE).appended = asn1::null();
        }),
        changed(
            "extension value",
            lower!("extension value"),
            |certificate| {
                certificate.extension(KEY_USAGE).value.extend(asn1::null());
            },
        ),
        changed(
            "basic constraints",
            lower!("basicConstraints"),
            |certificate| {
                let value = &mut certificate.extension(BASIC_CONSTRAINTS).value;
                *value = with_null(value);
            },
        ),
    ]
}
