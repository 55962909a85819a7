//! The signed attributes: what the signer's key was used on (RFC 5652 §5.3, §11, and Signer's own
//! three).

use const_oid::ObjectIdentifier;
use jiff::Timestamp;

use super::{claims::Claims, error::SignatureError};
use crate::{
    arn::{ArnError, ProfileVersionArn, SigningJobArn},
    asn1::{
        Element, GENERALIZED_TIME, Malformed, OCTET_STRING, OID, Reader, SEQUENCE, SET, UTC_TIME,
        UTF8_STRING, algorithm, context,
    },
    escape::hex,
};

const CONTENT_TYPE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.3");
const MESSAGE_DIGEST: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.4");
const SIGNING_TIME: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.5");
const PROTECTION: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.52");
const JOB: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.187.137.1.2");
const EXPIRY: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.187.137.1.3");
const PROFILE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.187.137.1.4");

/// All attributes of the format, each of which must be there exactly once (grade A). AWS names its
/// own three nowhere; the names are this project's.
const KNOWN: [(ObjectIdentifier, &str); 7] = [
    (CONTENT_TYPE, "contentType"),
    (EXPIRY, "signatureExpiry"),
    (SIGNING_TIME, "signingTime"),
    (PROTECTION, "CMSAlgorithmProtection"),
    (MESSAGE_DIGEST, "messageDigest"),
    (JOB, "signingJob"),
    (PROFILE, "signingProfileVersion"),
];

/// One signed attribute as it stands in the signature, for showing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attribute {
    oid: ObjectIdentifier,
    value: Vec<u8>,
}

impl Attribute {
    /// Its object identifier in dotted form.
    #[must_use]
    pub fn oid(&self) -> String {
        self.oid.to_string()
    }

    /// Its name, if the format has it.
    #[must_use]
    pub fn name(&self) -> Option<&'static str> {
        name(self.oid)
    }

    /// Its value, encoded.
    #[must_use]
    pub fn value(&self) -> &[u8] {
        &self.value
    }

    /// Its value for people: texts, times and object identifiers as such, all else in hexadecimal.
    #[must_use]
    pub fn display_value(&self) -> String {
        let shown = || {
            let element = Reader::new(&self.value).any("value").ok()?;
            match element.tag {
                UTF8_STRING => Some(element.utf8().ok()?.escape_debug().to_string()),
                UTC_TIME | GENERALIZED_TIME => Some(element.time().ok()?.to_string()),
                OID => Some(element.oid().ok()?.to_string()),
                OCTET_STRING => Some(hex(element.contents)),
                _ => None,
            }
        };
        shown().unwrap_or_else(|| hex(&self.value))
    }
}

fn name(oid: ObjectIdentifier) -> Option<&'static str> {
    KNOWN
        .iter()
        .find(|(known, _)| *known == oid)
        .map(|(_, name)| *name)
}

/// The attributes of one signer, each in its form; what they say is not checked yet.
#[derive(Debug, Clone)]
pub(crate) struct SignedAttributes {
    /// What the signature is over: the attributes as received, as a SET instead of `[0]` (RFC 5652
    /// §5.4).
    pub(crate) signed_bytes: Vec<u8>,
    pub(crate) list: Vec<Attribute>,
    pub(crate) claims: Claims,
    pub(crate) content_type: ObjectIdentifier,
    pub(crate) message_digest: Vec<u8>,
    /// Digest and signature algorithm under protection (RFC 6211).
    pub(crate) protected: (ObjectIdentifier, ObjectIdentifier),
    /// Whether the attributes stand in the order of a DER SET.
    pub(crate) is_ordered: bool,
}

impl SignedAttributes {
    /// Reads the contents of `[0] signedAttrs`.
    pub(crate) fn parse(element: &Element<'_>) -> Result<Self, SignatureError> {
        let after_tag = element.whole.get(1..).unwrap_or_default();
        let signed_bytes = [&[SET], after_tag].concat();
        let mut list: Vec<(Attribute, Element<'_>)> = Vec::new();
        let mut is_ordered = true;
        let mut previous: &[u8] = &[];
        let mut reader = element.reader();
        while !reader.is_empty() {
            let whole = reader.read(SEQUENCE, "signed attribute")?;
            is_ordered &= previous < whole.whole;
            previous = whole.whole;
            let (oid, value) = read_attribute(&whole)?;
            // Each known one once, so that the list ends at seven.
            if list.iter().any(|(earlier, _)| earlier.oid == oid) {
                return Err(SignatureError::DuplicateAttribute {
                    oid: oid.to_string(),
                });
            }
            if name(oid).is_none() {
                return Err(SignatureError::UnknownAttribute {
                    oid: oid.to_string(),
                });
            }
            list.push((
                Attribute {
                    oid,
                    value: value.whole.to_vec(),
                },
                value,
            ));
        }
        let find = |wanted: ObjectIdentifier| {
            let name = name(wanted).unwrap_or_default();
            let found = list.iter().find(|(attribute, _)| attribute.oid == wanted);
            let (_, value) = found.ok_or(SignatureError::MissingAttribute { name })?;
            Ok::<_, SignatureError>(Value {
                name,
                element: *value,
            })
        };
        Ok(Self {
            content_type: find(CONTENT_TYPE)?.oid()?,
            message_digest: find(MESSAGE_DIGEST)?.digest()?,
            protected: find(PROTECTION)?.protection()?,
            claims: Claims {
                signed_at: find(SIGNING_TIME)?.time(&[GENERALIZED_TIME, UTC_TIME])?,
                expires_at: find(EXPIRY)?.time(&[GENERALIZED_TIME])?,
                job: find(JOB)?.arn(SigningJobArn::parse)?,
                profile_version: find(PROFILE)?.arn(ProfileVersionArn::parse)?,
            },
            list: list.into_iter().map(|(attribute, _)| attribute).collect(),
            signed_bytes,
            is_ordered,
        })
    }
}

/// An attribute's type and its one value.
fn read_attribute<'a>(
    whole: &Element<'a>,
) -> Result<(ObjectIdentifier, Element<'a>), SignatureError> {
    let mut fields = whole.reader();
    let oid = fields.read(OID, "signed attribute")?.oid()?;
    let mut values = fields.read(SET, "attribute values")?.reader();
    fields.finish("signed attribute")?;
    let duplicate = SignatureError::DuplicateAttribute {
        oid: oid.to_string(),
    };
    if values.is_empty() {
        return Err(duplicate);
    }
    let value = values.any("attribute value")?;
    if !values.is_empty() {
        return Err(duplicate);
    }
    Ok((oid, value))
}

/// A value together with the name to complain under.
struct Value<'a> {
    name: &'static str,
    element: Element<'a>,
}

impl<'a> Value<'a> {
    fn refuse(&self, fault: &'static str) -> SignatureError {
        SignatureError::AttributeValue {
            name: self.name,
            fault,
        }
    }

    fn expect(&self, tags: &[u8]) -> Result<&Element<'a>, SignatureError> {
        if !tags.contains(&self.element.tag) {
            return Err(self.refuse("it is of another type"));
        }
        Ok(&self.element)
    }

    fn sound<T>(&self, value: Result<T, Malformed>) -> Result<T, SignatureError> {
        value.map_err(|malformed| self.refuse(malformed.fault))
    }

    fn oid(&self) -> Result<ObjectIdentifier, SignatureError> {
        self.sound(self.expect(&[OID])?.oid())
    }

    fn digest(&self) -> Result<Vec<u8>, SignatureError> {
        let digest = self.expect(&[OCTET_STRING])?.contents;
        if digest.len() != 48 {
            return Err(self.refuse("it is not the 48 bytes of a SHA-384 digest"));
        }
        Ok(digest.to_vec())
    }

    /// A time. RFC 5652 §11.3 would have `UTCTime` for signing times until 2049; Signer writes
    /// `GeneralizedTime` with milliseconds (grade A). That another form than this may come one day
    /// is inferred (grade D).
    fn time(&self, tags: &[u8]) -> Result<Timestamp, SignatureError> {
        self.sound(self.expect(tags)?.time())
    }

    fn arn<T>(&self, parse: impl FnOnce(&str) -> Result<T, ArnError>) -> Result<T, SignatureError> {
        let text = self.sound(self.expect(&[UTF8_STRING])?.utf8())?;
        parse(text).map_err(|source| SignatureError::Claim {
            name: self.name,
            source,
        })
    }

    fn protection(&self) -> Result<(ObjectIdentifier, ObjectIdentifier), SignatureError> {
        let mut fields = self.expect(&[SEQUENCE])?.reader();
        let mut both = || {
            let digest = algorithm(&fields.read(SEQUENCE, "protected digest")?)?;
            let signature = algorithm(&fields.read(context(1), "protected signature")?)?;
            fields.finish("protection")?;
            Ok((digest, signature))
        };
        self.sound(both())
    }
}
