//! As many people approved the upload as are demanded, none of them whoever uploaded.

use crate::{
    domain::ReasonCode,
    verdict::{
        evidence::{Evidence, Fact},
        finding::CheckResult,
        people::{Approvals, Count},
    },
};

/// What is said of approvals; nothing where none is demanded.
pub(crate) fn approval(evidence: &Evidence) -> Option<CheckResult> {
    let approvals = match &evidence.people.approvals {
        Fact::NotAsked => return None,
        Fact::Unavailable(why) => {
            return Some(CheckResult::Inconclusive(
                ReasonCode::PeopleUnknown,
                format!("who approved it could not be read: {why}"),
            ));
        }
        Fact::Known(approvals) => approvals,
    };
    Some(judge(approvals, evidence.now))
}

fn judge(approvals: &Approvals, now: jiff::Timestamp) -> CheckResult {
    let required = match &approvals.required {
        Ok(required) => *required,
        Err(why) => return CheckResult::Fail(ReasonCode::ApprovalsTag, why.clone()),
    };
    let uploader = match approvals.uploader_as_person() {
        Ok(person) => person,
        Err(why) => {
            let message = format!("it takes approval by {}, and {why}", people(required));
            return CheckResult::Fail(ReasonCode::UploaderUnknown, message);
        }
    };
    let Count {
        approvers,
        not_counted,
    } = approvals.count(&uploader, now);
    let names: Vec<&str> = approvers
        .iter()
        .map(|approver| approver.principal.as_str())
        .collect();
    let is_enough = u32::try_from(approvers.len()).is_ok_and(|found| found >= required);
    if is_enough {
        return CheckResult::Pass(format!("approved by {}", names.join(", ")));
    }
    let mut message = format!("{} of {required} approvals", approvers.len());
    if !names.is_empty() {
        message = format!("{message}, by {}", names.join(", "));
    }
    if !not_counted.is_empty() {
        let told: Vec<String> = not_counted
            .iter()
            .map(|of| format!("{}: {}", of.key, of.why))
            .collect();
        message = format!("{message}; not counted: {}", told.join("; "));
    }
    if now < approvals.wait_until {
        let message = format!("{message}; it waits until {}", approvals.wait_until);
        CheckResult::Inconclusive(ReasonCode::ApprovalMissing, message)
    } else {
        let message = format!("{message}; it waited until {}", approvals.wait_until);
        CheckResult::Fail(ReasonCode::ApprovalMissing, message)
    }
}

fn people(count: u32) -> String {
    match count {
        1 => "another person".to_owned(),
        count => format!("{count} other people"),
    }
}
