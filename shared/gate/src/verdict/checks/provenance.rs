//! The package was built from the source, and by the workflow, that its target demands.

use countersign_attest::{Mismatch, shown};

use crate::{
    domain::ReasonCode,
    verdict::{
        attested::{ExaminedAttestation, FoundAttestations},
        evidence::{Evidence, Fact},
        finding::CheckResult,
        provenance_evidence::{DemandedProvenance, ProvenanceEvidence},
        provenance_report::ProvenanceReport,
    },
};

/// Of how many objects a finding tells what is wrong with them.
const MAX_TOLD: usize = 3;

/// How far a package comes that does not meet the demand: the last of them is told.
enum Shortfall {
    Missing,
    Invalid(Vec<String>),
    Mismatch(Vec<String>),
}

/// Nothing where nothing is demanded.
pub(crate) fn provenance(evidence: &Evidence) -> Option<CheckResult> {
    Some(match &evidence.provenance {
        ProvenanceEvidence::NotDemanded => return None,
        ProvenanceEvidence::Unreadable(error) => CheckResult::Fail(
            ReasonCode::ProvenanceDemand,
            format!("what is demanded cannot be judged by: {error}"),
        ),
        ProvenanceEvidence::Demanded(demanded) => judge(demanded),
    })
}

fn judge(demanded: &DemandedProvenance) -> CheckResult {
    let (folder, attestations) = match &demanded.attestations {
        Fact::Known((folder, attestations)) => (folder, attestations),
        Fact::NotAsked => {
            return CheckResult::NotJudged(
                "which upload it was signed from is not proven, so no attestation was looked for"
                    .to_owned(),
            );
        }
        Fact::Unavailable(why) => {
            return CheckResult::Inconclusive(
                ReasonCode::ProvenanceUnknown,
                format!("the attestations could not be read: {why}"),
            );
        }
    };
    if let Some(report) = ProvenanceReport::of_demanded(demanded) {
        return CheckResult::Pass(format!("built from {}", shown(&report.to_string())));
    }
    let (code, mut message) = match shortfall(demanded, attestations) {
        Shortfall::Missing => (
            ReasonCode::ProvenanceMissing,
            format!("there is no attestation in {folder}"),
        ),
        Shortfall::Invalid(faults) => (
            ReasonCode::ProvenanceInvalid,
            format!("no attestation proves anything: {}", told(&faults)),
        ),
        Shortfall::Mismatch(faults) => (
            ReasonCode::ProvenanceMismatch,
            format!("it was not built as demanded: {}", told(&faults)),
        ),
    };
    message = format!("{message}; demanded is {}", demanded.demand);
    if attestations.has_more {
        let looked_at = attestations.examined.len();
        message =
            format!("{message}; there are more objects than the {looked_at} that were looked at");
    }
    match demanded.awaited_until {
        // Whatever is there: another may come that fits.
        Some(until) => {
            let message = format!("{message}; one that fits is waited for until {until}");
            CheckResult::Inconclusive(code, message)
        }
        None => CheckResult::Fail(code, message),
    }
}

fn shortfall(demanded: &DemandedProvenance, attestations: &FoundAttestations) -> Shortfall {
    let (mut invalid, mut mismatching) = (Vec::new(), Vec::new());
    for attestation in &attestations.examined {
        match &attestation.proof {
            Ok(provenance) => {
                let mismatches = demanded.demand.judge(provenance);
                mismatching.push(fault(attestation, &sentence(&mismatches)));
            }
            Err(why) => invalid.push(fault(attestation, why)),
        }
    }
    if !mismatching.is_empty() {
        Shortfall::Mismatch(mismatching)
    } else if !invalid.is_empty() {
        Shortfall::Invalid(invalid)
    } else {
        Shortfall::Missing
    }
}

fn fault(attestation: &ExaminedAttestation, why: &str) -> String {
    format!("{}: {why}", attestation.name())
}

/// The mismatches of one provenance. Each part is cut: a claim may have 2,048 bytes.
fn sentence(mismatches: &[Mismatch]) -> String {
    let words = mismatches.iter().map(|mismatch| {
        let expected = shown(&mismatch.expected);
        match &mismatch.found {
            Some(found) => format!(
                "{}: expected `{expected}`, found `{}`",
                mismatch.claim,
                shown(found)
            ),
            None => format!("{}: expected `{expected}`, none is proven", mismatch.claim),
        }
    });
    words.collect::<Vec<_>>().join(", ")
}

fn told(faults: &[String]) -> String {
    let first: Vec<&str> = faults.iter().take(MAX_TOLD).map(String::as_str).collect();
    let more = faults.len().saturating_sub(MAX_TOLD);
    let first = first.join("; ");
    match more {
        0 => first,
        more => format!("{first}; and {more} more"),
    }
}
