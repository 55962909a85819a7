//! Rows about the signed attributes: which there are, in what order, with what values.

use countersign_package::{ArnError, IntegrityError, SignatureError as E};
use countersign_testkit::asn1;
use countersign_testkit::pki::{ECDSA_WITH_SHA256, ECDSA_WITH_SHA384, Hash};
use countersign_testkit::signature::{
    AttributeForge, EXPIRES_AT, ID_DATA, JOB, PROFILE_VERSION, SHA256, SHA384, SIGNED_AT,
    SignerForge, algorithm_protection, attribute, generalized,
};

use crate::{
    Case, Expected, Fault, Sample, accept, content, fault, refuse, signature, with_signature,
};

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = sets();
    cases.extend(digests());
    cases.extend(times());
    cases.extend(claims());
    cases.extend(protection());
    cases
}

/// A package whose signer is changed before signing. The attributes are sorted afterwards: their
/// order depends on their lengths, and is what one row alone is about.
fn signer(change: impl FnOnce(&mut SignerForge)) -> Sample {
    with_signature(|signature| {
        change(signature.signer());
        signature.signer().sort_attributes();
    })
}

/// A row in which one attribute has another value.
fn value(what: &str, id: &'static str, value: Vec<u8>, expected: Expected) -> Case {
    refuse(what, expected, move || {
        signer(|signer| signer.set_attribute(id, value.clone()))
    })
}

fn sets() -> Vec<Case> {
    let all = [
        ("contentType", attribute::CONTENT_TYPE),
        ("expiry", attribute::EXPIRY),
        ("signingTime", attribute::SIGNING_TIME),
        ("CMSAlgorithmProtection", attribute::ALGORITHM_PROTECTION),
        ("messageDigest", attribute::MESSAGE_DIGEST),
        ("job", attribute::JOB),
        ("profile version", attribute::PROFILE_VERSION),
    ];
    let missing = all.map(|(name, id)| {
        refuse(
            format!("no {name} attribute"),
            signature!(E::MissingAttribute { .. }),
            move || signer(|signer| signer.remove_attribute(id)),
        )
    });
    let twice = all.map(|(name, id)| {
        refuse(
            format!("two values of the {name} attribute"),
            signature!(E::DuplicateAttribute { .. }),
            move || {
                signer(|signer| {
                    let again = signer.attribute(id).values[0].clone();
                    signer.attribute(id).values.push(again);
                })
            },
        )
    });
    let mut cases: Vec<Case> = missing.into_iter().chain(twice).collect();
    cases.extend([
        refuse(
            "one attribute twice",
            signature!(E::DuplicateAttribute { .. }),
            || {
                signer(|signer| {
                    let again = signer.attribute(attribute::JOB).clone();
                    signer
                        .attributes
                        .iter_mut()
                        .for_each(|all| all.insert(6, again.clone()));
                })
            },
        ),
        refuse(
            "two jobs, in DER order",
            signature!(E::DuplicateAttribute { .. }),
            || {
                signer(|signer| {
                    let other = AttributeForge::new(
                        attribute::JOB,
                        asn1::utf8(&JOB.replace("3f0a", "3f0b")),
                    );
                    signer
                        .attributes
                        .iter_mut()
                        .for_each(|all| all.insert(6, other.clone()));
                })
            },
        ),
        refuse(
            "an attribute without a value",
            signature!(E::DuplicateAttribute { .. }),
            || {
                signer(|signer| {
                    signer.attribute(attribute::JOB).values.clear();
                })
            },
        ),
        refuse(
            "attributes in another order",
            signature!(E::AttributeOrder),
            || {
                with_signature(|signature| {
                    signature
                        .signer()
                        .attributes
                        .iter_mut()
                        .for_each(|all| all.swap(0, 6));
                })
            },
        ),
        refuse(
            "an attribute that the format does not have",
            signature!(E::UnknownAttribute { .. }),
            || {
                signer(|signer| {
                    let unknown = AttributeForge::new("1.3.187.137.1.9", asn1::utf8("?"));
                    signer
                        .attributes
                        .iter_mut()
                        .for_each(|all| all.push(unknown.clone()));
                })
            },
        ),
        refuse(
            "an attribute's length in long form",
            signature!(E::Encoding {
                field: "attribute value",
                fault: "its length is not in the shortest form",
                ..
            }),
            || {
                let value = asn1::long_form(0x0C, 2, PROFILE_VERSION.as_bytes());
                signer(|signer| signer.set_attribute(attribute::PROFILE_VERSION, value))
            },
        ),
        refuse(
            "an attribute's value with a tag of several bytes",
            signature!(E::Encoding {
                field: "attribute value",
                fault: "its tag has several bytes",
                ..
            }),
            || {
                // A reader of one byte would find a string of one byte.
                let value = vec![0x1F, 0x01, 0x00];
                signer(|signer| signer.set_attribute(attribute::PROFILE_VERSION, value))
            },
        ),
        refuse(
            "an attribute's string in pieces",
            signature!(E::Encoding {
                field: "attribute value",
                fault: "its length is indefinite",
                ..
            }),
            || {
                let value = asn1::indefinite(0x2C, &asn1::utf8(PROFILE_VERSION));
                signer(|signer| signer.set_attribute(attribute::PROFILE_VERSION, value))
            },
        ),
    ]);
    cases
}

fn digests() -> Vec<Case> {
    let mismatch = || fault!(Fault::Integrity(IntegrityError::DigestMismatch { .. }));
    let malformed = || signature!(E::AttributeValue { .. });
    vec![
        value(
            "a message digest of other content",
            attribute::MESSAGE_DIGEST,
            asn1::octets(&[7; 48]),
            mismatch(),
        ),
        refuse(
            "the content itself as message digest, hashed once",
            mismatch(),
            || {
                signer(|signer| {
                    signer.set_attribute(attribute::MESSAGE_DIGEST, asn1::octets(&content()));
                })
            },
        ),
        value(
            "a message digest of 47 bytes",
            attribute::MESSAGE_DIGEST,
            asn1::octets(&[7; 47]),
            malformed(),
        ),
        value(
            "an empty message digest",
            attribute::MESSAGE_DIGEST,
            asn1::octets(&[]),
            malformed(),
        ),
        refuse("a message digest by SHA-256", malformed(), || {
            let digest = asn1::octets(&Hash::Sha256.digest(&content()));
            signer(|signer| signer.set_attribute(attribute::MESSAGE_DIGEST, digest))
        }),
        value(
            "a message digest that is no OCTET STRING",
            attribute::MESSAGE_DIGEST,
            asn1::tlv(0x0C, &[b'a'; 48]),
            malformed(),
        ),
        value(
            "a content type attribute that is not id-data",
            attribute::CONTENT_TYPE,
            asn1::oid("1.2.840.113549.1.7.3"),
            signature!(E::ContentType { .. }),
        ),
        value(
            "a content type attribute filled up with a zero",
            attribute::CONTENT_TYPE,
            asn1::padded_oid(ID_DATA),
            signature!(E::AttributeValue {
                name: "contentType",
                fault: "it is not in the shortest form",
            }),
        ),
    ]
}

fn times() -> Vec<Case> {
    let odd = [
        (
            "a signing time without a zone",
            asn1::generalized_time("20260928091926.806"),
        ),
        (
            "a signing time in another zone",
            asn1::generalized_time("20260928091926.806+0200"),
        ),
        (
            "a signing time without seconds",
            asn1::generalized_time("202609280919Z"),
        ),
        (
            "a signing time in the thirteenth month",
            asn1::generalized_time("20261328091926.806Z"),
        ),
        (
            "a signing time on 30 February",
            asn1::generalized_time("20260230091926.806Z"),
        ),
        (
            "a signing time at 24 o'clock",
            asn1::generalized_time("20260928240000.000Z"),
        ),
        (
            "a signing time with a comma",
            asn1::generalized_time("20260928091926,806Z"),
        ),
        (
            "a signing time with spaces",
            asn1::generalized_time(" 0260928091926.806Z"),
        ),
        ("an empty signing time", asn1::generalized_time("")),
    ];
    let malformed = odd.map(|(what, time)| {
        value(
            what,
            attribute::SIGNING_TIME,
            time,
            signature!(E::AttributeValue { .. }),
        )
    });
    let no_end = ["", ".000", ".999"].map(|decimals| {
        accept(
            format!("a signature that never expires, with decimals `{decimals}`"),
            move || {
                let time = asn1::generalized_time(&format!("99991231235959{decimals}Z"));
                signer(|signer| signer.set_attribute(attribute::EXPIRY, time))
            },
        )
    });
    let mut cases = Vec::from(malformed);
    cases.extend(no_end);
    cases.extend([
        accept(
            "a signing time that is a UTCTime, as RFC 5652 wants it until 2049",
            || {
                let time = asn1::utc_time("260928091926Z");
                signer(|signer| signer.set_attribute(attribute::SIGNING_TIME, time))
            },
        ),
        accept("an expiry without decimals", || {
            let time = asn1::generalized_time("20371228091926Z");
            signer(|signer| signer.set_attribute(attribute::EXPIRY, time))
        }),
        value(
            "an expiry that is a UTCTime",
            attribute::EXPIRY,
            asn1::utc_time("371228091926Z"),
            signature!(E::AttributeValue {
                name: "signatureExpiry",
                fault: "it is of another type",
            }),
        ),
        value(
            "an expiry in the last hour of the year 9999",
            attribute::EXPIRY,
            asn1::generalized_time("99991231230000.000Z"),
            signature!(E::AttributeValue {
                name: "signatureExpiry",
                fault: "it is later than 9999-12-30T22:00:00Z",
            }),
        ),
        value(
            "an expiry on 32 December 9999",
            attribute::EXPIRY,
            asn1::generalized_time("99991232235959.000Z"),
            signature!(E::AttributeValue {
                name: "signatureExpiry",
                fault: "it is not a time in UTC to the second",
            }),
        ),
        value(
            "an expiry before the signing",
            attribute::EXPIRY,
            generalized("2026-09-28T09:19:26.805Z"),
            signature!(E::ExpiresBeforeSigned { .. }),
        ),
        value(
            "an expiry at the moment of signing",
            attribute::EXPIRY,
            generalized(SIGNED_AT),
            signature!(E::ExpiresBeforeSigned { .. }),
        ),
        value(
            "an expiry that is no time",
            attribute::EXPIRY,
            asn1::utf8(EXPIRES_AT),
            signature!(E::AttributeValue { .. }),
        ),
    ]);
    cases
}

fn claims() -> Vec<Case> {
    let job = |what: &str, arn: &str| {
        value(
            what,
            attribute::JOB,
            asn1::utf8(arn),
            signature!(E::Claim { .. }),
        )
    };
    let profile = |what: &str, arn: &str| {
        value(
            what,
            attribute::PROFILE_VERSION,
            asn1::utf8(arn),
            signature!(E::Claim { .. }),
        )
    };
    vec![
        value(
            "an alias of a profile in the place of its version",
            attribute::PROFILE_VERSION,
            asn1::utf8("arn:aws:signer:us-east-1:123456789012:/aliased-signing-profiles/team"),
            signature!(E::Claim {
                source: ArnError::ProfileAlias,
                ..
            }),
        ),
        job(
            "a job that is not an ARN",
            &JOB.replace("arn:aws", "xyz:aws"),
        ),
        job(
            "a job that is a profile",
            "arn:aws:signer:us-east-1:123456789012:/signing-profiles/aa/a1B2c3D4e5xxxxxxxxxxxxxxx",
        ),
        job("a job whose id is no UUID", &JOB.replace('f', "g")),
        job(
            "a job of another service",
            &JOB.replace(":signer:", ":lambda:"),
        ),
        job(
            "a job with a wildcard",
            &JOB.replace("us-east-1", "*-east-1"),
        ),
        profile(
            "a profile without a version",
            "arn:aws:signer:us-east-1:123456789012:/signing-profiles/orders_service_and_much_more",
        ),
        profile(
            "a profile with a short version",
            &PROFILE_VERSION.replace("a1B2c3D4e5", "/a1B2c3D4e"),
        ),
        profile(
            "a profile with a wildcard",
            &PROFILE_VERSION.replace("orders_service", "orders_servic*"),
        ),
        profile(
            "a profile with a line break",
            &PROFILE_VERSION.replace("orders_service", "orders\nservice"),
        ),
        profile(
            "a profile of an account with eleven digits",
            &PROFILE_VERSION.replace("123456789012:", "12345678901:/"),
        ),
        value(
            "a job that is a PrintableString",
            attribute::JOB,
            asn1::tlv(0x13, JOB.as_bytes()),
            signature!(E::AttributeValue { .. }),
        ),
        value(
            "a profile that is not UTF-8",
            attribute::PROFILE_VERSION,
            asn1::tlv(0x0C, &[0xFF; 80]),
            signature!(E::AttributeValue { .. }),
        ),
    ]
}

fn protection() -> Vec<Case> {
    let protected = |digest: &str, scheme: &str| algorithm_protection(digest, scheme);
    let row = |what: &str, bytes: Vec<u8>, expected: Expected| {
        value(what, attribute::ALGORITHM_PROTECTION, bytes, expected)
    };
    let other = || signature!(E::AlgorithmProtection);
    let scheme = asn1::context(1, &asn1::oid(ECDSA_WITH_SHA384));
    vec![
        row(
            "another digest under protection",
            protected(SHA256, ECDSA_WITH_SHA384),
            other(),
        ),
        row(
            "another signature scheme under protection",
            protected(SHA384, ECDSA_WITH_SHA256),
            other(),
        ),
        row(
            "no signature scheme under protection",
            asn1::sequence([asn1::sequence([asn1::oid(SHA384)])]),
            signature!(E::AttributeValue {
                name: "CMSAlgorithmProtection",
                fault: "it is missing",
            }),
        ),
        row(
            "a MAC under protection",
            asn1::sequence([
                asn1::sequence([asn1::oid(SHA384)]),
                asn1::context(2, &asn1::oid(ECDSA_WITH_SHA384)),
            ]),
            signature!(E::AttributeValue {
                name: "CMSAlgorithmProtection",
                fault: "something else is there",
            }),
        ),
        row(
            "a digest with a curve under protection",
            asn1::sequence([
                asn1::sequence([asn1::oid(SHA384), asn1::oid("1.3.132.0.34")]),
                scheme,
            ]),
            signature!(E::AttributeValue {
                name: "CMSAlgorithmProtection",
                fault: "it has parameters other than NULL",
            }),
        ),
        accept("NULL parameters under protection, as in 2022", || {
            with_signature(|signature| {
                let with_null = |id: &str| asn1::sequence([asn1::oid(id), asn1::null()]);
                let scheme = asn1::concat([asn1::oid(ECDSA_WITH_SHA384), asn1::null()]);
                let value = asn1::sequence([with_null(SHA384), asn1::context(1, &scheme)]);
                signature.digest_algorithms = vec![with_null(SHA384)];
                signature.signer().digest_algorithm = with_null(SHA384);
                signature.signer().signature_algorithm = with_null(ECDSA_WITH_SHA384);
                signature
                    .signer()
                    .set_attribute(attribute::ALGORITHM_PROTECTION, value);
            })
        }),
    ]
}
