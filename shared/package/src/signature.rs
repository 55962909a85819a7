//! Skeleton.
use crate::certificate::Certificate;
use crate::claims::Claims;
use crate::error::SignatureError;
use crate::roots::TrustRoots;

/// A signed attribute as it stands in the signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attribute {
    oid: String,
    value: Vec<u8>,
}

impl Attribute {
    /// Its object identifier in dotted form.
    #[must_use]
    pub fn oid(&self) -> &str {
        &self.oid
    }
    /// The name this format gives it, if it is one of the known.
    #[must_use]
    pub fn name(&self) -> Option<&'static str> {
        None
    }
    /// The encoded value.
    #[must_use]
    pub fn value(&self) -> &[u8] {
        &self.value
    }
    /// The value as a person reads it: text, time or hexadecimal.
    #[must_use]
    pub fn display_value(&self) -> String {
        crate::digest::hex(&self.value)
    }
}

/// A signature entry, parsed; nothing is trusted.
#[derive(Debug, Clone)]
pub struct Signature {
    claims: Claims,
    certificates: Vec<Certificate>,
    attributes: Vec<Attribute>,
}

impl Signature {
    /// Parses the body of a signature entry.
    pub fn parse(_pem: &[u8]) -> Result<Self, SignatureError> {
        Err(SignatureError::NoSignedAttributes)
    }
    /// What it claims.
    #[must_use]
    pub fn claims(&self) -> &Claims {
        &self.claims
    }
    /// The certificate set, in its order.
    #[must_use]
    pub fn certificates(&self) -> &[Certificate] {
        &self.certificates
    }
    /// The signed attributes, in their order.
    #[must_use]
    pub fn attributes(&self) -> &[Attribute] {
        &self.attributes
    }
    /// The digest algorithm that the signer names, as a dotted object identifier.
    #[must_use]
    pub fn digest_algorithm(&self) -> &str {
        ""
    }
    /// The signature algorithm that the signer names, as a dotted object identifier.
    #[must_use]
    pub fn signature_algorithm(&self) -> &str {
        ""
    }
    /// The signed messageDigest.
    #[must_use]
    pub fn message_digest(&self) -> &[u8] {
        &[]
    }
    /// Position in [`Self::certificates`] of the certificate that the signer names.
    #[must_use]
    pub fn signer(&self) -> Option<usize> {
        None
    }
    /// Verifies everything but the content digest.
    pub fn verify(&self, _roots: &TrustRoots) -> Result<VerifiedSignature, SignatureError> {
        Err(SignatureError::NoSignedAttributes)
    }
}

/// A signature that verifies; of what contents, [`crate::Package::verify`] says.
#[derive(Debug, Clone)]
pub struct VerifiedSignature {
    claims: Claims,
    certificates: Vec<Certificate>,
    message_digest: Vec<u8>,
}

impl VerifiedSignature {
    pub(crate) fn message_digest(&self) -> &[u8] {
        &self.message_digest
    }
    /// What the signer stands for.
    #[must_use]
    pub fn claims(&self) -> &Claims {
        &self.claims
    }
    /// The chain, from the signer's certificate to the root.
    #[must_use]
    pub fn certificates(&self) -> &[Certificate] {
        &self.certificates
    }
}
