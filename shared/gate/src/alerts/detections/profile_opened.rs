//! A permission of the gate's signing profile was added or removed.

use super::detection::{
    ASK, Answer, Context, Detection, EventPredicate, Match, WatchedCall, watch,
};
use crate::alerts::Severity;

pub(super) const CALLS: &[WatchedCall] = watch! {
    "signer": "AddProfilePermission", "RemoveProfilePermission";
};

pub(super) static DETECTION: Detection = Detection {
    id: "profile-permission-changed",
    severity: Severity::Warning,
    title: "Who may use the signing profile {subject} was changed",
    meaning: "Whoever may use a profile can sign code that this account trusts.",
    false_positives: "a profile that is shared with another account on purpose.",
    steps: &[
        "See who may use it: aws signer list-profile-permissions --profile-name {profile} --region {region}",
        "Take it back: aws signer remove-profile-permission --profile-name {profile} --statement-id {statement} --revision-id REVISION --region {region}, with the revisionId that the list shows",
        ASK,
    ],
    controls: &[
        "MITRE ATT&CK T1098 (Account Manipulation)",
        "MITRE ATT&CK T1553.002 (Subvert Trust Controls: Code Signing)",
        "NIST 800-53 CM-14",
    ],
    answer: Answer::Accepted,
    calls: &[CALLS],
    on_one_event: &[EventPredicate::Profile],
    matches,
};

fn matches(context: &Context<'_>) -> Option<Match> {
    if !context.is_trusted_profile() {
        return None;
    }
    let call = context.call;
    if call.name() == "RemoveProfilePermission" {
        return Some(Match::default().severity(Severity::Notice).steps(&[
            "Check that nobody needs it any more: aws signer list-profile-permissions --profile-name {profile} --region {region}",
        ]));
    }
    let who = call.request_text("/principal").unwrap_or("not named");
    let what = call.request_text("/action").unwrap_or("not named");
    Some(Match::default().detail(format!("Principal: {who}; action: {what}.")))
}

#[cfg(test)]
mod tests {
    use super::{super::samples::*, *};
    use serde_json::json;

    #[test]
    fn changed_permission_pages_for_own_profiles() {
        for call in ["AddProfilePermission", "RemoveProfilePermission"] {
            let of = |profile| {
                event(
                    "signer",
                    call,
                    json!({"profileName": profile, "principal": "444455556666"}),
                )
            };
            fires(&DETECTION, &of("countersign"));
            silent(&of("another_teams"));
        }
    }
}
