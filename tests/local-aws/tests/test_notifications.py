"""S3's event notifications to a queue: what they carry, who caused them, and which of them are sent."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from conftest import ACCOUNT, HELLO, REGION, LocalAws, eventually, package_of

S3_SENDS = {"Effect": "Allow", "Principal": {"Service": "s3.amazonaws.com"}, "Action": "sqs:SendMessage"}


def notified(
    aws: LocalAws, events: list[str] | None = None, bucket: str = "uploads", prefix: str | None = None, **more: Any
) -> str:
    """The URL of a queue that a new bucket notifies; what S3 sends to try it is taken off."""
    aws.bucket(bucket)
    url, arn = aws.queue("direct", S3_SENDS)
    wanted: dict[str, Any] = {"QueueArn": arn, "Events": events or ["s3:ObjectCreated:*", "s3:ObjectRemoved:*"]}
    if prefix is not None:
        wanted["Filter"] = {"Key": {"FilterRules": [{"Name": "prefix", "Value": prefix}]}}
    aws.client("s3").put_bucket_notification_configuration(
        Bucket=bucket, NotificationConfiguration={"QueueConfigurations": [wanted], **more}
    )
    (tried,) = aws.received(url)
    assert (tried["Event"], tried["Bucket"]) == ("s3:TestEvent", bucket)
    return url


def record(aws: LocalAws, url: str) -> dict[str, Any]:
    (event,) = aws.received(url)
    (only,) = event["Records"]
    return dict(only)


def test_a_record_describes_the_object_and_where_the_call_came_from(aws: LocalAws) -> None:
    url = notified(aws)
    put = aws.client("s3").put_object(Bucket="uploads", Key="functions/a b+c.zip", Body=b"x")
    told = record(aws, url)
    assert told["s3"]["object"].pop("sequencer")
    assert told["s3"]["object"] == {
        "key": "functions/a+b%2Bc.zip",
        "size": 1,
        "eTag": put["ETag"].strip('"'),
        "versionId": put["VersionId"],
    }
    assert (told["eventSource"], told["eventName"], told["awsRegion"]) == ("aws:s3", "ObjectCreated:Put", REGION)
    assert told["requestParameters"] == {"sourceIPAddress": "127.0.0.1"}
    assert told["s3"]["bucket"]["name"] == "uploads"


def test_later_records_have_later_sequencers(aws: LocalAws) -> None:
    url = notified(aws)
    versions = [aws.client("s3").put_object(Bucket="uploads", Key="a", Body=b"x")["VersionId"] for _ in range(3)]
    objects = [event["Records"][0]["s3"]["object"] for event in aws.received(url, 3)]
    in_order = sorted(objects, key=lambda told: told["sequencer"])
    assert [told["versionId"] for told in in_order] == versions


def test_a_user_is_named_by_its_unique_id(aws: LocalAws) -> None:
    url = notified(aws)
    keys = aws.user("dev", {"Effect": "Allow", "Action": "s3:*", "Resource": "*"})
    aws.client("s3", keys).put_object(Bucket="uploads", Key="a", Body=b"x")
    unique = aws.client("iam").get_user(UserName="dev")["User"]["UserId"]
    assert unique.startswith("AIDA")
    assert record(aws, url)["userIdentity"] == {"principalId": f"AWS:{unique}"}


def test_a_role_is_named_by_its_unique_id_and_its_session(aws: LocalAws) -> None:
    url = notified(aws)
    handler = """
import boto3
def handler(event, context):
    boto3.client('s3').put_object(Bucket='uploads', Key='a', Body=b'x')
"""
    role = aws.role("writes", {"Effect": "Allow", "Action": "s3:*", "Resource": "*"})
    aws.function("writer", package_of(index__py=handler), Role=role)
    aws.client("lambda").invoke(FunctionName="writer")
    unique = aws.client("iam").get_role(RoleName="writes")["Role"]["RoleId"]
    assert unique.startswith("AROA")
    assert record(aws, url)["userIdentity"] == {"principalId": f"AWS:{unique}:writer"}


def test_the_account_root_is_named_by_its_customer_id(aws: LocalAws) -> None:
    url = notified(aws)
    aws.client("s3").put_object(Bucket="uploads", Key="a", Body=b"x")
    told = record(aws, url)
    principal = told["userIdentity"]["principalId"]
    assert re.fullmatch(r"A[A-Z0-9]{12}", principal)
    assert told["s3"]["bucket"]["ownerIdentity"] == {"principalId": principal}


@pytest.mark.parametrize("as_service", [False, True])
def test_what_signer_writes_names_who_started_the_job_or_signer(aws: LocalAws, as_service: bool) -> None:
    aws.control("PUT", "settings", {"signer_writes_as_service": as_service})
    aws.profile()
    url = notified(aws, bucket="signed", EventBridgeConfiguration={})
    events = aws.queue_of({"source": ["aws.s3"], "detail": {"bucket": {"name": ["signed"]}}})
    aws.finished(aws.start_job(HELLO))
    principal = record(aws, url)["userIdentity"]["principalId"]
    (event,) = aws.received(events)
    if as_service:
        assert (principal, event["detail"]["requester"]) == ("AWS:signer.amazonaws.com", "signer.amazonaws.com")
    else:
        assert (principal[0], event["detail"]["requester"]) == ("A", ACCOUNT)


def test_eventbridge_names_the_account_and_never_a_user(aws: LocalAws) -> None:
    aws.bucket("uploads")
    queue = aws.queue_of({"source": ["aws.s3"]})
    keys = aws.user("dev", {"Effect": "Allow", "Action": "s3:*", "Resource": "*"})
    aws.client("s3", keys).put_object(Bucket="uploads", Key="a", Body=b"x")
    (event,) = aws.received(queue)
    assert event["detail"]["requester"] == ACCOUNT
    assert "AIDA" not in json.dumps(event)


def test_only_keys_with_the_prefix_and_events_that_were_asked_for_are_told(aws: LocalAws) -> None:
    url = notified(aws, ["s3:ObjectCreated:*"], prefix="functions/")
    s3 = aws.client("s3")
    s3.put_object(Bucket="uploads", Key="other/a", Body=b"x")
    s3.put_object(Bucket="uploads", Key="functions/a", Body=b"x")
    assert record(aws, url)["s3"]["object"]["key"] == "functions/a"
    s3.delete_object(Bucket="uploads", Key="functions/a")
    s3.put_object(Bucket="uploads", Key="functions/b", Body=b"x")
    assert record(aws, url)["s3"]["object"]["key"] == "functions/b"


def test_removals_tell_a_marker_from_a_deletion_for_good(aws: LocalAws) -> None:
    url = notified(aws, ["s3:ObjectRemoved:*"])
    s3 = aws.client("s3")
    version = s3.put_object(Bucket="uploads", Key="a", Body=b"x")["VersionId"]
    marker = s3.delete_object(Bucket="uploads", Key="a")["VersionId"]
    s3.delete_object(Bucket="uploads", Key="a", VersionId=version)
    told = {event["Records"][0]["eventName"]: event["Records"][0]["s3"]["object"] for event in aws.received(url, 2)}
    assert told["ObjectRemoved:DeleteMarkerCreated"]["versionId"] == marker
    assert told["ObjectRemoved:Delete"]["versionId"] == version


def test_the_version_that_a_deletion_makes_current_is_told_by_nothing(aws: LocalAws) -> None:
    url = notified(aws)
    s3 = aws.client("s3")
    versions = [s3.put_object(Bucket="uploads", Key="a", Body=body)["VersionId"] for body in (b"1", b"2")]
    aws.received(url, 2)
    s3.delete_object(Bucket="uploads", Key="a", VersionId=versions[1])
    assert record(aws, url)["s3"]["object"]["versionId"] == versions[1]
    assert s3.get_object(Bucket="uploads", Key="a")["VersionId"] == versions[0]
    s3.put_object(Bucket="uploads", Key="last", Body=b"x")
    assert record(aws, url)["s3"]["object"]["key"] == "last"


def test_a_queue_that_s3_may_not_send_to_cannot_be_notified(aws: LocalAws) -> None:
    aws.bucket("uploads")
    _, arn = aws.queue("closed")
    aws.refused(
        "InvalidArgument",
        aws.client("s3").put_bucket_notification_configuration,
        Bucket="uploads",
        NotificationConfiguration={"QueueConfigurations": [{"QueueArn": arn, "Events": ["s3:ObjectCreated:*"]}]},
    )


@pytest.mark.parametrize(("effect", "copies"), [("drop", 0), ("duplicate", 2)])
def test_notifications_can_be_dropped_and_duplicated(aws: LocalAws, effect: str, copies: int) -> None:
    url = notified(aws)
    aws.control("POST", "faults", {"event": "s3.notification/ObjectCreated:*", "effect": effect, "times": 1})
    s3 = aws.client("s3")
    s3.put_object(Bucket="uploads", Key="first", Body=b"x")
    eventually(lambda: aws.control("GET", "faults")["faults"][0]["hit"])
    first = aws.received(url, copies)
    s3.put_object(Bucket="uploads", Key="last", Body=b"x")
    keys = [event["Records"][0]["s3"]["object"]["key"] for event in first + aws.received(url)]
    assert keys == ["first"] * copies + ["last"]


def test_a_stack_connects_a_bucket_with_its_queue(aws: LocalAws) -> None:
    queue_arn = {"Fn::GetAtt": ["Queue", "Arn"]}
    condition = {
        "ArnLike": {"aws:SourceArn": "arn:aws:s3:::stack-uploads-*"},
        "StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}},
    }
    filter_rules = {"S3Key": {"Rules": [{"Name": "prefix", "Value": "functions/"}]}}
    resources = {
        "Queue": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "stack-queue"}},
        "Policy": {
            "Type": "AWS::SQS::QueuePolicy",
            "Properties": {
                "Queues": [{"Ref": "Queue"}],
                "PolicyDocument": {"Statement": [{**S3_SENDS, "Resource": queue_arn, "Condition": condition}]},
            },
        },
        "Bucket": {
            "Type": "AWS::S3::Bucket",
            "DependsOn": "Policy",
            "Properties": {
                "BucketName": "stack-uploads-1",
                "NotificationConfiguration": {
                    "EventBridgeConfiguration": {"EventBridgeEnabled": True},
                    "QueueConfigurations": [
                        {"Event": event, "Queue": queue_arn, "Filter": filter_rules}
                        for event in ("s3:ObjectCreated:*", "s3:ObjectRemoved:*")
                    ],
                },
            },
        },
    }
    stack = aws.stack(resources)
    assert stack["StackStatus"] == "CREATE_COMPLETE", stack
    url = aws.client("sqs").get_queue_url(QueueName="stack-queue")["QueueUrl"]
    assert {event["Event"] for event in aws.received(url, 2)} == {"s3:TestEvent"}
    s3 = aws.client("s3")
    s3.put_object(Bucket="stack-uploads-1", Key="functions/a.zip", Body=b"x")
    assert record(aws, url)["eventName"] == "ObjectCreated:Put"
    s3.delete_object(Bucket="stack-uploads-1", Key="functions/a.zip")
    assert record(aws, url)["eventName"] == "ObjectRemoved:Delete"
