//! Rows with two faults: which one is told. The form comes before the meaning, and what others
//! follow from before them.

use countersign_package::{IntegrityError, SignatureError as E, StructureError};
use countersign_testkit::asn1;
use countersign_testkit::package::{sample, sign_with};
use countersign_testkit::pki::{
    ECDSA_WITH_SHA256, ExtensionForge, Key, Pki, PkiForge, SERVER_AUTH, algorithm,
};
use countersign_testkit::signature::{
    AttributeForge, SHA256, SignatureForge, attribute, generalized,
};
use countersign_testkit::zip::EntryForge;

use crate::chain::{forged, unknown_extension, with_chain};
use crate::{Case, Fault, PKI, Sample, fault, refuse, signature, structure, with_signature};

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = stages();
    cases.extend(envelopes());
    cases.extend(attributes());
    cases.extend(certificates());
    cases
}

fn a_stranger_signs(signature: &mut SignatureForge) {
    signature.signer().key = Key::p384("stranger");
}

fn stages() -> Vec<Case> {
    vec![
        refuse(
            "two entries of one name, and no signature",
            structure!(StructureError::Duplicate { .. }),
            || {
                let again = |zip: &mut countersign_testkit::zip::ZipForge| {
                    zip.push(EntryForge::file("index.mjs", "again"));
                };
                sample().with(again).into()
            },
        ),
        refuse(
            "a stranger's signature, and other contents",
            signature!(E::SignatureMismatch),
            || {
                let package = sign_with(&sample(), &PKI, a_stranger_signs);
                let changed = package
                    .with(|zip| zip.entries[0] = EntryForge::file("index.mjs", "something else"));
                Sample::from(changed)
            },
        ),
        refuse(
            "other contents, and another source",
            fault!(Fault::Integrity(IntegrityError::DigestMismatch { .. })),
            || {
                crate::broken(|zip| zip.entries[0] = EntryForge::file("index.mjs", "evil"))
                    .with_source(&sample().with(|zip| drop(zip.entries.pop())))
            },
        ),
    ]
}

fn envelopes() -> Vec<Case> {
    vec![
        refuse(
            "a certificate of version 2, and a signer of version 3",
            signature!(E::Certificate {
                index: 1,
                field: "version",
                ..
            }),
            || {
                let pki = Pki::forge(|pki| pki.lower.certificate.version = Some(1));
                sign_with(&sample(), &pki, |signature| signature.signer().version = 3).into()
            },
        ),
        refuse(
            "unsigned attributes, and an unknown signed one",
            signature!(E::UnsignedAttributes),
            || {
                with_signature(|signature| {
                    unknown_attribute(signature);
                    signature.signer().unsigned_attributes = Some(asn1::null());
                })
            },
        ),
        refuse(
            "another digest, and attributes in another order",
            signature!(E::Algorithm {
                field: "digest",
                ..
            }),
            || {
                with_signature(|signature| {
                    signature.signer().digest_algorithm = algorithm(SHA256);
                    out_of_order(signature);
                })
            },
        ),
        refuse(
            "another digest, and another signature scheme",
            signature!(E::Algorithm {
                field: "digest",
                ..
            }),
            || {
                with_signature(|signature| {
                    signature.signer().digest_algorithm = algorithm(SHA256);
                    signature.signer().signature_algorithm = algorithm(ECDSA_WITH_SHA256);
                })
            },
        ),
    ]
}

fn unknown_attribute(signature: &mut SignatureForge) {
    let unknown = AttributeForge::new("1.3.187.137.1.9", asn1::utf8("?"));
    signature
        .signer()
        .attributes
        .get_or_insert_default()
        .push(unknown);
}

fn out_of_order(signature: &mut SignatureForge) {
    signature
        .signer()
        .attributes
        .get_or_insert_default()
        .swap(0, 6);
}

fn attributes() -> Vec<Case> {
    let early = || generalized("2026-09-01T00:00:00.000Z");
    vec![
        refuse(
            "an unknown attribute, and one that is missing",
            signature!(E::UnknownAttribute { .. }),
            || {
                with_signature(|signature| {
                    unknown_attribute(signature);
                    signature.signer().remove_attribute(attribute::JOB);
                    signature.signer().sort_attributes();
                })
            },
        ),
        refuse(
            "attributes in another order, and a stranger's signature",
            signature!(E::AttributeOrder),
            || {
                with_signature(|signature| {
                    out_of_order(signature);
                    a_stranger_signs(signature);
                })
            },
        ),
        refuse(
            "an expiry before the signing, and no certificate for the signer",
            signature!(E::ExpiresBeforeSigned { .. }),
            move || {
                with_signature(|signature| {
                    signature.certificates = Some(Vec::new());
                    signature.signer().set_attribute(attribute::EXPIRY, early());
                    signature.signer().sort_attributes();
                })
            },
        ),
    ]
}

fn certificates() -> Vec<Case> {
    vec![
        forged(
            "a leaf for TLS servers that was valid no longer",
            signature!(E::SignerPurpose { .. }),
            |pki| {
                pki.leaf.certificate.not_after = asn1::utc_time("260901000000Z");
                pki.leaf
                    .certificate
                    .set_extension(ExtensionForge::extended_key_usage(&[SERVER_AUTH]));
            },
        ),
        forged(
            "a leaf that is a CA and for TLS servers",
            signature!(E::SignerIsCa { .. }),
            |pki| {
                for extension in [
                    ExtensionForge::basic_constraints(Some(None)),
                    ExtensionForge::extended_key_usage(&[SERVER_AUTH]),
                ] {
                    pki.leaf.certificate.set_extension(extension);
                }
            },
        ),
        forged(
            "a leaf with an unknown critical extension that was valid no longer",
            signature!(E::CriticalExtension { .. }),
            |pki| {
                pki.leaf.certificate.set_extension(unknown_extension(true));
                pki.leaf.certificate.not_after = asn1::utc_time("260901000000Z");
            },
        ),
        forged(
            "a leaf that was valid no longer, signed by a stranger",
            signature!(E::Expired { .. }),
            |pki| {
                pki.leaf.certificate.not_after = asn1::utc_time("260901000000Z");
                pki.leaf.signed_by = Key::p384("stranger");
            },
        ),
        forged(
            "a leaf signed by a stranger, and an issuer that is not a CA",
            signature!(E::CertificateSignature { .. }),
            |pki| {
                pki.leaf.signed_by = Key::p384("stranger");
                pki.lower
                    .certificate
                    .set_extension(ExtensionForge::basic_constraints(None));
            },
        ),
        forged(
            "an issuer that was valid no longer and is not a CA",
            signature!(E::Expired { .. }),
            |pki| {
                pki.lower.certificate.not_after = asn1::utc_time("260901000000Z");
                pki.lower
                    .certificate
                    .set_extension(ExtensionForge::basic_constraints(None));
            },
        ),
        forged(
            "an upper issuer that was valid no longer, and a lower one for TLS servers",
            signature!(E::SignerPurpose { .. }),
            |pki| {
                pki.upper.certificate.not_after = asn1::utc_time("260901000000Z");
                pki.lower
                    .certificate
                    .set_extension(ExtensionForge::extended_key_usage(&[SERVER_AUTH]));
            },
        ),
        refuse(
            "a certificate too many, and a stranger's signature",
            signature!(E::SurplusCertificate { .. }),
            || {
                let package = sign_with(&sample(), &PKI, |signature| {
                    let other = PkiForge::new("somebody else").mint().leaf;
                    signature.certificates.get_or_insert_default().push(other);
                    a_stranger_signs(signature);
                });
                package.into()
            },
        ),
        refuse(
            "a chain without its upper issuer, and a certificate too many",
            signature!(E::UntrustedIssuer { .. }),
            || {
                with_chain(&PKI, |chain| {
                    chain[2] = PkiForge::new("somebody else").mint().leaf;
                })
            },
        ),
    ]
}
