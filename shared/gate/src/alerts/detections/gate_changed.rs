//! A part of the gate was changed by hand. Objects of the buckets are data events, which a trail of
//! management events does not have; roles are IAM's, whose events come to the bus of us-east-1 alone (grade B).

use super::detection::{Answer, Context, Detection, EventPredicate, Match, WatchedCall, watch};
use crate::alerts::Severity;

pub(super) const CALLS: &[WatchedCall] = watch! {
    "lambda": "UpdateFunctionCode", "UpdateFunctionConfiguration", "DeleteFunction", "AddPermission", "PutFunctionConcurrency", "CreateEventSourceMapping", "UpdateEventSourceMapping", "DeleteEventSourceMapping";
    "iam": "PutRolePolicy", "DeleteRolePolicy", "AttachRolePolicy", "DetachRolePolicy", "UpdateAssumeRolePolicy", "PutRolePermissionsBoundary", "DeleteRolePermissionsBoundary", "DeleteRole";
    "sqs": "SetQueueAttributes", "DeleteQueue", "PurgeQueue", "AddPermission", "RemovePermission";
    "events": "DisableRule", "DeleteRule", "PutRule", "RemoveTargets", "PutTargets", "DeleteEventBus", "PutPermission", "RemovePermission";
    "scheduler": "UpdateSchedule", "DeleteSchedule";
    "s3": "PutBucketPolicy", "DeleteBucketPolicy", "PutBucketVersioning", "PutBucketLifecycle", "DeleteBucketLifecycle", "PutBucketNotification", "PutBucketAcl", "PutBucketEncryption", "PutBucketPublicAccessBlock", "DeleteBucketPublicAccessBlock", "PutBucketReplication", "DeleteBucket";
    "kms": "DisableKey", "ScheduleKeyDeletion", "PutKeyPolicy", "DisableKeyRotation";
    "sns": "SetTopicAttributes", "DeleteTopic", "Unsubscribe", "Subscribe", "SetSubscriptionAttributes", "AddPermission",
        "RemovePermission";
    "logs": "DeleteLogGroup", "DeleteLogStream", "PutRetentionPolicy", "DisassociateKmsKey";
    "monitoring": "DeleteAlarms", "DisableAlarmActions", "PutMetricAlarm", "SetAlarmState";
};

pub(in crate::alerts) const ID: &str = "gate-changed";

pub(super) static DETECTION: Detection = Detection {
    id: ID,
    severity: Severity::Critical,
    title: "The gate itself was changed: {subject}",
    meaning: "A part of Countersign was changed by hand: a function, role, queue, rule, schedule, bucket, key, topic, log group or alarm of the stack. The gate may not see, verify, record or page what it should.",
    false_positives: "a stack update is told by the call that begins it, and what CloudFormation does then is silent; anything else is not usual.",
    steps: &[
        "Put the stack back: aws cloudformation detect-stack-drift --stack-name {stack} --region {region} shows what differs; update the stack to mend it.",
        "Ask whoever made the call. If nobody knows of it, revoke the session and the keys that made it.",
        "Check what was deployed since: countersign status shows each target.",
    ],
    controls: &[
        "MITRE ATT&CK T1562 (Impair Defenses)",
        "MITRE ATT&CK T1098 (Account Manipulation)",
        "NIST 800-53 SI-7(15)",
        "NIST 800-53 CM-3",
    ],
    answer: Answer::Accepted,
    calls: &[CALLS],
    on_one_event: &[EventPredicate::OwnResource],
    matches,
};

fn matches(context: &Context<'_>) -> Option<Match> {
    let thing = context.own_resource()?;
    let call = context.call;
    let finding = Match::default()
        .subject(thing)
        .detail(format!("It was done with {}.", call.name()));
    // What an update of the gate's own stack does is told by the call that begins it; another stack can
    // name the gate's parts in its template, too.
    if context.is_by_cloudformation() {
        return Some(finding.severity(Severity::Warning).detail(
            "CloudFormation did it, and no update of the gate's own stack was told in the hours before: \
             look for another stack that names it."
                .to_owned(),
        ));
    }
    Some(match call.name() {
        // More people hear of it, or less is seen of it; nothing is let through.
        "Subscribe" => finding.severity(Severity::Warning),
        _ => finding,
    })
}

#[cfg(test)]
mod tests {
    use super::{super::samples::*, *};
    use serde_json::json;

    #[test]
    fn every_kind_of_part_pages() {
        for (service, call, request) in [
            (
                "lambda",
                "UpdateFunctionCode20150331v2",
                json!({"functionName": "countersign-deploy"}),
            ),
            (
                "lambda",
                "UpdateFunctionConfiguration20150331v2",
                json!({"functionName": "arn:aws:lambda:us-east-1:111122223333:function:countersign-sign"}),
            ),
            (
                "lambda",
                "PutFunctionConcurrency20171031",
                json!({"functionName": "countersign-alert", "reservedConcurrentExecutions": 0}),
            ),
            (
                "iam",
                "PutRolePolicy",
                json!({"roleName": "countersign-DeployRole-1X"}),
            ),
            (
                "sqs",
                "PurgeQueue",
                json!({"queueUrl": "https://sqs.us-east-1.amazonaws.com/111122223333/countersign-sign"}),
            ),
            (
                "events",
                "DisableRule",
                json!({"name": "countersign-TrailRule-1X"}),
            ),
            (
                "events",
                "RemoveTargets",
                json!({"rule": "outcomes", "eventBusName": "countersign"}),
            ),
            (
                "scheduler",
                "DeleteSchedule",
                json!({"name": "countersign-sweep"}),
            ),
            (
                "s3",
                "PutBucketPolicy",
                json!({"bucketName": "countersign-recordsbucket-1x"}),
            ),
            ("kms", "ScheduleKeyDeletion", json!({"keyId": OWN_KEY})),
            (
                "kms",
                "DisableKey",
                json!({"keyId": "5d1e0000-0000-4000-8000-000000000000"}),
            ),
            (
                "sns",
                "Unsubscribe",
                json!({"subscriptionArn": "arn:aws:sns:us-east-1:111122223333:countersign-Topic-1X:5d1e"}),
            ),
            (
                "logs",
                "DeleteLogGroup",
                json!({"logGroupName": "/aws/lambda/countersign-sign"}),
            ),
            (
                "monitoring",
                "DeleteAlarms",
                json!({"alarmNames": ["other", "countersign-DeadLetteredAlarm-1X"]}),
            ),
        ] {
            let event = event(service, call, request);
            fires(&DETECTION, &event);
            // A stolen session of the gate is no excuse, unless the call is the gate's work.
            if !call.starts_with("UpdateFunctionCode") {
                fires(&DETECTION, &by_gate(&event));
            }
            // Whose stack it was is asked of the records.
            let by_cloudformation = by_cloudformation(&event);
            fires(&DETECTION, &by_cloudformation);
            assert_eq!(page(&by_cloudformation).severity, Severity::Warning);
        }
    }

    #[test]
    fn parts_of_others_are_silent() {
        for (service, call, request) in [
            (
                "lambda",
                "UpdateFunctionCode20150331v2",
                json!({"functionName": "another-teams"}),
            ),
            ("iam", "PutRolePolicy", json!({"roleName": "Developer"})),
            ("events", "DisableRule", json!({"name": "nightly"})),
            (
                "kms",
                "DisableKey",
                json!({"keyId": "ffff0000-0000-4000-8000-000000000000"}),
            ),
            (
                "s3",
                "PutBucketPolicy",
                json!({"bucketName": "countersigned"}),
            ),
            ("sns", "Unsubscribe", json!({})),
        ] {
            silent(&event(service, call, request));
        }
    }
}
