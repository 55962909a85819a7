//! The signature entry: CMS `SignedData` (RFC 5652) in PEM, with one signer.
//!
//! [`Signature::parse`] reads the entry and refuses whatever is not in the format's one form;
//! [`Signature::verify`] refuses what has that form and is wrong.

use const_oid::ObjectIdentifier;

use super::{
    certificate::Certificate,
    chain,
    claims::Claims,
    ecdsa::{self, EcdsaFault},
    error::SignatureError,
    pem,
    signed_attributes::{Attribute, SignedAttributes},
    trust_roots::TrustRoots,
};
use crate::asn1::{Element, INTEGER, OCTET_STRING, OID, Reader, SEQUENCE, SET, algorithm, context};

const SIGNED_DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.2");
const DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.1");
const SHA384: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.2");
const ECDSA_SHA384: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.3");

/// Certificates in one signature; genuine ones have five, with the root twice (grade A).
const MAX_CERTIFICATES: usize = 16;

/// A signature entry, read. Nothing in it is trusted yet.
#[derive(Debug, Clone)]
pub struct Signature {
    certificates: Vec<Certificate>,
    /// Issuer (a whole Name) and serial number (an INTEGER's contents) of the signer's certificate.
    signer: (Vec<u8>, Vec<u8>),
    /// The digest algorithm that the envelope announces, before the signer's own.
    announced: ObjectIdentifier,
    digest_algorithm: ObjectIdentifier,
    value_algorithm: ObjectIdentifier,
    content_type: ObjectIdentifier,
    attributes: SignedAttributes,
    value: Vec<u8>,
}

impl Signature {
    /// Reads the body of a signature entry.
    pub fn parse(entry: &[u8]) -> Result<Self, SignatureError> {
        let (bytes, rest) =
            pem::decode(entry, "PKCS7").map_err(|fault| SignatureError::Pem { fault })?;
        if !rest.is_empty() {
            return Err(SignatureError::Pem {
                fault: "bytes follow its END line",
            });
        }
        let mut reader = Reader::new(&bytes);
        let content_info = reader.read_open(SEQUENCE, "ContentInfo")?;
        reader.finish("ContentInfo")?;
        let mut fields = content_info.reader();
        let oid = fields.read(OID, "contentType")?.oid()?;
        if oid != SIGNED_DATA {
            return Err(SignatureError::NotSignedData {
                oid: oid.to_string(),
            });
        }
        let content = fields.read_open(context(0), "content")?;
        fields.finish("ContentInfo")?;
        let mut inside = content.reader();
        let signed_data = inside.read_open(SEQUENCE, "SignedData")?;
        inside.finish("content")?;
        Self::parse_signed_data(&signed_data)
    }

    fn parse_signed_data(signed_data: &Element<'_>) -> Result<Self, SignatureError> {
        const CERTIFICATES: u8 = context(0);
        const CRLS: u8 = context(1);
        let mut fields = signed_data.reader();
        read_version(&mut fields, "SignedData")?;
        let announced = read_announced(&fields.read(SET, "digestAlgorithms")?)?;
        let content_type = read_content_type(&fields.read_open(SEQUENCE, "encapContentInfo")?)?;
        let certificates = read_certificates(&fields.read_open(CERTIFICATES, "certificates")?)?;
        if fields.next_is(CRLS) {
            return Err(SignatureError::RevocationLists);
        }
        let signers = fields.read(SET, "signerInfos")?;
        fields.finish("SignedData")?;
        let mut reader = signers.reader();
        let mut infos = Vec::new();
        while !reader.is_empty() {
            infos.push(reader.read(SEQUENCE, "SignerInfo")?);
        }
        let [info] = infos.as_slice() else {
            return Err(SignatureError::SignerCount { count: infos.len() });
        };
        Self::parse_signer(info, certificates, announced, content_type)
    }

    fn parse_signer(
        info: &Element<'_>,
        certificates: Vec<Certificate>,
        announced: ObjectIdentifier,
        content_type: ObjectIdentifier,
    ) -> Result<Self, SignatureError> {
        const SIGNED_ATTRIBUTES: u8 = context(0);
        const UNSIGNED_ATTRIBUTES: u8 = context(1);
        let mut fields = info.reader();
        read_version(&mut fields, "SignerInfo")?;
        let mut name = fields.read(SEQUENCE, "issuerAndSerialNumber")?.reader();
        let issuer = name.read(SEQUENCE, "signer's issuer")?.whole.to_vec();
        let serial = name
            .read(INTEGER, "signer's serial number")?
            .integer()?
            .to_vec();
        name.finish("issuerAndSerialNumber")?;
        let digest_algorithm = algorithm(&fields.read(SEQUENCE, "digestAlgorithm")?)?;
        let attributes = fields
            .optional(SIGNED_ATTRIBUTES, "signedAttrs")?
            .ok_or(SignatureError::NoSignedAttributes)?;
        let value_algorithm = algorithm(&fields.read(SEQUENCE, "signatureAlgorithm")?)?;
        let value = fields.read(OCTET_STRING, "signature")?.contents.to_vec();
        if fields.next_is(UNSIGNED_ATTRIBUTES) {
            return Err(SignatureError::UnsignedAttributes);
        }
        fields.finish("SignerInfo")?;
        Ok(Self {
            certificates,
            signer: (issuer, serial),
            announced,
            digest_algorithm,
            value_algorithm,
            content_type,
            attributes: SignedAttributes::parse(&attributes)?,
            value,
        })
    }

    /// What it claims.
    #[must_use]
    pub fn claims(&self) -> &Claims {
        &self.attributes.claims
    }

    /// The certificate set, in its own order, which says nothing.
    #[must_use]
    pub fn certificates(&self) -> &[Certificate] {
        &self.certificates
    }

    /// Position in [`Self::certificates`] of the one that the signer names.
    #[must_use]
    pub fn signer(&self) -> Option<usize> {
        let (issuer, serial) = &self.signer;
        self.certificates
            .iter()
            .position(|certificate| certificate.is_named(issuer, serial))
    }

    /// The signed attributes, in their order.
    #[must_use]
    pub fn attributes(&self) -> &[Attribute] {
        &self.attributes.list
    }

    /// The signer's digest algorithm, as a dotted object identifier.
    #[must_use]
    pub fn digest_algorithm(&self) -> String {
        self.digest_algorithm.to_string()
    }

    /// The signer's signature algorithm, as a dotted object identifier.
    #[must_use]
    pub fn signature_algorithm(&self) -> String {
        self.value_algorithm.to_string()
    }

    /// The messageDigest attribute: SHA-384 over the 48 bytes of a package's content digest.
    #[must_use]
    pub fn message_digest(&self) -> &[u8] {
        &self.attributes.message_digest
    }

    /// The signature value, as encoded by the signer.
    #[must_use]
    pub fn value(&self) -> &[u8] {
        &self.value
    }

    /// Verifies all that the signature entry tells by itself: algorithms, attributes, the chain at
    /// the signing time, and the signature value. Not that the package is the one that was signed:
    /// that is [`crate::Package::verify`].
    pub fn verify(&self, roots: &TrustRoots) -> Result<VerifiedSignature, SignatureError> {
        self.check_algorithms()?;
        self.check_attributes()?;
        let chain = self.verify_chain(roots)?;
        self.verify_value()?;
        Ok(VerifiedSignature {
            claims: self.claims().clone(),
            certificates: chain,
            message_digest: self.message_digest().to_vec(),
        })
    }

    /// The certificate of the signer.
    fn signer_certificate(&self) -> Result<&Certificate, SignatureError> {
        self.signer()
            .and_then(|position| self.certificates.get(position))
            .ok_or(SignatureError::NoSignerCertificate)
    }

    /// The chain from the signer to one of the roots, at the signing time.
    pub(crate) fn verify_chain(
        &self,
        roots: &TrustRoots,
    ) -> Result<Vec<Certificate>, SignatureError> {
        chain::verify(
            self.signer_certificate()?,
            &self.certificates,
            roots.certificates(),
            self.claims().signed_at(),
        )
    }

    /// That the signer's key made the signature value, over the attributes as they stand. Whose key it is, the chain says.
    pub(crate) fn verify_value(&self) -> Result<(), SignatureError> {
        ecdsa::verify(
            chain::key(self.signer_certificate()?)?,
            &self.attributes.signed_bytes,
            &self.value,
        )
        .map_err(|fault| match fault {
            EcdsaFault::Encoding => SignatureError::EcdsaEncoding,
            EcdsaFault::Range => SignatureError::EcdsaRange,
            EcdsaFault::Mismatch => SignatureError::SignatureMismatch,
        })
    }

    fn check_algorithms(&self) -> Result<(), SignatureError> {
        let checks = [
            ("announced digest", self.announced, SHA384),
            ("digest", self.digest_algorithm, SHA384),
            ("signature", self.value_algorithm, ECDSA_SHA384),
        ];
        for (field, found, expected) in checks {
            if found != expected {
                let expected = if expected == SHA384 {
                    "SHA-384"
                } else {
                    "ecdsa-with-SHA384"
                };
                return Err(SignatureError::Algorithm {
                    field,
                    oid: found.to_string(),
                    expected,
                });
            }
        }
        Ok(())
    }

    fn check_attributes(&self) -> Result<(), SignatureError> {
        let attributes = &self.attributes;
        if !attributes.is_ordered {
            return Err(SignatureError::AttributeOrder);
        }
        if attributes.content_type != self.content_type {
            let oid = attributes.content_type.to_string();
            return Err(SignatureError::ContentType { oid });
        }
        if attributes.protected != (self.digest_algorithm, self.value_algorithm) {
            return Err(SignatureError::AlgorithmProtection);
        }
        let (signed_at, expires_at) = (self.claims().signed_at(), self.claims().expires_at());
        if expires_at <= signed_at {
            return Err(SignatureError::ExpiresBeforeSigned {
                signed_at,
                expires_at,
            });
        }
        Ok(())
    }
}

fn read_version(fields: &mut Reader<'_>, field: &'static str) -> Result<(), SignatureError> {
    match fields.read(INTEGER, field)?.unsigned()? {
        1 => Ok(()),
        version => Err(SignatureError::Version { field, version }),
    }
}

/// The digest algorithm that the envelope announces: exactly one, since there is one signer.
fn read_announced(set: &Element<'_>) -> Result<ObjectIdentifier, SignatureError> {
    let mut reader = set.reader();
    let announced = algorithm(&reader.read(SEQUENCE, "digestAlgorithms")?)?;
    reader.finish("digestAlgorithms")?;
    Ok(announced)
}

/// The type of the signed content, which must not be there itself.
fn read_content_type(element: &Element<'_>) -> Result<ObjectIdentifier, SignatureError> {
    let mut fields = element.reader();
    let oid = fields.read(OID, "eContentType")?.oid()?;
    if !fields.is_empty() {
        return Err(SignatureError::NotDetached);
    }
    if oid != DATA {
        return Err(SignatureError::ContentType {
            oid: oid.to_string(),
        });
    }
    Ok(oid)
}

fn read_certificates(set: &Element<'_>) -> Result<Vec<Certificate>, SignatureError> {
    let mut reader = set.reader();
    let mut elements = Vec::new();
    while !reader.is_empty() {
        elements.push(reader.read(SEQUENCE, "certificate")?);
        if elements.len() > MAX_CERTIFICATES {
            let (count, limit) = (elements.len(), MAX_CERTIFICATES);
            return Err(SignatureError::TooManyCertificates { count, limit });
        }
    }
    let parse = |(index, element)| {
        Certificate::parse(element).map_err(|malformed| SignatureError::Certificate {
            index,
            field: malformed.field,
            fault: malformed.fault,
        })
    };
    elements.iter().enumerate().map(parse).collect()
}

/// A signature that a signer whom the roots vouch for made. Made only by [`Signature::verify`].
///
/// Of what contents, [`crate::Package::verify`] says.
#[derive(Debug, Clone)]
pub struct VerifiedSignature {
    claims: Claims,
    certificates: Vec<Certificate>,
    message_digest: Vec<u8>,
}

impl VerifiedSignature {
    /// What the signer says.
    #[must_use]
    pub fn claims(&self) -> &Claims {
        &self.claims
    }

    /// The chain that was verified, from the signer's certificate to the pinned root.
    #[must_use]
    pub fn certificates(&self) -> &[Certificate] {
        &self.certificates
    }

    /// SHA-384 over the 48 bytes of the content digest of the package that was signed.
    #[must_use]
    pub fn message_digest(&self) -> &[u8] {
        &self.message_digest
    }
}
