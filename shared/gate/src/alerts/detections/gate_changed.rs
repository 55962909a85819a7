//! A part of the gate was changed by hand. Objects of the buckets are data events, which a trail of
//! management events does not have (`records_deleted.rs` has those that the stack's own trail asks for); roles are IAM's,
//! whose events come to the bus of us-east-1 alone (grade B).

use super::detection::{
    ASK, Answer, Context, Detection, EventPredicate, Match, WatchedCall, watch,
};
use crate::alerts::Severity;

pub(super) const CALLS: &[WatchedCall] = watch! {
    "lambda": "UpdateFunctionCode", "UpdateFunctionConfiguration", "DeleteFunction", "AddPermission", "PutFunctionConcurrency", "CreateEventSourceMapping", "UpdateEventSourceMapping", "DeleteEventSourceMapping",
        "PutFunctionCodeSigningConfig", "DeleteFunctionCodeSigningConfig", "PutRuntimeManagementConfig", "PublishVersion", "CreateAlias", "UpdateAlias",
        "CreateFunctionUrlConfig", "UpdateFunctionUrlConfig", "PutResourcePolicy";
    "iam": "PutRolePolicy", "DeleteRolePolicy", "AttachRolePolicy", "DetachRolePolicy", "UpdateAssumeRolePolicy", "PutRolePermissionsBoundary", "DeleteRolePermissionsBoundary", "DeleteRole",
        "CreatePolicyVersion", "SetDefaultPolicyVersion";
    "sqs": "SetQueueAttributes", "DeleteQueue", "PurgeQueue", "AddPermission", "RemovePermission";
    "events": "DisableRule", "DeleteRule", "PutRule", "RemoveTargets", "PutTargets", "UpdateEventBus", "DeleteEventBus", "PutPermission", "RemovePermission";
    "scheduler": "UpdateSchedule", "DeleteSchedule";
    "s3": "PutBucketPolicy", "DeleteBucketPolicy", "PutBucketVersioning", "PutBucketLifecycle", "DeleteBucketLifecycle", "PutBucketNotification", "PutBucketAcl", "PutBucketEncryption", "PutBucketPublicAccessBlock", "DeleteBucketPublicAccessBlock", "PutBucketReplication", "PutBucketObjectLockConfiguration", "DeleteBucketEncryption", "PutBucketOwnershipControls", "DeleteBucketOwnershipControls", "DeleteBucket";
    "kms": "DisableKey", "ScheduleKeyDeletion", "PutKeyPolicy", "DisableKeyRotation";
    "sns": "SetTopicAttributes", "DeleteTopic", "Unsubscribe", "Subscribe", "SetSubscriptionAttributes", "AddPermission",
        "RemovePermission", "PutDataProtectionPolicy";
    "logs": "DeleteLogGroup", "DeleteLogStream", "PutRetentionPolicy", "DisassociateKmsKey";
    "monitoring": "DeleteAlarms", "DisableAlarmActions", "PutMetricAlarm", "SetAlarmState", "PutAlarmMuteRule";
};

pub(in crate::alerts) const ID: &str = "gate-changed";

pub(super) static DETECTION: Detection = Detection {
    id: ID,
    severity: Severity::Critical,
    title: "The gate itself was changed: {subject}",
    meaning: "A part of Countersign was changed past an update of its stack: a function, role, queue, rule, schedule, bucket, key, topic, log group or alarm. The gate may not see, verify, record or page what it should.",
    false_positives: "a repair by whoever runs the gate. An update of the stack is told by the call that begins it, and what CloudFormation does then pages nobody.",
    steps: &[
        "See what differs: aws cloudformation detect-stack-drift --stack-name {stack} --region {region}, and a minute later aws cloudformation describe-stack-resource-drifts --stack-name {stack} --region {region}",
        "Put back by hand what differs: an update with the same template and parameters changes nothing. What is gone comes back by an update that leaves it out and another that has it again.",
        ASK,
        "Check what was deployed since: countersign audit --records-bucket {records_bucket} --region {region}",
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

const SINCE: &str = "Check what was deployed since: countersign audit --records-bucket {records_bucket} --region {region}";
const STEPS_OF_RULE: &[&str] = &[
    "Turn it on again: aws events enable-rule --name {thing} --region {region}, with --event-bus-name if it is not on the default bus.",
    "What happened while it was off was not heard of, and does not come again: look through CloudTrail, and let sweep compare (countersign audit --records-bucket {records_bucket} --region {region}).",
    ASK,
    SINCE,
];
const STEPS_OF_ALARM_ACTIONS: &[&str] = &[
    "Turn them on again: aws cloudwatch enable-alarm-actions --alarm-names {thing} --region {region}",
    "See what was missed: aws cloudwatch describe-alarm-history --alarm-name {thing} --region {region}",
    ASK,
];
const STEPS_OF_ALARM_STATE: &[&str] = &[
    "See what the alarm says and why: aws cloudwatch describe-alarm-history --alarm-name {thing} --region {region}. CloudWatch sets the state anew when it evaluates the alarm, within minutes.",
    ASK,
];
const STEPS_OF_KEY: &[&str] = &[
    "Turn it on again: aws kms enable-key --key-id {thing} --region {region}. Until then nothing of the gate can be read or written, and uploads wait.",
    ASK,
    SINCE,
];
const STEPS_OF_KEY_DELETION: &[&str] = &[
    "Stop it: aws kms cancel-key-deletion --key-id {thing} --region {region}",
    "Turn it on again: aws kms enable-key --key-id {thing} --region {region}. Once it is deleted, all packages and records under it are lost.",
    ASK,
    SINCE,
];
const STEPS_OF_PURGE: &[&str] = &[
    "Nothing brings the messages back. Uploads and jobs without an end are sent again by sweep within minutes; calls past the gate that waited there were never told.",
    "Look through CloudTrail for the hour before, and let sweep compare what runs: countersign audit --records-bucket {records_bucket} --region {region}",
    ASK,
];

fn matches(context: &Context<'_>) -> Option<Match> {
    let thing = context.own_resource()?;
    let call = context.call;
    let finding = Match::default()
        .subject(thing)
        .detail(format!("It was done with {}.", call.name()));
    let finding = match call.name() {
        "DisableRule" => finding.steps(STEPS_OF_RULE),
        "DisableAlarmActions" => finding.steps(STEPS_OF_ALARM_ACTIONS),
        "SetAlarmState" => finding.steps(STEPS_OF_ALARM_STATE),
        "DisableKey" => finding.steps(STEPS_OF_KEY),
        "ScheduleKeyDeletion" => finding.steps(STEPS_OF_KEY_DELETION),
        "PurgeQueue" => finding.steps(STEPS_OF_PURGE),
        _ => finding,
    };
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
    use serde_json::{Value, json};

    /// A call at each kind of part.
    #[expect(clippy::too_many_lines, reason = "a row for each kind of part")]
    fn calls_at_the_gate() -> Vec<(&'static str, &'static str, Value)> {
        vec![
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
            // Its own code signing is what keeps other code out of it.
            (
                "lambda",
                "DeleteFunctionCodeSigningConfig",
                json!({"functionName": "countersign-alert"}),
            ),
            (
                "lambda",
                "PutFunctionCodeSigningConfig",
                json!({"functionName": "countersign-alert", "codeSigningConfigArn": OWN_CSC}),
            ),
            (
                "lambda",
                "PutRuntimeManagementConfig",
                json!({"functionName": "countersign-alert", "updateRuntimeOn": "Manual"}),
            ),
            (
                "iam",
                "CreatePolicyVersion",
                json!({"policyArn": "arn:aws:iam::111122223333:policy/countersign-NetworkRights-1X", "setAsDefault": true}),
            ),
            (
                "events",
                "UpdateEventBus",
                json!({"name": "countersign", "kmsKeyIdentifier": "arn:aws:kms:us-east-1:111122223333:key/x"}),
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
            (
                "monitoring",
                "PutAlarmMuteRule",
                json!({"name": "nights", "muteTargets": {"alarmNames": ["countersign-DeadLetteredAlarm-1X"]}}),
            ),
            (
                "sns",
                "PutDataProtectionPolicy",
                json!({"resourceArn": "arn:aws:sns:us-east-1:111122223333:countersign-Topic-1X"}),
            ),
            (
                "s3",
                "PutBucketObjectLockConfiguration",
                json!({"bucketName": "countersign-recordsbucket-1x"}),
            ),
        ]
    }

    #[test]
    fn every_kind_of_part_pages() {
        for (service, call, request) in calls_at_the_gate() {
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

    /// What makes paging deaf without turning anything off.
    #[test]
    fn filters_before_alert_page() {
        let own = "arn:aws:lambda:us-east-1:111122223333:function:countersign-alert";
        let criteria = json!({"filters": [{"pattern": "{\"body\":{\"run\":[\"repeats\"]}}"}]});
        // Named by its id alone, as the console and the CLI do; the answer has the function.
        let mapping = |function: &str| {
            let request =
                json!({"uUID": "1b6fe2a6-0000-4000-8000-000000000000", "filterCriteria": criteria});
            let event = event("lambda", "UpdateEventSourceMapping20150331", request);
            with(&event, "responseElements", json!({"functionArn": function}))
        };
        fires(&DETECTION, &mapping(own));
        silent(&mapping(&own.replace("countersign-alert", "another-teams")));
        let target =
            json!({"id": "alert", "arn": "arn:aws:sqs:us-east-1:111122223333:countersign-alert"});
        for change in [
            json!({"input": "{}"}),
            json!({"inputPath": "$.time"}),
            json!({"inputTransformer": {"inputTemplate": "x"}}),
        ] {
            let mut target = target.clone();
            target
                .as_object_mut()
                .unwrap()
                .extend(change.as_object().unwrap().clone());
            let request = json!({"rule": "countersign-TrailRule-1X", "targets": [target]});
            fires(&DETECTION, &event("events", "PutTargets", request));
            let request = json!({"rule": "nightly", "targets": [target]});
            silent(&event("events", "PutTargets", request));
        }
        let filter = |topic: &str| {
            let request = json!({"subscriptionArn": format!("arn:aws:sns:us-east-1:111122223333:{topic}:5d1e"),
                "attributeName": "FilterPolicy", "attributeValue": "{\"severity\":[\"none\"]}"});
            event("sns", "SetSubscriptionAttributes", request)
        };
        fires(&DETECTION, &filter("countersign-Topic-1X"));
        assert_eq!(
            page(&filter("countersign-Topic-1X")).severity,
            Severity::Critical
        );
        silent(&filter("orders-Topic"));
        // Somebody is subscribed with a filter from the beginning: more people hear of it, or fewer do.
        let request = json!({"topicArn": "arn:aws:sns:us-east-1:111122223333:countersign-Topic-1X", "protocol": "https",
            "attributes": {"FilterPolicy": "{}"}});
        fires(&DETECTION, &event("sns", "Subscribe", request));
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
