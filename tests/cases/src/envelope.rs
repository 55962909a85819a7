//! Rows about the envelope of a signature: the armour, the BER, the `SignedData`, the signer.

use countersign_package::{IntegrityError, SignatureError as E};
use countersign_testkit::asn1;
use countersign_testkit::package::{content_digest, sample, with_signature as put};
use countersign_testkit::pki::{Key, algorithm};
use countersign_testkit::signature::{ID_DATA, Lengths, Message, PemForge, SHA256, SignatureForge};
use countersign_testkit::zip::EntryForge;

use crate::{
    Case, Fault, PKI, Sample, accept, content, fault, refuse, signature, unsigned, with_signature,
};

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = absent();
    cases.extend(armour());
    cases.extend(encoding());
    cases.extend(signed_data());
    cases.extend(signer());
    cases
}

fn absent() -> Vec<Case> {
    let no_signature = || fault!(Fault::Integrity(IntegrityError::Unsigned));
    vec![
        refuse("an unsigned package", no_signature(), || sample().into()),
        refuse(
            "a signature under a JAR's name, with a hyphen",
            no_signature(),
            || renamed_signature("META-INF/aws_signer_signature_v1.0.SF"),
        ),
        refuse(
            "a signature under a name in lower case",
            no_signature(),
            || renamed_signature("META_INF/aws_signer_signature_v1.0.sf"),
        ),
        refuse("a signature in another directory", no_signature(), || {
            renamed_signature("lib/META_INF/aws_signer_signature_v1.0.SF")
        }),
        refuse("the signature of another package", mismatch(), || {
            let other = content_digest(&sample().with(|zip| zip.entries[0].body.push(b'\n')));
            put(&unsigned(), &SignatureForge::new(&PKI, &other).entry()).into()
        }),
        refuse("a body changed after signing", mismatch(), || {
            crate::broken(|zip| zip.entries[0] = EntryForge::file("index.mjs", "evil"))
        }),
        refuse("a name changed after signing", mismatch(), || {
            crate::broken(|zip| {
                zip.entries[0].change_both(|header| header.name = b"index.cjs".to_vec());
            })
        }),
        refuse("an entry added after signing", mismatch(), || {
            crate::broken(|zip| zip.push(EntryForge::file("evil.mjs", "evil")))
        }),
        refuse("an entry removed after signing", mismatch(), || {
            crate::broken(|zip| drop(zip.entries.remove(2)))
        }),
        refuse("entries reordered after signing", mismatch(), || {
            crate::broken(|zip| zip.entries.swap(0, 2))
        }),
        accept("bodies packed and dated anew after signing", || {
            crate::broken(|zip| {
                zip.entries[0] = zip.entries[0].clone().stored();
                zip.entries[2].change_both(|header| header.date += 1);
            })
        }),
    ]
}

/// A digest that is not the signed one.
fn mismatch() -> crate::Expected {
    fault!(Fault::Integrity(IntegrityError::DigestMismatch { .. }))
}

fn renamed_signature(name: &'static str) -> Sample {
    crate::broken(|zip| zip.entries[5].change_both(|header| header.name = name.into()))
}

fn armour() -> Vec<Case> {
    let pem = |what: &str, change: fn(&mut PemForge)| {
        refuse(
            format!("armour with {what}"),
            signature!(E::Pem { .. }),
            move || with_signature(|signature| change(&mut signature.pem)),
        )
    };
    let entry = |what: &str, body: &'static [u8]| {
        refuse(
            format!("a signature entry that is {what}"),
            signature!(E::Pem { .. }),
            move || put(&sample(), body).into(),
        )
    };
    vec![
        pem("another label", |pem| pem.label = "CERTIFICATE".into()),
        pem("the label that RFC 7468 has", |pem| {
            pem.label = "CMS".into();
        }),
        pem("text before it", |pem| pem.before = "signed by me\n".into()),
        pem("text after it", |pem| pem.after = "and so on\n".into()),
        pem("an empty line after it", |pem| pem.after = "\n".into()),
        pem("headers", |pem| {
            pem.headers = "Proc-Type: 4,ENCRYPTED\n\n".into();
        }),
        pem("Windows line ends", |pem| pem.newline = "\r\n".into()),
        pem("lines of 76 columns", |pem| pem.columns = 76),
        pem("spaces at line ends", |pem| pem.newline = " \n".into()),
        pem("no last line end", |pem| pem.final_newline = false),
        pem("a second block", |pem| {
            pem.after = "-----BEGIN PKCS7-----\nMAA=\n-----END PKCS7-----\n".into();
        }),
        entry("empty", b""),
        entry("not armour", b"not a signature"),
        entry(
            "armour round nothing",
            b"-----BEGIN PKCS7-----\n-----END PKCS7-----\n",
        ),
        entry("armour without an end", b"-----BEGIN PKCS7-----\nMAA=\n"),
        entry(
            "armour with two labels",
            b"-----BEGIN PKCS7-----\nMAA=\n-----END PKCS8-----\n",
        ),
        entry(
            "armour round no base64",
            b"-----BEGIN PKCS7-----\n!!!!\n-----END PKCS7-----\n",
        ),
        entry(
            "armour with bits left over",
            b"-----BEGIN PKCS7-----\nMAB=\n-----END PKCS7-----\n",
        ),
        entry(
            "armour with too much padding",
            b"-----BEGIN PKCS7-----\nMAA==\n-----END PKCS7-----\n",
        ),
        entry(
            "bare DER",
            b"\x30\x80\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02",
        ),
    ]
}

/// The BER inside the armour is replaced by what `change` makes of it.
fn ber(change: impl FnOnce(Vec<u8>) -> Vec<u8>) -> Sample {
    let signature = SignatureForge::new(&PKI, &content());
    put(&unsigned(), &signature.pem.write(&change(signature.ber()))).into()
}

fn encoding() -> Vec<Case> {
    let row = |what: &str, change: fn(Vec<u8>) -> Vec<u8>| {
        refuse(what, signature!(E::Encoding { .. }), move || ber(change))
    };
    vec![
        accept("the same structure in definite lengths", || {
            with_signature(|signature| signature.lengths = Lengths::Definite)
        }),
        row("a byte after the signature", |bytes| {
            [bytes, vec![0]].concat()
        }),
        row("an end-of-contents too many", |bytes| {
            [bytes, vec![0, 0]].concat()
        }),
        row("an end-of-contents too few", |bytes| {
            bytes[..bytes.len() - 2].to_vec()
        }),
        row("half a signature", |bytes| {
            bytes[..bytes.len() / 2].to_vec()
        }),
        row("nine thousand levels of nesting", |_| {
            b"\x30\x80".repeat(9_000)
        }),
        row("deep nesting inside the signature", |bytes| {
            [&bytes[..15], &b"\x30\x80".repeat(9_000), &bytes[15..]].concat()
        }),
        row("a length of more octets than an address has", |_| {
            [&[0x30, 0x89][..], &[0xFF; 9], &[0; 32]].concat()
        }),
        row("a length that overflows", |_| {
            [&[0x30, 0x88][..], &[0xFF; 8], &[0; 32]].concat()
        }),
        row("a length that is reserved", |_| {
            [&[0x30, 0xFF][..], &[0; 64]].concat()
        }),
        row("a length that runs past the end", |_| {
            vec![0x30, 0x82, 0x10, 0x00, 0x06, 0x09]
        }),
        row("a tag of several octets", |_| vec![0x3F, 0x81, 0x01, 0x00]),
        refuse(
            "signers in a set of indefinite length",
            signature!(E::Encoding {
                field: "signerInfos",
                fault: "its length is indefinite",
                ..
            }),
            || with_signature(|signature| signature.signers_lengths = Lengths::Indefinite),
        ),
        refuse(
            "a signer of indefinite length",
            signature!(E::Encoding {
                field: "SignerInfo",
                fault: "its length is indefinite",
                ..
            }),
            || with_signature(|signature| signature.signer().lengths = Lengths::Indefinite),
        ),
        row("a primitive of indefinite length", |bytes| {
            let mut bytes = bytes;
            // The version, INTEGER 1, right after the third indefinite level.
            bytes.splice(17..20, [0x02, 0x80, 0x01, 0x00, 0x00]);
            bytes
        }),
        row("end-of-contents with a length", |bytes| {
            let end = bytes.len() - 1;
            [&bytes[..end], &[1, 0]].concat()
        }),
        row("nothing at all in the armour's ContentInfo", |_| {
            vec![0x30, 0x00]
        }),
        refuse(
            "a SET where the ContentInfo should be",
            signature!(E::Encoding { .. }),
            || {
                ber(|mut bytes| {
                    bytes[0] = 0x31;
                    bytes
                })
            },
        ),
    ]
}

fn signed_data() -> Vec<Case> {
    vec![
        refuse(
            "CMS data instead of SignedData",
            signature!(E::NotSignedData { .. }),
            || with_signature(|signature| signature.content_type = asn1::oid(ID_DATA)),
        ),
        refuse(
            "a SignedData of version 3",
            signature!(E::Version { version: 3, .. }),
            || with_signature(|signature| signature.version = 3),
        ),
        refuse(
            "a signature that carries its content",
            signature!(E::NotDetached),
            || {
                with_signature(|signature| {
                    let content = asn1::context(0, &asn1::octets(&content()));
                    signature.encapsulated.extend(content);
                })
            },
        ),
        refuse(
            "signed content of another type",
            signature!(E::ContentType { .. }),
            || {
                with_signature(|signature| {
                    signature.encapsulated = asn1::oid("1.2.840.113549.1.9.16.1.4");
                })
            },
        ),
        refuse("revocation lists", signature!(E::RevocationLists), || {
            with_signature(|signature| {
                signature.revocation_lists = Some(asn1::sequence([asn1::null()]));
            })
        }),
        refuse("no signer", signature!(E::SignerCount { count: 0 }), || {
            with_signature(|signature| signature.signers.clear())
        }),
        refuse(
            "two signers",
            signature!(E::SignerCount { count: 2 }),
            || {
                with_signature(|signature| {
                    let again = signature.signers[0].clone();
                    signature.signers.push(again);
                })
            },
        ),
        refuse(
            "two signers of which the first is a stranger",
            signature!(E::SignerCount { count: 2 }),
            || {
                with_signature(|signature| {
                    let mut stranger = signature.signers[0].clone();
                    stranger.key = Key::p384("stranger");
                    signature.signers.insert(0, stranger);
                })
            },
        ),
        refuse(
            "no digest algorithm in the set",
            signature!(E::Encoding {
                field: "digestAlgorithms",
                fault: "it is missing",
                ..
            }),
            || with_signature(|signature| signature.digest_algorithms.clear()),
        ),
        refuse(
            "SHA-256 in the set of digest algorithms",
            signature!(E::Algorithm { .. }),
            || with_signature(|signature| signature.digest_algorithms = vec![algorithm(SHA256)]),
        ),
        refuse(
            "two digest algorithms in the set",
            signature!(E::Encoding {
                field: "digestAlgorithms",
                fault: "bytes follow its end",
                ..
            }),
            || with_signature(|signature| signature.digest_algorithms.push(algorithm(SHA256))),
        ),
        refuse(
            "no certificates",
            signature!(E::Encoding {
                field: "certificates",
                fault: "something else is there",
                ..
            }),
            || with_signature(|signature| signature.certificates = None),
        ),
        refuse(
            "an empty set of certificates",
            signature!(E::NoSignerCertificate),
            || with_signature(|signature| signature.certificates = Some(Vec::new())),
        ),
        refuse(
            "three hundred certificates",
            signature!(E::TooManyCertificates { .. } | E::Encoding { .. }),
            || {
                with_signature(|signature| {
                    signature.certificates = Some(vec![tiny_certificate(); 300]);
                })
            },
        ),
        refuse(
            "something other than a certificate among them",
            signature!(E::Certificate { .. } | E::Encoding { .. }),
            || {
                with_signature(|signature| {
                    signature
                        .certificates
                        .iter_mut()
                        .for_each(|all| all.push(tiny_certificate()));
                })
            },
        ),
    ]
}

/// A SEQUENCE where a certificate should be.
fn tiny_certificate() -> Vec<u8> {
    asn1::sequence([asn1::null()])
}

fn signer() -> Vec<Case> {
    vec![
        refuse(
            "a signer of version 3",
            signature!(E::Version { version: 3, .. }),
            || with_signature(|signature| signature.signer().version = 3),
        ),
        refuse(
            "a signer named by key identifier",
            signature!(E::Version { version: 3, .. }),
            || {
                with_signature(|signature| {
                    signature.signer().version = 3;
                    signature.signer().identifier = asn1::tlv(0x80, &[7; 20]);
                })
            },
        ),
        refuse(
            "a signer with another serial number",
            signature!(E::NoSignerCertificate),
            || {
                with_signature(|signature| {
                    let issuer = PKI.leaf_issuer.clone();
                    signature.signer().identifier = asn1::sequence([issuer, asn1::unsigned(&[1])]);
                })
            },
        ),
        refuse(
            "a signer with another issuer",
            signature!(E::NoSignerCertificate),
            || {
                with_signature(|signature| {
                    let issuer = countersign_testkit::pki::name("somebody else");
                    let serial = asn1::unsigned(&PKI.leaf_serial);
                    signature.signer().identifier = asn1::sequence([issuer, serial]);
                })
            },
        ),
        refuse(
            "unsigned attributes",
            signature!(E::UnsignedAttributes),
            || {
                with_signature(|signature| {
                    let value = asn1::set([asn1::null()]);
                    let attribute = asn1::sequence([asn1::oid("1.2.840.113549.1.9.6"), value]);
                    signature.signer().unsigned_attributes = Some(attribute);
                })
            },
        ),
        refuse(
            "no signed attributes, a signature over the content",
            signature!(E::NoSignedAttributes),
            || {
                with_signature(|signature| {
                    signature.signer().attributes = None;
                    signature.signer().message = Message::Bytes(content());
                })
            },
        ),
        refuse(
            "an empty set of signed attributes",
            signature!(E::MissingAttribute { .. }),
            || with_signature(|signature| signature.signer().attributes = Some(Vec::new())),
        ),
        refuse(
            "a signature by a stranger's key",
            signature!(E::SignatureMismatch),
            || with_signature(|signature| signature.signer().key = Key::p384("stranger")),
        ),
        refuse(
            "a signature over other attributes",
            signature!(E::SignatureMismatch),
            || {
                with_signature(|signature| {
                    signature.signer().message = Message::Bytes(b"other".to_vec());
                })
            },
        ),
        refuse(
            "a signature over the attributes under their implicit tag",
            signature!(E::SignatureMismatch),
            || {
                let tagged = attributes_as_they_stand(&SignatureForge::new(&PKI, &content()).ber());
                with_signature(|signature| signature.signer().message = Message::Bytes(tagged))
            },
        ),
    ]
}

/// The signed attributes with their `[0]` tag, cut out of a signature.
fn attributes_as_they_stand(ber: &[u8]) -> Vec<u8> {
    let content_type = asn1::oid(countersign_testkit::signature::attribute::CONTENT_TYPE);
    let inside = ber
        .windows(content_type.len())
        .position(|window| window == content_type)
        .expect("the attributes start with contentType");
    // SEQUENCE header of the attribute (2), then the long-form header of `[0]` (4).
    let start = inside - 6;
    let length = usize::from(u16::from_be_bytes([ber[start + 2], ber[start + 3]]));
    ber[start..start + 4 + length].to_vec()
}
