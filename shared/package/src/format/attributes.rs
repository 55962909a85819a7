//! The signed attributes: which, in which order, in which form.

use const_oid::ObjectIdentifier;
use jiff::{Timestamp, ToSpan as _, tz::TimeZone};

use super::{
    fact::FormatFact,
    facts::{
        ATTRIBUTE_ORDER, EXPIRY_FORM, JOB_ARN, PROFILE_ARN, SEVEN_ATTRIBUTES, SIGNING_TIME_FORM,
        VALIDITY,
    },
    observation::{Answer, Observation},
    subject::Subject,
};
use crate::{
    arn::{ProfileVersionArn, SigningJobArn},
    asn1::{GENERALIZED_TIME, Reader, UTC_TIME, UTF8_STRING},
};

/// The attributes of genuine signatures (grade A).
const KNOWN: [(&str, &str); 7] = [
    ("1.2.840.113549.1.9.3", "contentType"),
    ("1.3.187.137.1.3", "expiry"),
    ("1.2.840.113549.1.9.5", "signingTime"),
    ("1.2.840.113549.1.9.52", "CMSAlgorithmProtection"),
    ("1.2.840.113549.1.9.4", "messageDigest"),
    ("1.3.187.137.1.2", "job"),
    ("1.3.187.137.1.4", "profile version"),
];
const EXPIRY: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.187.137.1.3");
const SIGNING_TIME: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.5");
const JOB: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.187.137.1.2");
const PROFILE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.187.137.1.4");
/// What a profile without a validity of its own gives (grade A: three signatures, and Signer's default).
const DEFAULT_MONTHS: i32 = 135;

pub(super) fn observe(subject: &Subject<'_>) -> Vec<Observation> {
    let signer = subject.raw.signer.as_ref();
    let attributes = signer.map_or(&[][..], |signer| signer.attributes.as_slice());
    if attributes.is_empty() {
        let why = if subject.signature.is_none() {
            subject.why_no_signature()
        } else {
            "no signed attributes can be read".to_owned()
        };
        return [
            SEVEN_ATTRIBUTES,
            ATTRIBUTE_ORDER,
            SIGNING_TIME_FORM,
            EXPIRY_FORM,
            VALIDITY,
            JOB_ARN,
            PROFILE_ARN,
        ]
        .map(|fact| Observation::unknown(fact, why.as_str()))
        .into();
    }
    let found: Vec<String> = attributes.iter().map(|(oid, _)| name(*oid)).collect();
    let mut sorted = found.clone();
    sorted.sort_unstable();
    let mut expected = KNOWN.map(|(_, name)| name);
    expected.sort_unstable();
    let value = |wanted: ObjectIdentifier| {
        let found = attributes.iter().find(|(oid, _)| *oid == wanted)?;
        Some(found.1.as_slice())
    };
    vec![
        Observation::judged(
            SEVEN_ATTRIBUTES,
            sorted == expected,
            format!("{} attributes", found.len()),
        ),
        Observation::judged(
            ATTRIBUTE_ORDER,
            signer.is_some_and(|signer| signer.is_ordered),
            found.join(", "),
        ),
        time_form(SIGNING_TIME_FORM, value(SIGNING_TIME)),
        time_form(EXPIRY_FORM, value(EXPIRY)),
        validity(subject),
        arn(JOB_ARN, value(JOB), |text| {
            SigningJobArn::parse(text)
                .map(|job| job.region().to_owned())
                .map_err(|error| error.to_string())
        }),
        arn(PROFILE_ARN, value(PROFILE), |text| {
            ProfileVersionArn::parse(text)
                .map(|profile| profile.region().to_owned())
                .map_err(|error| error.to_string())
        }),
    ]
}

fn name(oid: ObjectIdentifier) -> String {
    let oid = oid.to_string();
    let known = KNOWN.iter().find(|(known, _)| *known == oid);
    known.map_or(oid, |(_, name)| (*name).to_owned())
}

fn time_form(fact: FormatFact, value: Option<&[u8]>) -> Observation {
    let element = value.and_then(|value| Reader::new(value).any("time").ok());
    let Some(element) = element else {
        return Observation::judged(fact, false, "it is not there");
    };
    let kind = match element.tag {
        GENERALIZED_TIME => "GeneralizedTime",
        UTC_TIME => "UTCTime",
        _ => "another type",
    };
    let text = String::from_utf8_lossy(element.contents);
    let decimals = text.split_once('.').map_or(0, |(_, fraction)| {
        fraction.trim_end_matches('Z').chars().count()
    });
    let holds = element.tag == GENERALIZED_TIME
        && decimals == 3
        && element.contents.len() == "20330511174524.338Z".len()
        && element.time().is_ok();
    Observation::judged(fact, holds, format!("{kind} with {decimals} decimals"))
}

fn validity(subject: &Subject<'_>) -> Observation {
    let Some(signature) = subject.parsed() else {
        return Observation::unknown(VALIDITY, subject.why_no_signature());
    };
    let claims = signature.claims();
    let (signed_at, expires_at) = (claims.signed_at(), claims.expires_at());
    if months_later(signed_at) == Some(expires_at) {
        return Observation::new(VALIDITY, Answer::Confirmed, "135 months");
    }
    // The profile's own validity, for all that can be seen here.
    let days = expires_at.duration_since(signed_at).as_secs() / 86_400;
    Observation::new(VALIDITY, Answer::Seen, format!("{days} days"))
}

fn months_later(signed_at: Timestamp) -> Option<Timestamp> {
    let zoned = signed_at.to_zoned(TimeZone::UTC);
    let later = zoned.checked_add(DEFAULT_MONTHS.months()).ok()?;
    Some(later.timestamp())
}

/// The form of an ARN, whose account and names are not shown.
fn arn(
    fact: FormatFact,
    value: Option<&[u8]>,
    region: impl FnOnce(&str) -> Result<String, String>,
) -> Observation {
    let element = value.and_then(|value| Reader::new(value).any("ARN").ok());
    let Some(element) = element else {
        return Observation::judged(fact, false, "it is not there");
    };
    if element.tag != UTF8_STRING {
        return Observation::judged(fact, false, format!("it has the tag {:02x}", element.tag));
    }
    let Ok(text) = str::from_utf8(element.contents) else {
        return Observation::judged(fact, false, "it is not UTF-8");
    };
    match region(text) {
        Ok(region) => Observation::judged(fact, true, format!("in {region}, UTF8String")),
        Err(error) => Observation::judged(fact, false, error),
    }
}
