"""CloudTrail's reports of what was called, by whom, with which parameters, also by CloudFormation for a stack."""

from __future__ import annotations

import json
from typing import Any

import pytest
from conftest import ACCOUNT, HELLO, REGION, LocalAws, package_of
from test_cloudformation import ROLE, function

OTHER = package_of(index__py="def handler(event, context):\n    return 'other'\n")
FUNCTION = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:target"
CLOUDFORMATION = "cloudformation.amazonaws.com"


def reports(aws: LocalAws, *names: str, **detail: Any) -> str:
    wanted = {**({"eventName": list(names)} if names else {}), **detail}
    queue = aws.queue_of({"detail-type": ["AWS API Call via CloudTrail"], **({"detail": wanted} if wanted else {})})
    if not wanted:
        # What connected the queue is the first that it gets.
        assert told(aws, queue)["eventName"] == "PutTargets"
    return queue


def told(aws: LocalAws, queue: str) -> dict[str, Any]:
    (event,) = aws.received(queue)
    assert event["source"] == "aws." + event["detail"]["eventSource"].split(".")[0]
    return dict(event["detail"])


@pytest.mark.parametrize("reference", ["target", FUNCTION, f"{ACCOUNT}:function:target", f"{FUNCTION}:$LATEST"])
def test_the_functions_name_is_what_the_caller_typed(aws: LocalAws, reference: str) -> None:
    aws.function("target")
    queue = reports(aws, "UpdateFunctionCode20150331v2", "UpdateFunctionConfiguration20150331v2")
    client = aws.client("lambda")
    qualified = reference.endswith("$LATEST")
    if not qualified:
        client.update_function_code(FunctionName=reference, ZipFile=HELLO)
        parameters = told(aws, queue)["requestParameters"]
        assert parameters == {
            "functionName": reference,
            "dryRun": False,
            "publish": False,
            "fullyQualifiedArn": {
                "arnPrefix": {"partition": "aws", "region": REGION, "account": ACCOUNT},
                "relativeId": {"functionName": "target"},
                "functionQualifier": {},
            },
        }
        aws.settled("target")
    client.update_function_configuration(FunctionName=reference, Description="x")
    assert told(aws, queue)["requestParameters"] == {"functionName": reference, "description": "x"}


def test_a_configuration_is_repeated_without_the_values_of_its_environment(aws: LocalAws) -> None:
    aws.function("target")
    client = aws.client("lambda")
    layer = client.publish_layer_version(LayerName="l", Content={"ZipFile": HELLO})["LayerVersionArn"]
    queue = reports(aws, "UpdateFunctionConfiguration20150331v2")
    answer = client.update_function_configuration(
        FunctionName="target", Environment={"Variables": {"SECRET": "s3cr3t"}}, Layers=[layer]
    )
    detail = told(aws, queue)
    assert "s3cr3t" not in json.dumps(detail)
    assert detail["requestParameters"] == {"functionName": "target", "environment": {}, "layers": [layer]}
    response = detail["responseElements"]
    assert (response["environment"], response["layers"][0]["arn"]) == ({}, layer)
    for member in ("CodeSha256", "RevisionId", "Version", "FunctionArn"):
        assert response[member[0].lower() + member[1:]] == answer[member]
    assert (detail["eventVersion"], detail["readOnly"], detail["managementEvent"]) == ("1.08", False, True)


def test_each_call_of_lambda_has_its_name(aws: LocalAws) -> None:
    aws.function("target")
    client = aws.client("lambda")
    arn = client.publish_layer_version(LayerName="l", Content={"ZipFile": HELLO})["LayerVersionArn"]
    assert arn
    queue = reports(aws, eventSource=["lambda.amazonaws.com"])
    name = {"FunctionName": "target"}
    client.tag_resource(Resource=FUNCTION, Tags={"countersign:alias": "Live"})
    client.untag_resource(Resource=FUNCTION, TagKeys=["countersign:alias"])
    client.publish_version(**name)
    client.create_alias(**name, Name="live", FunctionVersion="1")
    client.update_alias(**name, Name="live", Description="x")
    client.delete_alias(**name, Name="live")
    client.add_permission(**name, StatementId="all", Action="lambda:InvokeFunction", Principal="*")
    client.remove_permission(**name, StatementId="all")
    client.put_function_concurrency(**name, ReservedConcurrentExecutions=1)
    client.create_function_url_config(**name, AuthType="NONE")
    client.add_layer_version_permission(
        LayerName="l", VersionNumber=1, StatementId="all", Action="lambda:GetLayerVersion", Principal="*"
    )
    client.delete_layer_version(LayerName="l", VersionNumber=1)
    client.delete_function(**name, Qualifier="1")
    client.delete_function(**name)
    events = [event["detail"] for event in aws.received(queue, 14)]
    by_name = {event["eventName"]: event["requestParameters"] for event in events}
    assert [event["eventName"] for event in events] == [
        "TagResource20170331v2", "UntagResource20170331v2", "PublishVersion20150331", "CreateAlias20150331",
        "UpdateAlias20150331", "DeleteAlias20150331", "AddPermission20150331v2", "RemovePermission20150331v2",
        "PutFunctionConcurrency20171031", "CreateFunctionUrlConfig", "AddLayerVersionPermission20181031",
        "DeleteLayerVersion20181031", "DeleteFunction20150331", "DeleteFunction20150331",
    ]  # fmt: skip
    assert by_name["TagResource20170331v2"] == {"resource": FUNCTION, "tags": {"countersign:alias": "Live"}}
    assert by_name["UntagResource20170331v2"] == {"resource": FUNCTION, "tagKeys": ["countersign:alias"]}
    permission = by_name["AddPermission20150331v2"]
    assert (permission["action"], permission["principal"], permission["statementId"]) == (
        "lambda:InvokeFunction",
        "*",
        "all",
    )
    assert events[-2]["requestParameters"] == {"functionName": "target", "qualifier": "1"}


def test_calls_of_other_services_are_told_with_their_parameters(aws: LocalAws) -> None:
    queue_url, queue_arn = aws.queue("work")
    aws.bucket("records")
    topic = aws.client("sns").create_topic(Name="pages")["TopicArn"]
    key = aws.client("kms").create_key()["KeyMetadata"]["KeyId"]
    aws.role("gate")
    aws.client("logs").create_log_group(logGroupName="/aws/lambda/gate")
    events, cloudwatch = aws.client("events"), aws.client("cloudwatch", checked=False)
    events.put_rule(Name="own", EventPattern='{"source": ["x"]}')
    events.put_targets(Rule="own", Targets=[{"Id": "queue", "Arn": queue_arn}])
    cloudwatch.put_metric_alarm(
        AlarmName="deaths", MetricName="M", Namespace="N", ComparisonOperator="GreaterThanThreshold", Threshold=1.0,
        EvaluationPeriods=1, Period=60, Statistic="Sum",
    )  # fmt: skip
    seen = reports(aws)

    statement = {"Effect": "Deny", "Action": "s3:PutObject", "Resource": "arn:aws:s3:::records/*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    aws.client("sqs").set_queue_attributes(QueueUrl=queue_url, Attributes={"VisibilityTimeout": "60"})
    assert told(aws, seen)["requestParameters"] == {"queueUrl": queue_url, "attributes": {"VisibilityTimeout": "60"}}
    raw = {"RawMessageDelivery": "true"}
    aws.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue_arn, Attributes=raw)
    detail = told(aws, seen)
    assert detail["requestParameters"] == {
        "topicArn": topic, "protocol": "sqs", "endpoint": queue_arn, "attributes": raw,
    }  # fmt: skip
    subscription = detail["responseElements"]["subscriptionArn"]
    assert subscription.startswith(topic)
    aws.client("sns").unsubscribe(SubscriptionArn=subscription)
    assert told(aws, seen)["eventName"] == "Unsubscribe"
    aws.client("kms").schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    assert told(aws, seen)["requestParameters"] == {"keyId": key, "pendingWindowInDays": 7}
    aws.client("iam").put_role_policy(RoleName="gate", PolicyName="more", PolicyDocument=policy)
    detail = told(aws, seen)
    assert detail["requestParameters"] == {"roleName": "gate", "policyName": "more", "policyDocument": policy}
    assert (detail["awsRegion"], detail["responseElements"]) == ("us-east-1", None)
    events.disable_rule(Name="own")
    assert told(aws, seen)["requestParameters"] == {"name": "own"}
    events.remove_targets(Rule="own", Ids=["queue"])
    assert told(aws, seen)["requestParameters"] == {"rule": "own", "ids": ["queue"]}
    cloudwatch.disable_alarm_actions(AlarmNames=["deaths"])
    detail = told(aws, seen)
    assert (detail["eventSource"], detail["requestParameters"]) == (
        "monitoring.amazonaws.com",
        {"alarmNames": ["deaths"]},
    )
    cloudwatch.delete_alarms(AlarmNames=["deaths"])
    assert told(aws, seen)["eventName"] == "DeleteAlarms"
    aws.client("logs").delete_log_group(logGroupName="/aws/lambda/gate")
    assert told(aws, seen)["requestParameters"] == {"logGroupName": "/aws/lambda/gate"}
    s3 = aws.client("s3")
    policy = json.dumps({"Version": "2012-10-17", "Statement": [{**statement, "Principal": "*"}]})
    s3.put_bucket_policy(Bucket="records", Policy=policy)
    detail = told(aws, seen)
    assert (detail["eventName"], detail["requestParameters"]["bucketName"]) == ("PutBucketPolicy", "records")
    assert detail["requestParameters"]["bucketPolicy"] == json.loads(policy)
    s3.put_bucket_versioning(Bucket="records", VersioningConfiguration={"Status": "Suspended"})
    assert told(aws, seen)["requestParameters"]["VersioningConfiguration"] == {"Status": "Suspended"}
    s3.put_bucket_notification_configuration(Bucket="records", NotificationConfiguration={})
    assert told(aws, seen)["eventName"] == "PutBucketNotification"
    expiry = {"ID": "x", "Status": "Enabled", "Filter": {"Prefix": ""}, "Expiration": {"Days": 1}}
    s3.put_bucket_lifecycle_configuration(Bucket="records", LifecycleConfiguration={"Rules": [expiry]})
    assert told(aws, seen)["eventName"] == "PutBucketLifecycle"


def test_reads_and_data_are_not_told(aws: LocalAws) -> None:
    url, _ = aws.queue("work")
    aws.bucket("records")
    queue = reports(aws)
    aws.client("sqs").send_message(QueueUrl=url, MessageBody="x")
    aws.client("s3").put_object(Bucket="records", Key="a", Body=b"x")
    aws.client("lambda").list_functions()
    aws.client("events").put_events(Entries=[{"Source": "x", "DetailType": "x", "Detail": "{}"}])
    aws.client("sqs").purge_queue(QueueUrl=url)
    assert told(aws, queue)["eventName"] == "PurgeQueue"


@pytest.mark.parametrize("advanced", [True, False])
def test_changes_of_objects_are_told_by_a_trail_that_asks_for_them(aws: LocalAws, advanced: bool) -> None:
    aws.bucket("records")
    aws.bucket("other")
    trail = aws.client("cloudtrail")
    trail.create_trail(Name="trail", S3BucketName=aws.bucket("logs"))
    trail.start_logging(Name="trail")
    objects = "arn:aws:s3:::records/"
    fields = [
        {"Field": "eventCategory", "Equals": ["Data"]},
        {"Field": "resources.type", "Equals": ["AWS::S3::Object"]},
        {"Field": "resources.ARN", "StartsWith": [objects]},
    ]
    resources = [{"Type": "AWS::S3::Object", "Values": [objects]}]
    trail.put_event_selectors(
        TrailName="trail",
        **(
            {"AdvancedEventSelectors": [{"Name": "records", "FieldSelectors": fields}]}
            if advanced
            else {"EventSelectors": [{"ReadWriteType": "WriteOnly", "DataResources": resources}]}
        ),
    )
    queue = reports(aws, "DeleteObject", "PutObject")
    s3 = aws.client("s3")
    version = s3.put_object(Bucket="records", Key="a/outcome.json", Body=b"x")["VersionId"]
    assert told(aws, queue)["eventName"] == "PutObject"
    s3.put_object(Bucket="other", Key="a", Body=b"x")
    s3.delete_object(Bucket="records", Key="a/outcome.json", VersionId=version)
    detail = told(aws, queue)
    assert detail["requestParameters"]["key"] == "a/outcome.json"
    assert detail["requestParameters"]["versionId"] == version
    assert detail["resources"][0] == {"type": "AWS::S3::Object", "ARN": f"{objects}a/outcome.json"}
    assert (detail["managementEvent"], detail["eventCategory"]) == (False, "Data")


def test_deletion_of_several_objects_is_a_data_event_that_names_none(aws: LocalAws) -> None:
    """Since 2025 an event for each of them follows in AWS; here none does (grade C)."""
    aws.control("PUT", "settings", {"trail_logs": True})
    aws.bucket("records")
    aws.bucket("other")
    trail = aws.client("cloudtrail")
    trail.create_trail(Name="trail", S3BucketName=aws.bucket("logs"))
    fields = [
        {"Field": "eventCategory", "Equals": ["Data"]},
        {"Field": "resources.type", "Equals": ["AWS::S3::Object"]},
        {"Field": "resources.ARN", "StartsWith": ["arn:aws:s3:::records/"]},
        {"Field": "eventName", "Equals": ["DeleteObject", "DeleteObjects"]},
    ]
    trail.put_event_selectors(TrailName="trail", AdvancedEventSelectors=[{"Name": "x", "FieldSelectors": fields}])
    trail.start_logging(Name="trail")
    queue = reports(aws, "DeleteObjects", "PutObject")
    s3 = aws.client("s3")
    for bucket in ("other", "records"):
        s3.put_object(Bucket=bucket, Key="a", Body=b"x")
        s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": "a"}]})
    detail = told(aws, queue)
    assert (detail["eventName"], detail["eventCategory"]) == ("DeleteObjects", "Data")
    assert detail["requestParameters"]["bucketName"] == "records"
    assert "key" not in detail["requestParameters"]
    assert aws.client("sqs").receive_message(QueueUrl=queue).get("Messages", []) == []


def test_the_call_that_ends_a_trail_is_the_last_that_it_tells(aws: LocalAws) -> None:
    aws.control("PUT", "settings", {"trail_logs": False})
    trail = aws.client("cloudtrail")
    trail.create_trail(Name="trail", S3BucketName=aws.bucket("logs"))
    trail.start_logging(Name="trail")
    queue = reports(aws)
    trail.stop_logging(Name="trail")
    aws.client("sns").create_topic(Name="unseen")
    trail.start_logging(Name="trail")
    assert told(aws, queue)["eventName"] == "StopLogging"
    assert told(aws, queue)["eventName"] == "StartLogging"
    trail.put_event_selectors(
        TrailName="trail", EventSelectors=[{"ReadWriteType": "All", "IncludeManagementEvents": False}]
    )
    assert told(aws, queue)["eventName"] == "PutEventSelectors"
    aws.client("sns").create_topic(Name="unseen-too")
    trail.delete_trail(Name="trail")
    assert aws.client("sqs").receive_message(QueueUrl=queue).get("Messages", []) == []


def test_denied_and_failed_calls_carry_their_error(aws: LocalAws) -> None:
    aws.bucket("records")
    queue = reports(aws)
    keys = aws.user("stranger", {"Effect": "Allow", "Action": "s3:ListAllMyBuckets", "Resource": "*"})
    for name in ("CreateUser", "PutUserPolicy", "CreateAccessKey"):
        assert told(aws, queue)["eventName"] == name
    attempts: tuple[tuple[str, str, dict[str, Any]], ...] = (
        ("s3", "delete_bucket_policy", {"Bucket": "records"}),
        ("sns", "create_topic", {"Name": "x"}),
        ("iam", "create_role", {"RoleName": "x", "AssumeRolePolicyDocument": "{}"}),
        ("kms", "create_key", {}),
        ("events", "delete_rule", {"Name": "x"}),
    )
    for service, operation, arguments in attempts:
        client = aws.client(service, keys, checked=False)
        with pytest.raises(client.exceptions.ClientError):
            getattr(client, operation)(**arguments)
        detail = told(aws, queue)
        assert (detail["errorCode"], detail["responseElements"]) == ("AccessDenied", None), service
        assert detail["userIdentity"]["arn"] == f"arn:aws:iam::{ACCOUNT}:user/stranger"
    iam = aws.client("iam", checked=False)
    with pytest.raises(iam.exceptions.ClientError):
        iam.delete_role(RoleName="absent")
    assert told(aws, queue)["errorCode"] == "NoSuchEntityException"


def test_a_call_whose_answer_was_lost_is_told_as_what_it_was(aws: LocalAws) -> None:
    queue = reports(aws, "CreateTopic")
    sns = aws.client("sns", checked=False)
    for effect in ("lose-answer", "throttle"):
        aws.control("POST", "faults", {"action": "sns:CreateTopic", "effect": effect, "times": 1})
        with pytest.raises(sns.exceptions.ClientError):
            sns.create_topic(Name=effect)
    lost, throttled = (event["detail"] for event in aws.received(queue, 2))
    assert ("errorCode" in lost, lost["responseElements"]["topicArn"].endswith(":lose-answer")) == (False, True)
    assert (throttled["errorCode"], throttled["responseElements"]) == ("Throttled", None)


def test_a_session_is_told_with_its_role_and_since_when(aws: LocalAws) -> None:
    handler = "import boto3\ndef handler(e, c):\n    boto3.client('sns').create_topic(Name='x')\n"
    rights = {"Effect": "Allow", "Action": "sns:*", "Resource": "*"}
    aws.function("caller", package_of(index__py=handler), Role=aws.role("topics", rights))
    queue = reports(aws, "CreateTopic")
    aws.client("lambda").invoke(FunctionName="caller")
    detail = told(aws, queue)
    user = detail["userIdentity"]
    role = aws.client("iam").get_role(RoleName="topics")["Role"]
    assert user["principalId"] == f"{role['RoleId']}:caller"
    assert user["sessionContext"]["sessionIssuer"] == {
        "type": "Role",
        "principalId": role["RoleId"],
        "arn": role["Arn"],
        "accountId": ACCOUNT,
        "userName": "topics",
    }
    assert user["sessionContext"]["attributes"]["mfaAuthenticated"] == "false"
    assert user["sessionContext"]["attributes"]["creationDate"].startswith("20")
    assert "Boto3" in detail["userAgent"]


def test_the_calls_of_a_stack_are_cloudformations(aws: LocalAws) -> None:
    code = {"ZipFile": "def handler(event, context): return 1"}
    publisher = "arn:aws:signer:us-east-1:123456789012:/signing-profiles/p1/AbCdEf0123"
    csc = {
        "Type": "AWS::Lambda::CodeSigningConfig",
        "Properties": {"AllowedPublishers": {"SigningProfileVersionArns": [publisher]}},
    }
    queue = reports(aws, eventSource=["lambda.amazonaws.com", "iam.amazonaws.com"])
    resources = {"Role": ROLE, "Csc": csc, "Target": function(code, FunctionName="target")}
    assert aws.stack(resources)["StackStatus"] == "CREATE_COMPLETE"
    made = {event["detail"]["eventName"]: event["detail"] for event in aws.received(queue, 3)}
    assert made.keys() == {"CreateRole", "CreateCodeSigningConfig", "CreateFunction20150331"}
    for detail in made.values():
        assert detail["userIdentity"]["invokedBy"] == CLOUDFORMATION
        assert detail["sourceIPAddress"] == detail["userAgent"] == CLOUDFORMATION
        assert detail["userIdentity"]["type"] == "Root"
    assert made["CreateFunction20150331"]["requestParameters"]["functionName"] == "target"
    assert "return 1" not in json.dumps(made)

    changed = function(
        {"ZipFile": "def handler(event, context): return 2"},
        FunctionName="target",
        Timeout=9,
        CodeSigningConfigArn={"Ref": "Csc"},
        Tags=[{"Key": "countersign:alias", "Value": "live"}],
    )
    policy = {"UntrustedArtifactOnDeployment": "Warn"}
    csc_changed = {**csc, "Properties": {**csc["Properties"], "CodeSigningPolicies": policy}}  # type: ignore[dict-item]
    stack = aws.stack({"Role": ROLE, "Csc": csc_changed, "Target": changed}, "update")
    assert stack["StackStatus"] == "UPDATE_COMPLETE"
    updated = {event["detail"]["eventName"]: event["detail"] for event in aws.received(queue, 5)}
    assert updated.keys() == {
        "UpdateCodeSigningConfig",
        "UpdateFunctionCode20150331v2",
        "UpdateFunctionConfiguration20150331v2",
        "PutFunctionCodeSigningConfig",
        "TagResource20170331v2",
    }
    assert updated["UpdateFunctionCode20150331v2"]["requestParameters"]["functionName"] == "target"
    assert updated["TagResource20170331v2"]["requestParameters"]["tags"]["countersign:alias"] == "live"
    aws.client("cloudformation").delete_stack(StackName="stack")
    deleted = {event["detail"]["eventName"] for event in aws.received(queue, 3)}
    assert deleted == {"DeleteFunction20150331", "DeleteCodeSigningConfig", "DeleteRole"}


def test_a_stacks_refused_call_carries_lambdas_error(aws: LocalAws) -> None:
    publisher = "arn:aws:signer:us-east-1:123456789012:/signing-profiles/p1/AbCdEf0123"
    arn = aws.configuration(publisher)
    queue = reports(aws, "CreateFunction20150331")
    unsigned = function({"ZipFile": "def handler(event, context): return 1"}, CodeSigningConfigArn=arn)
    assert aws.stack({"Role": ROLE, "Target": unsigned})["StackStatus"] == "ROLLBACK_COMPLETE"
    detail = told(aws, queue)
    assert detail["errorCode"] == "CodeVerificationFailedException"
    assert detail["userIdentity"]["invokedBy"] == CLOUDFORMATION


def test_calls_of_cloudformation_itself_are_told(aws: LocalAws) -> None:
    queue = reports(aws, eventSource=["cloudformation.amazonaws.com"])
    aws.stack({"Topic": {"Type": "AWS::SNS::Topic"}})
    detail = told(aws, queue)
    assert (detail["eventName"], detail["requestParameters"]["stackName"]) == ("CreateStack", "stack")
    assert detail["responseElements"]["stackId"].startswith("arn:aws:cloudformation:")
    assert "invokedBy" not in detail["userIdentity"]
