"""Resource policies and condition keys: buckets, queues, buses and keys say who may, and the account root is bound."""

from __future__ import annotations

import json
from typing import Any

import pytest
from conftest import ACCOUNT, HELLO, REGION, LocalAws, eventually, package_of

ANYONE = {"Effect": "Deny", "Principal": "*"}
BUS = f"arn:aws:events:{REGION}:{ACCOUNT}:event-bus/own"
ROOT = f"arn:aws:iam::{ACCOUNT}:root"


def allow(*actions: str, on: Any = "*", **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": list(actions), "Resource": on, **more}


def policy(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def records(aws: LocalAws, *statements: dict[str, Any]) -> None:
    aws.bucket("records")
    aws.client("s3").put_bucket_policy(Bucket="records", Policy=policy(*statements))


def deny_put(key: str = "*", **condition: Any) -> dict[str, Any]:
    return {**ANYONE, "Action": "s3:PutObject", "Resource": f"arn:aws:s3:::records/{key}", "Condition": condition}


CALLS = """
import boto3
def handler(event, context):
    outcome = {}
    for key, arguments in event.items():
        try:
            boto3.client('s3').put_object(Bucket='records', Key=key, Body=b'x', **arguments)
            outcome[key] = 'allowed'
        except Exception as error:
            outcome[key] = error.response['Error']['Code']
    return outcome
"""


def gate(aws: LocalAws, name: str) -> str:
    """A function that puts what it is told to, and the ARN of its role."""
    role = aws.role(name, allow("s3:*"))
    aws.function(name, package_of(index__py=CALLS), Role=role)
    return role


def puts(aws: LocalAws, name: str, **objects: dict[str, str]) -> dict[str, str]:
    payload = json.dumps({key.replace("__", "/"): arguments for key, arguments in objects.items()})
    return dict(json.load(aws.client("lambda").invoke(FunctionName=name, Payload=payload)["Payload"]))


@pytest.mark.parametrize("operator", ["ArnNotEquals", "ArnNotLike", "StringNotEquals", "StringNotLike"])
def test_a_bucket_can_be_closed_to_all_but_some_roles(aws: LocalAws, operator: str) -> None:
    sign, _ = gate(aws, "sign"), gate(aws, "other")
    records(aws, deny_put("*", **{operator: {"aws:PrincipalArn": [sign, "arn:aws:iam::*:role/gone"]}}))
    assert puts(aws, "sign", a={}) == {"a": "allowed"}
    assert puts(aws, "other", a={}) == {"a": "AccessDenied"}
    admin = aws.client("s3", aws.user("admin", allow("*")))
    aws.refused("AccessDenied", admin.put_object, Bucket="records", Key="a", Body=b"x")


def test_each_role_can_have_its_own_documents(aws: LocalAws) -> None:
    sign, deploy = gate(aws, "sign"), gate(aws, "deploy")
    records(
        aws,
        deny_put("*/received.json", ArnNotEquals={"aws:PrincipalArn": sign}),
        deny_put("*/outcome.json", ArnNotEquals={"aws:PrincipalArn": [sign, deploy]}),
        {
            **ANYONE,
            "Action": "s3:PutObject",
            "NotResource": ["arn:aws:s3:::records/*/received.json", "arn:aws:s3:::records/*/outcome.json"],
        },
    )
    documents: dict[str, dict[str, str]] = {"f__received.json": {}, "f__outcome.json": {}, "f__other.json": {}}
    assert puts(aws, "sign", **documents) == {
        "f/received.json": "allowed",
        "f/outcome.json": "allowed",
        "f/other.json": "AccessDenied",
    }
    assert puts(aws, "deploy", **documents)["f/received.json"] == "AccessDenied"


def test_the_account_root_is_bound_too_and_can_mend_the_policy(aws: LocalAws) -> None:
    records(aws, {**ANYONE, "Action": "s3:*", "Resource": ["arn:aws:s3:::records", "arn:aws:s3:::records/*"]})
    s3 = aws.client("s3")
    aws.refused("AccessDenied", s3.put_object, Bucket="records", Key="a", Body=b"x")
    aws.refused("AccessDenied", s3.list_objects_v2, Bucket="records")
    admin = aws.client("s3", aws.user("admin", allow("*")))
    aws.refused("AccessDenied", admin.delete_bucket_policy, Bucket="records")
    s3.delete_bucket_policy(Bucket="records")
    s3.put_object(Bucket="records", Key="a", Body=b"x")


def test_writes_can_be_demanded_to_be_conditional(aws: LocalAws) -> None:
    once = {"Null": {"s3:if-none-match": "true"}, "Bool": {"s3:ObjectCreationOperation": "true"}}
    records(aws, deny_put("*.json", **once), deny_put("*.live", Null={"s3:if-match": "true"}))
    s3 = aws.client("s3", aws.user("writer", allow("s3:*")))
    aws.refused("AccessDenied", s3.put_object, Bucket="records", Key="a.json", Body=b"x")
    made = s3.put_object(Bucket="records", Key="a.json", Body=b"x", IfNoneMatch="*")
    aws.refused("PreconditionFailed", s3.put_object, Bucket="records", Key="a.json", Body=b"y", IfNoneMatch="*")
    aws.refused("AccessDenied", s3.put_object, Bucket="records", Key="a.json", Body=b"y", IfMatch=made["ETag"])
    aws.refused("AccessDenied", s3.put_object, Bucket="records", Key="a.live", Body=b"y")
    copy = {"Bucket": "records", "Key": "b.json", "CopySource": {"Bucket": "records", "Key": "a.json"}}
    aws.refused("AccessDenied", s3.copy_object, **copy)


def test_a_condition_can_ask_for_the_value_of_a_conditional_write(aws: LocalAws) -> None:
    records(aws)
    only_new = allow("s3:PutObject", Condition={"StringEquals": {"s3:if-none-match": "*"}})
    s3 = aws.client("s3", aws.user("writer", only_new))
    s3.put_object(Bucket="records", Key="a", Body=b"x", IfNoneMatch="*")
    aws.refused("AccessDenied", s3.put_object, Bucket="records", Key="b", Body=b"x")


def test_a_multipart_upload_is_conditional_where_it_is_completed(aws: LocalAws) -> None:
    records(aws, deny_put(Null={"s3:if-none-match": "true"}, Bool={"s3:ObjectCreationOperation": "true"}))
    s3 = aws.client("s3", aws.user("writer", allow("s3:*")))
    upload = {"Bucket": "records", "Key": "a"}
    upload["UploadId"] = s3.create_multipart_upload(**upload)["UploadId"]
    part = s3.upload_part(**upload, PartNumber=1, Body=b"x")
    parts = {"Parts": [{"ETag": part["ETag"], "PartNumber": 1}]}
    aws.refused("AccessDenied", s3.complete_multipart_upload, **upload, MultipartUpload=parts)
    s3.complete_multipart_upload(**upload, MultipartUpload=parts, IfNoneMatch="*")


def test_not_principal_leaves_out_who_is_listed_with_role_session_and_account(aws: LocalAws) -> None:
    sign, _ = gate(aws, "sign"), gate(aws, "other")
    session = f"arn:aws:sts::{ACCOUNT}:assumed-role/sign/sign"
    closed = {"Effect": "Deny", "Action": "s3:PutObject", "Resource": "arn:aws:s3:::records/*"}
    records(aws, {**closed, "NotPrincipal": {"AWS": [sign, session, ROOT]}})
    assert puts(aws, "sign", a={}) == {"a": "allowed"}
    assert puts(aws, "other", a={}) == {"a": "AccessDenied"}
    # As AWS documents it, a session is denied unless the session itself is listed.
    aws.client("s3").put_bucket_policy(
        Bucket="records", Policy=policy({**closed, "NotPrincipal": {"AWS": [sign, ROOT]}})
    )
    assert puts(aws, "sign", a={}) == {"a": "AccessDenied"}


def test_services_that_use_their_callers_rights_are_told_by_called_via(aws: LocalAws) -> None:
    aws.profile()
    for name in ("uploads", "signed"):
        aws.bucket(name)
    closed = {**ANYONE, "Action": "s3:PutObject", "Resource": "arn:aws:s3:::signed/*"}
    not_signer = {"ForAllValues:StringNotEquals": {"aws:CalledVia": "signer.amazonaws.com"}}
    aws.client("s3").put_bucket_policy(Bucket="signed", Policy=policy({**closed, "Condition": not_signer}))
    job = aws.finished(aws.start_job(HELLO))
    assert job["status"] == "Succeeded"
    aws.refused("AccessDenied", aws.client("s3").put_object, Bucket="signed", Key="functions/hello/a", Body=b"x")


@pytest.mark.parametrize(("open_to_services", "status"), [(True, "Succeeded"), (False, "Failed")])
def test_signer_as_a_service_meets_the_policy_when_it_writes(
    aws: LocalAws, open_to_services: bool, status: str
) -> None:
    aws.control("PUT", "settings", {"signer_writes_as_service": True})
    aws.profile()
    aws.bucket("signed")
    condition: dict[str, Any] = {"ArnNotEquals": {"aws:PrincipalArn": ROOT}}
    if open_to_services:
        condition["StringNotEquals"] = {"aws:PrincipalServiceName": "signer.amazonaws.com"}
    closed = {**ANYONE, "Action": "s3:PutObject", "Resource": "arn:aws:s3:::signed/*", "Condition": condition}
    aws.client("s3").put_bucket_policy(Bucket="signed", Policy=policy(closed))
    assert aws.finished(aws.start_job(HELLO))["status"] == status


SERVICE_SENDS = {"Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"}, "Action": "sqs:SendMessage"}


def test_a_queue_can_be_closed_to_all_but_one_rule(aws: LocalAws) -> None:
    rule = f"arn:aws:events:{REGION}:{ACCOUNT}:rule/mine"
    url, arn = aws.queue(
        "work",
        {**SERVICE_SENDS, "Condition": {"ArnEquals": {"aws:SourceArn": rule}}},
        {**ANYONE, "Action": "sqs:SendMessage", "Condition": {"Bool": {"aws:PrincipalIsAWSService": "false"}}},
    )
    events = aws.client("events")
    for name in ("mine", "another"):
        events.put_rule(Name=name, EventPattern=json.dumps({"source": [name]}))
        events.put_targets(Rule=name, Targets=[{"Id": "queue", "Arn": arn}])
    for keys in (aws.user("admin", allow("*")), None):
        sqs = aws.client("sqs", keys, checked=False)
        with pytest.raises(sqs.exceptions.ClientError, match="AccessDenied"):
            sqs.send_message(QueueUrl=url, MessageBody="forged")
    entries = [{"Source": name, "DetailType": "x", "Detail": "{}"} for name in ("another", "mine")]
    events.put_events(Entries=entries)
    (event,) = aws.received(url)
    assert event["source"] == "mine"


def test_a_queue_without_a_policy_gets_nothing_from_a_rule(aws: LocalAws) -> None:
    url, arn = aws.queue("closed")
    seen = aws.queue_of({"source": ["x"]})
    events = aws.client("events")
    events.put_targets(Rule="seen", Targets=[{"Id": "closed", "Arn": arn}])
    events.put_events(Entries=[{"Source": "x", "DetailType": "x", "Detail": "{}"}])
    aws.received(seen)
    count = aws.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages"])
    assert count["Attributes"] == {"ApproximateNumberOfMessages": "0"}


def test_a_queue_can_be_closed_to_all_but_a_service_by_not_principal_and_by_name(aws: LocalAws) -> None:
    by_name = {"StringNotEquals": {"aws:PrincipalServiceName": "events.amazonaws.com"}}
    for name, closed in (
        ("by-name", {**ANYONE, "Action": "sqs:SendMessage", "Condition": by_name}),
        ("by-principal", {"Effect": "Deny", "NotPrincipal": SERVICE_SENDS["Principal"], "Action": "sqs:SendMessage"}),
    ):
        url, arn = aws.queue(name, SERVICE_SENDS, closed)
        events, sqs = aws.client("events"), aws.client("sqs", aws.user(f"admin-{name}", allow("*")), checked=False)
        with pytest.raises(sqs.exceptions.ClientError, match="AccessDenied"):
            sqs.send_message(QueueUrl=url, MessageBody="forged")
        events.put_rule(Name=name, EventPattern=json.dumps({"source": [name]}))
        events.put_targets(Rule=name, Targets=[{"Id": "queue", "Arn": arn}])
        events.put_events(Entries=[{"Source": name, "DetailType": "x", "Detail": "{}"}])
        assert aws.received(url)[0]["source"] == name


def test_a_function_reads_a_queue_that_is_closed_to_senders(aws: LocalAws) -> None:
    handler = "def handler(event, context):\n    print('got', event['Records'][0]['body'])\n"
    url, arn = aws.queue("work", SERVICE_SENDS, {**ANYONE, "Action": "sqs:SendMessage",
                         "Condition": {"Bool": {"aws:PrincipalIsAWSService": "false"}}})  # fmt: skip
    aws.function("worker", package_of(index__py=handler), Role=aws.role("worker", allow("sqs:*", "logs:*")))
    aws.client("lambda").create_event_source_mapping(FunctionName="worker", EventSourceArn=arn, BatchSize=1)
    events = aws.client("events")
    events.put_rule(Name="rule", EventPattern=json.dumps({"source": ["x"]}))
    events.put_targets(Rule="rule", Targets=[{"Id": "queue", "Arn": arn}])
    events.put_events(Entries=[{"Source": "x", "DetailType": "x", "Detail": "{}"}])
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    sqs, logs = aws.client("sqs"), aws.client("logs")
    read = sqs.get_queue_attributes
    eventually(lambda: set(read(QueueUrl=url, AttributeNames=names)["Attributes"].values()) == {"0"})
    found = logs.filter_log_events(logGroupName="/aws/lambda/worker", filterPattern="got")["events"]
    assert len(found) == 1


@pytest.mark.parametrize("trusted", [True, False])
def test_a_queue_under_a_key_needs_the_keys_policy_for_the_service(aws: LocalAws, trusted: bool) -> None:
    account = {"Effect": "Allow", "Principal": {"AWS": ROOT}, "Action": "kms:*", "Resource": "*"}
    service = {
        "Effect": "Allow",
        "Principal": {"Service": "s3.amazonaws.com"},
        "Action": ["kms:GenerateDataKey", "kms:Decrypt"],
        "Resource": "*",
    }
    statements = [account, service] if trusted else [account]
    key = aws.client("kms").create_key(Policy=policy(*statements))["KeyMetadata"]["Arn"]
    sends = {**SERVICE_SENDS, "Principal": {"Service": "s3.amazonaws.com"}}
    url, arn = aws.queue("direct", sends, KmsMasterKeyId=key)
    aws.bucket("uploads")
    put = aws.client("s3").put_bucket_notification_configuration
    wanted = {"QueueConfigurations": [{"QueueArn": arn, "Events": ["s3:ObjectCreated:*"]}]}
    if not trusted:
        aws.refused("InvalidArgument", put, Bucket="uploads", NotificationConfiguration=wanted)
        return
    put(Bucket="uploads", NotificationConfiguration=wanted)
    aws.received(url)
    aws.client("kms").disable_key(KeyId=key)
    aws.client("s3").put_object(Bucket="uploads", Key="lost", Body=b"x")
    aws.client("kms").enable_key(KeyId=key)
    aws.client("s3").put_object(Bucket="uploads", Key="a", Body=b"x")
    assert aws.received(url)[0]["Records"][0]["s3"]["object"]["key"] == "a"


@pytest.mark.parametrize(("condition", "delivered"), [({}, True), ({"aws:SourceAccount": ACCOUNT}, False)])
def test_a_rule_reaches_a_queue_under_a_key_that_asks_nothing_of_the_source(
    aws: LocalAws, condition: dict[str, str], delivered: bool
) -> None:
    account = {"Effect": "Allow", "Principal": {"AWS": ROOT}, "Action": "kms:*", "Resource": "*"}
    service = {"Effect": "Allow", "Principal": SERVICE_SENDS["Principal"], "Action": "kms:*", "Resource": "*"}
    if condition:
        service["Condition"] = {"StringEquals": condition}
    key = aws.client("kms").create_key(Policy=policy(account, service))["KeyMetadata"]["Arn"]
    seen = aws.queue_of({"source": ["x"]})
    url, arn = aws.queue("work", SERVICE_SENDS, KmsMasterKeyId=key)
    events = aws.client("events")
    events.put_targets(Rule="seen", Targets=[{"Id": "work", "Arn": arn}])
    events.put_events(Entries=[entry("x", "default")])
    aws.received(seen)
    assert len(aws.client("sqs").receive_message(QueueUrl=url).get("Messages", [])) == int(delivered)


def test_a_key_policy_that_leaves_the_account_out_denies_even_the_root(aws: LocalAws) -> None:
    keys = aws.user("owner", allow("kms:*"))
    owner = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:user/owner"}, "Action": "kms:*"}
    key = aws.client("kms").create_key(Policy=policy({**owner, "Resource": "*"}))["KeyMetadata"]["Arn"]
    aws.client("kms", keys).encrypt(KeyId=key, Plaintext=b"x")
    aws.refused("AccessDeniedException", aws.client("kms").encrypt, KeyId=key, Plaintext=b"x")


def own_bus(aws: LocalAws, *statements: dict[str, Any]) -> str:
    """A bus with a policy, and a queue that gets its events."""
    aws.client("events").create_event_bus(Name="own")
    if statements:
        aws.client("events").put_permission(EventBusName="own", Policy=policy(*statements))
    return aws.queue_of({"source": [{"prefix": ""}]}, bus="own")


def entry(source: str, bus: str = "own", detail_type: str = "x") -> dict[str, str]:
    return {"Source": source, "DetailType": detail_type, "Detail": "{}", "EventBusName": bus}


def test_a_rule_on_a_bus_of_ones_own_reaches_its_target_and_the_default_bus_does_not(aws: LocalAws) -> None:
    queue = own_bus(aws)
    answer = aws.client("events").put_events(Entries=[entry("one", "default"), entry("two", BUS)])
    assert answer["FailedEntryCount"] == 0
    (event,) = aws.received(queue)
    assert event["source"] == "two"


def test_the_policy_of_a_bus_denies(aws: LocalAws) -> None:
    gate_user = f"arn:aws:iam::{ACCOUNT}:user/gate"
    closed = {**ANYONE, "Sid": "closed", "Action": "events:PutEvents", "Resource": BUS,
              "Condition": {"ArnNotEquals": {"aws:PrincipalArn": gate_user}}}  # fmt: skip
    queue = own_bus(aws, closed)
    described = aws.client("events").describe_event_bus(Name="own")
    assert json.loads(described["Policy"])["Statement"] == [closed]
    keys = {name: aws.user(name, allow("events:PutEvents")) for name in ("gate", "other")}
    for name in keys:
        aws.client("events", keys[name]).put_events(Entries=[entry("x", "default")])
    aws.refused("AccessDeniedException", aws.client("events", keys["other"]).put_events, Entries=[entry("other")])
    aws.refused("AccessDeniedException", aws.client("events").put_events, Entries=[entry("root")])
    mixed = [entry("other", "default"), entry("other")]
    aws.refused("AccessDeniedException", aws.client("events", keys["other"]).put_events, Entries=mixed)
    aws.client("events", keys["gate"]).put_events(Entries=[entry("gate")])
    assert aws.received(queue)[0]["source"] == "gate"


@pytest.mark.parametrize("key", ["events:source", "events:detail-type"])
def test_rights_can_name_the_source_and_the_detail_type(aws: LocalAws, key: str) -> None:
    condition = {"StringEquals": {key: "countersign"}}
    events = aws.client("events", aws.user("gate", allow("events:PutEvents", on=BUS, Condition=condition)))
    queue = own_bus(aws)
    name = "Source" if key == "events:source" else "DetailType"
    good, bad = {**entry("a"), name: "countersign"}, {**entry("a"), name: "other"}
    events.put_events(Entries=[good, good])
    aws.received(queue, 2)
    for entries in ([bad], [good, bad], [bad, good]):
        aws.refused("AccessDeniedException", events.put_events, Entries=entries)


def test_sources_of_aws_are_closed_to_customers(aws: LocalAws) -> None:
    answer = aws.client("events").put_events(Entries=[entry("aws.lambda", "default")])
    assert answer["Entries"][0]["ErrorCode"] == "NotAuthorizedForSourceException"


def test_only_the_default_bus_takes_schedules(aws: LocalAws) -> None:
    events = aws.client("events")
    events.create_event_bus(Name="own")
    events.put_rule(Name="hourly", ScheduleExpression="rate(1 hour)")
    aws.refused(
        "ValidationException", events.put_rule, Name="own", EventBusName="own", ScheduleExpression="rate(1 hour)"
    )


def queue_resources(service: str) -> dict[str, Any]:
    statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sqs:SendMessage", "Resource": "*"}
    return {
        "Queue": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "target"}},
        "QueuePolicy": {
            "Type": "AWS::SQS::QueuePolicy",
            "Properties": {"Queues": [{"Ref": "Queue"}], "PolicyDocument": {"Statement": [statement]}},
        },
    }


TARGET = {"Id": "queue", "Arn": {"Fn::GetAtt": ["Queue", "Arn"]}}


def test_a_stack_brings_a_bus_its_policy_and_rules(aws: LocalAws) -> None:
    statement = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "events:PutEvents",
        "Resource": {"Fn::GetAtt": ["Bus", "Arn"]},
        "Condition": {"StringNotEquals": {"events:source": "countersign"}},
    }
    bus_policy = {"EventBusName": {"Ref": "Bus"}, "StatementId": "closed", "Statement": statement}
    rule = {"EventBusName": {"Ref": "Bus"}, "EventPattern": {"source": ["countersign"]}, "Targets": [TARGET]}
    resources = {
        **queue_resources("events.amazonaws.com"),
        "Bus": {"Type": "AWS::Events::EventBus", "Properties": {"Name": "own"}},
        "BusPolicy": {"Type": "AWS::Events::EventBusPolicy", "Properties": bus_policy},
        "Rule": {"Type": "AWS::Events::Rule", "Properties": rule},
    }
    stack = aws.stack(resources)
    assert stack["StackStatus"] == "CREATE_COMPLETE", stack
    events, url = aws.client("events"), aws.client("sqs").get_queue_url(QueueName="target")["QueueUrl"]
    aws.refused("AccessDeniedException", events.put_events, Entries=[entry("forged")])
    events.put_events(Entries=[entry("countersign")])
    assert aws.received(url)[0]["source"] == "countersign"
    without = {name: each for name, each in resources.items() if name != "BusPolicy"}
    aws.stack(without, "update")
    events.put_events(Entries=[entry("forged")])
    assert "Policy" not in events.describe_event_bus(Name="own")


def test_a_stack_brings_a_buckets_policy(aws: LocalAws) -> None:
    statement = {
        **ANYONE,
        "Action": "s3:PutObject",
        "Resource": {"Fn::Sub": "${Bucket.Arn}/*/outcome.json"},
        "Condition": {"Null": {"s3:if-none-match": "true"}},
    }
    bucket_policy = {"Bucket": {"Ref": "Bucket"}, "PolicyDocument": {"Statement": [statement]}}
    resources = {
        "Bucket": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": "records"}},
        "Policy": {"Type": "AWS::S3::BucketPolicy", "Properties": bucket_policy},
    }
    stack = aws.stack(resources)
    assert stack["StackStatus"] == "CREATE_COMPLETE", stack
    s3 = aws.client("s3")
    aws.refused("AccessDenied", s3.put_object, Bucket="records", Key="f/outcome.json", Body=b"x")
    s3.put_object(Bucket="records", Key="f/outcome.json", Body=b"x", IfNoneMatch="*")
    s3.put_object(Bucket="records", Key="f/live.json", Body=b"x")


def test_a_stack_brings_a_rule_with_a_schedule(aws: LocalAws) -> None:
    rule = {"ScheduleExpression": "rate(1 minute)", "Targets": [{**TARGET, "Input": '{"run": "unfinished"}'}]}
    resources = {
        **queue_resources("events.amazonaws.com"),
        "Rule": {"Type": "AWS::Events::Rule", "Properties": {"Name": "minutely", **rule}},
    }
    stack = aws.stack(resources)
    assert stack["StackStatus"] == "CREATE_COMPLETE", stack
    assert aws.control("POST", "schedules/minutely/fire") == {"fired": ["minutely"]}
    url = aws.client("sqs").get_queue_url(QueueName="target")["QueueUrl"]
    assert aws.received(url) == [{"run": "unfinished"}]


@pytest.mark.parametrize("allowed", [True, False])
def test_a_schedule_delivers_with_the_rights_of_its_role(aws: LocalAws, allowed: bool) -> None:
    trust = {
        "Effect": "Allow",
        "Principal": {"Service": "scheduler.amazonaws.com"},
        "Action": "sts:AssumeRole",
        "Condition": {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}},
    }
    rights = allow("sqs:SendMessage" if allowed else "sqs:ReceiveMessage", on={"Fn::GetAtt": ["Queue", "Arn"]})
    role = {
        "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [trust]},
        "Policies": [{"PolicyName": "sends", "PolicyDocument": {"Version": "2012-10-17", "Statement": [rights]}}],
    }
    target = {"Arn": TARGET["Arn"], "RoleArn": {"Fn::GetAtt": ["Role", "Arn"]}, "Input": '{"run": "all"}'}
    schedule = {
        "Name": "hourly",
        "ScheduleExpression": "rate(1 hour)",
        "FlexibleTimeWindow": {"Mode": "OFF"},
        "Target": target,
    }
    resources = {
        "Queue": queue_resources("x")["Queue"],
        "Role": {"Type": "AWS::IAM::Role", "Properties": role},
        "Schedule": {"Type": "AWS::Scheduler::Schedule", "Properties": schedule},
    }
    stack = aws.stack(resources)
    assert stack["StackStatus"] == "CREATE_COMPLETE", stack
    aws.control("POST", "schedules/hourly/fire")
    url = aws.client("sqs").get_queue_url(QueueName="target")["QueueUrl"]
    if allowed:
        assert aws.received(url) == [{"run": "all"}]
    else:
        assert aws.client("sqs").receive_message(QueueUrl=url).get("Messages", []) == []


def test_a_rule_invokes_a_function_only_with_its_leave(aws: LocalAws) -> None:
    handler = """
import boto3
def handler(event, context):
    boto3.client('s3').put_object(Bucket='seen', Key=event['detail-type'], Body=b'x')
"""
    aws.bucket("seen")
    made = aws.function("target", package_of(index__py=handler), Role=aws.role("writes", allow("s3:*")))
    events, s3 = aws.client("events"), aws.client("s3")
    rule = events.put_rule(Name="rule", EventPattern=json.dumps({"source": ["x"]}))["RuleArn"]
    events.put_targets(Rule="rule", Targets=[{"Id": "function", "Arn": made["FunctionArn"]}])
    events.put_events(Entries=[entry("x", "default", "before")])
    aws.client("lambda").add_permission(
        FunctionName="target",
        StatementId="rule",
        Action="lambda:InvokeFunction",
        Principal="events.amazonaws.com",
        SourceArn=rule,
    )
    events.put_events(Entries=[entry("x", "default", "after")])
    listed = eventually(lambda: s3.list_objects_v2(Bucket="seen").get("Contents"))
    assert [each["Key"] for each in listed] == ["after"]
