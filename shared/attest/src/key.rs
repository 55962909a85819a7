//! Attestations of builders without Sigstore: a statement in a DSSE envelope, signed with a key of one's own.

use sigstore_verify::{
    crypto::{self, KeyAlgorithm},
    types::{DerPublicKey, DsseEnvelope, bundle::VerificationMaterialContent},
};

use crate::{
    bundle::{Bundle, Form},
    error::{AttestError, KeyError},
    limits::MAX_KEY_BYTES,
    provenance::Provenance,
    statement::Statement,
    subject::Subject,
    text::shown,
};

/// A public key on P-256 (signatures with SHA-256) or P-384 (with SHA-384), as AWS KMS and cosign make them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicKey {
    spki: DerPublicKey,
    algorithm: KeyAlgorithm,
}

impl PublicKey {
    /// Reads a public key in PEM (`BEGIN PUBLIC KEY`).
    pub fn from_pem(pem: &[u8]) -> Result<Self, KeyError> {
        let not_pem = |fault: &str| KeyError::NotPem {
            fault: shown(fault),
        };
        if pem.len() > MAX_KEY_BYTES {
            return Err(not_pem("it is longer than 4096 bytes"));
        }
        let text = str::from_utf8(pem).map_err(|error| not_pem(&error.to_string()))?;
        let spki = DerPublicKey::from_pem(text).map_err(|error| not_pem(&error.to_string()))?;
        let unsupported = |fault: String| KeyError::Unsupported {
            fault: shown(&fault),
        };
        let algorithm =
            KeyAlgorithm::from_spki(&spki).map_err(|error| unsupported(error.to_string()))?;
        if !matches!(algorithm, KeyAlgorithm::EcdsaP256 | KeyAlgorithm::EcdsaP384) {
            return Err(unsupported(format!("it is {algorithm:?}")));
        }
        Ok(Self { spki, algorithm })
    }

    /// SHA-256 of its `SubjectPublicKeyInfo` in DER.
    #[must_use]
    pub fn sha256(&self) -> [u8; 32] {
        *crypto::sha256(self.spki.as_bytes()).as_bytes()
    }
}

/// Verifies that the holder of `key` signed provenance for `subject`. Log entries and timestamps that may
/// come along are not looked at: they need a trust root, and the key alone is trusted here. So no time is
/// proven, and a key that is no longer good has to be withdrawn.
pub fn verify_with_key(
    bundle: &Bundle,
    key: &PublicKey,
    subject: &Subject,
) -> Result<Provenance, AttestError> {
    let statement = statement_by(bundle, key)?;
    statement.lookup(subject)?;
    let name = statement.name_of(subject)?;
    Ok(Provenance::of_key(
        (subject, name),
        key.sha256(),
        statement.told()?,
    ))
}

/// The statement, once the holder of `key` is known to have signed it.
pub(crate) fn statement_by(bundle: &Bundle, key: &PublicKey) -> Result<Statement, AttestError> {
    let envelope = match bundle.form() {
        Form::Envelope { envelope, .. } => envelope,
        Form::Sigstore { bundle, envelope } => match &bundle.verification_material.content {
            VerificationMaterialContent::PublicKey(_) => envelope,
            _ => return Err(AttestError::SignedByCertificate),
        },
    };
    check_signature(envelope, key)?;
    Statement::parse(envelope)
}

/// The signature covers the type of the payload, too, so that nothing else that the key signed is taken for a
/// statement.
fn check_signature(envelope: &DsseEnvelope, key: &PublicKey) -> Result<(), AttestError> {
    let scheme = key.algorithm.default_signing_scheme();
    crypto::verify_signature(&key.spki, &envelope.pae(), &envelope.signature.sig, scheme).map_err(
        |error| AttestError::Signature {
            fault: shown(&format!(
                "{error}, with the key {}",
                hex::encode(key.sha256())
            )),
        },
    )
}
