//! A stack on an AWS on loopback in which there is nothing to find.

use countersign_gate::client::doctor::{LOGICAL_IDS, RULE_TARGETS};
use countersign_testkit::{
    fake_aws::{FakeAws, json},
    http::Response,
};
use serde_json::{Value, json};

pub(crate) const ACCOUNT: &str = "111122223333";
pub(crate) const CSC: &str =
    "arn:aws:lambda:eu-west-1:111122223333:code-signing-config:csc-0123456789abcdef0";
pub(crate) const PROFILE: &str =
    "arn:aws:signer:eu-west-1:111122223333:/signing-profiles/gate_profile/AbCdEfGh12";
/// What the tag of the target `shop` names.
pub(crate) const SHOP_PROFILE: &str =
    "arn:aws:signer:eu-west-1:111122223333:/signing-profiles/shop_profile/IjKlMnOp34";
const KEY: &str = "0c5a1e7a-3d4a-4529-a776-f5f0f6f7d110";
pub(crate) const SUMMARY_KEY: &str = "arn:aws:kms:eu-west-1:111122223333:key/summaries";
pub(crate) const TOPIC: &str = "arn:aws:sns:eu-west-1:111122223333:gate-Topic";
pub(crate) const RULES: [&str; 7] = [
    "JobRule",
    "UnfinishedRule",
    "EverythingRule",
    "TrailRule",
    "GateRule",
    "RecordsRule",
    "OutcomeRule",
];
const FUNCTIONS: [&str; 4] = ["Sign", "Deploy", "Alert", "Sweep"];

/// A document of S3 or of a service that speaks XML.
pub(crate) fn xml(body: &str) -> Response {
    Response::new(200, body).with("content-type", "application/xml")
}

/// An answer of a service that speaks the query protocol.
pub(crate) fn query(operation: &str, result: &str) -> Response {
    xml(&format!(
        "<{operation}Response><{operation}Result>{result}</{operation}Result>\
         <ResponseMetadata><RequestId>r</RequestId></ResponseMetadata></{operation}Response>"
    ))
}

/// An error of a service that speaks the query protocol.
pub(crate) fn query_error(code: &str) -> Response {
    let error = format!(
        "<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>no</Message></Error>\
         <RequestId>r</RequestId></ErrorResponse>"
    );
    Response::new(403, error).with("content-type", "application/xml")
}

fn members(items: impl IntoIterator<Item = String>) -> String {
    let items = items
        .into_iter()
        .map(|item| format!("<member>{item}</member>"));
    items.collect()
}

/// The name in AWS of a part of the stack.
pub(crate) fn physical(endpoint: &str, logical_id: &str) -> String {
    let of = |what: &str| logical_id.strip_suffix(what).map(str::to_lowercase);
    match logical_id {
        "Key" => KEY.to_owned(),
        "Topic" => TOPIC.to_owned(),
        bucket if bucket.ends_with("Bucket") => format!("gate-{}", bucket.to_lowercase()),
        other => {
            if let Some(function) = of("Function") {
                format!("gate-{function}")
            } else if let Some(function) = of("DeadLetters") {
                format!("{endpoint}/{ACCOUNT}/gate-{function}-dead-letters")
            } else if let Some(function) = of("Queue") {
                format!("{endpoint}/{ACCOUNT}/gate-{function}")
            } else {
                format!("gate-{other}-1A2B3C")
            }
        }
    }
}

fn kind(logical_id: &str) -> &'static str {
    match logical_id {
        "Key" => "AWS::KMS::Key",
        "Topic" => "AWS::SNS::Topic",
        "Trail" => "AWS::CloudTrail::Trail",
        "Bus" => "AWS::Events::EventBus",
        it if it.ends_with("Logs") => "AWS::Logs::LogGroup",
        it if it.ends_with("Bucket") => "AWS::S3::Bucket",
        it if it.ends_with("Function") => "AWS::Lambda::Function",
        it if it.ends_with("Role") => "AWS::IAM::Role",
        it if it.ends_with("Rule") => "AWS::Events::Rule",
        it if it.ends_with("Alarm") => "AWS::CloudWatch::Alarm",
        _ => "AWS::SQS::Queue",
    }
}

/// Has KMS describe the key of summaries so.
pub(crate) fn summarizes(aws: &FakeAws, state: &str, usage: &str, spec: &str) {
    let key = json!({"KeyMetadata": {"KeyId": "summaries", "KeyState": state, "KeyUsage": usage, "KeySpec": spec}});
    aws.answers_about("kms:DescribeKey", "key/summaries", json(&key.to_string()));
}

/// `DescribeStacks` of the stack in this status, without the outputs in `without`.
pub(crate) fn described(status: &str, without: &str) -> Response {
    described_with(status, without, "false")
}

/// The same, with this in `RequireManagedTag`.
pub(crate) fn described_with(status: &str, without: &str, requires_tag: &str) -> Response {
    let outputs = [
        ("UploadsBucket", "gate-uploadsbucket"),
        ("SignedBucket", "gate-signedbucket"),
        ("RecordsBucket", "gate-recordsbucket"),
        ("CodeSigningConfig", CSC),
        ("SigningProfile", "gate_profile"),
        ("Topic", TOPIC),
        ("EventBus", "gate"),
        ("Key", "arn:aws:kms:eu-west-1:111122223333:key/k"),
    ];
    let outputs = outputs.iter().filter(|(name, _)| *name != without);
    let outputs = members(outputs.map(|(name, value)| {
        format!("<OutputKey>{name}</OutputKey><OutputValue>{value}</OutputValue>")
    }));
    let parameters = members(
        [
            ("TargetFunctions", "shop*"),
            ("RequireManagedTag", requires_tag),
            ("TaggedProfiles", "shop_*"),
            ("SummaryKey", SUMMARY_KEY),
        ]
        .map(|(name, value)| {
            format!("<ParameterKey>{name}</ParameterKey><ParameterValue>{value}</ParameterValue>")
        }),
    );
    let stack = format!(
        "<StackId>arn:aws:cloudformation:eu-west-1:{ACCOUNT}:stack/gate/u</StackId>\
         <StackName>gate</StackName><StackStatus>{status}</StackStatus>\
         <CreationTime>2026-11-21T21:44:00Z</CreationTime>\
         <Parameters>{parameters}</Parameters><Outputs>{outputs}</Outputs>"
    );
    query(
        "DescribeStacks",
        &format!("<Stacks>{}</Stacks>", members([stack])),
    )
}

/// `ListStackResources`, with one of them in another status.
pub(crate) fn resources(endpoint: &str, failed: &str) -> Response {
    let more = ["Bus", "Trail", "QueueAgeAlarm", "SweepMissedAlarm"];
    let all = LOGICAL_IDS.iter().chain(&more).chain(&RULES).map(|id| {
        let status = if *id == failed {
            "UPDATE_FAILED"
        } else {
            "CREATE_COMPLETE"
        };
        format!(
            "<LogicalResourceId>{id}</LogicalResourceId>\
             <PhysicalResourceId>{}</PhysicalResourceId><ResourceType>{}</ResourceType>\
             <ResourceStatus>{status}</ResourceStatus>\
             <LastUpdatedTimestamp>2026-11-21T21:44:00Z</LastUpdatedTimestamp>",
            physical(endpoint, id),
            kind(id),
        )
    });
    let summaries = members(all);
    query(
        "ListStackResources",
        &format!("<StackResourceSummaries>{summaries}</StackResourceSummaries>"),
    )
}

/// `GetFunctionConfiguration` of one of the four, with a change to what it says.
pub(crate) fn function(endpoint: &str, name: &str, change: impl FnOnce(&mut Value)) -> Response {
    let part = |id: &str| physical(endpoint, id);
    let mut answer = json!({
        "FunctionName": format!("gate-{}", name.to_lowercase()),
        "Role": format!("arn:aws:iam::{ACCOUNT}:role/{}", part(&format!("{name}Role"))),
        "State": "Active", "LastUpdateStatus": "Successful",
        "Environment": {"Variables": {
            "COUNTERSIGN_STACK": "gate",
            "COUNTERSIGN_UPLOADS_BUCKET": part("UploadsBucket"),
            "COUNTERSIGN_SIGNED_BUCKET": part("SignedBucket"),
            "COUNTERSIGN_RECORDS_BUCKET": part("RecordsBucket"),
            "COUNTERSIGN_DEAD_LETTER_QUEUE": part(&format!("{name}DeadLetters")),
            "COUNTERSIGN_TOPIC_ARN": TOPIC,
            "COUNTERSIGN_SIGN_QUEUE": part("SignQueue"),
            "COUNTERSIGN_DEPLOY_QUEUE": part("DeployQueue"),
        }},
    });
    change(&mut answer);
    json(&answer.to_string())
}

/// `ListEventSourceMappings` of one of the four.
pub(crate) fn mapping(name: &str, state: &str, reports: &[&str]) -> Response {
    changed_mapping(name, state, reports, |_| ())
}

/// The same with a change to what it says.
pub(crate) fn changed_mapping(
    name: &str,
    state: &str,
    reports: &[&str],
    change: impl FnOnce(&mut Value),
) -> Response {
    let queue = format!(
        "arn:aws:sqs:eu-west-1:{ACCOUNT}:gate-{}",
        name.to_lowercase()
    );
    let mut mapping = json!({"UUID": "1b6fe2a6-0000-4000-8000-000000000000", "EventSourceArn": queue,
        "State": state, "FunctionResponseTypes": reports});
    change(&mut mapping);
    json(&json!({ "EventSourceMappings": [mapping] }).to_string())
}

/// `SimulatePrincipalPolicy` that allows everything but one action.
pub(crate) fn simulated(denied: &str) -> Response {
    let actions = [
        "sqs:ReceiveMessage",
        "sqs:DeleteMessage",
        "sqs:ChangeMessageVisibility",
        "sqs:SendMessage",
        "kms:Decrypt",
        "kms:GenerateDataKey",
        "s3:ListBucket",
        "s3:ListBucketVersions",
        "s3:GetObject",
        "s3:GetObjectVersion",
        "s3:PutObject",
        "signer:StartSigningJob",
        "signer:GetSigningProfile",
        "lambda:GetCodeSigningConfig",
        "lambda:ListFunctions",
        "lambda:ListCodeSigningConfigs",
        "sns:Publish",
    ];
    let results = members(actions.map(|action| {
        let decision = if action == denied {
            "implicitDeny"
        } else {
            "allowed"
        };
        format!("<EvalActionName>{action}</EvalActionName><EvalDecision>{decision}</EvalDecision>")
    }));
    query(
        "SimulatePrincipalPolicy",
        &format!(
            "<IsTruncated>false</IsTruncated><EvaluationResults>{results}</EvaluationResults>"
        ),
    )
}

/// `GetQueueAttributes` of a queue of one of the four.
pub(crate) fn queue(name: &str, change: impl FnOnce(&mut Value)) -> Response {
    let arn = format!("arn:aws:sqs:eu-west-1:{ACCOUNT}:gate-{name}");
    let redrive =
        json!({"deadLetterTargetArn": format!("{arn}-dead-letters"), "maxReceiveCount": 1000});
    let mut attributes = json!({"QueueArn": arn, "ApproximateNumberOfMessages": "0",
        "KmsMasterKeyId": KEY, "Policy": "{}"});
    if !name.ends_with("dead-letters") {
        attributes["RedrivePolicy"] = redrive.to_string().into();
    }
    change(&mut attributes);
    json(&json!({ "Attributes": attributes }).to_string())
}

/// `GetBucketPolicy` with the statements of every bucket but those in `without`.
pub(crate) fn policy(without: &str) -> Response {
    let statements: Vec<Value> = [
        "OnlySignerAndDeployWrite",
        "SignsPlaces",
        "DeploysPlaces",
        "OnlyTheGateWrites",
        "SignsDocuments",
        "DeploysDocuments",
        "AlertsDocuments",
        "SweepsDocuments",
        "WriteOnce",
        "NobodyDeletesVersions",
        "NobodyDeletes",
        "TrailChecks",
        "TrailWrites",
        "TlsOnly",
    ]
    .iter()
    .filter(|sid| **sid != without)
    .map(|sid| json!({ "Sid": sid }))
    .collect();
    let policy = json!({"Version": "2012-10-17", "Statement": statements}).to_string();
    Response::new(200, policy).with("content-type", "application/json")
}

/// `DescribeAlarms` of the two alarms.
pub(crate) fn alarms(enabled: bool, topic: &str, state: &str) -> Response {
    let one = |name: &str| {
        format!(
            "<AlarmName>{name}</AlarmName><ActionsEnabled>{enabled}</ActionsEnabled>\
             <AlarmActions><member>{topic}</member></AlarmActions><StateValue>{state}</StateValue>"
        )
    };
    let all = ["QueueAgeAlarm", "SweepMissedAlarm"].map(|id| one(&physical("", id)));
    query(
        "DescribeAlarms",
        &format!("<MetricAlarms>{}</MetricAlarms>", members(all)),
    )
}

/// `ListSubscriptionsByTopic`.
pub(crate) fn subscriptions(arns: &[&str]) -> Response {
    let all =
        members(arns.iter().map(|arn| {
            format!("<SubscriptionArn>{arn}</SubscriptionArn><Protocol>email</Protocol>")
        }));
    query(
        "ListSubscriptionsByTopic",
        &format!("<Subscriptions>{all}</Subscriptions>"),
    )
}

/// `GetSubscriptionAttributes`, perhaps with a filter.
pub(crate) fn attributes(filter: Option<&str>) -> Response {
    let filter = filter.map_or_else(String::new, |filter| {
        format!("<entry><key>FilterPolicy</key><value>{filter}</value></entry>")
    });
    let confirmed = "<entry><key>PendingConfirmation</key><value>false</value></entry>";
    query(
        "GetSubscriptionAttributes",
        &format!("<Attributes>{confirmed}{filter}</Attributes>"),
    )
}

/// `ListTargetsByRule` of a rule of the template, with a change to its targets.
pub(crate) fn targets(rule: &str, change: impl FnOnce(&mut Value)) -> Response {
    let of_rule = RULE_TARGETS.iter().filter(|(name, ..)| *name == rule);
    let targets = of_rule.map(|(_, of, input)| {
        let mut target = json!({"Id": of.to_string(), "Arn": format!("arn:aws:sqs:eu-west-1:{ACCOUNT}:gate-{of}")});
        if let Some(input) = input {
            target["Input"] = (*input).into();
        }
        target
    });
    let mut targets = Value::Array(targets.collect());
    change(&mut targets);
    json(&json!({ "Targets": targets }).to_string())
}

/// `GetFunction` of the target `shop`.
pub(crate) fn shop(change: impl FnOnce(&mut Value)) -> Response {
    let mut answer = json!({
        "Configuration": {
            "FunctionName": "shop", "FunctionArn": format!("arn:aws:lambda:eu-west-1:{ACCOUNT}:function:shop"),
            "PackageType": "Zip", "CodeSha256": "c2hh", "RevisionId": "r-1", "State": "Active",
            "LastModified": "2026-11-21T21:44:00.012+0000", "LastUpdateStatus": "Successful",
        },
        "Tags": {"countersign:alias": "live", "countersign:profile": "shop_profile",
            "countersign:architecture": "arm64"},
        "Code": {"Location": "https://example.com/code"},
    });
    change(&mut answer);
    json(&answer.to_string())
}

/// What the last sweep saw, as of this time.
pub(crate) fn posture(ended_at: &str, drift: &[&str]) -> String {
    json!({
        "schema": 1, "stack": "gate", "began_at": ended_at, "ended_at": ended_at, "unfinished": 0,
        "targets": [{"target": "functions/shop", "current": "l", "state": "deployed", "deployed": "l",
            "version": "7", "runs": "c2hh", "signing_job": "j", "signing_profile_version": PROFILE,
            "drift": drift}],
        "functions": [{"name": "shop", "code_sha256": "c2hh", "package_type": "Zip", "signing_job": "j",
            "signing_profile_version": PROFILE, "code_signing_config": CSC, "policy": "Enforce"}],
        "configurations": [{"arn": CSC, "policy": "Enforce", "publishers": [PROFILE]}],
        "troubles": [],
    })
    .to_string()
}

/// The whole stack.
pub(crate) fn healthy_stack() -> FakeAws {
    let aws = FakeAws::start().unwrap();
    let endpoint = aws.endpoint();
    aws.answers(
        "cloudformation:DescribeStacks",
        described("CREATE_COMPLETE", ""),
    );
    aws.answers(
        "cloudformation:ListStackResources",
        resources(&endpoint, ""),
    );
    for name in FUNCTIONS {
        let lower = name.to_lowercase();
        let about = format!("/gate-{lower}/");
        let answer = function(&endpoint, name, |_| ());
        aws.answers_about("lambda:GetFunctionConfiguration", &about, answer);
        let about = format!("FunctionName=gate-{lower}");
        let answer = mapping(name, "Enabled", &["ReportBatchItemFailures"]);
        aws.answers_about("lambda:ListEventSourceMappings", &about, answer);
        for queue_name in [lower.clone(), format!("{lower}-dead-letters")] {
            let about = format!("/gate-{queue_name}\"");
            aws.answers_about("sqs:GetQueueAttributes", &about, queue(&queue_name, |_| ()));
        }
    }
    aws.answers("lambda:GetFunctionConcurrency", json("{}"));
    aws.answers("iam:SimulatePrincipalPolicy", simulated(""));
    let key = json!({"KeyMetadata": {"KeyId": KEY, "KeyState": "Enabled", "Enabled": true}});
    aws.answers("kms:DescribeKey", json(&key.to_string()));
    summarizes(&aws, "Enabled", "SIGN_VERIFY", "ECC_NIST_P384");
    aws.answers(
        "kms:GetKeyRotationStatus",
        json(r#"{"KeyRotationEnabled":true}"#),
    );
    aws.answers(
        "s3:GetBucketVersioning",
        xml("<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>"),
    );
    aws.answers("s3:GetBucketPublicAccessBlock", public_access("true"));
    aws.answers(
        "s3:GetEncryptionConfiguration",
        xml(&format!(
            "<ServerSideEncryptionConfiguration><Rule><ApplyServerSideEncryptionByDefault>\
             <SSEAlgorithm>aws:kms</SSEAlgorithm>\
             <KMSMasterKeyID>arn:aws:kms:eu-west-1:{ACCOUNT}:key/{KEY}</KMSMasterKeyID>\
             </ApplyServerSideEncryptionByDefault></Rule></ServerSideEncryptionConfiguration>"
        )),
    );
    aws.answers("s3:GetBucketPolicy", policy(""));
    aws.answers("s3:GetBucketNotification", notification("sign"));
    aws.answers(
        "events:DescribeRule",
        json(r#"{"Name":"rule","State":"ENABLED"}"#),
    );
    for rule in RULES {
        aws.answers_about("events:ListTargetsByRule", rule, targets(rule, |_| ()));
    }
    aws.answers(
        "sns:ListSubscriptionsByTopic",
        subscriptions(&[&format!("{TOPIC}:1")]),
    );
    aws.answers("sns:GetSubscriptionAttributes", attributes(None));
    aws.answers("cloudwatch:DescribeAlarms", alarms(true, TOPIC, "OK"));
    let trail = json!({"trailList": [{"Name": "gate", "HomeRegion": "eu-west-1", "IsMultiRegionTrail": false,
        "TrailARN": format!("arn:aws:cloudtrail:eu-west-1:{ACCOUNT}:trail/gate")}]});
    aws.answers("cloudtrail:DescribeTrails", json(&trail.to_string()));
    aws.answers("cloudtrail:GetTrailStatus", json(r#"{"IsLogging":true}"#));
    aws.answers("cloudtrail:GetEventSelectors", selectors("WriteOnly"));
    let profile = json!({"status": "Active", "profileVersionArn": PROFILE});
    aws.answers("signer:GetSigningProfile", json(&profile.to_string()));
    let tagged = json!({"status": "Active", "profileVersionArn": SHOP_PROFILE});
    let tagged = json(&tagged.to_string());
    aws.answers_about("signer:GetSigningProfile", "shop_profile", tagged);
    aws.answers("lambda:GetCodeSigningConfig", csc("Enforce", PROFILE));
    let attached = json!({"CodeSigningConfigArn": CSC, "FunctionName": "shop"});
    let attached = json(&attached.to_string());
    aws.answers("lambda:GetFunctionCodeSigningConfig", attached);
    aws.answers("lambda:GetFunction", shop(|_| ()));
    aws.answers(
        "lambda:GetAlias",
        json(r#"{"AliasArn":"a","Name":"live","FunctionVersion":"7","RevisionId":"r-1"}"#),
    );
    #[expect(
        clippy::disallowed_methods,
        reason = "the command asks the clock how old the posture is"
    )]
    let now = jiff::Timestamp::now().to_string();
    aws.put("gate-recordsbucket", "posture.json", posture(&now, &[]));
    aws
}

/// `GetEventSelectors` of a trail that logs management events.
pub(crate) fn selectors(read_write: &str) -> Response {
    let selector = json!({"ReadWriteType": read_write, "IncludeManagementEvents": true});
    json(&json!({ "EventSelectors": [selector] }).to_string())
}

/// `GetPublicAccessBlock`, one of the four as given.
pub(crate) fn public_access(one: &str) -> Response {
    xml(&format!(
        "<PublicAccessBlockConfiguration><BlockPublicAcls>true</BlockPublicAcls>\
         <IgnorePublicAcls>true</IgnorePublicAcls><BlockPublicPolicy>{one}</BlockPublicPolicy>\
         <RestrictPublicBuckets>true</RestrictPublicBuckets></PublicAccessBlockConfiguration>"
    ))
}

/// `GetBucketNotificationConfiguration` that tells one of the queues.
pub(crate) fn notification(name: &str) -> Response {
    xml(&format!(
        "<NotificationConfiguration><QueueConfiguration>\
         <Queue>arn:aws:sqs:eu-west-1:{ACCOUNT}:gate-{name}</Queue>\
         <Event>s3:ObjectCreated:*</Event></QueueConfiguration></NotificationConfiguration>"
    ))
}

/// `GetCodeSigningConfig`; it also lists the profile of `shop`.
pub(crate) fn csc(policy: &str, publisher: &str) -> Response {
    let csc = json!({"CodeSigningConfig": {"CodeSigningConfigArn": CSC, "CodeSigningConfigId": "csc-0123456789abcdef0",
        "AllowedPublishers": {"SigningProfileVersionArns": [publisher, SHOP_PROFILE]},
        "CodeSigningPolicies": {"UntrustedArtifactOnDeployment": policy}, "LastModified": "2026-11-21T21:44:00Z"}});
    json(&csc.to_string())
}
