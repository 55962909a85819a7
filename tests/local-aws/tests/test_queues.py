"""Queues: dead letters and their return, and a visibility that the consumer of a mapping changes."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from conftest import ACCOUNT, REGION, LocalAws, eventually, package_of

DEAD = f"arn:aws:sqs:{REGION}:{ACCOUNT}:dead"


def pair(aws: LocalAws, most: int = 1, **attributes: str) -> tuple[str, str]:
    """The URLs of a queue and of its dead-letter queue."""
    dead, arn = aws.queue("dead")
    redrive = json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": most})
    work, _ = aws.queue("work", RedrivePolicy=redrive, **attributes)
    return work, dead


def received(aws: LocalAws, url: str, **more: Any) -> list[dict[str, Any]]:
    answer = aws.client("sqs").receive_message(
        QueueUrl=url, MaxNumberOfMessages=10, MessageAttributeNames=["All"], AttributeNames=["All"], **more
    )
    return list(answer.get("Messages", []))


def buried(aws: LocalAws, *bodies: str) -> tuple[str, str]:
    """A pair with dead letters, each with an attribute."""
    work, dead = pair(aws, VisibilityTimeout="0")
    sqs = aws.client("sqs")
    for body in bodies:
        attribute = {"kind": {"DataType": "String", "StringValue": f"kind of {body}"}}
        sqs.send_message(QueueUrl=work, MessageBody=body, MessageAttributes=attribute)
    names = ["ApproximateNumberOfMessages"]

    def all_dead() -> bool:
        received(aws, work)
        count = sqs.get_queue_attributes(QueueUrl=dead, AttributeNames=names)["Attributes"][names[0]]
        return int(count) == len(bodies)

    eventually(all_dead)
    return work, dead


def tasks(aws: LocalAws, **more: Any) -> list[dict[str, Any]]:
    return list(aws.client("sqs").list_message_move_tasks(SourceArn=DEAD, **more)["Results"])


def test_a_dead_letter_keeps_its_attributes_and_names_its_queue(aws: LocalAws) -> None:
    _, dead = buried(aws, "bad")
    (letter,) = received(aws, dead)
    assert letter["MessageAttributes"]["kind"]["StringValue"] == "kind of bad"
    assert letter["Attributes"]["DeadLetterQueueSourceArn"].endswith(":work")


def test_dead_letters_go_back_as_new_messages(aws: LocalAws) -> None:
    work, dead = buried(aws, "one", "two")
    before = {letter["Body"]: letter["MessageId"] for letter in received(aws, dead, VisibilityTimeout=0)}
    aws.client("sqs").start_message_move_task(SourceArn=DEAD)
    eventually(lambda: tasks(aws)[0]["Status"] == "COMPLETED")
    (task,) = tasks(aws)
    assert (task["ApproximateNumberOfMessagesMoved"], task["ApproximateNumberOfMessagesToMove"]) == (2, 2)
    assert "TaskHandle" not in task
    back = received(aws, work)
    assert {each["Body"]: each["MessageAttributes"]["kind"]["StringValue"] for each in back} == {
        "one": "kind of one",
        "two": "kind of two",
    }
    assert {each["Attributes"]["ApproximateReceiveCount"] for each in back} == {"1"}
    assert not {each["MessageId"] for each in back} & set(before.values())


def test_a_move_can_be_slow_elsewhere_and_canceled(aws: LocalAws) -> None:
    buried(aws, *"abc")
    other, arn = aws.queue("other")
    sqs = aws.client("sqs")
    handle = sqs.start_message_move_task(SourceArn=DEAD, DestinationArn=arn, MaxNumberOfMessagesPerSecond=1)
    aws.refused("UnsupportedOperation", sqs.start_message_move_task, SourceArn=DEAD)
    eventually(lambda: tasks(aws)[0]["ApproximateNumberOfMessagesMoved"])
    moved = sqs.cancel_message_move_task(TaskHandle=handle["TaskHandle"])["ApproximateNumberOfMessagesMoved"]
    assert 1 <= moved < 3
    assert [task["Status"] for task in tasks(aws, MaxResults=10)] == ["CANCELLED"]
    assert received(aws, other)


def test_what_cannot_be_moved(aws: LocalAws) -> None:
    _, arn = aws.queue("plain")
    start = aws.client("sqs").start_message_move_task
    aws.refused("InvalidParameterValue", start, SourceArn=arn)
    aws.refused("ResourceNotFoundException", start, SourceArn=f"{arn}-absent")


@pytest.mark.parametrize("missing", ["sqs:StartMessageMoveTask", "sqs:ReceiveMessage", "sqs:SendMessage"])
def test_moving_needs_the_callers_rights_on_both_queues(aws: LocalAws, missing: str) -> None:
    buried(aws, "bad")
    actions = ["StartMessageMoveTask", "ReceiveMessage", "DeleteMessage", "GetQueueAttributes"]
    rights = {f"sqs:{action}": DEAD for action in actions} | {"sqs:SendMessage": DEAD.replace("dead", "work")}

    def user(name: str, left_out: str) -> Any:
        statements = [
            {"Effect": "Allow", "Action": action, "Resource": arn}
            for action, arn in rights.items()
            if action != left_out
        ]
        return aws.client("sqs", aws.user(name, *statements), checked=False)

    poor = user("poor", missing)
    with pytest.raises(poor.exceptions.ClientError, match="AccessDenied"):
        poor.start_message_move_task(SourceArn=DEAD)
    assert user("enough", "").start_message_move_task(SourceArn=DEAD)["TaskHandle"]


def test_a_message_comes_back_when_the_consumer_of_a_mapping_says(aws: LocalAws) -> None:
    handler = """
import boto3
def handler(event, context):
    failed = []
    for record in event['Records']:
        count = int(record['attributes']['ApproximateReceiveCount'])
        boto3.client('s3').put_object(Bucket='seen', Key=f"{record['body']}/{count}", Body=b'x')
        if count == 1:
            sqs = boto3.client('sqs')
            sqs.change_message_visibility(
                QueueUrl=sqs.get_queue_url(QueueName='work')['QueueUrl'],
                ReceiptHandle=record['receiptHandle'], VisibilityTimeout=1)
            failed.append({'itemIdentifier': record['messageId']})
    return {'batchItemFailures': failed}
"""
    aws.bucket("seen")
    url, arn = aws.queue("work", VisibilityTimeout="3600")
    rights = {"Effect": "Allow", "Action": ["sqs:*", "s3:*", "logs:*"], "Resource": "*"}
    aws.function("worker", package_of(index__py=handler), Role=aws.role("worker", rights))
    aws.client("lambda").create_event_source_mapping(
        FunctionName="worker", EventSourceArn=arn, FunctionResponseTypes=["ReportBatchItemFailures"]
    )
    aws.client("sqs").send_message(QueueUrl=url, MessageBody="a")
    s3 = aws.client("s3")

    def seen() -> set[str]:
        return {each["Key"] for each in s3.list_objects_v2(Bucket="seen").get("Contents", [])}

    eventually(lambda: "a/2" in seen())
    assert seen() == {"a/1", "a/2"}


def test_a_queue_whose_key_is_disabled_is_not_read_by_its_mapping(aws: LocalAws) -> None:
    handler = "import boto3\ndef handler(e, c):\n    boto3.client('s3').put_object(Bucket='seen', Key='k', Body=b'x')\n"
    aws.bucket("seen")
    key = aws.client("kms").create_key()["KeyMetadata"]["KeyId"]
    url, arn = aws.queue("work", KmsMasterKeyId=key)
    rights = {"Effect": "Allow", "Action": ["sqs:*", "s3:*", "kms:*"], "Resource": "*"}
    aws.function("worker", package_of(index__py=handler), Role=aws.role("worker", rights))
    aws.client("sqs").send_message(QueueUrl=url, MessageBody="a")
    aws.client("kms").disable_key(KeyId=key)
    aws.client("lambda").create_event_source_mapping(FunctionName="worker", EventSourceArn=arn)
    time.sleep(1)
    assert aws.client("s3").list_objects_v2(Bucket="seen")["KeyCount"] == 0
    aws.client("kms").enable_key(KeyId=key)
    eventually(lambda: aws.client("s3").list_objects_v2(Bucket="seen")["KeyCount"])


def test_objects_under_a_disabled_key_are_out_of_reach(aws: LocalAws) -> None:
    key = aws.client("kms").create_key()["KeyMetadata"]["Arn"]
    aws.bucket("records")
    rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key}}
    s3 = aws.client("s3", checked=False)
    s3.put_bucket_encryption(Bucket="records", ServerSideEncryptionConfiguration={"Rules": [rule]})
    s3.put_object(Bucket="records", Key="a", Body=b"x")
    aws.client("kms").disable_key(KeyId=key)
    for call, more in ((s3.get_object, {}), (s3.put_object, {"Body": b"y"})):
        with pytest.raises(s3.exceptions.ClientError, match="KMS.DisabledException"):
            call(Bucket="records", Key="a", **more)
    aws.client("kms").enable_key(KeyId=key)
    assert s3.get_object(Bucket="records", Key="a")["Body"].read() == b"x"


READS = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"]


@pytest.mark.parametrize("missing", [*READS, "kms:Decrypt"])
def test_a_mapping_reads_with_the_rights_of_the_functions_role(aws: LocalAws, missing: str) -> None:
    handler = "import boto3\ndef handler(e, c):\n    boto3.client('s3').put_object(Bucket='seen', Key='k', Body=b'x')\n"
    aws.bucket("seen")
    key = aws.client("kms").create_key()["KeyMetadata"]["KeyId"]
    url, arn = aws.queue("work", KmsMasterKeyId=key)
    actions = [*READS, "kms:Decrypt", "s3:*"]
    rights = {"Effect": "Allow", "Action": [each for each in actions if each != missing], "Resource": "*"}
    aws.function("worker", package_of(index__py=handler), Role=aws.role("worker", rights))
    aws.client("sqs").send_message(QueueUrl=url, MessageBody="a")
    aws.client("lambda").create_event_source_mapping(FunctionName="worker", EventSourceArn=arn)
    time.sleep(1)
    assert aws.client("s3").list_objects_v2(Bucket="seen")["KeyCount"] == 0
    enough = {"Version": "2012-10-17", "Statement": [{**rights, "Action": actions}]}
    aws.client("iam").put_role_policy(RoleName="worker", PolicyName="rights", PolicyDocument=json.dumps(enough))
    eventually(lambda: aws.client("s3").list_objects_v2(Bucket="seen")["KeyCount"])


def test_sending_and_publishing_under_a_key_need_rights_on_the_key(aws: LocalAws) -> None:
    key = aws.client("kms").create_key()["KeyMetadata"]["Arn"]
    url, _ = aws.queue("work", KmsMasterKeyId=key)
    topic = aws.client("sns").create_topic(Name="pages", Attributes={"KmsMasterKeyId": key})["TopicArn"]
    plain = {"Effect": "Allow", "Action": ["sqs:*", "sns:*"], "Resource": "*"}
    for name, on_key, allowed in (
        ("none", [], False),
        ("half", ["kms:GenerateDataKey"], False),
        ("both", ["kms:GenerateDataKey", "kms:Decrypt"], True),
    ):
        extra = [{"Effect": "Allow", "Action": on_key, "Resource": key}] if on_key else []
        keys = aws.user(name, plain, *extra)
        sqs, sns = (aws.client(service, keys, checked=False) for service in ("sqs", "sns"))
        if allowed:
            sqs.send_message(QueueUrl=url, MessageBody="x")
            sns.publish(TopicArn=topic, Message="x")
            continue
        with pytest.raises(sqs.exceptions.ClientError, match="KmsAccessDenied"):
            sqs.send_message(QueueUrl=url, MessageBody="x")
        with pytest.raises(sns.exceptions.ClientError, match="KMSAccessDenied"):
            sns.publish(TopicArn=topic, Message="x")
    aws.client("kms").disable_key(KeyId=key)
    root = aws.client("sns", checked=False)
    with pytest.raises(root.exceptions.ClientError, match="KMSDisabled"):
        root.publish(TopicArn=topic, Message="x")


def test_rights_on_a_key_can_be_bound_to_a_service(aws: LocalAws) -> None:
    key = aws.client("kms").create_key()["KeyMetadata"]["Arn"]
    url, _ = aws.queue("work", KmsMasterKeyId=key)
    on_queue = {"Effect": "Allow", "Action": "sqs:*", "Resource": "*"}
    for service, allowed in (("sqs", True), ("s3", False)):
        condition = {"StringEquals": {"kms:ViaService": f"{service}.{REGION}.amazonaws.com"}}
        on_key = {"Effect": "Allow", "Action": "kms:*", "Resource": key, "Condition": condition}
        sqs = aws.client("sqs", aws.user(f"by-{service}", on_queue, on_key), checked=False)
        if allowed:
            sqs.send_message(QueueUrl=url, MessageBody="x")
        else:
            with pytest.raises(sqs.exceptions.ClientError, match="KmsAccessDenied"):
                sqs.send_message(QueueUrl=url, MessageBody="x")
