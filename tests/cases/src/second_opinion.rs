//! A second opinion on a signature: what the core accepts, other crates read to the same fields and
//! verify to the same verdict. `cms` reads the BER (the core has a reader of its own), and `p384` computes the
//! signatures, where the core has AWS-LC do it. What only policy refuses is not theirs to say.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use cms::{
    cert::CertificateChoices,
    content_info::ContentInfo,
    signed_data::{SignedData, SignerIdentifier, SignerInfo},
};
use countersign_package::{Signature as CoreSignature, SignatureError, TrustRoots};
use der::{Decode as _, Encode as _, Tag, Tagged as _};
use jiff::Timestamp;
use p384::ecdsa::{DerSignature, VerifyingKey, signature::Verifier as _};
use x509_cert::Certificate;

/// As many certificates as a chain may have.
const MAX_CHAIN: usize = 8;

/// What is read of a signature.
#[derive(Debug, PartialEq, Eq)]
struct Fields {
    profile_version: String,
    job: String,
    signed_at: Timestamp,
    expires_at: Timestamp,
    message_digest: Vec<u8>,
    digest_algorithm: String,
    signature_algorithm: String,
    value: Vec<u8>,
    certificates: Vec<Vec<u8>>,
    signer: Option<usize>,
}

/// What the core reads.
fn core_fields(entry: &[u8]) -> Result<Fields, SignatureError> {
    let signature = CoreSignature::parse(entry)?;
    let claims = signature.claims();
    let certificates = signature.certificates().iter();
    Ok(Fields {
        profile_version: claims.profile_version().to_string(),
        job: claims.job().to_string(),
        signed_at: claims.signed_at(),
        expires_at: claims.expires_at(),
        message_digest: signature.message_digest().to_vec(),
        digest_algorithm: signature.digest_algorithm(),
        signature_algorithm: signature.signature_algorithm(),
        value: signature.value().to_vec(),
        certificates: certificates.map(|one| one.der().to_vec()).collect(),
        signer: signature.signer(),
    })
}

/// A signature as the other crates read it.
struct Other {
    certificates: Vec<Certificate>,
    info: SignerInfo,
}

impl Other {
    fn read(entry: &[u8]) -> Result<Self, String> {
        let text = str::from_utf8(entry).map_err(|error| error.to_string())?;
        let body: String = text.lines().filter(|line| !line.starts_with('-')).collect();
        let bytes = STANDARD.decode(body).map_err(|error| error.to_string())?;
        let told = |error: der::Error| error.to_string();
        let envelope = ContentInfo::from_ber(&bytes).map_err(told)?;
        let inside = envelope.content.to_der().map_err(told)?;
        let signed = SignedData::from_ber(&inside).map_err(told)?;
        let mut certificates = Vec::new();
        for choice in signed.certificates.iter().flat_map(|set| set.0.iter()) {
            match choice {
                CertificateChoices::Certificate(certificate) => {
                    certificates.push(certificate.clone());
                }
                CertificateChoices::Other(_) => {
                    return Err("another kind of certificate".to_owned());
                }
            }
        }
        let mut infos = signed.signer_infos.0.iter();
        match (infos.next(), infos.next()) {
            (Some(info), None) => Ok(Self {
                certificates,
                info: info.clone(),
            }),
            _ => Err("not one signer".to_owned()),
        }
    }

    /// The one value of a signed attribute.
    fn attribute(&self, oid: &str) -> Result<&der::Any, String> {
        let attributes = self.info.signed_attrs.iter().flat_map(|set| set.iter());
        let mut values = attributes
            .filter(|attribute| attribute.oid.to_string() == oid)
            .flat_map(|attribute| attribute.values.iter());
        match (values.next(), values.next()) {
            (Some(value), None) => Ok(value),
            _ => Err(format!("not one value of {oid}")),
        }
    }

    fn text(&self, oid: &str) -> Result<String, String> {
        let value = self.attribute(oid)?.value().to_vec();
        String::from_utf8(value).map_err(|error| error.to_string())
    }

    fn time(&self, oid: &str) -> Result<Timestamp, String> {
        let (tag, text) = (self.attribute(oid)?.tag(), self.text(oid)?);
        // RFC 5280 §4.1.2.5: never. It is beyond the last moment that can be told here.
        if tag == Tag::GeneralizedTime && text.starts_with("99991231235959") {
            return Ok(Timestamp::MAX);
        }
        let (year, rest) = match tag {
            // RFC 5280 §4.1.2.5.1: from 1950 to 2049.
            Tag::UtcTime => {
                let (year, rest) = text.split_at_checked(2).ok_or("no year")?;
                let century = if year < "50" { "20" } else { "19" };
                (format!("{century}{year}"), rest)
            }
            Tag::GeneralizedTime => {
                let (year, rest) = text.split_at_checked(4).ok_or("no year")?;
                (year.to_owned(), rest)
            }
            other => return Err(format!("{other} is no time")),
        };
        let part = |from: usize| rest.get(from..from.saturating_add(2)).ok_or("too short");
        let (month, day, hour, minute) = (part(0)?, part(2)?, part(4)?, part(6)?);
        let seconds = rest.get(8..).ok_or("too short")?;
        format!("{year}-{month}-{day}T{hour}:{minute}:{seconds}")
            .parse()
            .map_err(|error: jiff::Error| error.to_string())
    }

    fn signer(&self) -> Option<usize> {
        let SignerIdentifier::IssuerAndSerialNumber(named) = &self.info.sid else {
            return None;
        };
        self.certificates.iter().position(|certificate| {
            let inner = certificate.tbs_certificate();
            *inner.issuer() == named.issuer && *inner.serial_number() == named.serial_number
        })
    }

    fn fields(&self) -> Result<Fields, String> {
        let der = |certificate: &Certificate| certificate.to_der().map_err(|e| e.to_string());
        Ok(Fields {
            profile_version: self.text("1.3.187.137.1.4")?,
            job: self.text("1.3.187.137.1.2")?,
            signed_at: self.time("1.2.840.113549.1.9.5")?,
            expires_at: self.time("1.3.187.137.1.3")?,
            message_digest: self.attribute("1.2.840.113549.1.9.4")?.value().to_vec(),
            digest_algorithm: self.info.digest_alg.oid.to_string(),
            signature_algorithm: self.info.signature_algorithm.oid.to_string(),
            value: self.info.signature.as_bytes().to_vec(),
            certificates: self
                .certificates
                .iter()
                .map(der)
                .collect::<Result<_, _>>()?,
            signer: self.signer(),
        })
    }

    /// Whether the signer's key made the signature over the attributes, and a chain that was valid at the
    /// signing time leads to one of the roots.
    fn verify(&self, roots: &[Certificate]) -> Result<(), String> {
        let signer = self.signer().and_then(|at| self.certificates.get(at));
        let signer = signer.ok_or("no certificate of the signer")?;
        let attributes = self.info.signed_attrs.as_ref().ok_or("no attributes")?;
        let signed_bytes = attributes.to_der().map_err(|error| error.to_string())?;
        is_signed(signer, &signed_bytes, self.info.signature.as_bytes())?;
        let at = self.time("1.2.840.113549.1.9.5")?.as_second();
        let mut current = signer;
        for _ in 0..MAX_CHAIN {
            let validity = current.tbs_certificate().validity();
            let seconds = |time: x509_cert::time::Time| time.to_unix_duration().as_secs();
            let (from, until) = (seconds(validity.not_before), seconds(validity.not_after));
            let at = u64::try_from(at).map_err(|error| error.to_string())?;
            if !(from..=until).contains(&at) {
                return Err("a certificate was not valid".to_owned());
            }
            if roots.contains(current) {
                return Ok(());
            }
            let body = current.tbs_certificate().to_der();
            let body = body.map_err(|error| error.to_string())?;
            let value = current.signature().raw_bytes();
            let is_issuer = |other: &&Certificate| {
                other.tbs_certificate().subject() == current.tbs_certificate().issuer()
                    && *other != current
                    && is_signed(other, &body, value).is_ok()
            };
            // A root first: the shortest way up.
            let mut above = roots.iter().chain(&self.certificates).filter(is_issuer);
            current = above.next().ok_or("nobody above vouches for it")?;
        }
        Err("the chain is too long".to_owned())
    }
}

/// Whether the key of this certificate made the signature: ECDSA on P-384 over SHA-384.
fn is_signed(by: &Certificate, bytes: &[u8], value: &[u8]) -> Result<(), String> {
    let key = by.tbs_certificate().subject_public_key_info();
    let key = key.subject_public_key.raw_bytes();
    let key = VerifyingKey::from_sec1_bytes(key).map_err(|error| error.to_string())?;
    let value = DerSignature::from_bytes(value).map_err(|error| error.to_string())?;
    key.verify(bytes, &value).map_err(|error| error.to_string())
}

fn roots_of(pem: &str) -> Vec<Certificate> {
    Certificate::load_pem_chain(pem.as_bytes()).expect("a row's roots are certificates")
}

/// What both say of a signature, where the core accepts it; answers whether it does.
pub fn agree(entry: &[u8], roots: &str) -> Result<bool, String> {
    let core_roots = TrustRoots::from_pem(roots.as_bytes()).expect("a row's roots are sound");
    let ours = core_fields(entry);
    let verdict =
        CoreSignature::parse(entry).and_then(|signature| signature.verify(&core_roots).map(drop));
    let other = Other::read(entry);
    match verdict {
        Ok(()) => {
            let other = other.map_err(|error| format!("cms cannot read it: {error}"))?;
            let theirs = other
                .fields()
                .map_err(|error| format!("its fields: {error}"))?;
            let ours = ours.map_err(|error| error.to_string())?;
            if ours != theirs {
                return Err(format!("{ours:#?} is read as {theirs:#?}"));
            }
            let verified = other.verify(&roots_of(roots));
            verified.map_err(|error| format!("it does not verify for others: {error}"))?;
            Ok(true)
        }
        // These say that a signature is wrong, which nobody else may find right.
        Err(error @ (SignatureError::SignatureMismatch | SignatureError::EcdsaRange)) => {
            match other.and_then(|other| other.verify(&roots_of(roots))) {
                Ok(()) => Err(format!("others verify it, and the core says: {error}")),
                Err(_) => Ok(false),
            }
        }
        Err(_) => Ok(false),
    }
}
