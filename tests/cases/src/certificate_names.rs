//! Rows about the names of certificates: how they may be written, what may be constrained, and what
//! is said where two CAs have one name.

use countersign_package::SignatureError as E;
use countersign_testkit::asn1;
use countersign_testkit::pki::{ExtensionForge, PkiForge, name};

use crate::chain::{forged, sound, with_chain};
use crate::{Case, Expected, PKI, refuse, signature};

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = forms();
    cases.extend(constraints());
    cases.extend(namesakes());
    cases
}

const COMMON_NAME: &str = "2.5.4.3";

/// A Name with one attribute.
fn with_value(value: Vec<u8>) -> Vec<u8> {
    let attribute = asn1::sequence([asn1::oid(COMMON_NAME), value]);
    asn1::sequence([asn1::set([attribute])])
}

fn forms() -> Vec<Case> {
    let padded = || {
        signature!(E::Certificate {
            field: "name",
            fault: "it is not in the shortest form",
            ..
        })
    };
    let other_type = || {
        signature!(E::Certificate {
            field: "name",
            fault: "it has a value that is not of its type",
            ..
        })
    };
    let order = || {
        signature!(E::Certificate {
            field: "name",
            fault: "its attributes are not in DER order",
            ..
        })
    };
    vec![
        sound("a name with printable, IA5 and UTF-8 texts", |pki| {
            let attribute = |id: &str, value| asn1::set([asn1::sequence([asn1::oid(id), value])]);
            pki.leaf.certificate.subject = asn1::sequence([
                attribute("2.5.4.6", asn1::tlv(0x13, b"US")),
                attribute("0.9.2342.19200300.100.1.25", asn1::tlv(0x16, b"example")),
                attribute("2.5.4.10", asn1::utf8("Fäßer")),
                attribute(COMMON_NAME, asn1::utf8("signer")),
            ]);
        }),
        sound("a name with two attributes in one part", |pki| {
            let attribute = |id: &str, text| asn1::sequence([asn1::oid(id), asn1::utf8(text)]);
            let part = asn1::set([attribute("2.5.4.3", "a"), attribute("2.5.4.11", "b")]);
            pki.leaf.certificate.subject = asn1::sequence([part]);
        }),
        forged(
            "a subject with a padded object identifier",
            padded(),
            |pki| {
                let attribute =
                    asn1::sequence([asn1::padded_oid(COMMON_NAME), asn1::utf8("signer")]);
                pki.leaf.certificate.subject = asn1::sequence([asn1::set([attribute])]);
            },
        ),
        forged(
            "an issuer with a padded object identifier",
            padded(),
            |pki| {
                let attribute =
                    asn1::sequence([asn1::padded_oid(COMMON_NAME), asn1::utf8("Test CA")]);
                let name = asn1::sequence([asn1::set([attribute])]);
                pki.lower.certificate.subject.clone_from(&name);
                pki.leaf.certificate.issuer = name;
            },
        ),
        forged("a subject that is not UTF-8", other_type(), |pki| {
            pki.leaf.certificate.subject = with_value(asn1::tlv(0x0c, b"sign\xff"));
        }),
        forged("an issuer that is not UTF-8", other_type(), |pki| {
            let name = with_value(asn1::tlv(0x0c, b"\xc0\xafTest CA"));
            pki.lower.certificate.subject.clone_from(&name);
            pki.leaf.certificate.issuer = name;
        }),
        forged(
            "a subject with a character that is not printable",
            other_type(),
            |pki| pki.leaf.certificate.subject = with_value(asn1::tlv(0x13, b"sign@er")),
        ),
        forged("a subject with half a character", other_type(), |pki| {
            pki.leaf.certificate.subject = with_value(asn1::tlv(0x1e, b"\0s\0"));
        }),
        forged(
            "a subject that is a number",
            signature!(E::Certificate {
                field: "name",
                fault: "it has a value that is no text",
                ..
            }),
            |pki| pki.leaf.certificate.subject = with_value(asn1::unsigned(&[7])),
        ),
        forged(
            "a subject with an empty part",
            signature!(E::Certificate {
                field: "name",
                fault: "it has a part without an attribute",
                ..
            }),
            |pki| {
                pki.leaf.certificate.subject = asn1::sequence([asn1::set::<&[u8]>([])]);
            },
        ),
        forged(
            "a subject whose attributes are out of order",
            order(),
            |pki| {
                let attribute = |id: &str, text| asn1::sequence([asn1::oid(id), asn1::utf8(text)]);
                let part = asn1::set([attribute("2.5.4.11", "b"), attribute("2.5.4.3", "a")]);
                pki.leaf.certificate.subject = asn1::sequence([part]);
            },
        ),
        forged(
            "a subject with bytes behind a value",
            signature!(E::Certificate {
                field: "name",
                fault: "bytes follow its end",
                ..
            }),
            |pki| {
                let attribute =
                    asn1::sequence([asn1::oid(COMMON_NAME), asn1::utf8("a"), asn1::null()]);
                pki.leaf.certificate.subject = asn1::sequence([asn1::set([attribute])]);
            },
        ),
        forged(
            "a subject with a length that is not the shortest",
            signature!(E::Certificate { field: "name", .. }),
            |pki| {
                pki.leaf.certificate.subject = with_value(asn1::long_form(0x0c, 1, b"signer"));
            },
        ),
    ]
}

/// `NameConstraints` that exclude every directory name, or permit only another one.
fn excluding(is_critical: bool) -> ExtensionForge {
    let everything = asn1::sequence([asn1::context(4, &asn1::sequence::<&[u8]>([]))]);
    let value = asn1::sequence([asn1::context(1, &everything)]);
    ExtensionForge::new("2.5.29.30", is_critical, value)
}

fn constraints() -> Vec<Case> {
    let constrained = || signature!(E::NameConstraints { .. });
    vec![
        forged(
            "name constraints on the CA above the signer",
            constrained(),
            |pki| pki.lower.certificate.set_extension(excluding(true)),
        ),
        forged(
            "name constraints that are not critical",
            constrained(),
            |pki| pki.lower.certificate.set_extension(excluding(false)),
        ),
        forged(
            "name constraints that are not critical, further up",
            constrained(),
            |pki| pki.upper.certificate.set_extension(excluding(false)),
        ),
        forged(
            "name constraints of the root that are not critical",
            constrained(),
            |pki| pki.root.certificate.set_extension(excluding(false)),
        ),
        forged("name constraints of the signer", constrained(), |pki| {
            pki.leaf.certificate.set_extension(excluding(false));
        }),
        forged(
            "name constraints without a constraint",
            constrained(),
            |pki| {
                let none = asn1::sequence::<&[u8]>([]);
                let extension = ExtensionForge::new("2.5.29.30", false, none);
                pki.upper.certificate.set_extension(extension);
            },
        ),
    ]
}

/// A CA of one name with another one, beside it in the package: in front of it and behind it.
fn with_namesake(what: &str, expected: [Expected; 2], change: fn(&mut PkiForge)) -> Vec<Case> {
    let places = [("in front of", 1), ("behind", 2)];
    let rows = places.into_iter().zip(expected);
    rows.map(|((place, at), expected)| {
        refuse(format!("a namesake {place} {what}"), expected, move || {
            let mut forge = PkiForge::new("countersign");
            change(&mut forge);
            let namesake = PkiForge::new("namesake").mint().lower;
            with_chain(&forge.mint(), |chain| chain.insert(at, namesake))
        })
    })
    .collect()
}

fn namesakes() -> Vec<Case> {
    let both = |expected: fn() -> Expected| [expected(), expected()];
    let mut cases = with_namesake(
        "the CA above the signer",
        both(|| signature!(E::SurplusCertificate { .. })),
        |_| (),
    );
    cases.extend(with_namesake(
        "a CA with too short a path length",
        both(|| signature!(E::PathLength { limit: 0, .. })),
        |pki| {
            let none = ExtensionForge::basic_constraints(Some(Some(0)));
            pki.upper.certificate.set_extension(none);
        },
    ));
    cases.extend(with_namesake(
        "a CA that is none",
        both(|| signature!(E::IssuerNotCa { .. })),
        |pki| {
            let none = ExtensionForge::basic_constraints(None);
            pki.lower.certificate.set_extension(none);
        },
    ));
    cases.extend(with_namesake(
        "a CA that nobody issued",
        both(|| signature!(E::UntrustedIssuer { issuer } if issuer.contains("nobody"))),
        |pki| pki.lower.certificate.issuer = name("nobody"),
    ));
    cases.push(refuse(
        "a namesake alone",
        signature!(E::CertificateSignature { .. }),
        || {
            let namesake = PkiForge::new("namesake").mint().lower;
            with_chain(&PKI, |chain| chain[1] = namesake)
        },
    ));
    cases
}
