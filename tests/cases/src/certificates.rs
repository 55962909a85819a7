//! Rows about the form of certificates: what each field may hold, and how it may be written.

use countersign_package::SignatureError as E;
use countersign_testkit::asn1;
use countersign_testkit::pki::{
    CODE_SIGNING, ECDSA_WITH_SHA256, ECDSA_WITH_SHA384, ExtensionForge, Pki, SERVER_AUTH,
    algorithm, name, pem,
};

use crate::chain::{forged, sound, under, unknown_extension, with_chain};
use crate::{Case, PKI, Sample, refuse, signature};

const KEY_USAGE: &str = "2.5.29.15";
const BASIC_CONSTRAINTS: &str = "2.5.29.19";

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = whole();
    cases.extend(fields());
    cases.extend(algorithms());
    cases.extend(extensions());
    cases.extend(constraints());
    cases.extend(key_usages());
    cases
}

fn whole() -> Vec<Case> {
    let no_certificate = || {
        signature!(E::Encoding {
            field: "certificate",
            fault: "something else is there",
            ..
        })
    };
    vec![
        refuse(
            "a certificate with a byte after it",
            signature!(E::Encoding { .. }),
            || with_chain(&PKI, |chain| chain[0].push(0)),
        ),
        refuse("NULL among the certificates", no_certificate(), || {
            with_chain(&PKI, |chain| chain.insert(1, asn1::null()))
        }),
        refuse(
            "a certificate cut short",
            signature!(E::Encoding { .. }),
            || with_chain(&PKI, |chain| chain[3].truncate(200)),
        ),
        refuse(
            "a certificate with a bit of its issuer's name flipped",
            signature!(E::UntrustedIssuer { issuer } if issuer.contains("Uest us-west-2")),
            || with_flipped_name(b"Test"),
        ),
        refuse(
            "a certificate with a bit of its own name flipped",
            signature!(E::UntrustedIssuer { issuer } if issuer.contains("Test us-east-1")),
            || with_flipped_name(b"us-east-1"),
        ),
        refuse(
            "a PEM certificate among the certificates",
            signature!(E::Encoding { .. }),
            || with_chain(&PKI, |chain| chain.push(pem(&PKI.root).into_bytes())),
        ),
    ]
}

/// The sample under a chain whose second certificate has a bit flipped where this text first stands
/// in it.
fn with_flipped_name(text: &[u8]) -> Sample {
    with_chain(&PKI, |chain| {
        let certificate = &mut chain[1];
        let at = certificate
            .windows(text.len())
            .position(|bytes| bytes == text)
            .expect("the name");
        certificate[at] ^= 1;
    })
}

fn fields() -> Vec<Case> {
    let not_v3 = || {
        signature!(E::Certificate {
            index: 1,
            field: "version",
            fault: "it is not v3",
        })
    };
    vec![
        forged(
            "a certificate of version 1",
            signature!(E::Certificate {
                index: 1,
                field: "version",
                fault: "something else is there",
            }),
            |pki| {
                pki.lower.certificate.version = None;
                pki.lower.certificate.extensions.clear();
            },
        ),
        forged(
            "a certificate of version 1 with extensions",
            not_v3(),
            |pki| {
                pki.lower.certificate.version = Some(0);
            },
        ),
        forged("a certificate of version 2", not_v3(), |pki| {
            pki.lower.certificate.version = Some(1);
        }),
        forged("a certificate of version 4", not_v3(), |pki| {
            pki.lower.certificate.version = Some(3);
        }),
        sound("a serial number of twenty bytes", |pki| {
            pki.leaf.certificate.serial = vec![0x7F; 20];
        }),
        forged(
            "a serial number of 21 bytes",
            signature!(E::Certificate {
                index: 0,
                field: "serialNumber",
                fault: "it has more than 20 bytes",
            }),
            |pki| {
                pki.leaf.certificate.serial = vec![0x7F; 21];
            },
        ),
        forged(
            "a certificate whose key is no point",
            signature!(E::Certificate {
                index: 0,
                field: "key algorithm",
                fault: "its key is not an uncompressed point of P-384",
            }),
            |pki| {
                let info = &mut pki.leaf.certificate.public_key_info;
                let last = info.len() - 1;
                info[last] ^= 1;
            },
        ),
        forged(
            "a certificate whose time is malformed",
            signature!(E::Certificate {
                index: 0,
                field: "notBefore",
                fault: "it is not a time in UTC to the second",
            }),
            |pki| {
                pki.leaf.certificate.not_before = asn1::utc_time("261399999999Z");
            },
        ),
        forged(
            "a certificate whose name would garble a terminal",
            signature!(
                E::SignerPurpose { subject } if subject.contains(r"CN=\u{202e}sig\u{9b}2Jner")
            ),
            |pki| {
                pki.leaf.certificate.subject = name("\u{202e}sig\u{9b}2Jner");
                pki.leaf
                    .certificate
                    .set_extension(ExtensionForge::extended_key_usage(&[SERVER_AUTH]));
            },
        ),
    ]
}

fn algorithms() -> Vec<Case> {
    let differ = || {
        signature!(E::Certificate {
            index: 0,
            field: "signatureAlgorithm",
            fault: "it is not the one under the signature",
        })
    };
    let with_parameters =
        |parameters: Vec<u8>| asn1::sequence([asn1::oid(ECDSA_WITH_SHA384), parameters]);
    let both = |what: &str, identifier: Vec<u8>, expected| {
        refuse(what, expected, move || {
            under(&Pki::forge(|pki| {
                let leaf = &mut pki.leaf.certificate;
                leaf.inner_algorithm.clone_from(&identifier);
                leaf.outer_algorithm.clone_from(&identifier);
            }))
        })
    };
    vec![
        forged(
            "a certificate with another algorithm beside its signature",
            differ(),
            |pki| {
                pki.leaf.certificate.outer_algorithm = algorithm(ECDSA_WITH_SHA256);
            },
        ),
        forged(
            "a certificate with another algorithm under its signature",
            differ(),
            |pki| {
                pki.leaf.certificate.inner_algorithm = algorithm(ECDSA_WITH_SHA256);
            },
        ),
        forged(
            "a certificate with NULL parameters on one side only",
            differ(),
            |pki| {
                pki.leaf.certificate.outer_algorithm =
                    asn1::sequence([asn1::oid(ECDSA_WITH_SHA384), asn1::null()]);
            },
        ),
        sound("a certificate with NULL parameters on both sides", |pki| {
            let with_null = asn1::sequence([asn1::oid(ECDSA_WITH_SHA384), asn1::null()]);
            pki.leaf.certificate.inner_algorithm.clone_from(&with_null);
            pki.leaf.certificate.outer_algorithm = with_null;
        }),
        both(
            "a certificate signed with SHA-256 by name",
            algorithm(ECDSA_WITH_SHA256),
            signature!(E::Algorithm {
                field: "certificate signature",
                ..
            }),
        ),
        both(
            "a certificate's algorithm with a curve",
            with_parameters(asn1::oid("1.3.132.0.34")),
            signature!(E::Certificate {
                index: 0,
                field: "signatureAlgorithm",
                fault: "it has parameters other than NULL",
            }),
        ),
        both(
            "a certificate's algorithm with odd parameters",
            with_parameters(asn1::octets(b"x")),
            signature!(E::Certificate {
                index: 0,
                field: "signatureAlgorithm",
                fault: "it has parameters other than NULL",
            }),
        ),
        both(
            "a certificate's algorithm with a NULL that is not empty",
            with_parameters(asn1::tlv(0x05, b"x")),
            signature!(E::Certificate {
                index: 0,
                field: "signatureAlgorithm",
                fault: "it has a NULL with contents",
            }),
        ),
        both(
            "a certificate's algorithm filled up with a zero",
            asn1::sequence([asn1::padded_oid(ECDSA_WITH_SHA384)]),
            signature!(E::Certificate {
                index: 0,
                field: "signatureAlgorithm",
                fault: "it is not in the shortest form",
            }),
        ),
    ]
}

fn extensions() -> Vec<Case> {
    let not_true = || {
        signature!(E::Certificate {
            index: 0,
            field: "critical",
            fault: "it is not TRUE in DER",
        })
    };
    vec![
        forged(
            "a certificate with one extension twice",
            signature!(E::Certificate {
                index: 0,
                field: "extension",
                fault: "it is given twice",
            }),
            |pki| {
                pki.leaf
                    .certificate
                    .extensions
                    .push(ExtensionForge::extended_key_usage(&[CODE_SIGNING]));
            },
        ),
        sound("a certificate with 32 extensions", |pki| {
            fill_up(&mut pki.leaf.certificate.extensions, 32);
        }),
        forged(
            "a certificate with 33 extensions",
            signature!(E::Certificate {
                index: 0,
                field: "extension",
                fault: "there are too many",
            }),
            |pki| fill_up(&mut pki.leaf.certificate.extensions, 33),
        ),
        forged(
            "an extension that says FALSE to being critical",
            not_true(),
            |pki| {
                pki.leaf.certificate.extensions[0].critical = asn1::tlv(0x01, &[0]);
            },
        ),
        forged(
            "an extension that is critical by another TRUE",
            not_true(),
            |pki| {
                pki.leaf.certificate.extension(KEY_USAGE).critical = asn1::tlv(0x01, &[1]);
            },
        ),
    ]
}

/// Adds extensions that nothing defines until there are so many.
fn fill_up(extensions: &mut Vec<ExtensionForge>, count: usize) {
    for number in extensions.len()..count {
        let mut extension = unknown_extension(false);
        extension.id = format!("1.3.6.1.4.1.99999.2.{number}");
        extensions.push(extension);
    }
}

fn constraints() -> Vec<Case> {
    let not_true = || {
        signature!(E::Certificate {
            index: 0,
            field: "cA",
            fault: "it is not TRUE in DER",
        })
    };
    vec![
        forged(
            "a certificate that says FALSE to being a CA",
            not_true(),
            |pki| {
                pki.leaf.certificate.extension(BASIC_CONSTRAINTS).value =
                    asn1::sequence([asn1::tlv(0x01, &[0])]);
            },
        ),
        forged(
            "a certificate that is a CA by another TRUE",
            not_true(),
            |pki| {
                pki.leaf.certificate.extension(BASIC_CONSTRAINTS).value =
                    asn1::sequence([asn1::tlv(0x01, &[1])]);
            },
        ),
        forged(
            "a path length of what is no CA",
            signature!(E::Certificate {
                index: 0,
                field: "pathLenConstraint",
                fault: "it is given for what is no CA",
            }),
            |pki| {
                pki.leaf.certificate.extension(BASIC_CONSTRAINTS).value =
                    asn1::sequence([asn1::unsigned(&[0])]);
            },
        ),
    ]
}

fn key_usages() -> Vec<Case> {
    let usage = |what: &str, bits: &'static [u8]| {
        refuse(
            what,
            signature!(E::Certificate {
                index: 0,
                field: "keyUsage",
                fault: "it is not a bit string in DER",
            }),
            move || {
                under(&Pki::forge(|pki| {
                    pki.leaf.certificate.extension(KEY_USAGE).value = asn1::tlv(0x03, bits);
                }))
            },
        )
    };
    vec![
        usage("a key usage without a byte", &[]),
        usage("a key usage without a bit", &[0]),
        usage(
            "a key usage with eight bits that are not used",
            &[8, 0x80, 0],
        ),
        usage("a key usage with a bit where none is used", &[7, 0xC0]),
        usage(
            "a key usage that has its bit where none is used",
            &[7, 0x40, 0x40],
        ),
        sound("a key usage with zeros after its last bit", |pki| {
            pki.leaf.certificate.extension(KEY_USAGE).value = asn1::tlv(0x03, &[0, 0x80]);
        }),
        sound("a key usage of two bytes", |pki| {
            pki.leaf.certificate.extension(KEY_USAGE).value = asn1::tlv(0x03, &[7, 0x80, 0x80]);
        }),
        forged(
            "an issuer that may sign certificates by a bit that is not used",
            signature!(E::Certificate {
                index: 1,
                field: "keyUsage",
                fault: "it is not a bit string in DER",
            }),
            |pki| {
                pki.lower.certificate.extension(KEY_USAGE).value = asn1::tlv(0x03, &[3, 0x84]);
            },
        ),
    ]
}
