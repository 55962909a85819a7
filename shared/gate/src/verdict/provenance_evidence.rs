//! What a verdict knows of where a package was built.

use countersign_attest::Provenance;
use jiff::Timestamp;

use super::{
    attested::{ExaminedAttestation, FoundAttestations},
    fact::Fact,
    provenance_demand::{DemandError, ProvenanceDemand},
};
use crate::domain::AttestationFolder;

/// What is demanded of where a package was built, and what is there to show it.
#[derive(Clone, Debug)]
pub enum ProvenanceEvidence {
    /// Nothing is demanded, and nothing was looked for.
    NotDemanded,
    /// Something is demanded, and what it is cannot be read.
    Unreadable(DemandError),
    /// This is demanded.
    Demanded(Box<DemandedProvenance>),
}

/// A demand, and what is there to meet it.
#[derive(Clone, Debug)]
pub struct DemandedProvenance {
    /// What is demanded.
    pub demand: ProvenanceDemand,
    /// What was found, and where. `NotAsked` where it is not proven which upload the package was signed from.
    pub attestations: Fact<(AttestationFolder, FoundAttestations)>,
    /// Until when an attestation that fits is waited for; `None`: no longer.
    pub awaited_until: Option<Timestamp>,
}

impl DemandedProvenance {
    /// The first attestation that meets the demand, and what it proves.
    pub(crate) fn met(&self) -> Option<(&ExaminedAttestation, &Provenance)> {
        let Fact::Known((_, attestations)) = &self.attestations else {
            return None;
        };
        let mut proofs = attestations.examined.iter().filter_map(|attestation| {
            let provenance = attestation.proof.as_ref().ok()?;
            Some((attestation, provenance))
        });
        proofs.find(|(_, provenance)| self.demand.judge(provenance).is_empty())
    }
}
