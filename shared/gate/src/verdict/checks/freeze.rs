//! No freeze covers the target.

use crate::{
    domain::ReasonCode,
    verdict::{
        evidence::{Evidence, Fact},
        finding::CheckResult,
        people::ActiveFreeze,
    },
};

/// What is said of freezes; nothing where the stack heeds none.
pub(crate) fn freeze(evidence: &Evidence) -> Option<CheckResult> {
    let freezes = match &evidence.people.freezes {
        Fact::NotAsked => return None,
        Fact::Unavailable(why) => {
            return Some(CheckResult::Inconclusive(
                ReasonCode::PeopleUnknown,
                format!("whether a freeze covers the target could not be read: {why}"),
            ));
        }
        Fact::Known(freezes) => freezes,
    };
    if freezes.active.is_empty() {
        return Some(CheckResult::Pass("no freeze covers the target".to_owned()));
    }
    let active: Vec<String> = freezes.active.iter().map(sentence).collect();
    let active = active.join("; ");
    Some(if evidence.now < freezes.wait_until {
        let message = format!("{active}; it waits until {} at most", freezes.wait_until);
        CheckResult::Inconclusive(ReasonCode::Frozen, message)
    } else {
        let message = format!("{active}; it waited until {}", freezes.wait_until);
        CheckResult::Fail(ReasonCode::Frozen, message)
    })
}

fn sentence(freeze: &ActiveFreeze) -> String {
    match freeze {
        ActiveFreeze::Ordered { key, reason, until } => {
            format!("{key} freezes the target until {until}: {reason:?}")
        }
        ActiveFreeze::Unreadable { key, problem } => {
            format!("{key} freezes every target, because it cannot be read: {problem}")
        }
    }
}
