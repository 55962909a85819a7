//! The signature entry that AWS Signer puts into a package, with every field open to being wrong.
//!
//! The defaults are what genuine entries have (read off two of them): PEM around BER, indefinite
//! lengths on the outer levels, one signer, seven signed attributes in DER order.

use base64::{Engine, engine::general_purpose::STANDARD};
use sha2::{Digest, Sha384};

use crate::{
    asn1,
    pki::{ECDSA_WITH_SHA384, Ecdsa, Hash, Key, Pki, algorithm},
};

/// Name of the entry. An underscore, not the hyphen of JAR files.
pub const ENTRY_NAME: &str = "META_INF/aws_signer_signature_v1.0.SF";
/// The signing profile version that the forge claims.
pub const PROFILE_VERSION: &str =
    "arn:aws:signer:us-east-1:123456789012:/signing-profiles/orders_service/a1B2c3D4e5";
/// The signing job that the forge claims.
pub const JOB: &str =
    "arn:aws:signer:us-east-1:123456789012:/signing-jobs/3f0a5c1e-7a3d-4a52-9a77-6f5f0f6f7d11";
/// When the forge signs, as RFC 3339. Within the leaf's three days.
pub const SIGNED_AT: &str = "2026-09-28T09:19:26.806Z";
/// When the forge's signatures expire, as RFC 3339: 135 months after signing, Signer's default.
pub const EXPIRES_AT: &str = "2037-12-28T09:19:26.806Z";

/// OIDs of the signed attributes.
pub mod attribute {
    /// contentType (RFC 5652 §11.1).
    pub const CONTENT_TYPE: &str = "1.2.840.113549.1.9.3";
    /// messageDigest (RFC 5652 §11.2).
    pub const MESSAGE_DIGEST: &str = "1.2.840.113549.1.9.4";
    /// signingTime (RFC 5652 §11.3).
    pub const SIGNING_TIME: &str = "1.2.840.113549.1.9.5";
    /// `CMSAlgorithmProtection` (RFC 6211).
    pub const ALGORITHM_PROTECTION: &str = "1.2.840.113549.1.9.52";
    /// Signer's own: the job.
    pub const JOB: &str = "1.3.187.137.1.2";
    /// Signer's own: when the signature expires.
    pub const EXPIRY: &str = "1.3.187.137.1.3";
    /// Signer's own: the profile version.
    pub const PROFILE_VERSION: &str = "1.3.187.137.1.4";
}

/// `id-data` (RFC 5652 §4).
pub const ID_DATA: &str = "1.2.840.113549.1.7.1";
/// `id-signedData` (RFC 5652 §5.1).
pub const ID_SIGNED_DATA: &str = "1.2.840.113549.1.7.2";
/// SHA-384 (RFC 5754 §2.3).
pub const SHA384: &str = "2.16.840.1.101.3.4.2.2";
/// SHA-256 (RFC 5754 §2.2).
pub const SHA256: &str = "2.16.840.1.101.3.4.2.1";
/// SHA-1 (RFC 3370 §2.1).
pub const SHA1: &str = "1.3.14.3.2.26";

/// How the lengths of the outer levels are written.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Lengths {
    /// Indefinite, as Signer does.
    Indefinite,
    /// Definite and shortest: the same structure in DER.
    Definite,
}

impl Lengths {
    /// An element with a length of this kind.
    fn wrap(self, tag: u8, contents: &[u8]) -> Vec<u8> {
        match self {
            Self::Indefinite => asn1::indefinite(tag, contents),
            Self::Definite => asn1::tlv(tag, contents),
        }
    }
}

/// A level of the envelope's encoding, at the end of which something can be put that does not
/// belong there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EnvelopeLevel {
    /// `ContentInfo`, after the content.
    ContentInfo,
    /// `[0]`, after the `SignedData`.
    Content,
    /// `SignedData`, after the signers.
    SignedData,
}

/// A signed attribute.
#[derive(Clone)]
pub struct AttributeForge {
    /// Dotted OID.
    pub id: String,
    /// The values; all genuine attributes have one.
    pub values: Vec<Vec<u8>>,
    /// What follows the values in the attribute.
    pub appended: Vec<u8>,
}

impl AttributeForge {
    /// An attribute with one value.
    #[must_use]
    pub fn new(id: &str, value: Vec<u8>) -> Self {
        Self {
            id: id.to_owned(),
            values: vec![value],
            appended: Vec::new(),
        }
    }

    fn write(&self) -> Vec<u8> {
        asn1::sequence([
            asn1::oid(&self.id),
            asn1::set(&self.values),
            self.appended.clone(),
        ])
    }
}

/// What the signature is made over.
#[derive(Clone)]
pub enum Message {
    /// The attributes, re-tagged as a SET (RFC 5652 §5.4).
    Attributes,
    /// These bytes instead.
    Bytes(Vec<u8>),
}

/// One `SignerInfo`.
#[derive(Clone)]
pub struct SignerForge {
    /// `CMSVersion`; 1 goes with issuerAndSerialNumber.
    pub version: u8,
    /// The `SignerIdentifier` element.
    pub identifier: Vec<u8>,
    /// `AlgorithmIdentifier` of the digest.
    pub digest_algorithm: Vec<u8>,
    /// The signed attributes in order; `None` leaves them out.
    pub attributes: Option<Vec<AttributeForge>>,
    /// `AlgorithmIdentifier` of the signature.
    pub signature_algorithm: Vec<u8>,
    /// The private key that signs.
    pub key: Key,
    /// The hash that is signed.
    pub hash: Hash,
    /// What is signed.
    pub message: Message,
    /// How r and s become the octets of the signature.
    pub encode: fn(&Ecdsa) -> Vec<u8>,
    /// Unsigned attributes, the content of `[1]`.
    pub unsigned_attributes: Option<Vec<u8>>,
    /// What follows all fields in the `SignerInfo`.
    pub appended: Vec<u8>,
    /// How the length of the `SignerInfo` is written; Signer's is definite.
    pub lengths: Lengths,
}

impl SignerForge {
    /// The signed attribute with this OID.
    pub fn attribute(&mut self, id: &str) -> &mut AttributeForge {
        let found = self
            .attributes
            .iter_mut()
            .flatten()
            .find(|attribute| attribute.id == id);
        found.expect("the attribute is there")
    }

    /// Replaces the value of the signed attribute with this OID.
    pub fn set_attribute(&mut self, id: &str, value: Vec<u8>) {
        self.attribute(id).values = vec![value];
    }

    /// Takes the signed attribute with this OID out.
    pub fn remove_attribute(&mut self, id: &str) {
        self.attributes
            .iter_mut()
            .for_each(|all| all.retain(|attribute| attribute.id != id));
    }

    /// Puts the signed attributes into the order that DER prescribes for a SET OF: that of their
    /// encodings (X.690 §11.6). Which one comes first depends on the lengths of their values.
    pub fn sort_attributes(&mut self) {
        self.attributes
            .iter_mut()
            .for_each(|all| all.sort_by_key(AttributeForge::write));
    }

    fn write(&self) -> Vec<u8> {
        let attributes = self
            .attributes
            .as_ref()
            .map(|attributes| asn1::concat(attributes.iter().map(AttributeForge::write)));
        let message = match (&self.message, &attributes) {
            (Message::Bytes(bytes), _) => bytes.clone(),
            (Message::Attributes, attributes) => {
                asn1::tlv(0x31, attributes.as_deref().unwrap_or_default())
            }
        };
        let fields = asn1::concat([
            asn1::unsigned(&[self.version]),
            self.identifier.clone(),
            self.digest_algorithm.clone(),
            attributes
                .map(|attributes| asn1::context(0, &attributes))
                .unwrap_or_default(),
            self.signature_algorithm.clone(),
            asn1::octets(&(self.encode)(&self.key.sign(self.hash, &message))),
            self.unsigned_attributes
                .as_ref()
                .map(|attributes| asn1::context(1, attributes))
                .unwrap_or_default(),
            self.appended.clone(),
        ]);
        self.lengths.wrap(0x30, &fields)
    }
}

/// The armour round the BER.
#[derive(Clone)]
pub struct PemForge {
    /// `PKCS7`.
    pub label: String,
    /// Columns of a line; 64.
    pub columns: usize,
    /// `\n`.
    pub newline: String,
    /// Text before the first line.
    pub before: String,
    /// Header lines after the first line, each with its line break.
    pub headers: String,
    /// Text after the last line's break.
    pub after: String,
    /// Whether the last line ends in a line break.
    pub final_newline: bool,
}

impl Default for PemForge {
    fn default() -> Self {
        Self {
            label: "PKCS7".to_owned(),
            columns: 64,
            newline: "\n".to_owned(),
            before: String::new(),
            headers: String::new(),
            after: String::new(),
            final_newline: true,
        }
    }
}

impl PemForge {
    /// Puts the armour on.
    #[must_use]
    pub fn write(&self, ber: &[u8]) -> Vec<u8> {
        let Self {
            label,
            newline,
            before,
            headers,
            after,
            ..
        } = self;
        let text = STANDARD.encode(ber);
        let lines: Vec<&str> = text
            .as_bytes()
            .chunks(self.columns)
            .filter_map(|line| str::from_utf8(line).ok())
            .collect();
        let body = lines.join(newline);
        let last = if self.final_newline { newline } else { "" };
        format!(
            "{before}-----BEGIN {label}-----{newline}{headers}{body}{newline}-----END {label}-----{last}{after}"
        )
        .into_bytes()
    }
}

/// A whole signature entry.
#[derive(Clone)]
pub struct SignatureForge {
    /// OID element of the `ContentInfo`.
    pub content_type: Vec<u8>,
    /// `CMSVersion` of the `SignedData`.
    pub version: u8,
    /// The digest algorithms, `AlgorithmIdentifier` each.
    pub digest_algorithms: Vec<Vec<u8>>,
    /// Content of encapContentInfo: the content type, and the content if it is not detached.
    pub encapsulated: Vec<u8>,
    /// The certificates in DER; `None` leaves the field out.
    pub certificates: Option<Vec<Vec<u8>>>,
    /// Content of `[1]`, revocation lists.
    pub revocation_lists: Option<Vec<u8>>,
    /// The signers.
    pub signers: Vec<SignerForge>,
    /// How outer lengths are written.
    pub lengths: Lengths,
    /// How the length of the set of signers is written; Signer's is definite.
    pub signers_lengths: Lengths,
    /// Something at the end of a level, inside of it.
    pub appended: Option<(EnvelopeLevel, Vec<u8>)>,
    /// Bytes after the `ContentInfo`, inside the armour.
    pub trailing: Vec<u8>,
    /// The armour.
    pub pem: PemForge,
}

impl SignatureForge {
    /// A signature by `pki` over `content`: the 48 bytes that digest a package.
    #[must_use]
    pub fn new(pki: &Pki, content: &[u8]) -> Self {
        let attributes = vec![
            AttributeForge::new(attribute::CONTENT_TYPE, asn1::oid(ID_DATA)),
            AttributeForge::new(attribute::EXPIRY, generalized(EXPIRES_AT)),
            AttributeForge::new(attribute::SIGNING_TIME, generalized(SIGNED_AT)),
            AttributeForge::new(
                attribute::ALGORITHM_PROTECTION,
                algorithm_protection(SHA384, ECDSA_WITH_SHA384),
            ),
            AttributeForge::new(
                attribute::MESSAGE_DIGEST,
                asn1::octets(&Sha384::digest(content)),
            ),
            AttributeForge::new(attribute::JOB, asn1::utf8(JOB)),
            AttributeForge::new(attribute::PROFILE_VERSION, asn1::utf8(PROFILE_VERSION)),
        ];
        let mut signer = SignerForge {
            version: 1,
            identifier: asn1::sequence([pki.leaf_issuer.clone(), asn1::unsigned(&pki.leaf_serial)]),
            digest_algorithm: algorithm(SHA384),
            attributes: Some(attributes),
            signature_algorithm: algorithm(ECDSA_WITH_SHA384),
            key: pki.leaf_key.clone(),
            hash: Hash::Sha384,
            message: Message::Attributes,
            encode: Ecdsa::der,
            unsigned_attributes: None,
            appended: Vec::new(),
            lengths: Lengths::Definite,
        };
        signer.sort_attributes();
        let chain = [&pki.leaf, &pki.lower, &pki.upper, &pki.root, &pki.root];
        Self {
            content_type: asn1::oid(ID_SIGNED_DATA),
            version: 1,
            digest_algorithms: vec![algorithm(SHA384)],
            encapsulated: asn1::oid(ID_DATA),
            certificates: Some(chain.into_iter().cloned().collect()),
            revocation_lists: None,
            signers: vec![signer],
            lengths: Lengths::Indefinite,
            signers_lengths: Lengths::Definite,
            appended: None,
            trailing: Vec::new(),
            pem: PemForge::default(),
        }
    }

    /// The first signer.
    pub fn signer(&mut self) -> &mut SignerForge {
        &mut self.signers[0]
    }

    /// The BER inside the armour.
    #[must_use]
    pub fn ber(&self) -> Vec<u8> {
        let outer = |tag: u8, value: &[u8]| self.lengths.wrap(tag, value);
        let end_of = |level| match &self.appended {
            Some((found, bytes)) if *found == level => bytes.as_slice(),
            _ => &[],
        };
        let certificates = self.certificates.as_ref();
        let signers = asn1::concat(self.signers.iter().map(SignerForge::write));
        let signed_data = asn1::concat([
            asn1::unsigned(&[self.version]),
            asn1::set(&self.digest_algorithms),
            outer(0x30, &self.encapsulated),
            certificates
                .map(|all| outer(0xA0, &asn1::concat(all)))
                .unwrap_or_default(),
            self.revocation_lists
                .as_ref()
                .map(|all| asn1::context(1, all))
                .unwrap_or_default(),
            self.signers_lengths.wrap(0x31, &signers),
            end_of(EnvelopeLevel::SignedData).to_vec(),
        ]);
        let content = [&outer(0x30, &signed_data), end_of(EnvelopeLevel::Content)];
        let info = [
            &self.content_type,
            &outer(0xA0, &asn1::concat(content)),
            end_of(EnvelopeLevel::ContentInfo),
        ];
        asn1::concat([&outer(0x30, &asn1::concat(info)), &self.trailing])
    }

    /// The entry's body: the BER in its armour.
    #[must_use]
    pub fn entry(&self) -> Vec<u8> {
        self.pem.write(&self.ber())
    }
}

/// An RFC 3339 time as the `GeneralizedTime` that Signer would write: `20260928091926.806Z`.
#[must_use]
pub fn generalized(rfc3339: &str) -> Vec<u8> {
    let digits: String = rfc3339
        .chars()
        .filter(|c| !matches!(c, '-' | ':' | 'T'))
        .collect();
    asn1::generalized_time(&digits)
}

/// The value of `CMSAlgorithmProtection` (RFC 6211 §2).
#[must_use]
pub fn algorithm_protection(digest: &str, signature: &str) -> Vec<u8> {
    let digest = algorithm(digest);
    let signature = asn1::context(1, &asn1::oid(signature));
    asn1::sequence([digest, signature])
}
