//! Whom attestations may lead to: certificate authorities, logs and timestamp authorities.

use std::fmt;

use sigstore_verify::{VerificationPolicy, Verifier, trust_root::TrustedRoot};
use x509_cert::{
    Certificate,
    der::{Decode as _, Encode as _},
};

use crate::{
    error::TrustRootError,
    json,
    limits::{MAX_AUTHORITIES, MAX_NESTING, MAX_TRUST_ROOT_BYTES},
    text::shown,
};

/// Where they come from stands in `roots/README.md`.
const PUBLIC_GOOD: &[u8] = include_bytes!("../roots/public-good.trusted_root.json");
const GITHUB: &[u8] = include_bytes!("../roots/github.trusted_root.json");
/// All of them are known, since the library passes over others: a log under a misspelt name would not be asked for.
const FIELDS: [&str; 5] = [
    "mediaType",
    "certificateAuthorities",
    "tlogs",
    "ctlogs",
    "timestampAuthorities",
];
const MEDIA_TYPE: &str = "application/vnd.dev.sigstore.trustedroot";

/// The authorities of one Sigstore instance. What an attestation has to prove follows from them: an
/// instance with a transparency log wants each signature in it, one with a certificate transparency log
/// each certificate. So roots are never merged: with the logs of one and the authorities of another,
/// something would go unproven.
pub struct TrustRoot {
    verifier: Verifier,
    /// Names of the certificate authorities, intermediate ones included, in DER.
    authorities: Vec<Vec<u8>>,
    has_log: bool,
    has_certificate_log: bool,
}

impl TrustRoot {
    /// The public good instance (`sigstore.dev`): public repositories of GitHub, npm, `PyPI`, GitLab, cosign
    /// as it comes.
    pub fn public_good() -> Result<Self, TrustRootError> {
        Self::parse(PUBLIC_GOOD)
    }

    /// GitHub's own instance: artifact attestations of its private repositories. It has no log; a
    /// timestamp authority proves the time.
    pub fn github() -> Result<Self, TrustRootError> {
        Self::parse(GITHUB)
    }

    /// Reads a `trusted_root.json`. Nothing in it is checked against a signature: it comes from the
    /// operator.
    pub fn parse(bytes: &[u8]) -> Result<Self, TrustRootError> {
        if bytes.len() > MAX_TRUST_ROOT_BYTES {
            return Err(TrustRootError::TooLarge {
                bytes: bytes.len(),
                most: MAX_TRUST_ROOT_BYTES,
            });
        }
        let malformed = |fault: &str| TrustRootError::Malformed {
            fault: shown(fault),
        };
        if json::is_too_deep(bytes, MAX_NESTING) {
            return Err(malformed("it nests too deep"));
        }
        json::check_names(bytes).map_err(|fault| malformed(&fault))?;
        let fields: serde_json::Map<String, serde_json::Value> =
            serde_json::from_slice(bytes).map_err(|error| malformed(&error.to_string()))?;
        if let Some(name) = fields.keys().find(|name| !FIELDS.contains(&name.as_str())) {
            return Err(malformed(&format!("`{name}` is none of its fields")));
        }
        let root: TrustedRoot =
            serde_json::from_slice(bytes).map_err(|error| malformed(&error.to_string()))?;
        if !root.media_type.starts_with(MEDIA_TYPE) {
            return Err(malformed(&format!("its type is `{}`", root.media_type)));
        }
        for (what, count) in [
            (
                "certificate authorities",
                root.certificate_authorities.len(),
            ),
            ("transparency logs", root.tlogs.len()),
            ("certificate logs", root.ctlogs.len()),
            ("timestamp authorities", root.timestamp_authorities.len()),
        ] {
            if count > MAX_AUTHORITIES {
                return Err(TrustRootError::TooMany {
                    what,
                    count,
                    most: MAX_AUTHORITIES,
                });
            }
        }
        if root.certificate_authorities.is_empty() {
            return Err(TrustRootError::NoAuthority);
        }
        if root.tlogs.is_empty() && root.timestamp_authorities.is_empty() {
            return Err(TrustRootError::NoTime);
        }
        let verifier = Verifier::new(&root).map_err(|error| TrustRootError::Unusable {
            fault: shown(&error.to_string()),
        })?;
        let certificates = root
            .certificate_authorities
            .iter()
            .flat_map(|authority| &authority.cert_chain.certificates);
        let authorities = certificates
            .map(|certificate| subject_of(certificate.raw_bytes.as_bytes()))
            .collect::<Result<_, _>>()
            .map_err(|error| TrustRootError::Unusable {
                fault: shown(&error.to_string()),
            })?;
        Ok(Self {
            verifier,
            authorities,
            has_log: !root.tlogs.is_empty(),
            has_certificate_log: !root.ctlogs.is_empty(),
        })
    }

    /// Whether an authority of this name is among its own. That it did issue a certificate, verifying shows.
    pub(crate) fn names(&self, issuer: &[u8]) -> bool {
        self.authorities.iter().any(|authority| authority == issuer)
    }

    /// Whether each signature has to be proven to be in a log.
    pub(crate) const fn has_log(&self) -> bool {
        self.has_log
    }

    /// What verifies against it.
    pub(crate) fn verifier(&self) -> &Verifier {
        &self.verifier
    }

    /// What an attestation of this instance has to prove. Who may sign is judged afterwards, from the
    /// whole of the certificate.
    pub(crate) fn policy(&self) -> VerificationPolicy {
        let mut policy = VerificationPolicy::any_identity();
        if !self.has_log {
            policy = policy.skip_tlog_unsafe();
        }
        if !self.has_certificate_log {
            policy = policy.skip_sct();
        }
        policy
    }
}

fn subject_of(der: &[u8]) -> Result<Vec<u8>, x509_cert::der::Error> {
    Certificate::from_der(der)?
        .tbs_certificate()
        .subject()
        .to_der()
}

impl fmt::Debug for TrustRoot {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("TrustRoot")
            .field("has_log", &self.has_log)
            .field("has_certificate_log", &self.has_certificate_log)
            .finish_non_exhaustive()
    }
}
