//! What is wrong with a signature.

use jiff::Timestamp;
use thiserror::Error;

use crate::{arn::ArnError, asn1::Malformed};

/// The signature entry is malformed, or does not verify. Judged in the order of the variants'
/// groups: envelope, signer, attributes, claims, chain, signature value; the first failure is
/// reported, because later ones follow from earlier ones.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum SignatureError {
    /// The armour is not one strict PEM block with the label `PKCS7`.
    #[error("the signature is not one strict PEM block labelled PKCS7: {fault}")]
    Pem {
        /// What is wrong with it.
        fault: &'static str,
    },
    /// The encoding inside is not sound BER, or not the structure that CMS prescribes.
    #[error("the signature's encoding is not sound at byte {offset} ({field}): {fault}")]
    Encoding {
        /// Offset into the decoded bytes.
        offset: usize,
        /// Which field was being read.
        field: &'static str,
        /// What is wrong with it.
        fault: &'static str,
    },
    /// The content is not CMS `SignedData`.
    #[error("the content type {oid} is not SignedData")]
    NotSignedData {
        /// What it is.
        oid: String,
    },
    /// A version number other than 1.
    #[error("the {field} has version {version}, not 1")]
    Version {
        /// Which structure.
        field: &'static str,
        /// Its version.
        version: u64,
    },
    /// The signature carries its own content.
    #[error("the signature carries its own content instead of the package's digest")]
    NotDetached,
    /// The signed content is not id-data.
    #[error("the signed content type is {oid}, not id-data")]
    ContentType {
        /// What it is.
        oid: String,
    },
    /// Other than exactly one signer.
    #[error("there are {count} signers, not exactly one")]
    SignerCount {
        /// How many.
        count: usize,
    },
    /// Revocation lists are not part of the format.
    #[error("the signature carries revocation lists, which the format does not have")]
    RevocationLists,
    /// Unsigned attributes are not part of the format.
    #[error("the signer has unsigned attributes, which the format does not have")]
    UnsignedAttributes,
    /// Without signed attributes a signature over content can be replayed as one over attributes.
    #[error("the signer has no signed attributes")]
    NoSignedAttributes,
    /// An algorithm other than those of the platform AWSLambda-SHA384-ECDSA.
    #[error("the {field} algorithm is {oid}, not {expected}")]
    Algorithm {
        /// Where it stands.
        field: &'static str,
        /// What it is.
        oid: String,
        /// What it should be.
        expected: &'static str,
    },
    /// More certificates than can be needed.
    #[error("there are {count} certificates; at most {limit} are allowed")]
    TooManyCertificates {
        /// How many.
        count: usize,
        /// The limit.
        limit: usize,
    },
    /// A certificate cannot be read.
    #[error("certificate {index} cannot be read ({field}): {fault}")]
    Certificate {
        /// Position in the certificate set, from 0.
        index: usize,
        /// Which field was being read.
        field: &'static str,
        /// What is wrong with it.
        fault: &'static str,
    },
    /// The attributes are not in the DER SET order.
    #[error("the signed attributes are not in DER order")]
    AttributeOrder,
    /// An attribute appears twice, or has other than one value.
    #[error("the signed attribute {oid} is given twice, or has not exactly one value")]
    DuplicateAttribute {
        /// Which one.
        oid: String,
    },
    /// An attribute that the format does not have.
    #[error("the signed attribute {oid} is not understood")]
    UnknownAttribute {
        /// Which one.
        oid: String,
    },
    /// An attribute that the format always has is missing.
    #[error("the signed attribute {name} is missing")]
    MissingAttribute {
        /// Which one.
        name: &'static str,
    },
    /// An attribute's value is not what the format has.
    #[error("the signed attribute {name} is malformed: {fault}")]
    AttributeValue {
        /// Which one.
        name: &'static str,
        /// What is wrong with it.
        fault: &'static str,
    },
    /// The algorithms under protection of the signature are not those beside it (RFC 6211).
    #[error("the protected algorithms are not those that the signer names")]
    AlgorithmProtection,
    /// An ARN in the signed attributes is malformed.
    #[error("the signed attribute {name} is not an ARN of its kind: {source}")]
    Claim {
        /// Which one.
        name: &'static str,
        /// What is wrong with it.
        source: ArnError,
    },
    /// Expired before it was signed.
    #[error("the signature expires at {expires_at}, not after it was made at {signed_at}")]
    ExpiresBeforeSigned {
        /// signingTime.
        signed_at: Timestamp,
        /// Signature expiry.
        expires_at: Timestamp,
    },
    /// The signer names a certificate that the package does not hold.
    #[error("the signer's certificate is not in the package")]
    NoSignerCertificate,
    /// The signer's certificate is a CA.
    #[error("the signer's certificate `{subject}` is a CA")]
    SignerIsCa {
        /// Whose certificate.
        subject: String,
    },
    /// The signer's certificate may not sign data.
    #[error("the signer's certificate `{subject}` may not be used for digital signatures")]
    SignerKeyUsage {
        /// Whose certificate.
        subject: String,
    },
    /// The signer's certificate may not sign code, or an issuer's purposes leave that out.
    #[error("the certificate `{subject}` is not for code signing")]
    SignerPurpose {
        /// Whose certificate.
        subject: String,
    },
    /// A critical extension that is not understood.
    #[error(
        "the certificate `{subject}` has the critical extension {oid}, which is not understood"
    )]
    CriticalExtension {
        /// Whose certificate.
        subject: String,
        /// Which extension.
        oid: String,
    },
    /// A certificate constrains the names below it, which nothing here checks.
    #[error("the certificate `{subject}` has name constraints, which are not understood")]
    NameConstraints {
        /// Whose certificate.
        subject: String,
    },
    /// A certificate was not yet valid at signing time.
    #[error(
        "the certificate `{subject}` was valid from {not_before}, after the signing at {signed_at}"
    )]
    NotYetValid {
        /// Whose certificate.
        subject: String,
        /// Start of its validity.
        not_before: Timestamp,
        /// signingTime.
        signed_at: Timestamp,
    },
    /// A certificate was no longer valid at signing time.
    #[error(
        "the certificate `{subject}` was valid until {not_after}, before the signing at {signed_at}"
    )]
    Expired {
        /// Whose certificate.
        subject: String,
        /// End of its validity.
        not_after: Timestamp,
        /// signingTime.
        signed_at: Timestamp,
    },
    /// An issuer is not a CA, or may not sign certificates.
    #[error("`{subject}` issued a certificate, but is not a CA that may")]
    IssuerNotCa {
        /// Whose certificate.
        subject: String,
    },
    /// More CAs below an issuer than its path length allows.
    #[error("the chain below `{subject}` is longer than its path length of {limit}")]
    PathLength {
        /// Whose certificate.
        subject: String,
        /// Its pathLenConstraint.
        limit: u64,
    },
    /// A certificate's own signature does not verify with its issuer's key.
    #[error("the signature on the certificate `{subject}` does not verify")]
    CertificateSignature {
        /// Whose certificate.
        subject: String,
    },
    /// No chain leads to a pinned root.
    #[error(
        "no chain leads from the signer to a trusted root; `{issuer}` is not known or not trusted"
    )]
    UntrustedIssuer {
        /// The issuer that was looked for last.
        issuer: String,
    },
    /// A certificate that is no part of the chain: nothing vouches for it, and nothing explains it.
    #[error("the certificate `{subject}` in the package is no part of the signer's chain")]
    SurplusCertificate {
        /// Whose certificate.
        subject: String,
    },
    /// Path building cost more than its budget.
    #[error("building the certificate chain took more than its budget")]
    ChainBudget,
    /// The ECDSA value is not strict DER.
    #[error("the signature value is not a strictly encoded ECDSA signature")]
    EcdsaEncoding,
    /// r or s is zero, or not below the order of P-384.
    #[error("the signature value is out of the range of P-384")]
    EcdsaRange,
    /// The signed attributes were not signed by this key.
    #[error(
        "the signature does not verify: its attributes, its value or its certificate were changed"
    )]
    SignatureMismatch,
}

impl From<Malformed> for SignatureError {
    fn from(
        Malformed {
            offset,
            field,
            fault,
        }: Malformed,
    ) -> Self {
        Self::Encoding {
            offset,
            field,
            fault,
        }
    }
}
