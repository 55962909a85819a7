//! One attestation, read from one of the three shapes in which builders leave them.

use serde::{Deserialize, de::IgnoredAny};
use sigstore_verify::types::{
    Bundle as SigstoreBundle, DerCertificate, DsseEnvelope, DsseSignature, MediaType, PayloadBytes,
    SignatureBytes, SignatureContent,
    bundle::{
        CertificateContent, TransparencyLogEntry, VerificationMaterial, VerificationMaterialContent,
    },
};

use crate::{
    error::{AttestError, BundleError},
    json,
    limits::{MAX_BUNDLE_BYTES, MAX_CERTIFICATES, MAX_LOG_ENTRIES, MAX_NESTING, MAX_TIMESTAMPS},
    text::shown,
};

/// The type of payload that a DSSE envelope with an in-toto statement has.
pub(crate) const IN_TOTO: &str = "application/vnd.in-toto+json";

/// An attestation whose form was checked, and nothing else: nothing in it is proven.
#[derive(Debug, Clone, PartialEq)]
pub struct Bundle(Form);

/// What an attestation consists of.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Form {
    /// A statement in an envelope, with the material that proves it.
    Sigstore {
        /// The whole.
        bundle: Box<SigstoreBundle>,
        /// The envelope in it.
        envelope: Box<DsseEnvelope>,
    },
    /// A statement in an envelope and nothing else, signed with a key of one's own.
    Envelope {
        /// The whole.
        envelope: Box<DsseEnvelope>,
        /// Whether a certificate stands beside the signature, where no format has one.
        has_certificate: bool,
    },
}

/// Which fields a file has at its top; their values are read afterwards.
#[derive(Deserialize)]
struct Fields {
    #[serde(rename = "verificationMaterial")]
    sigstore: Option<IgnoredAny>,
    #[serde(rename = "verification_material")]
    pypi: Option<IgnoredAny>,
    payload: Option<IgnoredAny>,
    attestations: Option<IgnoredAny>,
    attestation_bundles: Option<IgnoredAny>,
}

/// What slsa-github-generator wrote beside the signatures of an envelope before it made bundles.
#[derive(Deserialize)]
struct Certificates {
    signatures: Vec<MayHaveCertificate>,
}

#[derive(Deserialize)]
struct MayHaveCertificate {
    #[serde(default)]
    cert: serde_json::Value,
}

impl Certificates {
    fn are_there(&self) -> bool {
        let mut certificates = self.signatures.iter().map(|signature| &signature.cert);
        certificates.any(|cert| cert.as_str().is_some_and(|pem| !pem.is_empty()))
    }
}

/// An attestation as `PyPI` serves it (PEP 740): a bundle with other names. Its version is always 1, and its
/// payload always an in-toto statement.
#[derive(Deserialize)]
struct PypiAttestation {
    version: u32,
    verification_material: PypiMaterial,
    envelope: PypiEnvelope,
}

#[derive(Deserialize)]
struct PypiMaterial {
    certificate: DerCertificate,
    transparency_entries: Vec<TransparencyLogEntry>,
}

#[derive(Deserialize)]
struct PypiEnvelope {
    statement: PayloadBytes,
    signature: SignatureBytes,
}

impl Bundle {
    /// Reads a Sigstore bundle (v0.1 to v0.3), an attestation of `PyPI`, or a DSSE envelope. An envelope
    /// has exactly one signature, since log entries and timestamps speak of one.
    pub fn parse(bytes: &[u8]) -> Result<Self, BundleError> {
        if bytes.len() > MAX_BUNDLE_BYTES {
            return Err(BundleError::TooLarge {
                bytes: bytes.len(),
                most: MAX_BUNDLE_BYTES,
            });
        }
        if json::is_too_deep(bytes, MAX_NESTING) {
            return Err(BundleError::TooDeep { most: MAX_NESTING });
        }
        let fields = only_value(bytes)?;
        let bundle = if fields.sigstore.is_some() {
            read(bytes)?
        } else if fields.pypi.is_some() {
            from_pypi(read(bytes)?)?
        } else if fields.payload.is_some() {
            return Ok(Self(Form::Envelope {
                envelope: Box::new(read(bytes)?),
                has_certificate: read::<Certificates>(bytes)?.are_there(),
            }));
        } else if fields.attestations.is_some() {
            return Err(several(
                "a list of attestations, as npm's registry serves it,",
            ));
        } else if fields.attestation_bundles.is_some() {
            return Err(several("a provenance object, as PyPI serves it,"));
        } else {
            return Err(BundleError::NotAnAttestation);
        };
        check_counts(&bundle)?;
        match &bundle.content {
            SignatureContent::DsseEnvelope(envelope) => Ok(Self(Form::Sigstore {
                envelope: Box::new(envelope.clone()),
                bundle: Box::new(bundle),
            })),
            _ => Err(BundleError::NoStatement),
        }
    }

    /// What it consists of.
    pub(crate) fn form(&self) -> &Form {
        &self.0
    }

    /// The bundle that a certificate may verify, and the envelope in it.
    pub(crate) fn with_proofs(&self) -> Result<(&SigstoreBundle, &DsseEnvelope), AttestError> {
        match &self.0 {
            Form::Sigstore { bundle, envelope } => Ok((bundle, envelope)),
            Form::Envelope {
                has_certificate: true,
                ..
            } => Err(AttestError::NoProof),
            Form::Envelope { .. } => Err(AttestError::SignedByKey),
        }
    }
}

/// The fields of the one value in the file.
fn only_value(bytes: &[u8]) -> Result<Fields, BundleError> {
    let mut values = serde_json::Deserializer::from_slice(bytes).into_iter::<serde_json::Value>();
    match values.next() {
        Some(Ok(serde_json::Value::Array(_))) => Err(several("a list")),
        Some(Ok(serde_json::Value::Object(_))) => match values.next() {
            None => {
                json::check_names(bytes).map_err(|fault| BundleError::Malformed {
                    fault: shown(&fault),
                })?;
                read(bytes)
            }
            Some(_) => Err(several("several values, one a line,")),
        },
        Some(Ok(_)) => Err(BundleError::NotAnAttestation),
        Some(Err(error)) => Err(BundleError::NotJson {
            fault: shown(&error.to_string()),
        }),
        None => Err(BundleError::NotJson {
            fault: "it is empty".to_owned(),
        }),
    }
}

fn several(what: &'static str) -> BundleError {
    BundleError::Several { what }
}

fn read<'de, T: Deserialize<'de>>(bytes: &'de [u8]) -> Result<T, BundleError> {
    serde_json::from_slice(bytes).map_err(|error| BundleError::Malformed {
        fault: shown(&error.to_string()),
    })
}

/// The same attestation as a bundle, which is what `pypi-attestations` makes of it, too.
fn from_pypi(pypi: PypiAttestation) -> Result<SigstoreBundle, BundleError> {
    if pypi.version != 1 {
        return Err(BundleError::Malformed {
            fault: format!("version {} of PyPI's format is not known", pypi.version),
        });
    }
    let certificate = CertificateContent::new(pypi.verification_material.certificate);
    let material = VerificationMaterial::new(VerificationMaterialContent::Certificate(certificate))
        .with_tlog_entries(pypi.verification_material.transparency_entries);
    let signature = DsseSignature::new(pypi.envelope.signature, String::new().into());
    let envelope = DsseEnvelope::new(IN_TOTO, pypi.envelope.statement, signature);
    Ok(SigstoreBundle::new(
        MediaType::Bundle0_3,
        material,
        SignatureContent::DsseEnvelope(envelope),
    ))
}

/// Each of these is verified by itself, so that many of them cost much.
fn check_counts(bundle: &SigstoreBundle) -> Result<(), BundleError> {
    let material = &bundle.verification_material;
    let certificates = match &material.content {
        VerificationMaterialContent::X509CertificateChain { certificates } => certificates.len(),
        _ => 1,
    };
    let timestamps = &material.timestamp_verification_data.rfc3161_timestamps;
    for (what, count, most) in [
        ("log entries", material.tlog_entries.len(), MAX_LOG_ENTRIES),
        ("timestamps", timestamps.len(), MAX_TIMESTAMPS),
        ("certificates", certificates, MAX_CERTIFICATES),
    ] {
        if count > most {
            return Err(BundleError::TooMany { what, count, most });
        }
    }
    Ok(())
}
