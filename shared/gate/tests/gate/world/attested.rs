//! Whether it is proven where an upload was built, as it is and not as the gate was told: what a change of code is held against in
//! schedules that demand it.

use countersign_gate::{domain::ReasonCode, verdict::Verdict};

use super::{WorldState, invariants::Seen};

pub const NOT_PROVEN: &str = "code is changed whose build is not proven";
pub const PROVEN_IN_VAIN: &str = "an upload is refused for an attestation that was there";

impl WorldState {
    fn proven_since(&self, put: usize) -> Option<u64> {
        let slot = self.puts[put].slot?;
        self.attested.get(&self.packages[slot].source).copied()
    }

    fn is_proof_replaced(&self, put: usize) -> bool {
        let slot = self.puts[put].slot;
        slot.is_some_and(|slot| self.proof_replaced.contains(&self.packages[slot].source))
    }

    /// What must hold when code is about to be changed.
    pub(super) fn check_build(&self, put: usize) {
        let is_fine = !self.demands_provenance || self.proven_since(put).is_some();
        assert!(is_fine, "{NOT_PROVEN}");
    }

    /// What must hold when a verdict that refuses goes on record.
    pub(super) fn check_refusal_of_build(&self, seen: &Seen, put: usize, verdict: &Verdict) {
        let is_of_build = |code: Option<ReasonCode>| {
            matches!(
                code,
                Some(
                    ReasonCode::ProvenanceMissing
                        | ReasonCode::ProvenanceMismatch
                        | ReasonCode::ProvenanceInvalid
                )
            )
        };
        if verdict.grounds().any(|finding| is_of_build(finding.code)) {
            let proven = self.proven_since(put);
            let was_there = proven.is_some_and(|since| since < seen.began);
            assert!(
                !was_there || self.is_proof_replaced(put),
                "{PROVEN_IN_VAIN}"
            );
        }
    }
}
