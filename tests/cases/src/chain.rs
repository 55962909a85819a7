//! Rows about what each certificate of a chain may be, checked at the signing time.

use countersign_package::SignatureError as E;
use countersign_testkit::asn1;
use countersign_testkit::package::{sample, sign, sign_with};
use countersign_testkit::pki::{
    CODE_SIGNING, CertificateForge, ExtensionForge, Key, Level, Pki, PkiForge, SERVER_AUTH, name,
};
use countersign_testkit::signature::{attribute, generalized};

use crate::{Case, Expected, Sample, accept, refuse, signature, with_signature};

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = leaves();
    cases.extend(issuers());
    cases.extend(validity());
    cases
}

/// The sample package signed under another PKI, whose root is the trusted one.
pub(crate) fn under(pki: &Pki) -> Sample {
    Sample {
        roots: pki.root_pem(),
        ..Sample::from(sign(&sample(), pki))
    }
}

/// A row in which the PKI has one thing changed before it is minted.
pub(crate) fn forged(what: &str, expected: Expected, change: fn(&mut PkiForge)) -> Case {
    refuse(what, expected, move || under(&Pki::forge(change)))
}

/// Like [`forged`], but to be accepted.
pub(crate) fn sound(what: &str, change: fn(&mut PkiForge)) -> Case {
    accept(what, move || under(&Pki::forge(change)))
}

/// Takes the limit on their number away from the CAs.
pub(crate) fn without_path_lengths(pki: &mut PkiForge) {
    for ca in [&mut pki.upper, &mut pki.lower] {
        ca.certificate
            .set_extension(ExtensionForge::basic_constraints(Some(None)));
    }
}

/// A critical extension that nothing defines.
pub(crate) fn unknown_extension(critical: bool) -> ExtensionForge {
    ExtensionForge::new("1.3.6.1.4.1.99999.1", critical, asn1::null())
}

fn leaves() -> Vec<Case> {
    vec![
        forged(
            "a signer that is a CA",
            signature!(E::SignerIsCa { .. }),
            |pki| {
                pki.leaf
                    .certificate
                    .set_extension(ExtensionForge::basic_constraints(Some(None)));
            },
        ),
        forged(
            "a signer that may sign certificates only",
            signature!(E::SignerKeyUsage { .. }),
            |pki| {
                pki.leaf
                    .certificate
                    .set_extension(ExtensionForge::key_usage(0x04));
            },
        ),
        forged(
            "a signer without a key usage",
            signature!(E::SignerKeyUsage { .. }),
            |pki| {
                pki.leaf
                    .certificate
                    .remove_extension(&ExtensionForge::key_usage(0x80));
            },
        ),
        forged(
            "a signer for TLS servers",
            signature!(E::SignerPurpose { .. }),
            |pki| {
                pki.leaf
                    .certificate
                    .set_extension(ExtensionForge::extended_key_usage(&[SERVER_AUTH]));
            },
        ),
        forged(
            "a signer for any purpose",
            signature!(E::SignerPurpose { .. }),
            |pki| {
                pki.leaf
                    .certificate
                    .set_extension(ExtensionForge::extended_key_usage(&["2.5.29.37.0"]));
            },
        ),
        forged(
            "a signer without a purpose",
            signature!(E::SignerPurpose { .. }),
            |pki| {
                pki.leaf
                    .certificate
                    .remove_extension(&ExtensionForge::extended_key_usage(&[]));
            },
        ),
        forged(
            "a signer on P-256",
            signature!(E::Algorithm {
                field: "certificate key",
                ..
            }),
            |pki| {
                pki.leaf.key = Key::p256("leaf");
                pki.leaf.certificate.public_key_info = pki.leaf.key.public_key_info();
            },
        ),
        forged(
            "a signer with an unknown critical extension",
            signature!(E::CriticalExtension { .. }),
            |pki| {
                pki.leaf.certificate.set_extension(unknown_extension(true));
            },
        ),
        sound(
            "a signer with an unknown extension that is not critical",
            |pki| {
                pki.leaf.certificate.set_extension(unknown_extension(false));
            },
        ),
        sound("a signer without basic constraints", |pki| {
            pki.leaf
                .certificate
                .remove_extension(&ExtensionForge::basic_constraints(None));
        }),
    ]
}

fn issuers() -> Vec<Case> {
    vec![
        forged(
            "an issuer that is not a CA",
            signature!(E::IssuerNotCa { .. }),
            |pki| {
                pki.lower
                    .certificate
                    .set_extension(ExtensionForge::basic_constraints(None));
            },
        ),
        forged(
            "an issuer without basic constraints",
            signature!(E::IssuerNotCa { .. }),
            |pki| {
                pki.lower
                    .certificate
                    .remove_extension(&ExtensionForge::basic_constraints(None));
            },
        ),
        forged(
            "an upper issuer that is not a CA",
            signature!(E::IssuerNotCa { .. }),
            |pki| {
                pki.upper
                    .certificate
                    .set_extension(ExtensionForge::basic_constraints(None));
            },
        ),
        forged(
            "an issuer that may not sign certificates",
            signature!(E::IssuerNotCa { .. }),
            |pki| {
                pki.lower
                    .certificate
                    .set_extension(ExtensionForge::key_usage(0x82));
            },
        ),
        forged(
            "an issuer without a key usage",
            signature!(E::IssuerNotCa { .. }),
            |pki| {
                pki.lower
                    .certificate
                    .remove_extension(&ExtensionForge::key_usage(0x86));
            },
        ),
        forged(
            "an issuer with an unknown critical extension",
            signature!(E::CriticalExtension { .. }),
            |pki| {
                pki.upper.certificate.set_extension(unknown_extension(true));
            },
        ),
        forged(
            "an issuer for TLS servers",
            signature!(E::SignerPurpose { subject } if subject.contains("us-east-1 SUBORDINATE")),
            |pki| {
                pki.lower
                    .certificate
                    .set_extension(ExtensionForge::extended_key_usage(&[SERVER_AUTH]));
            },
        ),
        sound("an issuer for TLS servers and code", |pki| {
            pki.lower
                .certificate
                .set_extension(ExtensionForge::extended_key_usage(&[
                    SERVER_AUTH,
                    CODE_SIGNING,
                ]));
        }),
        forged(
            "an issuer on P-256",
            signature!(E::Algorithm {
                field: "certificate key",
                ..
            }),
            |pki| {
                pki.lower.key = Key::p256("lower");
                pki.lower.certificate.public_key_info = pki.lower.key.public_key_info();
                pki.leaf.signed_by = pki.lower.key.clone();
            },
        ),
        forged(
            "a path length of zero above another CA",
            signature!(E::PathLength { limit: 0, .. }),
            |pki| {
                pki.upper
                    .certificate
                    .set_extension(ExtensionForge::basic_constraints(Some(Some(0))));
            },
        ),
        refuse(
            "a CA below a path length of zero",
            signature!(E::PathLength { limit: 0, .. }),
            one_level_more,
        ),
        sound("CAs without a path length", without_path_lengths),
        forged(
            "a leaf signed by a stranger",
            signature!(E::CertificateSignature { .. }),
            |pki| {
                pki.leaf.signed_by = Key::p384("stranger");
            },
        ),
        forged(
            "an issuer signed by a stranger",
            signature!(E::CertificateSignature { .. }),
            |pki| {
                pki.lower.signed_by = Key::p384("stranger");
            },
        ),
        forged(
            "an upper issuer signed by a stranger",
            signature!(E::CertificateSignature { .. }),
            |pki| {
                pki.upper.signed_by = Key::p384("stranger");
            },
        ),
    ]
}

/// A CA is put between the lowest one, which forbids it, and the leaf.
fn one_level_more() -> Sample {
    let mut forge = PkiForge::new("countersign");
    let mut extra = forge.lower.clone();
    extra.key = Key::p384("extra");
    extra.certificate = CertificateForge {
        serial: vec![0x55; 16],
        issuer: forge.lower.certificate.subject.clone(),
        subject: name("one CA too many"),
        public_key_info: extra.key.public_key_info(),
        ..extra.certificate
    };
    extra.signed_by = forge.lower.key.clone();
    let issuer = &mut forge.leaf.certificate.issuer;
    issuer.clone_from(&extra.certificate.subject);
    forge.leaf.signed_by = extra.key.clone();
    let between = mint(&extra);
    with_chain(&forge.mint(), |chain| chain.insert(1, between))
}

/// One certificate, minted in the place of a root.
pub(crate) fn mint(level: &Level) -> Vec<u8> {
    PkiForge {
        root: level.clone(),
        ..PkiForge::new("countersign")
    }
    .mint()
    .root
}

/// The sample package under a PKI, with another set of certificates.
pub(crate) fn with_chain(pki: &Pki, change: impl FnOnce(&mut Vec<Vec<u8>>)) -> Sample {
    let package = sign_with(&sample(), pki, |signature| {
        change(signature.certificates.get_or_insert_default());
    });
    Sample {
        roots: pki.root_pem(),
        ..Sample::from(package)
    }
}

fn validity() -> Vec<Case> {
    vec![
        sound("a leaf valid from the second of signing", |pki| {
            pki.leaf.certificate.not_before = asn1::utc_time("260928091926Z");
        }),
        forged(
            "a leaf valid from a second later",
            signature!(E::NotYetValid { .. }),
            |pki| {
                pki.leaf.certificate.not_before = asn1::utc_time("260928091927Z");
            },
        ),
        accept("a leaf valid from the very moment of signing", || {
            let pki = Pki::forge(|pki| {
                pki.leaf.certificate.not_before = asn1::utc_time("260928091926Z");
            });
            let package = sign_with(&sample(), &pki, |signature| {
                signature.signer().set_attribute(
                    attribute::SIGNING_TIME,
                    generalized("2026-09-28T09:19:26.000Z"),
                );
            });
            package.into()
        }),
        sound("a leaf valid until the second of signing", |pki| {
            pki.leaf.certificate.not_after = asn1::utc_time("260928091926Z");
        }),
        sound("a leaf valid until a second later", |pki| {
            pki.leaf.certificate.not_after = asn1::utc_time("260928091927Z");
        }),
        forged(
            "a leaf valid until a second before",
            signature!(E::Expired { .. }),
            |pki| {
                pki.leaf.certificate.not_after = asn1::utc_time("260928091925Z");
            },
        ),
        sound("a leaf without a defined end", |pki| {
            pki.leaf.certificate.not_after = asn1::generalized_time("99991231235959Z");
        }),
        forged(
            "a leaf valid until the second before there is no end",
            signature!(E::Certificate {
                index: 0,
                field: "notAfter",
                fault: "it is later than 9999-12-30T22:00:00Z",
            }),
            |pki| {
                pki.leaf.certificate.not_after = asn1::generalized_time("99991231235958Z");
            },
        ),
        forged(
            "an issuer that was not valid yet",
            signature!(E::NotYetValid { .. }),
            |pki| {
                pki.lower.certificate.not_before = asn1::utc_time("261001000000Z");
            },
        ),
        forged(
            "an issuer that was valid no longer",
            signature!(E::Expired { .. }),
            |pki| {
                pki.lower.certificate.not_after = asn1::utc_time("260901000000Z");
            },
        ),
        forged(
            "an upper issuer that was valid no longer",
            signature!(E::Expired { .. }),
            |pki| {
                pki.upper.certificate.not_after = asn1::utc_time("260901000000Z");
            },
        ),
        forged(
            "a root that was valid no longer",
            signature!(E::Expired { .. }),
            |pki| {
                pki.root.certificate.not_after = asn1::utc_time("260901000000Z");
            },
        ),
        forged(
            "a root that was not valid yet",
            signature!(E::NotYetValid { .. }),
            |pki| {
                pki.root.certificate.not_before = asn1::utc_time("261001000000Z");
            },
        ),
        refuse(
            "a signing time before the leaf's validity",
            signature!(E::NotYetValid { .. }),
            || signed_at("2026-09-20T00:00:00.000Z"),
        ),
        refuse(
            "a signing time after the leaf's validity",
            signature!(E::Expired { .. }),
            || signed_at("2026-10-20T00:00:00.000Z"),
        ),
    ]
}

fn signed_at(time: &str) -> Sample {
    with_signature(|signature| {
        signature
            .signer()
            .set_attribute(attribute::SIGNING_TIME, generalized(time));
    })
}
