//! Objects of the records bucket were deleted. These are data events: the stack's own trail asks for deletions there, and a
//! rule of its own lets them through. `DeleteObjects` names no keys; since 2025 an event `DeleteObject` follows for each object
//! (grade C).

use super::detection::{
    ASK, Answer, Context, Detection, EventPredicate, Match, WatchedCall, watch,
};
use crate::alerts::{IncidentScope, Severity};

pub(super) const CALLS: &[WatchedCall] = watch! {
    "s3": "DeleteObject", "DeleteObjects";
};

/// What people write and take away by themselves. The end of a silence is told.
const OF_PEOPLE: [&str; 1] = ["silences/"];

pub(super) static DETECTION: Detection = Detection {
    id: "records-deleted",
    severity: Severity::Critical,
    title: "Records of the gate were deleted: {subject}",
    meaning: "The records say what was uploaded, why it was let through and what should run. The gate deletes none, and the bucket's policy lets nobody but AdministratorRoles; what is deleted stays as an older version behind a delete marker.",
    false_positives: "a silence that was taken away with DeleteObjects, as the console does, whose event need not name keys.",
    steps: &[
        "See what is gone, which have a delete marker as their latest version: aws s3api list-object-versions --bucket {records_bucket} --prefix {key} --query 'DeleteMarkers[?IsLatest]' --region {region}",
        "Bring each back from its newest version, as one of AdministratorRoles: aws s3api copy-object --bucket {records_bucket} --key {key} --copy-source '{records_bucket}/{key}?versionId=VERSION' --region {region}",
        ASK,
        "See that the policy of the bucket is still the stack's: aws s3api get-bucket-policy --bucket {records_bucket} --region {region}",
        "If nobody is to be able to, keep records under Object Lock (parameter RecordLockMode).",
    ],
    controls: &[
        "MITRE ATT&CK T1485 (Data Destruction)",
        "MITRE ATT&CK T1562 (Impair Defenses)",
        "NIST 800-53 AU-9",
    ],
    answer: Answer::Accepted,
    calls: &[CALLS],
    on_one_event: &[EventPredicate::Records],
    matches,
};

/// Of the sum: many are one thing, and who did it is what counts.
const SUM: &str = "Records of the gate were deleted";

fn matches(context: &Context<'_>) -> Option<Match> {
    let call = context.call;
    let bucket = call.request_text("/bucketName")?;
    if bucket != context.settings.records_bucket {
        return None;
    }
    let key = call.request_text("/key");
    if key.is_some_and(|key| OF_PEOPLE.iter().any(|folder| key.starts_with(folder))) {
        return None;
    }
    let version = call.request_text("/versionId");
    Some(
        Match::default()
            .scope(IncidentScope::Stack(SUM))
            .subject(bucket.to_owned())
            .detail(match (key, version) {
                (None, _) => {
                    "The call does not say which: DeleteObjects takes up to 1,000 at once."
                        .to_owned()
                }
                (Some(key), None) => format!("A delete marker hides {key} now."),
                (Some(key), Some(version)) => {
                    format!("The version {version} of {key} is gone for good.")
                }
            }),
    )
}

#[cfg(test)]
mod tests {
    use super::{super::samples::*, *};
    use serde_json::{Value, json};

    const RECORD: &str = "functions/orders/20261121T214400Z-v1/outcome.json";

    fn delete(request: Value) -> Value {
        let mut request = request;
        request["bucketName"] = json!("countersign-records");
        event("s3", "DeleteObject", request)
    }

    #[test]
    fn deleted_records_page_with_their_keys_whoever_deletes_them() {
        let marker = delete(json!({"key": RECORD}));
        fires(&DETECTION, &marker);
        fires(&DETECTION, &by_gate(&marker));
        let told = page(&marker);
        assert!(
            told.text
                .contains(&format!("A delete marker hides {RECORD} now.")),
            "{}",
            told.text
        );
        assert!(
            told.next_steps[1].contains(&format!("--key {RECORD} ")),
            "{:?}",
            told.next_steps
        );
        let for_good = page(&delete(json!({"key": RECORD, "versionId": "v2"})));
        assert!(
            for_good.text.contains("is gone for good"),
            "{}",
            for_good.text
        );
        let many = with(&delete(json!({})), "eventName", json!("DeleteObjects"));
        fires(&DETECTION, &many);
        assert!(page(&many).text.contains("does not say which"));
        assert!(page(&many).next_steps[1].contains("--key KEY "));
    }

    /// One person who deletes a thousand is one thing, and no target's: no silence keeps it quiet.
    #[test]
    fn many_deleted_records_are_one_thing() {
        let of = |key: &str| page(&delete(json!({"key": key})));
        let (one, other) = (
            of(RECORD),
            of("layers/base/20261121T214400Z-v1/verdict.json"),
        );
        assert_eq!(one.dedup_key(), other.dedup_key());
        assert_eq!(one.target, None);
    }

    #[test]
    fn silences_and_other_buckets_are_silent() {
        let silence = json!({"key": "silences/functions/orders.json"});
        assert_eq!(detected(&delete(silence)), None);
        // The bucket's policy lets nobody delete what the probe wrote.
        let probe = json!({"key": "doctor/probe.json"});
        assert_eq!(detected(&delete(probe)), Some("records-deleted"));
        let elsewhere = json!({"bucketName": "another-teams", "key": RECORD});
        silent(&event("s3", "DeleteObject", elsewhere));
    }

    #[test]
    fn denied_attempt_is_one_at_the_gate_itself() {
        let denied = with(
            &delete(json!({"key": RECORD})),
            "errorCode",
            json!("AccessDenied"),
        );
        let told = page(&denied);
        assert_eq!(
            (told.kind.as_str(), told.severity),
            ("attempt-denied", Severity::Critical)
        );
    }
}
