//! What must hold at rest, when everything that was sent has been worked on.

use std::collections::BTreeSet;

use countersign_gate::{
    domain::ReasonCode,
    records::{Deployed, Drift, Live, Outcome, UploadState as Ended},
};

use super::{paged::check_pages, schedule::Schedule};
use crate::world::{
    FUNCTION, Put, WorldState,
    invariants::{LIVE_DIFFERS, LIVE_OLDER},
    packages::Nature,
};

pub(super) const NO_END: &str = "an upload does not end";
pub(super) const TWO_ENDS: &str = "an upload ends in more than one state";
pub(super) const NOT_ANNOUNCED: &str = "an outcome is not announced";
pub(super) const NO_SUMMARY: &str = "a deployment has no summary";
pub(super) const NOT_RUNNING: &str = "the last current upload does not run";
pub(super) const DRIFT_NOT_FOUND: &str = "what runs past the gate is not told";
pub(super) const DRIFT_IS_NONE: &str = "drift is on record, and there is none";
pub(super) const ALIAS_ELSEWHERE: &str = "the alias does not point at the last current upload";

impl Schedule {
    /// What must hold at rest; answers how many uploads were deployed.
    pub(super) fn check(&self) -> u64 {
        let state = self.world.state();
        let outcomes = state.outcomes();
        let announced: BTreeSet<String> = state
            .events
            .iter()
            .map(|detail| {
                let detail: serde_json::Value = serde_json::from_str(detail).unwrap();
                let version = detail["upload"]["id"]["version"].as_str();
                version.unwrap().to_owned()
            })
            .collect();
        let mut deployed = 0;
        for (at, put) in state.puts.iter().enumerate() {
            if put.slot.is_none() || is_nowhere(&state, put) {
                continue;
            }
            let mut ends = outcomes
                .values()
                .filter(|end| end.upload.id.version == put.version && end.upload.id.key == put.key);
            let Some(end) = ends.next() else {
                panic!("{NO_END}: {}", put.version)
            };
            assert!(ends.next().is_none(), "{TWO_ENDS}: {}", put.version);
            assert!(
                announced.contains(put.version.as_str()),
                "{NOT_ANNOUNCED}: {}",
                put.version
            );
            self.check_end(&state, at, end);
            self.check_summary(&state, at, end);
            if end.state == Ended::Deployed {
                deployed += 1;
                // What was deleted for good runs on.
                let is_outrun = |newer: &usize| *newer > at && state.puts[*newer].gone_at.is_some();
                // So does the version that an alias was moved to for it, where the code had landed before.
                let is_outrun = state
                    .landed
                    .iter()
                    .chain(state.moved.values())
                    .any(is_outrun);
                let is_current = state.current_put(&put.key) == Some(at);
                if is_current && put.key == FUNCTION && !is_outrun {
                    check_runs(&state, end);
                }
            }
            check_live(&state, at, end);
        }
        if self.kind.is_lossy {
            check_drift(&state);
        }
        if self.kind.alerts {
            check_pages(&state);
        }
        deployed
    }

    /// Whatever went wrong with the key: a deployment has its summary in the end, and nothing else has one.
    fn check_summary(&self, state: &WorldState, at: usize, end: &Outcome) {
        let path = format!("{}summary.dsse.json", end.upload.folder());
        let is_there = state.records.contains_key(&path);
        let is_due = self.kind.summarizes && matches!(end.state, Ended::Deployed | Ended::Prepared);
        // Two attempts may both fail, and nobody but sweep looks again. A forged verdict tells no policy.
        let is_excused =
            (self.kind.is_impatient && !self.kind.is_lossy) || state.verdicts_forged.contains(&at);
        assert!(
            is_there == is_due || (is_due && is_excused),
            "{NO_SUMMARY}: {}",
            end.upload.id.version
        );
    }

    /// Whether an upload may have ended so.
    fn check_end(&self, state: &WorldState, at: usize, end: &Outcome) {
        let put = &state.puts[at];
        let is_current = state.current_put(&put.key) == Some(at);
        let newer = || {
            state
                .puts
                .iter()
                .skip(at + 1)
                .filter(|newer| newer.key == put.key)
        };
        // What was current meanwhile may have been deleted for good.
        let was_passed = newer().any(|newer| newer.gone_at.is_some());
        let words = || {
            let code = end.code.map_or("", ReasonCode::as_str);
            let message = &end.message;
            format!(
                "{} ends {:?} {code} without a reason: {message}",
                put.version, end.state
            )
        };
        assert!(
            !is_current || was_passed || end.state != Ended::Superseded,
            "{}",
            words()
        );
        let is_given_up = self.kind.is_impatient
            && matches!(
                end.code,
                Some(ReasonCode::Undecided | ReasonCode::NotCompleted)
            );
        // What was applied, or may have been, and was overtaken before it was published.
        let is_overtaken = (!is_current || was_passed)
            && matches!(end.code, Some(ReasonCode::Replaced | ReasonCode::Deleted));
        let is_forged = state.verdicts_forged.contains(&at);
        let is_explained = match (state.packages[put.slot.unwrap()].nature, end.state) {
            (Nature::Good, Ended::Prepared) => !state.former.is_empty(),
            (Nature::Good, Ended::Rejected) => match end.code {
                // The last: it was refused for a reason that was gone when the next delivery looked for it.
                Some(ReasonCode::AliasTag | ReasonCode::Undecided) => self.kind.is_meddled_with,
                Some(ReasonCode::ForeignSigningJob | ReasonCode::SigningFailed) => {
                    state.hijacked.contains(&at)
                }
                Some(ReasonCode::CanaryRunning) => self.refuses_canaries(),
                Some(ReasonCode::JobRevoked) => state.was_revoked,
                Some(ReasonCode::NoCodeSigningConfig) => state.was_unsigned,
                Some(ReasonCode::ApprovalMissing) => self.kind.asks_people,
                Some(
                    ReasonCode::ProvenanceMissing
                    | ReasonCode::ProvenanceMismatch
                    | ReasonCode::ProvenanceInvalid,
                ) => self.kind.demands_provenance,
                _ => false,
            },
            (Nature::Good, Ended::Failed) => {
                is_overtaken
                    || match end.code {
                        Some(ReasonCode::AliasTag) => self.kind.is_meddled_with,
                        Some(ReasonCode::TargetNotFound) => !state.former.is_empty(),
                        Some(ReasonCode::CanaryRunning) => self.refuses_canaries(),
                        Some(ReasonCode::SourceAbsent) => put.gone_at.is_some(),
                        Some(ReasonCode::JobRevoked) => state.was_revoked,
                        Some(ReasonCode::NoCodeSigningConfig) => state.was_unsigned,
                        // It was withdrawn after the update was sent, which Lambda did not take, or which somebody
                        // has put other code over since.
                        Some(ReasonCode::ApprovalMissing) => {
                            let is_there = state.took.contains(&at) && state.foreign_at.is_none();
                            self.kind.asks_people && !is_there
                        }
                        _ => is_forged,
                    }
            }
            (_, Ended::Superseded | Ended::Rejected) | (Nature::Good, Ended::Deployed) => true,
            (_, Ended::Deployed | Ended::Prepared) => false,
            (_, Ended::Failed) => is_forged,
        };
        assert!(is_explained || is_given_up, "{}", words());
    }
}

/// Whether nothing is left of an upload: its event was lost, and its version was deleted for good before
/// anybody looked.
fn is_nowhere(state: &WorldState, put: &Put) -> bool {
    let target = put.key.trim_end_matches(".zip");
    let has_record =
        |path: &String| path.starts_with(target) && path.contains(&format!("-{}/", put.version));
    put.gone_at.is_some()
        && state.events_lost.contains(&put.version)
        && !state.records.keys().any(has_record)
}

/// Whether the function runs what was deployed last, or that it does not is on record and was told; and
/// nothing is on record that is not so.
fn check_drift(state: &WorldState) {
    let target = "functions/checkout";
    let path = format!("drift/{target}/OTHER_CODE_RUNS.json");
    let drift: Option<Drift> = state.record(&path);
    let is_open = drift.as_ref().is_some_and(Drift::is_open);
    let Some(function) = state.functions.get("checkout") else {
        assert!(!is_open, "{DRIFT_IS_NONE}: {drift:?}");
        return;
    };
    let Some(live) = state.record::<Live>(&format!("{target}/live.json")) else {
        // It may have been created from what was prepared, and have got other code past the gate then.
        let is_foreign = function.code_sha256.starts_with("foreign");
        assert!(!is_open || is_foreign, "{DRIFT_IS_NONE}: {drift:?}");
        assert!(
            !is_open || state.drift_told.contains(&path),
            "{DRIFT_NOT_FOUND}"
        );
        return;
    };
    let alias = live.deployed.alias.as_ref();
    let is_moved = alias.is_some_and(|alias| {
        let found = function.aliases.get(alias);
        found.map(|found| &found.version) != live.deployed.version.as_ref()
    });
    let is_same = function.code_sha256 == live.deployed.code_sha256 && !is_moved;
    if is_same {
        assert!(!is_open, "{DRIFT_IS_NONE}: {drift:?}");
    } else if function.code_sha256.starts_with("foreign") {
        assert!(is_open, "{DRIFT_NOT_FOUND}");
    }
    if is_open {
        assert!(state.drift_told.contains(&path), "{DRIFT_NOT_FOUND}");
    }
}

/// Whether the current upload, which was deployed, is what runs: unless somebody changed that since Lambda
/// last told a caller so.
fn check_runs(state: &WorldState, end: &Outcome) {
    let deployed = end.deployed.as_ref().unwrap();
    let code = &deployed.code_sha256;
    let Some(function) = state.functions.get("checkout") else {
        return;
    };
    let is_ours = state
        .foreign_at
        .is_none_or(|at| at < state.confirmed_at[code]);
    if is_ours {
        assert_eq!(*code, function.code_sha256, "{NOT_RUNNING}");
    }
    let version = deployed.version.as_ref().unwrap();
    if let Some(alias) = &deployed.alias
        && let Some(found) = function.aliases.get(alias)
        && state
            .alias_moved_at
            .is_none_or(|at| at < state.alias_confirmed_at[version])
    {
        assert_eq!(found.version, *version, "{ALIAS_ELSEWHERE}");
    }
}

/// Whether `live.json` says the same as the outcome of the upload that it names, and tells of no older
/// deployment than this one.
fn check_live(state: &WorldState, at: usize, end: &Outcome) {
    let target = state.target_of(at);
    if end.state != Ended::Deployed || state.live_forged.contains_key(&target) {
        return;
    }
    let live: Live = state.record(&format!("{target}/live.json")).unwrap();
    // Lambda's numbers begin anew where a function was deleted and created again.
    if state.former.is_empty() || target.starts_with("layers/") {
        let number =
            |deployed: &Deployed| -> u64 { deployed.version.as_ref().unwrap().parse().unwrap() };
        let of_end = number(end.deployed.as_ref().unwrap());
        assert!(number(&live.deployed) >= of_end, "{LIVE_OLDER}");
    }
    if live.upload == end.upload {
        assert_eq!(
            Some(&live.deployed),
            end.deployed.as_ref(),
            "{LIVE_DIFFERS}"
        );
    }
}
