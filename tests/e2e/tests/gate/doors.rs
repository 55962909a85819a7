//! Changes of the gate itself: each is heard of, whichever service it is a call of.

use countersign_e2e::{
    observer::{Nobody, PATIENCE},
    pages::Page,
};
use serde_json::{Value, json};

use crate::{alone, local_stack};

/// The physical id of a resource of the stack.
fn resource(name: &str) -> String {
    local_stack().resource(name).unwrap()
}

/// The last part of an ARN, a URL or a name.
fn name_of(id: &str) -> &str {
    id.rsplit(['/', ':']).next().unwrap()
}

/// `put_role_policy` as CloudTrail has it: `PutRolePolicy`.
fn api_name(operation: &str) -> String {
    let capitalised = operation.split('_').map(|word| {
        let (first, rest) = word.split_at(1);
        first.to_uppercase() + rest
    });
    capitalised.collect()
}

/// What changes nothing, or can be put back: it is the call that counts.
#[test]
#[ignore = "needs the local AWS: cargo xtask test --only e2e"]
fn changes_of_the_gate_itself_page() {
    let stack = local_stack();
    let _alone = alone();
    let (alarm, sign_role, queue) = (
        resource("SignDeadLettersAlarm"),
        resource("SignRole"),
        resource("SignDeadLetters"),
    );
    let (bucket, rule, topic) = (
        resource("RecordsBucket"),
        resource("JobRule"),
        resource("Topic"),
    );
    let logs = resource("SignLogs");
    let harmless = json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": "s3:ListAllMyBuckets", "Resource": "*"}]});
    let calls: [(&str, &str, Value, &str); 7] = [
        (
            "cloudwatch",
            "disable_alarm_actions",
            json!({"AlarmNames": [alarm]}),
            &alarm,
        ),
        (
            "iam",
            "put_role_policy",
            json!({"RoleName": sign_role, "PolicyName": "more", "PolicyDocument": harmless.to_string()}),
            &sign_role,
        ),
        (
            "sqs",
            "set_queue_attributes",
            json!({"QueueUrl": queue, "Attributes": {"MessageRetentionPeriod": "1209600"}}),
            name_of(&queue),
        ),
        (
            "s3",
            "put_bucket_versioning",
            json!({"Bucket": bucket, "VersioningConfiguration": {"Status": "Enabled"}}),
            &bucket,
        ),
        (
            "events",
            "disable_rule",
            json!({"Name": name_of(&rule)}),
            name_of(&rule),
        ),
        (
            "sns",
            "set_topic_attributes",
            json!({"TopicArn": topic, "AttributeName": "DisplayName", "AttributeValue": "x"}),
            name_of(&topic),
        ),
        (
            "logs",
            "put_retention_policy",
            json!({"logGroupName": logs, "retentionInDays": 90}),
            name_of(&logs),
        ),
    ];
    for (service, operation, arguments, _) in &calls {
        let called = stack.root().call(service, operation, arguments.clone());
        called.unwrap();
    }
    // Put back at once: what comes after a failure here needs it.
    let back = json!({"Name": name_of(&rule)});
    stack.root().call("events", "enable_rule", back).unwrap();
    let back = json!({"RoleName": sign_role, "PolicyName": "more"});
    stack
        .root()
        .call("iam", "delete_role_policy", back)
        .unwrap();
    let back = json!({"AlarmNames": [alarm]});
    stack
        .root()
        .call("cloudwatch", "enable_alarm_actions", back)
        .unwrap();
    for (_, operation, _, thing) in calls {
        let what = format!("the page about {operation} of {thing}");
        let title = format!("The gate itself was changed: {thing}");
        let done = format!("It was done with {}.", api_name(operation));
        let is_it = |page: &Page| page.text.contains(&title) && page.text.contains(&done);
        stack
            .pages
            .wait_for(&Nobody, &what, PATIENCE, is_it)
            .unwrap();
    }
}
