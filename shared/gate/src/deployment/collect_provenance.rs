//! Collects what is demanded of where a package was built, and the attestations that are there to show it.
//!
//! Where nothing is demanded, nothing is asked for.

use std::collections::BTreeMap;

use countersign_attest::MAX_BUNDLE_BYTES;
use jiff::Timestamp;

use super::{
    collect_evidence::{ExaminedPackage, no_answer},
    pending_deployment::{DeployWorld, PendingDeployment},
    settings::DeploySettings,
};
use crate::{
    domain::AttestationFolder,
    ports::{AttestationRead, PortError},
    verdict::{
        DemandParts, DemandedProvenance, Fact, FoundAttestations, NoAnswer, ProvenanceDemand,
        ProvenanceEvidence, StoredAttestation, StoredContent,
    },
};

/// How many objects are looked at for one package, the first by their keys. A build leaves one or two: provenance, and
/// perhaps a list of its parts.
const MAX_ATTESTATIONS: u16 = 20;

/// What is demanded of a package for a target with these tags, and what is there to show it.
pub(super) async fn collect_provenance<W: DeployWorld>(
    world: &W,
    settings: &DeploySettings,
    pending: &PendingDeployment,
    package: &ExaminedPackage,
    tags: &BTreeMap<String, String>,
) -> ProvenanceEvidence {
    let stack = &settings.provenance.demand;
    let demand = DemandParts::of_tags(tags).and_then(|tags| ProvenanceDemand::of(stack, &tags));
    let demand = match demand {
        Ok(Some(demand)) => demand,
        Ok(None) => return ProvenanceEvidence::NotDemanded,
        Err(error) => return ProvenanceEvidence::Unreadable(error),
    };
    let attestations = match package.examined.proven_source() {
        Some(sha256) => attestations_of(world, settings, &sha256).await,
        None => Fact::NotAsked,
    };
    ProvenanceEvidence::Demanded(Box::new(DemandedProvenance {
        demand,
        attestations,
        awaited_until: awaited_until(settings, pending, world.now()),
    }))
}

/// Until when an attestation is waited for, if it still is. In the last attempt nothing is: the verdict is what it is.
fn awaited_until(
    settings: &DeploySettings,
    pending: &PendingDeployment,
    now: Timestamp,
) -> Option<Timestamp> {
    let until = pending.upload.at.saturating_add(settings.provenance.wait);
    let until = until.unwrap_or(Timestamp::MAX);
    (now < until && !pending.attempt.is_last(now)).then_some(until)
}

/// The attestations of the package with this SHA-256.
async fn attestations_of<W: DeployWorld>(
    world: &W,
    settings: &DeploySettings,
    sha256: &[u8; 32],
) -> Fact<(AttestationFolder, FoundAttestations)> {
    let folder = AttestationFolder::of(sha256);
    let (stored, has_more) = match read_folder(world, &folder).await {
        Ok(read) => read,
        Err(error) => return no_answer(&error),
    };
    let trust = &settings.provenance.trust;
    match FoundAttestations::examine(stored, has_more, sha256, trust, world.now()) {
        Ok(attestations) => Fact::Known((folder, attestations)),
        Err(error) => Fact::Unavailable(NoAnswer::lasting(error.to_string())),
    }
}

/// What is below the folder, as far as it is looked at.
async fn read_folder<W: DeployWorld>(
    world: &W,
    folder: &AttestationFolder,
) -> Result<(Vec<StoredAttestation>, bool), PortError> {
    let max_bytes = u64::try_from(MAX_BUNDLE_BYTES).unwrap_or(u64::MAX);
    let listing = world.list_attestations(folder, MAX_ATTESTATIONS).await?;
    let mut stored = Vec::new();
    for listed in listing.objects {
        let content = if listed.size > max_bytes {
            StoredContent::TooLarge(listed.size)
        } else {
            match world.read_attestation(&listed.key, max_bytes).await? {
                AttestationRead::Object { version, bytes } => {
                    StoredContent::Read { version, bytes }
                }
                AttestationRead::TooLarge { size } => StoredContent::TooLarge(size),
                AttestationRead::Gone => continue,
            }
        };
        let key = listed.key;
        stored.push(StoredAttestation { key, content });
    }
    Ok((stored, listing.has_more))
}
