//! The gate's signing profile was canceled or put anew.

use super::detection::{
    ASK, Answer, Context, Detection, EventPredicate, Match, WatchedCall, watch,
};
use crate::alerts::Severity;

pub(super) const CALLS: &[WatchedCall] = watch! {
    "signer": "CancelSigningProfile", "PutSigningProfile";
};

pub(super) static DETECTION: Detection = Detection {
    id: "profile-changed",
    severity: Severity::Warning,
    title: "The signing profile {subject} was canceled or put anew",
    meaning: "Nothing can be signed with a canceled profile any more; what it signed stays valid. A profile that is put has a new version, which code signing configurations do not list yet.",
    false_positives: "the gate's stack being created or deleted.",
    steps: &[
        "See its versions: aws signer get-signing-profile --profile-name {profile} --region {region}",
        ASK,
        "If it was canceled and is needed, make a new one and list its version in the code signing configuration. A canceled profile cannot be used again.",
    ],
    controls: &["MITRE ATT&CK T1489 (Service Stop)", "NIST 800-53 CM-14"],
    answer: Answer::Accepted,
    calls: &[CALLS],
    on_one_event: &[EventPredicate::Profile],
    matches,
};

fn matches(context: &Context<'_>) -> Option<Match> {
    if !context.is_trusted_profile() {
        return None;
    }
    Some(if context.call.name() == "CancelSigningProfile" {
        Match::default().title("The signing profile {subject} was canceled")
    } else {
        Match::default().title("The signing profile {subject} was put anew")
    })
}

#[cfg(test)]
mod tests {
    use super::{super::samples::*, *};
    use serde_json::json;

    #[test]
    fn changed_profile_pages_for_own_profiles() {
        for call in ["CancelSigningProfile", "PutSigningProfile"] {
            let of = |profile| event("signer", call, json!({"profileName": profile}));
            fires(&DETECTION, &of("countersign"));
            silent(&of("another_teams"));
        }
    }
}
