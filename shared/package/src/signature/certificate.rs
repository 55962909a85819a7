//! X.509 certificates, read from the bytes that their issuers signed.
//!
//! Only what a chain of Signer needs is understood; a certificate may carry more, as long as it is
//! not critical. Reading one checks only its form: whether it may sign code or certificates
//! is for the chain.

use const_oid::ObjectIdentifier;
use jiff::Timestamp;
use sha2::{Digest as _, Sha256};

use super::{ecdsa::VerifyingKey, name::name_text};
use crate::{
    asn1::{
        BIT_STRING, BOOLEAN, Element, GENERALIZED_TIME, INTEGER, Malformed, OCTET_STRING, OID,
        Reader, SEQUENCE, UTC_TIME, algorithm as read_algorithm, context,
    },
    escape::hex,
};

const BASIC_CONSTRAINTS: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.19");
const KEY_USAGE: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.15");
const EXTENDED_KEY_USAGE: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.37");
const NAME_CONSTRAINTS: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.30");
const CODE_SIGNING: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.3");
const EC_PUBLIC_KEY: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
const P384: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.34");

/// Extensions of one certificate; Signer's have up to five. Bounds the search for doubles.
const MAX_EXTENSIONS: usize = 32;

/// A certificate. That it was read says nothing about whether it is to be trusted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certificate {
    der: Vec<u8>,
    tbs: Vec<u8>,
    serial: Vec<u8>,
    subject: Vec<u8>,
    issuer: Vec<u8>,
    subject_text: String,
    issuer_text: String,
    not_before: Timestamp,
    not_after: Timestamp,
    signature_algorithm: ObjectIdentifier,
    signature: Vec<u8>,
    key_type: ObjectIdentifier,
    key: Option<VerifyingKey>,
    extensions: Extensions,
}

/// What the understood extensions say. `None` is an extension that is not there.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Extensions {
    pub(crate) is_ca: bool,
    /// pathLenConstraint: how many CAs may be between this one and the signer.
    pub(crate) path_length: Option<u64>,
    pub(crate) key_usage: Option<KeyUsage>,
    /// Whether the extended key usages include code signing.
    pub(crate) code_signing: Option<bool>,
    /// Whether the names below it are constrained, critically or not.
    pub(crate) has_name_constraints: bool,
    /// The first critical extension that is not understood.
    pub(crate) unknown_critical: Option<ObjectIdentifier>,
}

/// The two key usages that matter here (RFC 5280 §4.2.1.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct KeyUsage {
    pub(crate) digital_signature: bool,
    pub(crate) key_cert_sign: bool,
}

impl Certificate {
    /// Reads the certificate that `element` is.
    pub(crate) fn parse(element: &Element<'_>) -> Result<Self, Malformed> {
        let mut outer = element.reader();
        let tbs = outer.read(SEQUENCE, "tbsCertificate")?;
        let algorithm = outer.read(SEQUENCE, "signatureAlgorithm")?;
        let signature = outer.read(BIT_STRING, "signatureValue")?.whole_bits()?;
        outer.finish("certificate")?;

        let mut fields = tbs.reader();
        let version = fields.read(context(0), "version")?;
        let mut inside = version.reader();
        // v3: without extensions nothing can be a CA or a signer of code.
        if inside.read(INTEGER, "version")?.unsigned()? != 2 {
            return Err(version.malformed("it is not v3"));
        }
        inside.finish("version")?;
        let serial = fields.read(INTEGER, "serialNumber")?;
        if serial.integer()?.len() > 20 {
            return Err(serial.malformed("it has more than 20 bytes"));
        }
        let signed_algorithm = fields.read(SEQUENCE, "signature")?;
        if signed_algorithm.whole != algorithm.whole {
            return Err(algorithm.malformed("it is not the one under the signature"));
        }
        let issuer = fields.read(SEQUENCE, "issuer")?;
        let (not_before, not_after) = validity(&fields.read(SEQUENCE, "validity")?)?;
        let subject = fields.read(SEQUENCE, "subject")?;
        let (key_type, key) = public_key(&fields.read(SEQUENCE, "subjectPublicKeyInfo")?)?;
        let extensions = fields.read(context(3), "extensions")?;
        fields.finish("tbsCertificate")?;
        Ok(Self {
            der: element.whole.to_vec(),
            tbs: tbs.whole.to_vec(),
            serial: serial.contents.to_vec(),
            subject_text: name_text(&subject)?,
            issuer_text: name_text(&issuer)?,
            subject: subject.whole.to_vec(),
            issuer: issuer.whole.to_vec(),
            not_before,
            not_after,
            signature_algorithm: read_algorithm(&algorithm)?,
            signature: signature.to_vec(),
            key_type,
            key,
            extensions: Extensions::parse(&extensions)?,
        })
    }

    /// Reads a certificate of which `der` holds nothing but.
    pub(crate) fn from_der(der: &[u8]) -> Result<Self, Malformed> {
        let mut reader = Reader::new(der);
        let element = reader.read(SEQUENCE, "certificate")?;
        reader.finish("certificate")?;
        Self::parse(&element)
    }

    /// The subject, as RFC 4514 writes it. What could garble a terminal is written like `\u{202e}`.
    #[must_use]
    pub fn subject(&self) -> &str {
        &self.subject_text
    }

    /// The issuer, written like [`Self::subject`].
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.issuer_text
    }

    /// The serial number in lower-case hexadecimal.
    #[must_use]
    pub fn serial_hex(&self) -> String {
        hex(&self.serial)
    }

    /// Start of the validity.
    #[must_use]
    pub fn not_before(&self) -> Timestamp {
        self.not_before
    }

    /// End of the validity, to the second; this second still counts. [`Timestamp::MAX`] is no end.
    #[must_use]
    pub fn not_after(&self) -> Timestamp {
        self.not_after
    }

    /// Whether it calls itself a CA.
    #[must_use]
    pub fn is_ca(&self) -> bool {
        self.extensions.is_ca
    }

    /// The certificate's bytes.
    #[must_use]
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// SHA-256 of the certificate's bytes.
    #[must_use]
    pub fn sha256(&self) -> [u8; 32] {
        Sha256::digest(&self.der).into()
    }

    /// SHA-256 of the certificate's bytes in lower-case hexadecimal.
    #[must_use]
    pub fn sha256_hex(&self) -> String {
        hex(&self.sha256())
    }

    /// What its issuer signed.
    pub(crate) fn tbs(&self) -> &[u8] {
        &self.tbs
    }

    /// The algorithm and the value of its issuer's signature.
    pub(crate) fn signature(&self) -> (ObjectIdentifier, &[u8]) {
        (self.signature_algorithm, &self.signature)
    }

    /// The key if it is one of P-384, or else what it is.
    pub(crate) fn key(&self) -> Result<&VerifyingKey, ObjectIdentifier> {
        self.key.as_ref().ok_or(self.key_type)
    }

    pub(crate) fn extensions(&self) -> &Extensions {
        &self.extensions
    }

    /// Whether `issuer` (a whole Name) and `serial` (an INTEGER's contents) mean this certificate.
    pub(crate) fn is_named(&self, issuer: &[u8], serial: &[u8]) -> bool {
        self.issuer == issuer && self.serial == serial
    }

    /// Whether `issuer` has the name of this one's issuer: byte by byte, as Signer writes them.
    pub(crate) fn names_as_issuer(&self, issuer: &Self) -> bool {
        self.issuer == issuer.subject
    }
}

fn validity(element: &Element<'_>) -> Result<(Timestamp, Timestamp), Malformed> {
    let mut fields = element.reader();
    let mut next = |field| match fields.optional(UTC_TIME, field)? {
        Some(time) => time.time(),
        None => fields.read(GENERALIZED_TIME, field)?.time(),
    };
    let times = (next("notBefore")?, next("notAfter")?);
    fields.finish("validity")?;
    Ok(times)
}

/// The kind of a key, its curve where it has one, and the key itself if it is an uncompressed point
/// of P-384.
fn public_key(
    element: &Element<'_>,
) -> Result<(ObjectIdentifier, Option<VerifyingKey>), Malformed> {
    let mut fields = element.reader();
    let algorithm = fields.read(SEQUENCE, "key algorithm")?;
    let key = fields.read(BIT_STRING, "key")?;
    fields.finish("subjectPublicKeyInfo")?;
    let mut parameters = algorithm.reader();
    let oid = parameters.read(OID, "key algorithm")?.oid()?;
    if oid != EC_PUBLIC_KEY {
        return Ok((oid, None));
    }
    let curve = parameters.read(OID, "curve")?.oid()?;
    parameters.finish("key algorithm")?;
    if curve != P384 {
        return Ok((curve, None));
    }
    let key = VerifyingKey::from_point(key.whole_bits()?)
        .ok_or_else(|| algorithm.malformed("its key is not an uncompressed point of P-384"))?;
    Ok((curve, Some(key)))
}

impl Extensions {
    fn parse(element: &Element<'_>) -> Result<Self, Malformed> {
        let mut wrapper = element.reader();
        let mut list = wrapper.read(SEQUENCE, "extensions")?.reader();
        wrapper.finish("extensions")?;
        let mut extensions = Self::default();
        let mut seen = Vec::new();
        while !list.is_empty() {
            let extension = list.read(SEQUENCE, "extension")?;
            let mut fields = extension.reader();
            let oid = fields.read(OID, "extension")?.oid()?;
            let is_critical = match fields.optional(BOOLEAN, "critical")? {
                None => false,
                // DER leaves out a default and has one way to say true.
                Some(flag) if flag.contents == [0xff] => true,
                Some(flag) => return Err(flag.malformed("it is not TRUE in DER")),
            };
            let value = fields.read(OCTET_STRING, "extension value")?;
            fields.finish("extension")?;
            if seen.contains(&oid) {
                return Err(extension.malformed("it is given twice"));
            }
            if seen.len() == MAX_EXTENSIONS {
                return Err(extension.malformed("there are too many"));
            }
            seen.push(oid);
            extensions.take(oid, is_critical, &value)?;
        }
        Ok(extensions)
    }

    fn take(
        &mut self,
        oid: ObjectIdentifier,
        is_critical: bool,
        value: &Element<'_>,
    ) -> Result<(), Malformed> {
        let mut reader = value.reader();
        match oid {
            BASIC_CONSTRAINTS => {
                let mut fields = reader.read(SEQUENCE, "basicConstraints")?.reader();
                if let Some(flag) = fields.optional(BOOLEAN, "cA")? {
                    if flag.contents != [0xff] {
                        return Err(flag.malformed("it is not TRUE in DER"));
                    }
                    self.is_ca = true;
                }
                let length = fields.optional(INTEGER, "pathLenConstraint")?;
                if let Some(length) = length {
                    if !self.is_ca {
                        return Err(length.malformed("it is given for what is no CA"));
                    }
                    self.path_length = Some(length.unsigned()?);
                }
                fields.finish("basicConstraints")?;
            }
            KEY_USAGE => {
                let bits = reader.read(BIT_STRING, "keyUsage")?.bits()?;
                let first = bits.first().copied().unwrap_or_default();
                self.key_usage = Some(KeyUsage {
                    digital_signature: first & 0x80 != 0,
                    key_cert_sign: first & 0x04 != 0,
                });
            }
            EXTENDED_KEY_USAGE => {
                let mut purposes = reader.read(SEQUENCE, "extKeyUsage")?.reader();
                let mut code_signing = false;
                while !purposes.is_empty() {
                    code_signing |= purposes.read(OID, "extKeyUsage")?.oid()? == CODE_SIGNING;
                }
                self.code_signing = Some(code_signing);
            }
            // RFC 5280 §4.2.1.10 has them critical. Not marked as such they still say that names
            // are not to be below this CA, and OpenSSL, webpki, Go and Java hold to that.
            NAME_CONSTRAINTS => {
                self.has_name_constraints = true;
                return Ok(());
            }
            _ => {
                if is_critical {
                    self.unknown_critical.get_or_insert(oid);
                }
                return Ok(());
            }
        }
        reader.finish("extension value")
    }
}
