"""What reaches the event bus: CloudTrail's reports, S3's versions, custom events, and a queue that retries."""

from __future__ import annotations

import json
from typing import Any

from conftest import ACCOUNT, HELLO, REGION, LocalAws, eventually, package_of

TRAIL = {"detail-type": ["AWS API Call via CloudTrail"]}


def reports(aws: LocalAws, *names: str) -> str:
    return aws.queue_of({**TRAIL, "detail": {"eventName": list(names)}})


def test_a_refused_update_is_reported_with_its_error_and_without_signature_data(aws: LocalAws) -> None:
    aws.function("target")
    configuration = aws.configuration(aws.profile())
    client = aws.client("lambda")
    client.put_function_code_signing_config(FunctionName="target", CodeSigningConfigArn=configuration)
    queue = reports(aws, "UpdateFunctionCode20150331v2")
    aws.refused("CodeVerificationFailedException", client.update_function_code, FunctionName="target", ZipFile=HELLO)
    (event,) = aws.received(queue)
    detail = event["detail"]
    assert event["source"] == "aws.lambda"
    assert detail["eventSource"] == "lambda.amazonaws.com"
    assert detail["errorCode"] == "CodeVerificationFailedException"
    assert "Check the provided signature" in detail["errorMessage"]
    assert detail["additionalEventData"] is None
    assert detail["responseElements"] is None
    assert detail["requestParameters"]["functionName"] == "target"
    assert detail["sourceIPAddress"] == "127.0.0.1"
    assert detail["userIdentity"]["type"] == "Root"
    assert (detail["awsRegion"], detail["recipientAccountId"]) == (REGION, ACCOUNT)


def test_an_unsigned_package_under_warn_is_reported_as_a_mismatch(aws: LocalAws) -> None:
    aws.function("target")
    configuration = aws.configuration(aws.profile(), policy="Warn")
    client = aws.client("lambda")
    client.put_function_code_signing_config(FunctionName="target", CodeSigningConfigArn=configuration)
    queue = reports(aws, "UpdateFunctionCode20150331v2")
    client.update_function_code(FunctionName="target", ZipFile=HELLO)
    (event,) = aws.received(queue)
    assert event["detail"]["additionalEventData"] == {"signatureStatus": "MISMATCH"}
    assert "errorCode" not in event["detail"]


def test_a_valid_creation_is_reported_with_its_signing_arns(aws: LocalAws) -> None:
    profile = aws.profile()
    queue = reports(aws, "CreateFunction20150331")
    made = aws.function("target", aws.signed(), CodeSigningConfigArn=aws.configuration(profile))
    (event,) = aws.received(queue)
    assert event["detail"]["additionalEventData"] == {
        "signingProfileVersionArn": profile,
        "signingJobArn": made["SigningJobArn"],
        "signatureStatus": "VALID",
    }


def test_each_call_has_the_name_that_was_seen_in_aws(aws: LocalAws) -> None:
    queue = aws.queue_of({**TRAIL, "source": ["aws.lambda"]})
    client, publisher = aws.client("lambda"), "arn:aws:signer:us-east-1:123456789012:/signing-profiles/p1/AbCdEf0123"
    configuration = aws.configuration(publisher)
    other = aws.configuration(publisher)
    client.update_code_signing_config(CodeSigningConfigArn=configuration, Description="x")
    client.delete_code_signing_config(CodeSigningConfigArn=other)
    aws.function("target")
    client.put_function_code_signing_config(FunctionName="target", CodeSigningConfigArn=configuration)
    client.delete_function_code_signing_config(FunctionName="target")
    client.update_function_code(FunctionName="target", ZipFile=HELLO)
    aws.settled("target")
    client.update_function_configuration(FunctionName="target", Description="x")
    aws.settled("target")
    client.publish_version(FunctionName="target")
    client.publish_layer_version(LayerName="shared", Content={"ZipFile": HELLO})
    assert [event["detail"]["eventName"] for event in aws.received(queue, 11)] == [
        "CreateCodeSigningConfig",
        "CreateCodeSigningConfig",
        "UpdateCodeSigningConfig",
        "DeleteCodeSigningConfig",
        "CreateFunction20150331",
        "PutFunctionCodeSigningConfig",
        "DeleteFunctionCodeSigningConfig",
        "UpdateFunctionCode20150331v2",
        "UpdateFunctionConfiguration20150331v2",
        "PublishVersion20150331",
        "PublishLayerVersion20181031",
    ]


def test_code_and_environment_are_not_in_a_report(aws: LocalAws) -> None:
    queue = reports(aws, "CreateFunction20150331")
    aws.function("target", Environment={"Variables": {"SECRET": "do not tell"}})
    (event,) = aws.received(queue)
    assert "do not tell" not in json.dumps(event)
    assert "zipFile" not in event["detail"]["requestParameters"]["code"]


def test_signers_calls_are_reported_too(aws: LocalAws) -> None:
    queue = aws.queue_of({**TRAIL, "source": ["aws.signer"], "detail": {"eventName": ["RevokeSignature"]}})
    aws.profile()
    job = aws.finished(aws.start_job(HELLO))["jobId"]
    aws.client("signer").revoke_signature(jobId=job, reason="leaked")
    (event,) = aws.received(queue)
    assert event["detail"]["requestParameters"] == {"jobId": job, "reason": "leaked"}


def test_a_function_is_reported_as_its_role(aws: LocalAws) -> None:
    handler = """
import boto3
def handler(event, context):
    boto3.client('lambda').publish_version(FunctionName='caller')
"""
    rights = {"Effect": "Allow", "Action": "lambda:PublishVersion", "Resource": "*"}
    aws.function("caller", package_of(index__py=handler), Role=aws.role("publishing", rights))
    queue = reports(aws, "PublishVersion20150331")
    aws.client("lambda").invoke(FunctionName="caller")
    identity = aws.received(queue)[0]["detail"]["userIdentity"]
    assert identity["type"] == "AssumedRole"
    assert identity["arn"] == f"arn:aws:sts::{ACCOUNT}:assumed-role/publishing/caller"
    assert identity["sessionContext"]["sessionIssuer"]["arn"] == f"arn:aws:iam::{ACCOUNT}:role/publishing"


def test_what_iam_denies_is_reported_with_its_error(aws: LocalAws) -> None:
    aws.function("target")
    queue = reports(aws, "UpdateFunctionCode20150331v2")
    stranger = aws.user("stranger", {"Effect": "Allow", "Action": "s3:*", "Resource": "*"})
    update = aws.client("lambda", stranger).update_function_code
    aws.refused("AccessDeniedException", update, FunctionName="target", ZipFile=HELLO)
    detail = aws.received(queue)[0]["detail"]
    assert (detail["errorCode"], detail["userIdentity"]["userName"]) == ("AccessDenied", "stranger")


def test_without_an_outside_trail_reports_need_a_trail_that_logs(aws: LocalAws) -> None:
    aws.control("PUT", "settings", {"trail_logs": False})
    queue, trail = reports(aws, "CreateFunction20150331"), aws.client("cloudtrail")
    aws.function("first")
    trail.create_trail(Name="trail", S3BucketName=aws.bucket("logs"))
    aws.function("second")
    trail.start_logging(Name="trail")
    aws.function("third")
    (event,) = aws.received(queue)
    assert event["detail"]["requestParameters"]["functionName"] == "third"


def test_object_created_carries_the_version_and_a_plain_key(aws: LocalAws) -> None:
    queue = aws.queue_of({"source": ["aws.s3"], "detail-type": ["Object Created"]})
    aws.bucket("uploads")
    put = aws.client("s3").put_object(Bucket="uploads", Key="functions/a b+c.zip", Body=b"x")
    (event,) = aws.received(queue)
    described = event["detail"]["object"]
    assert (described["version-id"], described["key"]) == (put["VersionId"], "functions/a b+c.zip")
    assert described.keys() == {"key", "size", "etag", "version-id", "sequencer"}
    assert (event["detail"]["bucket"], event["detail"]["reason"]) == ({"name": "uploads"}, "PutObject")


def test_copies_and_multipart_uploads_carry_their_version_too(aws: LocalAws) -> None:
    s3 = aws.client("s3")
    aws.bucket("uploads")
    s3.put_object(Bucket="uploads", Key="a.zip", Body=b"x")
    queue = aws.queue_of({"source": ["aws.s3"], "detail": {"object": {"key": ["b.zip", "c.zip"]}}})
    copied = s3.copy_object(Bucket="uploads", Key="b.zip", CopySource={"Bucket": "uploads", "Key": "a.zip"})
    upload = s3.create_multipart_upload(Bucket="uploads", Key="c.zip")["UploadId"]
    part = s3.upload_part(Bucket="uploads", Key="c.zip", UploadId=upload, PartNumber=1, Body=b"x")
    joined = s3.complete_multipart_upload(
        Bucket="uploads",
        Key="c.zip",
        UploadId=upload,
        MultipartUpload={"Parts": [{"ETag": part["ETag"], "PartNumber": 1}]},
    )
    seen = {event["detail"]["object"]["version-id"] for event in aws.received(queue, 2)}
    assert seen == {copied["VersionId"], joined["VersionId"]}


def test_object_deleted_carries_the_version(aws: LocalAws) -> None:
    queue = aws.queue_of({"source": ["aws.s3"], "detail-type": ["Object Deleted"]})
    aws.bucket("uploads")
    s3 = aws.client("s3")
    version = s3.put_object(Bucket="uploads", Key="a.zip", Body=b"x")["VersionId"]
    marker = s3.delete_object(Bucket="uploads", Key="a.zip")["VersionId"]
    s3.delete_object(Bucket="uploads", Key="a.zip", VersionId=version)
    seen = {event["detail"]["object"]["version-id"]: event["detail"] for event in aws.received(queue, 2)}
    assert seen[marker]["deletion-type"] == "Delete Marker Created"
    assert seen[version]["deletion-type"] == "Permanently Deleted"


def test_an_unversioned_bucket_has_no_version_in_its_events(aws: LocalAws) -> None:
    queue = aws.queue_of({"source": ["aws.s3"], "detail-type": ["Object Created"]})
    aws.client("s3").put_object(Bucket=aws.bucket("plain", versioned=False), Key="a", Body=b"x")
    (event,) = aws.received(queue)
    assert "version-id" not in event["detail"]["object"]


def test_custom_events_reach_a_queue_through_a_rule(aws: LocalAws) -> None:
    queue = aws.queue_of({"source": ["countersign"], "detail-type": ["Countersign Upload Decided"]})
    entry = {"Source": "countersign", "DetailType": "Countersign Upload Decided", "Detail": '{"state": "rejected"}'}
    answer = aws.client("events").put_events(Entries=[entry])
    assert answer["FailedEntryCount"] == 0
    assert aws.received(queue)[0]["detail"] == {"state": "rejected"}


def test_a_failed_item_of_a_batch_comes_again_and_the_others_do_not(aws: LocalAws) -> None:
    handler = """
import json
def handler(event, context):
    failed = []
    for record in event['Records']:
        received = int(record['attributes']['ApproximateReceiveCount'])
        print(json.dumps([record['body'], received, record['receiptHandle']]))
        if record['body'] == 'bad' and received == 1:
            failed.append({'itemIdentifier': record['messageId']})
    return {'batchItemFailures': failed}
"""
    sqs = aws.client("sqs")
    url = sqs.create_queue(QueueName="work", Attributes={"VisibilityTimeout": "3600"})["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    rights = {"Effect": "Allow", "Action": ["sqs:*", "logs:*"], "Resource": "*"}
    aws.function("worker", package_of(index__py=handler), Role=aws.role("worker", rights))
    aws.client("lambda").create_event_source_mapping(
        FunctionName="worker",
        EventSourceArn=arn,
        BatchSize=10,
        FunctionResponseTypes=["ReportBatchItemFailures"],
    )
    sqs.send_message_batch(
        QueueUrl=url,
        Entries=[{"Id": "1", "MessageBody": "good"}, {"Id": "2", "MessageBody": "bad"}],
    )
    logs = aws.client("logs")

    def seen() -> dict[tuple[str, int], str]:
        """The receipt handles of what the worker got, by body and how often it was received by then."""
        groups = {group["logGroupName"] for group in logs.describe_log_groups()["logGroups"]}
        if "/aws/lambda/worker" not in groups:
            return {}
        messages = [event["message"] for event in logs.filter_log_events(logGroupName="/aws/lambda/worker")["events"]]
        lines = [json.loads(line) for message in messages for line in message.splitlines() if line.startswith("[")]
        return {(body, received): handle for body, received, handle in lines}

    def left() -> int:
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
        return sum(int(attributes[name]) for name in names)

    eventually(lambda: left() == 1)
    handle = eventually(lambda: seen().get(("bad", 1)))
    sqs.change_message_visibility(QueueUrl=url, ReceiptHandle=handle, VisibilityTimeout=0)
    eventually(lambda: left() == 0)
    eventually(lambda: ("bad", 2) in seen())
    assert seen().keys() == {("good", 1), ("bad", 1), ("bad", 2)}
