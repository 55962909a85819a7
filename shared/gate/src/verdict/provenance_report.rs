//! What is proven of where a package was built, as the records show it.

use std::fmt;

use countersign_attest::{Provenance, Signer};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    attested::ExaminedAttestation,
    evidence::Evidence,
    provenance_evidence::{DemandedProvenance, ProvenanceEvidence},
};
use crate::domain::VersionId;

/// Where a package was built, by the attestation that met the demand.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProvenanceReport {
    /// The repository. Null only where a statement that a key signed does not say it.
    pub source: Option<String>,
    /// The commit.
    pub commit: Option<String>,
    /// The branch or tag.
    #[serde(rename = "ref")]
    pub git_ref: Option<String>,
    /// The file that describes the build, and its ref.
    pub workflow: Option<String>,
    /// The file that signed, and its ref: another one where the build calls a reusable workflow.
    pub signer_workflow: Option<String>,
    /// The event that started the build.
    pub trigger: Option<String>,
    /// Who ran the build, in its own words.
    pub builder: String,
    /// The kind of build, in its own words.
    pub build_type: String,
    /// The build level that builder and certificate earn: 1, 2 or 3.
    pub level: u8,
    /// Who signed.
    pub signed_by: SignedBy,
    /// The earliest proven time of signing. A key of one's own proves none.
    pub signed_at: Option<Timestamp>,
    /// The attestation.
    pub attestation: AttestationReport,
}

/// Who signed a provenance.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum SignedBy {
    /// A build, by its certificate.
    Build {
        /// Who vouched for its identity.
        issuer: String,
        /// The identity.
        identity: String,
    },
    /// The holder of a key.
    Key {
        /// SHA-256 of the public key, in hexadecimal.
        sha256: String,
    },
}

/// The object that was read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AttestationReport {
    /// Its key in the uploads bucket.
    pub key: String,
    /// The version that was read.
    pub version: VersionId,
    /// SHA-256 of its bytes, in hexadecimal.
    pub sha256: String,
}

/// What is proven, in a line: `https://github.com/acme/shop at 4f2a91c… (refs/heads/main), L2`.
impl fmt::Display for ProvenanceReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            self.source
                .as_deref()
                .unwrap_or("a source that is not named"),
        )?;
        if let Some(commit) = &self.commit {
            write!(f, " at {commit}")?;
        }
        if let Some(git_ref) = &self.git_ref {
            write!(f, " ({git_ref})")?;
        }
        if let Some(workflow) = &self.workflow {
            write!(f, " by {workflow}")?;
        }
        write!(f, ", L{}", self.level)
    }
}

impl ProvenanceReport {
    /// What met the demand; `None` when there is none, or nothing did.
    pub(crate) fn of(evidence: &Evidence) -> Option<Self> {
        let ProvenanceEvidence::Demanded(demanded) = &evidence.provenance else {
            return None;
        };
        Self::of_demanded(demanded)
    }

    pub(super) fn of_demanded(demanded: &DemandedProvenance) -> Option<Self> {
        let (attestation, provenance) = demanded.met()?;
        Self::new(attestation, provenance)
    }

    fn new(attestation: &ExaminedAttestation, provenance: &Provenance) -> Option<Self> {
        let (version, sha256) = attestation.read.clone()?;
        let own = |text: Option<&str>| text.map(str::to_owned);
        Some(Self {
            source: provenance.source().map(|source| source.as_str().to_owned()),
            commit: own(provenance.commit()),
            git_ref: own(provenance.git_ref()),
            workflow: own(provenance.workflow()),
            signer_workflow: own(provenance.signer_workflow()),
            trigger: own(provenance.trigger()),
            builder: provenance.builder_id().to_owned(),
            build_type: provenance.build_type().to_owned(),
            level: provenance.level().number(),
            signed_by: match provenance.signer() {
                Signer::Build { issuer, identity } => SignedBy::Build {
                    issuer: issuer.clone(),
                    identity: identity.clone(),
                },
                Signer::Key { sha256 } => SignedBy::Key {
                    sha256: hex::encode(sha256),
                },
            },
            signed_at: provenance.signed_at(),
            attestation: AttestationReport {
                key: attestation.key.clone(),
                version,
                sha256,
            },
        })
    }
}
