//! The table of detections, and the search through it.

use super::detection::{Answer, Context, Detection, Match, WatchedCall};
use super::{
    alias_changed, attempt_denied, code_changed, code_refused, configuration_changed, csc_changed,
    csc_deleted, csc_detached, csc_replaced, csc_weakened, foreign_signing, function_created,
    function_deleted, gate_changed, gate_role_passed, layer_changed, layer_opened,
    opened_to_everybody, profile_changed, profile_opened, records_deleted, stack_changed,
    tags_changed, trail_changed, trust_revoked, untrusted_code_live, version_changed,
};
use crate::{alerts::settings::AlertSettings, events::ApiCall};
use std::collections::{BTreeMap, BTreeSet};

/// All detections. The first that matches speaks: one call is one page.
pub static DETECTIONS: [&Detection; 27] = [
    &gate_changed::DETECTION,
    &stack_changed::DETECTION,
    &trail_changed::DETECTION,
    &records_deleted::DETECTION,
    &gate_role_passed::DETECTION,
    &code_refused::DETECTION,
    &untrusted_code_live::DETECTION,
    &code_changed::DETECTION,
    &alias_changed::DETECTION,
    &version_changed::DETECTION,
    &configuration_changed::DETECTION,
    &layer_changed::DETECTION,
    &layer_opened::DETECTION,
    &function_created::DETECTION,
    &function_deleted::DETECTION,
    &csc_detached::DETECTION,
    &csc_replaced::DETECTION,
    &csc_weakened::DETECTION,
    &csc_changed::DETECTION,
    &csc_deleted::DETECTION,
    &foreign_signing::DETECTION,
    &profile_opened::DETECTION,
    &profile_changed::DETECTION,
    &trust_revoked::DETECTION,
    &tags_changed::DETECTION,
    &opened_to_everybody::DETECTION,
    &attempt_denied::DETECTION,
];

/// What the gate's roles do as their work. Any other call by one of them is not the gate's.
pub(super) const OWN_WORK: [WatchedCall; 5] = [
    WatchedCall {
        service: "lambda",
        name: "UpdateFunctionCode",
    },
    WatchedCall {
        service: "lambda",
        name: "PublishVersion",
    },
    WatchedCall {
        service: "lambda",
        name: "UpdateAlias",
    },
    WatchedCall {
        service: "lambda",
        name: "PublishLayerVersion",
    },
    WatchedCall {
        service: "signer",
        name: "StartSigningJob",
    },
];

/// Errors of Lambda about signatures, whatever their suffix is (grade C).
pub(super) const SIGNATURE_ERRORS: [&str; 3] = [
    "CodeVerificationFailed",
    "InvalidCodeSignature",
    "CodeSigningConfigNotFound",
];

/// The detection that speaks of this call, with what it found; `None` for an ordinary call.
pub(in crate::alerts) fn find(
    call: &ApiCall,
    settings: &AlertSettings,
) -> Option<(&'static Detection, Match)> {
    let answer = answer_of(call)?;
    if is_gates_work(call) && settings.own_roles.made(call) {
        return None;
    }
    let context = Context { call, settings };
    DETECTIONS
        .iter()
        .filter(|detection| detection.answer == answer && detection.watches(call))
        .find_map(|detection| Some((*detection, (detection.matches)(&context)?)))
}

/// Whether a gate makes such calls as its work.
pub(in crate::alerts) fn is_gates_work(call: &ApiCall) -> bool {
    let is_it = |work: &WatchedCall| work.service == call.service() && work.name == call.name();
    OWN_WORK.iter().any(is_it)
}

/// The detection that speaks of this call.
#[must_use]
pub fn detect(call: &ApiCall, settings: &AlertSettings) -> Option<&'static Detection> {
    find(call, settings).map(|(detection, _)| detection)
}

/// What became of a call; `None` when it changed nothing and nothing is to be said of that: a dry run, or
/// an error that is not about signatures or rights.
fn answer_of(call: &ApiCall) -> Option<Answer> {
    match call.error_code() {
        None => (!call.is_dry_run()).then_some(Answer::Accepted),
        Some(error) if SIGNATURE_ERRORS.iter().any(|name| error.starts_with(name)) => {
            Some(Answer::RefusedSignature)
        }
        Some(_) => call.is_denied().then_some(Answer::Denied),
    }
}

/// The event names that the rule on the bus must let through, by service. Each is to be let through as it
/// is and followed by an API version: `{"prefix": "<name>20"}`.
pub type EventNames = BTreeMap<&'static str, BTreeSet<&'static str>>;

/// The event names that the detections look at.
#[must_use]
pub fn event_names() -> EventNames {
    let mut names = EventNames::new();
    for watched in DETECTIONS.iter().flat_map(|detection| detection.watched()) {
        names
            .entry(watched.service)
            .or_default()
            .insert(watched.name);
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_unique_and_rows_are_whole() {
        let mut ids: Vec<&str> = DETECTIONS.iter().map(|row| row.id).collect();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), DETECTIONS.len());
        for row in DETECTIONS {
            let is_id = row.id.bytes().all(|b| b.is_ascii_lowercase() || b == b'-');
            assert!(is_id, "{}", row.id);
            for text in [row.meaning, row.false_positives] {
                assert!(text.ends_with('.') && text.len() > 20, "{}: {text}", row.id);
            }
            assert!(
                !row.steps.is_empty() && !row.controls.is_empty(),
                "{}",
                row.id
            );
            // The page keeps eight steps of 1,000 characters, and adds two of its own.
            assert!(row.steps.len() <= 6, "{}", row.id);
            assert!(row.steps.iter().all(|step| step.len() < 340), "{}", row.id);
            assert!(row.watched().count() > 0, "{}", row.id);
            assert!(
                row.watched().all(|call| !call.name.is_empty()),
                "{}",
                row.id
            );
        }
    }

    #[test]
    fn every_call_can_be_denied() {
        // Denied attempts are watched for all calls of the table, so that none is forgotten there.
        let denied: BTreeSet<_> = attempt_denied::DETECTION.watched().collect();
        for row in DETECTIONS {
            for call in row.watched() {
                assert!(denied.contains(call), "{}: {call:?}", row.id);
            }
        }
    }
}
