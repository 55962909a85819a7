//! Armour, encoding, and the envelope of CMS.

use const_oid::ObjectIdentifier;

use super::{
    facts::{
        ALGORITHM_PARAMETERS, ALGORITHMS, ARMOUR, DETACHED, ONE_SIGNER, OUTER_LEVELS, STRICT_CMS,
    },
    observation::Observation,
    raw_signature::{Algorithm, RawSignature, RawSigner},
    subject::Subject,
};
use crate::{escape::hex, signature::SignatureError};

const SIGNED_DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.2");
const DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.1");
const SHA384: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.2");
const ECDSA_SHA384: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.3");
/// NULL, encoded.
const NULL: &[u8] = &[5, 0];

/// The levels that Signer left open in 2022 and 2023 (grade A).
const OPEN: [&str; 5] = [
    "ContentInfo",
    "content",
    "SignedData",
    ENCAPSULATED,
    "certificates",
];
/// The one of them that has a definite length since 2024 (grade A).
const ENCAPSULATED: &str = "encapContentInfo";

pub(super) fn observe(subject: &Subject<'_>) -> Vec<Observation> {
    let Some(signature) = &subject.signature else {
        let why = subject.why_no_signature();
        return [
            ARMOUR,
            OUTER_LEVELS,
            STRICT_CMS,
            DETACHED,
            ONE_SIGNER,
            ALGORITHMS,
            ALGORITHM_PARAMETERS,
        ]
        .map(|fact| Observation::unknown(fact, why.as_str()))
        .into();
    };
    let bytes = subject.entry.as_deref().unwrap_or_default().len();
    let armour = match signature {
        Err(error @ SignatureError::Pem { .. }) => {
            Observation::judged(ARMOUR, false, error.to_string())
        }
        _ => Observation::judged(ARMOUR, true, format!("{bytes} bytes")),
    };
    let strict = match signature {
        Ok(_) => Observation::judged(STRICT_CMS, true, "all of it was read"),
        Err(error) => Observation::judged(STRICT_CMS, false, error.to_string()),
    };
    let raw = &subject.raw;
    vec![
        armour,
        outer_levels(raw),
        strict,
        detached(raw),
        one_signer(raw),
        algorithms(raw),
        parameters(raw),
    ]
}

fn outer_levels(raw: &RawSignature) -> Observation {
    if raw.signer.is_none() {
        return Observation::unknown(OUTER_LEVELS, "the encoding cannot be followed");
    }
    let names = |open: bool| {
        let names = raw.levels.iter().filter(|level| level.1 == open);
        names.map(|level| level.0).collect::<Vec<_>>()
    };
    let (open, definite) = (names(true), names(false));
    let seen = format!(
        "indefinite: {}; definite: {}",
        listed(&open),
        listed(&definite)
    );
    let since_2024 = OPEN.iter().filter(|level| **level != ENCAPSULATED);
    let holds = open == OPEN || open.iter().eq(since_2024);
    Observation::judged(OUTER_LEVELS, holds, seen)
}

fn listed(names: &[&str]) -> String {
    if names.is_empty() {
        "none".to_owned()
    } else {
        names.join(", ")
    }
}

fn detached(raw: &RawSignature) -> Observation {
    let (Some(content_type), Some(version), Some((oid, is_there))) =
        (raw.content_type, raw.version, raw.content)
    else {
        return Observation::unknown(DETACHED, "the encoding cannot be followed");
    };
    let content = if is_there { "with" } else { "without" };
    Observation::judged(
        DETACHED,
        (content_type, version, oid, is_there) == (SIGNED_DATA, 1, DATA, false),
        format!("content type {content_type}, version {version}, of {oid}, {content} the content"),
    )
}

fn one_signer(raw: &RawSignature) -> Observation {
    let (Some(signers), Some(signer)) = (raw.signers, &raw.signer) else {
        return Observation::unknown(ONE_SIGNER, "the encoding cannot be followed");
    };
    let holds = signers == 1
        && signer.version == Some(1)
        && signer.is_by_issuer
        && !signer.has_unsigned_attributes
        && !raw.has_revocation_lists;
    let seen = format!(
        "SignerInfo: {signers}, version {}; by {}; unsigned attributes: {}; revocation lists: {}",
        signer
            .version
            .map_or("unknown".to_owned(), |v| v.to_string()),
        if signer.is_by_issuer {
            "issuer and serial number"
        } else {
            "something else"
        },
        yes_or_no(signer.has_unsigned_attributes),
        yes_or_no(raw.has_revocation_lists),
    );
    Observation::judged(ONE_SIGNER, holds, seen)
}

fn yes_or_no(is_so: bool) -> &'static str {
    if is_so { "yes" } else { "no" }
}

fn both(raw: &RawSignature) -> Option<(&Algorithm, &Algorithm)> {
    let RawSigner {
        digest, signature, ..
    } = raw.signer.as_ref()?;
    Some((digest.as_ref()?, signature.as_ref()?))
}

fn algorithms(raw: &RawSignature) -> Observation {
    let Some((digest, signature)) = both(raw) else {
        return Observation::unknown(ALGORITHMS, "the encoding cannot be followed");
    };
    Observation::judged(
        ALGORITHMS,
        (digest.oid, signature.oid) == (SHA384, ECDSA_SHA384),
        format!("digest {}, signature {}", digest.oid, signature.oid),
    )
}

fn parameters(raw: &RawSignature) -> Observation {
    let Some((digest, signature)) = both(raw) else {
        return Observation::unknown(ALGORITHM_PARAMETERS, "the encoding cannot be followed");
    };
    let word = |parameters: &[u8]| match parameters {
        [] => "absent".to_owned(),
        NULL => "NULL".to_owned(),
        other => hex(other),
    };
    let known = |algorithm: &Algorithm| matches!(algorithm.parameters.as_slice(), [] | NULL);
    let (of_digest, of_signature) = (word(&digest.parameters), word(&signature.parameters));
    Observation::judged(
        ALGORITHM_PARAMETERS,
        known(digest) && known(signature),
        format!("digest {of_digest}, signature {of_signature}"),
    )
}
