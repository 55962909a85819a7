"""Packages that Lambda references in their bucket: said at each update, and read again for as long as they run."""

from __future__ import annotations

import json
from typing import Any

import pytest
from conftest import ACCOUNT, HELLO, REGION, LocalAws, eventually

FUNCTION = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:target"
LAYER = f"arn:aws:lambda:{REGION}:{ACCOUNT}:layer:shared"


def let_lambda_read(aws: LocalAws, *arns: str) -> None:
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "lambda.amazonaws.com"},
        "Action": ["s3:GetObject", "s3:GetObjectVersion"],
        "Resource": "arn:aws:s3:::code/*",
        "Condition": {"ArnEquals": {"aws:SourceArn": list(arns)}},
    }
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    aws.client("s3").put_bucket_policy(Bucket="code", Policy=document)


def stored(aws: LocalAws) -> dict[str, str]:
    aws.bucket("code")
    version = aws.client("s3").put_object(Bucket="code", Key="a.zip", Body=HELLO)["VersionId"]
    return {"S3Bucket": "code", "S3Key": "a.zip", "S3ObjectVersion": version}


def location(aws: LocalAws, **qualifier: str) -> dict[str, Any]:
    code = aws.client("lambda").get_function(FunctionName="target", **qualifier)["Code"]
    return dict(code.get("ResolvedS3Object") or {})


def update(aws: LocalAws, **code: Any) -> None:
    aws.client("lambda").update_function_code(FunctionName="target", **code)
    aws.settled("target")


def test_a_reference_is_told_and_an_update_without_the_mode_turns_it_into_a_copy(aws: LocalAws) -> None:
    aws.function("target")
    code = stored(aws)
    let_lambda_read(aws, FUNCTION)
    assert location(aws) == {}
    update(aws, **code, S3ObjectStorageMode="REFERENCE")
    assert location(aws) == code
    assert aws.client("lambda").publish_version(FunctionName="target")["Version"] == "1"
    update(aws, **code)
    assert location(aws) == {}
    assert location(aws, Qualifier="1") == code


@pytest.mark.parametrize("missing", ["version", "policy", "source", "versioning"])
def test_a_reference_needs_a_version_and_the_buckets_leave(aws: LocalAws, missing: str) -> None:
    aws.function("target")
    code: dict[str, str] = stored(aws)
    if missing != "policy":
        let_lambda_read(aws, FUNCTION if missing != "source" else f"{FUNCTION}-other")
    if missing == "version":
        del code["S3ObjectVersion"]
    if missing == "versioning":
        aws.client("s3").put_bucket_versioning(Bucket="code", VersioningConfiguration={"Status": "Suspended"})
    call = aws.client("lambda").update_function_code
    request = {"FunctionName": "target", **code, "S3ObjectStorageMode": "REFERENCE"}
    aws.refused("InvalidParameterValueException", call, **request)


def test_a_reference_under_a_key_needs_the_keys_leave(aws: LocalAws) -> None:
    """Inferred (grade D)."""
    aws.function("target")
    kms, s3 = aws.client("kms"), aws.client("s3")
    root = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, "Action": "kms:*", "Resource": "*"}
    service = {**root, "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "kms:Decrypt"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [root]})
    key = kms.create_key(Policy=policy)["KeyMetadata"]["KeyId"]
    aws.bucket("code")
    put = {"Bucket": "code", "Key": "a.zip", "Body": HELLO, "ServerSideEncryption": "aws:kms", "SSEKMSKeyId": key}
    code = {"S3Bucket": "code", "S3Key": "a.zip", "S3ObjectVersion": s3.put_object(**put)["VersionId"]}
    let_lambda_read(aws, FUNCTION)
    call = aws.client("lambda").update_function_code
    request = {"FunctionName": "target", **code, "S3ObjectStorageMode": "REFERENCE"}
    aws.refused("InvalidParameterValueException", call, **request)
    policy = json.dumps({"Version": "2012-10-17", "Statement": [root, service]})
    kms.put_key_policy(KeyId=key, PolicyName="default", Policy=policy)
    update(aws, **code, S3ObjectStorageMode="REFERENCE")
    assert location(aws) == code


def test_a_function_whose_package_is_gone_becomes_inactive(aws: LocalAws) -> None:
    aws.function("target")
    code = stored(aws)
    let_lambda_read(aws, FUNCTION)
    update(aws, **code, S3ObjectStorageMode="REFERENCE")
    client, s3 = aws.client("lambda"), aws.client("s3")
    s3.put_object(Bucket="code", Key="a.zip", Body=b"newer")
    assert client.get_function_configuration(FunctionName="target")["State"] == "Active"
    s3.delete_bucket_policy(Bucket="code")
    assert client.get_function_configuration(FunctionName="target")["State"] == "Inactive"
    let_lambda_read(aws, FUNCTION)
    assert client.get_function_configuration(FunctionName="target")["State"] == "Active"
    s3.delete_object(Bucket="code", Key="a.zip", VersionId=code["S3ObjectVersion"])
    aws.refused("ResourceNotReadyException", client.invoke, FunctionName="target")
    update(aws, ZipFile=HELLO)
    eventually(lambda: client.get_function_configuration(FunctionName="target")["State"] == "Active")


def test_a_function_and_a_layer_can_be_made_by_reference(aws: LocalAws) -> None:
    code = stored(aws)
    let_lambda_read(aws, FUNCTION, LAYER)
    client = aws.client("lambda")
    client.create_function(
        FunctionName="target",
        Role=aws.role("plain"),
        Runtime="python3.12",
        Handler="index.handler",
        Code={**code, "S3ObjectStorageMode": "REFERENCE"},
    )
    assert location(aws) == code
    content = {**code, "S3ObjectStorageMode": "REFERENCE"}
    made = client.publish_layer_version(LayerName="shared", Content=content)
    assert made["Content"]["ResolvedS3Object"] == code
    read = client.get_layer_version(LayerName="shared", VersionNumber=1)
    assert read["Content"]["ResolvedS3Object"] == code
