//! A signature or a version of the gate's profile was revoked.

use super::detection::{Answer, Context, Detection, EventPredicate, Match, WatchedCall, watch};
use crate::alerts::Severity;

pub(super) const CALLS: &[WatchedCall] = watch! {
    "signer": "RevokeSignature", "RevokeSigningProfile";
};

pub(super) static DETECTION: Detection = Detection {
    id: "signature-revoked",
    severity: Severity::Critical,
    title: "A signature was revoked: {subject}",
    meaning: "Lambda does not take code with that signature any more. Functions that run it already run on. A revocation cannot be undone.",
    false_positives: "a leaked package or profile that somebody withdrew, as they should.",
    steps: &[
        "Check that the revocation was meant. It cannot be undone.",
        "Find what runs with it: countersign audit impact {job_arn} --records-bucket {records_bucket} --region {region}. It may be none of the gate's: the call does not say whose job it was.",
        "If it was not meant, or once the package can be trusted, upload it once more, so that the gate signs it anew.",
        "Take signer:RevokeSignature and signer:RevokeSigningProfile away from everyone who need not have them.",
    ],
    controls: &[
        "MITRE ATT&CK T1562 (Impair Defenses)",
        "MITRE ATT&CK T1489 (Service Stop)",
        "NIST 800-53 SI-7(15)",
        "NIST 800-53 CM-14",
    ],
    answer: Answer::Accepted,
    calls: &[CALLS],
    on_one_event: &[EventPredicate::Any(&[
        EventPredicate::Call("RevokeSignature"),
        EventPredicate::Profile,
    ])],
    matches,
};

const STEPS_OF_PROFILE: &[&str] = &[
    "Check that the revocation was meant. It cannot be undone.",
    "Nothing that the profile version signed after the effective time is taken any more. Make a new profile: aws signer put-signing-profile --profile-name NEW_NAME --platform-id AWSLambda-SHA384-ECDSA --region {region}",
    "Give its version's ARN to the stack as SigningProfileVersionArn, and list it in the code signing configuration in place of the revoked one. Do not trust the revoked one again.",
    "Find what runs with it: countersign audit impact {profile_version_arn} --records-bucket {records_bucket} --region {region}. Upload each of these packages once more, so that the gate signs it anew.",
    "Take signer:RevokeSignature and signer:RevokeSigningProfile away from everyone who need not have them.",
];

fn matches(context: &Context<'_>) -> Option<Match> {
    let call = context.call;
    let reason = call.request_text("/reason").unwrap_or("none was given");
    let finding = Match::default().detail(format!("The reason given: {reason}."));
    if call.name() == "RevokeSignature" {
        return Some(finding);
    }
    if !context.is_trusted_profile() {
        return None;
    }
    let version = call.request_text("/profileVersion").unwrap_or("not named");
    let since = call.request("/effectiveTime").map_or_else(
        || "a time that is not named".to_owned(),
        |time| {
            time.as_str()
                .map_or_else(|| time.to_string(), str::to_owned)
        },
    );
    Some(
        finding
            .title("A signing profile was revoked: {subject}")
            .detail(format!(
                "The version is {version}; what it signed from {since} on is not taken."
            ))
            .steps(STEPS_OF_PROFILE),
    )
}

#[cfg(test)]
mod tests {
    use super::{super::samples::*, *};
    use serde_json::json;

    #[test]
    fn revocation_pages_and_nobody_is_asked_to_undo_it() {
        for (call, request) in [
            ("RevokeSignature", json!({"jobId": "065d37b3"})),
            (
                "RevokeSigningProfile",
                json!({"profileName": "countersign", "profileVersion": "Ab"}),
            ),
        ] {
            let event = event("signer", call, request);
            fires(&DETECTION, &event);
            let page = page(&event);
            assert!(page.text.contains("cannot be undone"), "{page:?}");
            assert!(
                page.next_steps.iter().all(|step| !step.contains("undo it")),
                "{page:?}"
            );
        }
        silent(&event(
            "signer",
            "RevokeSigningProfile",
            json!({"profileName": "another_teams"}),
        ));
    }
    #[test]
    fn users_of_a_profile_are_asked_by_its_arn() {
        let profile =
            json!({"profileName": "countersign", "profileVersion": "AbCdEfGh12", "reason": "x"});
        let job = json!({"jobId": "065d37b3-1a2b-4c5d-8e9f-0a1b2c3d4e5f", "reason": "x"});
        for (name, request, arn) in [
            (
                "RevokeSigningProfile",
                profile,
                "/signing-profiles/countersign/AbCdEfGh12",
            ),
            (
                "RevokeSignature",
                job,
                "/signing-jobs/065d37b3-1a2b-4c5d-8e9f-0a1b2c3d4e5f",
            ),
        ] {
            let steps = page(&event("signer", name, request)).next_steps.join("\n");
            let command = format!(
                "audit impact arn:aws:signer:us-east-1:111122223333:{arn} --records-bucket countersign-records"
            );
            assert!(steps.contains(&command), "{steps}");
        }
    }
}
