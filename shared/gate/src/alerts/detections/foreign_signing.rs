//! Signing with the gate's profile by anyone but `sign`.

use super::detection::{
    ASK, Answer, Context, Detection, EventPredicate, Match, WatchedCall, watch,
};
use crate::alerts::{Repetition, Severity};

pub(super) const CALLS: &[WatchedCall] = watch! {
    "signer": "StartSigningJob", "SignPayload";
};

pub(super) static DETECTION: Detection = Detection {
    id: "signed-past-gate",
    severity: Severity::Critical,
    title: "The profile {subject} signed for somebody other than the gate",
    meaning: "What it signed is trusted by every function whose code signing configuration lists the profile, and it never came through the gate.",
    false_positives: "another stack or pipeline that uses the same profile on purpose; list another gate's roles in PeerRoles.",
    steps: &[
        "See what was signed: aws signer describe-signing-job --job-id {job} --region {region}",
        "Make sure that the job is not the gate's own: no signing.json of the records names it. Signer answers a repeated client token with the job that it started first.",
        "If nobody knows of it, revoke its signature: aws signer revoke-signature --job-id {job} --reason 'signed past the gate' --region {region}. That cannot be undone, and what the gate signed under it would be revoked with it.",
        ASK,
        "Take signer:StartSigningJob and signer:SignPayload on the profile away from everyone but the gate's sign role.",
    ],
    controls: &[
        "MITRE ATT&CK T1553.002 (Subvert Trust Controls: Code Signing)",
        "MITRE ATT&CK T1588.003 (Obtain Capabilities: Code Signing Certificates)",
        "NIST 800-53 SI-7(15)",
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
    let job = context.call.response_text("/jobId").unwrap_or("not named");
    let finding = Match::default().detail(format!("The job is {job}."));
    if context.is_own_profile() {
        return Some(finding);
    }
    // That others sign with it may be what it is for; a pipeline that does so all day is one page.
    Some(
        finding
            .severity(Severity::Warning)
            .repetition(Repetition::CountedDaily)
            .title("The profile {subject}, which the gate's functions may trust, signed for somebody else")
            .detail("It is not the stack's own profile, but one of TaggedProfiles or of the publishers of the stack's code signing configuration."),
    )
}

#[cfg(test)]
mod tests {
    use super::{super::samples::*, *};
    use serde_json::json;

    #[test]
    fn foreign_signing_pages_and_the_gates_does_not() {
        let sign = |profile| event("signer", "StartSigningJob", json!({"profileName": profile}));
        fires(&DETECTION, &sign("countersign"));
        fires(
            &DETECTION,
            &event(
                "signer",
                "SignPayload",
                json!({"profileName": "countersign"}),
            ),
        );
        silent(&by_gate(&sign("countersign")));
        silent(&sign("another_teams"));
        // The gate never signs so.
        fires(
            &DETECTION,
            &by_gate(&event(
                "signer",
                "SignPayload",
                json!({"profileName": "countersign"}),
            )),
        );
    }

    /// Whoever signs with a profile that functions trust beside the gate's is told once a day.
    #[test]
    fn other_trusted_profiles_are_watched() {
        let sign = event(
            "signer",
            "StartSigningJob",
            json!({"profileName": "team_a"}),
        );
        fires(&DETECTION, &sign);
        let page = page(&sign);
        assert_eq!(page.severity, Severity::Warning);
        assert_eq!(page.repetition, Repetition::CountedDaily);
        silent(&by_gate(&sign));
        for call in [
            "RevokeSigningProfile",
            "CancelSigningProfile",
            "AddProfilePermission",
        ] {
            let event = event("signer", call, json!({"profileName": "team_a"}));
            assert!(detected(&event).is_some(), "{call}");
        }
    }
}
