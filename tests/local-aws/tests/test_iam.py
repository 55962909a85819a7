"""IAM on the added operations: real action names, real resources, and nothing allowed that was not."""

from __future__ import annotations

import json
from typing import Any

import pytest
from conftest import ACCOUNT, HELLO, REGION, LocalAws, package_of

from countersign_local_aws import operations

FOREIGN = "arn:aws:signer:eu-west-1:999999999999:/signing-profiles/someone_else/AbCdEf0123"
SIGNER, LAMBDA = f"arn:aws:signer:{REGION}:{ACCOUNT}:", f"arn:aws:lambda:{REGION}:{ACCOUNT}:"

CSC = f"{LAMBDA}code-signing-config:csc-0123456789abcdefg"


def allow(*actions: str, on: str = "*", **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": list(actions), "Resource": on, **more}


def start(aws: LocalAws, keys: dict[str, str]) -> Any:
    known = {bucket["Name"] for bucket in aws.client("s3").list_buckets()["Buckets"]}
    for name in {"uploads", "signed"} - known:
        aws.bucket(name)
    version = aws.client("s3").put_object(Bucket="uploads", Key="functions/a.zip", Body=HELLO)["VersionId"]
    return aws.client("signer", keys).start_signing_job(
        source={"s3": {"bucketName": "uploads", "key": "functions/a.zip", "version": version}},
        destination={"s3": {"bucketName": "signed", "prefix": "functions/a/"}},
        profileName="publisher",
    )


@pytest.mark.parametrize(
    ("method", "path", "query", "action"),
    [
        ("POST", "/2020-04-22/code-signing-configs", {}, "lambda:CreateCodeSigningConfig"),
        ("GET", "/2020-04-22/code-signing-configs", {}, "lambda:ListCodeSigningConfigs"),
        ("PUT", f"/2020-04-22/code-signing-configs/{CSC}", {}, "lambda:UpdateCodeSigningConfig"),
        ("GET", f"/2020-04-22/code-signing-configs/{CSC}/functions", {}, "lambda:ListFunctionsByCodeSigningConfig"),
        ("PUT", "/2020-06-30/functions/f/code-signing-config", {}, "lambda:PutFunctionCodeSigningConfig"),
        ("DELETE", "/2020-06-30/functions/f/code-signing-config", {}, "lambda:DeleteFunctionCodeSigningConfig"),
        ("PUT", "/2015-03-31/functions/f/aliases/live", {}, "lambda:UpdateAlias"),
        ("GET", "/2015-03-31/functions/f/aliases/live", {}, "lambda:GetAlias"),
        ("POST", "/2015-03-31/functions/f/invocations", {}, "lambda:InvokeFunction"),
        ("GET", "/2018-10-31/layers/l/versions/1", {}, "lambda:GetLayerVersion"),
        ("GET", "/2018-10-31/layers", {"find": ["LayerVersion"], "Arn": ["x"]}, "lambda:GetLayerVersion"),
        ("PUT", "/signing-jobs/j/revoke", {}, "signer:RevokeSignature"),
        ("PUT", "/signing-profiles/p/revoke", {}, "signer:RevokeSigningProfile"),
        ("POST", "/signing-jobs/with-payload", {}, "signer:SignPayload"),
        ("GET", "/revocations", {}, "signer:GetRevocationStatus"),
        ("POST", f"/tags/{SIGNER}/signing-profiles/p", {}, "signer:TagResource"),
    ],
)  # fmt: skip
def test_a_request_has_the_action_of_its_operation(method: str, path: str, query: dict[str, Any], action: str) -> None:
    call = operations.identify(action.split(":", 1)[0], method, path, query)
    assert call is not None and call.iam_action == action


def test_starting_a_job_needs_the_action_on_the_profile_and_the_callers_rights_in_s3(aws: LocalAws) -> None:
    aws.profile()
    profile = f"{SIGNER}/signing-profiles/publisher"
    rights = [
        allow("signer:StartSigningJob", on=profile),
        allow("s3:GetObjectVersion", on="arn:aws:s3:::uploads/functions/*"),
        allow("s3:PutObject", on="arn:aws:s3:::signed/functions/*"),
        allow("s3:ListBucket", on="arn:aws:s3:::uploads"),
        allow("s3:ListBucket", on="arn:aws:s3:::signed"),
    ]
    assert start(aws, aws.user("enough", *rights))["jobOwner"] == ACCOUNT
    for number, _ in enumerate(rights):
        keys = aws.user(f"one-less-{number}", *rights[:number], *rights[number + 1 :])
        with pytest.raises(aws.client("signer").exceptions.AccessDeniedException):
            start(aws, keys)
    elsewhere = aws.user("other-profile", allow("signer:*", on=f"{SIGNER}/signing-profiles/other"), *rights[1:])
    with pytest.raises(aws.client("signer").exceptions.AccessDeniedException):
        start(aws, elsewhere)


def test_a_bucket_policy_binds_signer_too(aws: LocalAws) -> None:
    aws.profile()
    keys = aws.user("signs", allow("signer:*", "s3:*"))
    start(aws, keys)
    deny = {"Effect": "Deny", "Principal": "*", "Action": "s3:PutObject", "Resource": "arn:aws:s3:::signed/*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [deny]})
    aws.client("s3").put_bucket_policy(Bucket="signed", Policy=policy)
    with pytest.raises(aws.client("signer").exceptions.AccessDeniedException):
        start(aws, keys)


def test_objects_under_a_key_need_rights_on_the_key(aws: LocalAws) -> None:
    aws.profile()
    key = aws.client("kms").create_key()["KeyMetadata"]["Arn"]
    rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key}}
    for name in ("uploads", "signed"):
        aws.bucket(name)
        aws.client("s3").put_bucket_encryption(Bucket=name, ServerSideEncryptionConfiguration={"Rules": [rule]})
    others = [allow("s3:*"), allow("signer:*")]
    nothing, writes, all_of_it = (
        aws.user("nothing", *others),
        aws.user("writes", *others, allow("kms:GenerateDataKey", on=key)),
        aws.user("all-of-it", *others, allow("kms:GenerateDataKey", "kms:Decrypt", on=key)),
    )
    put = {"Bucket": "uploads", "Key": "a.zip", "Body": HELLO}
    aws.refused("AccessDenied", aws.client("s3", nothing).put_object, **put)
    version = aws.client("s3", writes).put_object(**put)["VersionId"]
    read = {"Bucket": "uploads", "Key": "a.zip", "VersionId": version}
    aws.refused("AccessDenied", aws.client("s3", writes).get_object, **read)
    assert aws.client("s3", all_of_it).get_object(**read)["Body"].read() == HELLO
    for keys, allowed in ((nothing, False), (writes, False), (all_of_it, True)):
        if allowed:
            start(aws, keys)
        else:
            with pytest.raises(aws.client("signer").exceptions.AccessDeniedException, match="kms:"):
                start(aws, keys)


def test_a_policy_can_name_the_version_of_the_profile(aws: LocalAws) -> None:
    version = aws.profile().rsplit("/", 1)[-1]
    s3 = allow("s3:*")
    for named, allowed in ((version, True), ("0123456789", False)):
        condition = {"StringEquals": {"signer:ProfileVersion": named}}
        keys = aws.user(f"names-{named}", allow("signer:StartSigningJob", Condition=condition), s3)
        if allowed:
            start(aws, keys)
        else:
            with pytest.raises(aws.client("signer").exceptions.AccessDeniedException):
                start(aws, keys)


def test_jobs_and_profiles_are_the_resources_of_their_operations(aws: LocalAws) -> None:
    version = aws.profile().rsplit("/", 1)[-1]
    job = aws.finished(aws.start_job(HELLO))["jobId"]
    keys = aws.user(
        "reader",
        allow("signer:DescribeSigningJob", "signer:RevokeSignature", on=f"{SIGNER}/signing-jobs/{job}"),
        allow("signer:GetSigningProfile", on=f"{SIGNER}/signing-profiles/publisher"),
    )
    signer = aws.client("signer", keys)
    signer.describe_signing_job(jobId=job)
    signer.revoke_signature(jobId=job, reason="leaked")
    signer.get_signing_profile(profileName="publisher")
    aws.refused("AccessDeniedException", signer.describe_signing_job, jobId="another")
    aws.refused(
        "AccessDeniedException",
        signer.revoke_signing_profile,
        profileName="publisher",
        profileVersion=version,
        reason="x",
        effectiveTime=0,
    )
    aws.refused("AccessDeniedException", signer.list_signing_jobs)


def test_configurations_are_the_resources_of_their_operations(aws: LocalAws) -> None:
    mine, other = aws.configuration(FOREIGN), aws.configuration(FOREIGN)
    keys = aws.user("admin", allow("lambda:*CodeSigningConfig*", on=mine))
    client = aws.client("lambda", keys)
    client.get_code_signing_config(CodeSigningConfigArn=mine)
    client.list_functions_by_code_signing_config(CodeSigningConfigArn=mine)
    for call in (client.get_code_signing_config, client.update_code_signing_config, client.delete_code_signing_config):
        aws.refused("AccessDeniedException", call, CodeSigningConfigArn=other)
    aws.refused("AccessDeniedException", client.list_code_signing_configs)


def test_attaching_needs_the_action_on_the_function_and_on_the_configuration(aws: LocalAws) -> None:
    aws.function("target")
    arn, function = aws.configuration(FOREIGN), f"{LAMBDA}function:target"
    action = "lambda:PutFunctionCodeSigningConfig"
    for name, resources, enough in (
        ("both", [arn, function], True),
        ("function-only", [function], False),
        ("configuration-only", [arn], False),
    ):
        put = aws.client("lambda", aws.user(name, *(allow(action, on=resource) for resource in resources)))
        request = {"FunctionName": "target", "CodeSigningConfigArn": arn}
        if enough:
            put.put_function_code_signing_config(**request)
        else:
            aws.refused("AccessDeniedException", put.put_function_code_signing_config, **request)


def test_the_condition_key_closes_the_gap_for_new_functions(aws: LocalAws) -> None:
    arn = aws.configuration(FOREIGN, policy="Warn")
    condition = {"StringEquals": {"lambda:CodeSigningConfigArn": arn}}
    role = aws.role("plain")
    keys = aws.user(
        "developer",
        allow("lambda:CreateFunction", on=f"{LAMBDA}function:*", Condition=condition),
        allow("iam:PassRole"),
    )
    create = aws.client("lambda", keys).create_function
    request = {"Role": role, "Runtime": "python3.12", "Handler": "index.handler", "Code": {"ZipFile": HELLO}}
    create(FunctionName="with", CodeSigningConfigArn=arn, **request)
    aws.refused("AccessDeniedException", create, FunctionName="without", **request)
    other = aws.configuration(FOREIGN, policy="Warn")
    aws.refused("AccessDeniedException", create, FunctionName="other", CodeSigningConfigArn=other, **request)


def test_code_from_s3_needs_the_callers_right_to_read_it(aws: LocalAws) -> None:
    aws.function("target")
    version = aws.client("s3").put_object(Bucket=aws.bucket("code"), Key="a.zip", Body=HELLO)["VersionId"]
    update = allow("lambda:UpdateFunctionCode", on=f"{LAMBDA}function:target")
    code = {"FunctionName": "target", "S3Bucket": "code", "S3Key": "a.zip", "S3ObjectVersion": version}
    reader = aws.user("reader", update, allow("s3:GetObjectVersion", on="arn:aws:s3:::code/*"))
    aws.client("lambda", reader).update_function_code(**code)
    aws.settled("target")
    blind = aws.client("lambda", aws.user("blind", update))
    aws.refused("AccessDeniedException", blind.update_function_code, **code)


def test_a_function_calls_with_its_roles_rights_and_no_others(aws: LocalAws) -> None:
    handler = """
import boto3
def handler(event, context):
    signer = boto3.client('signer')
    outcome = {}
    for name, call in (('list', signer.list_signing_jobs), ('profiles', signer.list_signing_profiles)):
        try:
            call()
            outcome[name] = 'allowed'
        except Exception as error:
            outcome[name] = error.response['Error']['Code']
    return outcome
"""
    role = aws.role("caller", allow("signer:ListSigningJobs"))
    aws.function("caller", package_of(index__py=handler), Role=role)
    answer = aws.client("lambda").invoke(FunctionName="caller")
    assert json.load(answer["Payload"]) == {"list": "allowed", "profiles": "AccessDeniedException"}
    called = aws.control("GET", "calls?action=signer:*&caller=*/caller")["calls"]
    assert [(call["action"], call["error"]) for call in called] == [
        ("signer:ListSigningJobs", None),
        ("signer:ListSigningProfiles", "AccessDeniedException"),
    ]


def test_policies_that_deny_plain_http_deploy_unchanged(aws: LocalAws) -> None:
    bucket = aws.bucket("strict")
    deny = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [deny]})
    aws.client("s3").put_bucket_policy(Bucket=bucket, Policy=policy)
    writer = aws.client("s3", aws.user("writer", allow("s3:PutObject", on=f"arn:aws:s3:::{bucket}/*")))
    writer.put_object(Bucket=bucket, Key="a", Body=b"x")
    aws.refused("AccessDenied", writer.get_object, Bucket=bucket, Key="a")


def test_rights_can_be_bound_to_a_functions_tag(aws: LocalAws) -> None:
    aws.function("managed", Tags={"countersign:managed": "yes"})
    aws.function("other")
    condition = {"StringEquals": {"aws:ResourceTag/countersign:managed": "yes"}}
    client = aws.client("lambda", aws.user("gate", allow("lambda:UpdateFunctionCode", Condition=condition)))
    client.update_function_code(FunctionName="managed", ZipFile=HELLO)
    aws.refused("AccessDeniedException", client.update_function_code, FunctionName="other", ZipFile=HELLO)
    aws.client("lambda").untag_resource(Resource=f"{LAMBDA}function:managed", TagKeys=["countersign:managed"])
    aws.refused("AccessDeniedException", client.update_function_code, FunctionName="managed", ZipFile=HELLO)
