"""Stacks: the types that MiniStack does not know, and functions that name a configuration."""

from __future__ import annotations

import json
import urllib.request
from typing import Any
from urllib.parse import urlencode

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from conftest import HELLO, LocalAws, eventually

ROLE = {
    "Type": "AWS::IAM::Role",
    "Properties": {
        "AssumeRolePolicyDocument": {
            "Version": "2012-10-17",
            "Statement": [
                {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
            ],
        }
    },
}
PROFILE = {"Type": "AWS::Signer::SigningProfile", "Properties": {"PlatformId": "AWSLambda-SHA384-ECDSA"}}


def configuration(policy: str) -> dict[str, Any]:
    publishers = {"SigningProfileVersionArns": [{"Fn::GetAtt": ["Profile", "ProfileVersionArn"]}]}
    policies = {"UntrustedArtifactOnDeployment": policy}
    return {
        "Type": "AWS::Lambda::CodeSigningConfig",
        "Properties": {"AllowedPublishers": publishers, "CodeSigningPolicies": policies, "Description": policy},
    }


def function(code: dict[str, Any], **properties: Any) -> dict[str, Any]:
    fixed = {"Role": {"Fn::GetAtt": ["Role", "Arn"]}, "Runtime": "python3.12", "Handler": "index.handler"}
    return {"Type": "AWS::Lambda::Function", "Properties": {**fixed, "Code": code, **properties}}


def put(aws: LocalAws, action: str, resources: dict[str, Any], outputs: dict[str, Any] | None = None) -> dict[str, Any]:
    return aws.stack(resources, action, **(outputs or {}))


def outputs_of(stack: dict[str, Any]) -> dict[str, str]:
    return {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}


def reasons(aws: LocalAws) -> str:
    events = aws.client("cloudformation").describe_stack_events(StackName="stack")["StackEvents"]
    return " ".join(event.get("ResourceStatusReason", "") for event in events)


def test_a_configuration_lives_and_dies_with_its_stack(aws: LocalAws) -> None:
    outputs = {"Ref": {"Ref": "Csc"}, "Id": {"Fn::GetAtt": ["Csc", "CodeSigningConfigId"]}}
    stack = put(aws, "create", {"Profile": PROFILE, "Csc": configuration("Warn")}, outputs)
    assert stack["StackStatus"] == "CREATE_COMPLETE", reasons(aws)
    client, arn = aws.client("lambda"), outputs_of(stack)["Ref"]
    assert arn.endswith(f":code-signing-config:{outputs_of(stack)['Id']}")
    made = client.get_code_signing_config(CodeSigningConfigArn=arn)["CodeSigningConfig"]
    (publisher,) = made["AllowedPublishers"]["SigningProfileVersionArns"]
    assert publisher == aws.client("signer").list_signing_profiles()["profiles"][0]["profileVersionArn"]
    put(aws, "update", {"Profile": PROFILE, "Csc": configuration("Enforce")}, outputs)
    changed = client.get_code_signing_config(CodeSigningConfigArn=arn)["CodeSigningConfig"]
    assert changed["CodeSigningPolicies"] == {"UntrustedArtifactOnDeployment": "Enforce"}
    assert changed["Description"] == "Enforce"
    aws.client("cloudformation").delete_stack(StackName="stack")
    eventually(lambda: client.list_code_signing_configs()["CodeSigningConfigs"] == [])


def test_a_function_in_a_stack_is_judged_and_attached(aws: LocalAws) -> None:
    resources = {"Profile": PROFILE, "Csc": configuration("Enforce"), "Role": ROLE}
    put(aws, "create", resources, {"Csc": {"Ref": "Csc"}})
    profile = aws.client("signer").list_signing_profiles()["profiles"][0]
    job = aws.finished(aws.start_job(HELLO, profile["profileName"]))
    signed = {"S3Bucket": "signed", "S3Key": job["signedObject"]["s3"]["key"]}
    unsigned = {"S3Bucket": "uploads", "S3Key": "functions/hello.zip"}

    refused = put(aws, "update", {**resources, "Hello": function(unsigned, CodeSigningConfigArn={"Ref": "Csc"})})
    assert refused["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    assert "CodeVerificationFailedException" in reasons(aws)

    good = {**resources, "Hello": function(signed, CodeSigningConfigArn={"Ref": "Csc"})}
    stack = put(aws, "update", good, {"Name": {"Ref": "Hello"}, "Csc": {"Ref": "Csc"}})
    assert stack["StackStatus"] == "UPDATE_COMPLETE", reasons(aws)
    name, client = outputs_of(stack)["Name"], aws.client("lambda")
    made = client.get_function_configuration(FunctionName=name)
    assert made["SigningProfileVersionArn"] == profile["profileVersionArn"]
    attached = client.get_function_code_signing_config(FunctionName=name)["CodeSigningConfigArn"]
    assert attached == outputs_of(stack)["Csc"]


def test_a_trail_is_there_and_logs(aws: LocalAws) -> None:
    bucket = {"Type": "AWS::S3::Bucket"}
    properties = {"IsLogging": True, "S3BucketName": {"Ref": "Bucket"}, "IsMultiRegionTrail": True}
    trail = {"Type": "AWS::CloudTrail::Trail", "Properties": properties}
    stack = put(aws, "create", {"Bucket": bucket, "Trail": trail}, {"Name": {"Ref": "Trail"}})
    assert stack["StackStatus"] == "CREATE_COMPLETE", reasons(aws)
    client, name = aws.client("cloudtrail"), outputs_of(stack)["Name"]
    assert client.get_trail_status(Name=name)["IsLogging"] is True
    silent = {**trail, "Properties": {**properties, "IsLogging": False}}
    put(aws, "update", {"Bucket": bucket, "Trail": silent}, {"Name": {"Ref": "Trail"}})
    assert client.get_trail_status(Name=name)["IsLogging"] is False
    aws.client("cloudformation").delete_stack(StackName="stack")
    eventually(lambda: client.describe_trails()["trailList"] == [])


def test_a_trail_has_the_selectors_of_its_stack(aws: LocalAws) -> None:
    aws.bucket("records")
    selector = {
        "ReadWriteType": "WriteOnly",
        "DataResources": [{"Type": "AWS::S3::Object", "Values": ["arn:aws:s3:::records/"]}],
    }
    properties = {"IsLogging": True, "S3BucketName": {"Ref": "Bucket"}, "TrailName": "trail"}
    bucket = {"Type": "AWS::S3::Bucket"}
    trail = {"Type": "AWS::CloudTrail::Trail", "Properties": {**properties, "EventSelectors": [selector]}}
    put(aws, "create", {"Bucket": bucket, "Trail": trail})
    read = aws.client("cloudtrail").get_event_selectors
    assert read(TrailName="trail")["EventSelectors"][0]["DataResources"] == selector["DataResources"]
    put(aws, "update", {"Bucket": bucket, "Trail": {**trail, "Properties": properties}})
    (back,) = read(TrailName="trail")["EventSelectors"]
    assert (back["ReadWriteType"], back["DataResources"]) == ("All", [])


def test_variables_of_a_function_are_text(aws: LocalAws) -> None:
    variables = {"Environment": {"Variables": {"NUMBER": 5, "TRUTH": True, "TEXT": "x"}}}
    inline = {"ZipFile": "def handler(event, context): return 1"}
    stack = put(aws, "create", {"Role": ROLE, "Hello": function(inline, **variables)}, {"Name": {"Ref": "Hello"}})
    made = aws.client("lambda").get_function_configuration(FunctionName=outputs_of(stack)["Name"])
    assert made["Environment"]["Variables"] == {"NUMBER": "5", "TRUTH": "true", "TEXT": "x"}


def test_a_number_out_of_a_parameter_is_a_number(aws: LocalAws) -> None:
    resources = {
        "Role": ROLE,
        "Queue": {"Type": "AWS::SQS::Queue"},
        "Function": function({"ZipFile": "def handler(event, context): return 1"}),
        "Mapping": {
            "Type": "AWS::Lambda::EventSourceMapping",
            "Properties": {
                "FunctionName": {"Ref": "Function"},
                "EventSourceArn": {"Fn::GetAtt": ["Queue", "Arn"]},
                "ScalingConfig": {"MaximumConcurrency": "3"},
            },
        },
    }
    assert put(aws, "create", resources)["StackStatus"] == "CREATE_COMPLETE", reasons(aws)
    (mapping,) = aws.client("lambda").list_event_source_mappings()["EventSourceMappings"]
    assert mapping["ScalingConfig"] == {"MaximumConcurrency": 3}


def test_a_bucket_has_the_key_of_its_stack(aws: LocalAws) -> None:
    def bucket(key: str) -> dict[str, Any]:
        default = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": {"Fn::GetAtt": [key, "Arn"]}}
        rule = {"BucketKeyEnabled": True, "ServerSideEncryptionByDefault": default}
        encryption = {"ServerSideEncryptionConfiguration": [rule]}
        return {"Type": "AWS::S3::Bucket", "Properties": {"BucketEncryption": encryption}}

    keys = {name: {"Type": "AWS::KMS::Key", "Properties": {}} for name in ("First", "Second")}
    outputs = {"Bucket": {"Ref": "Bucket"}, **{name: {"Fn::GetAtt": [name, "Arn"]} for name in keys}}
    for action, key in (("create", "First"), ("update", "Second")):
        stack = put(aws, action, {**keys, "Bucket": bucket(key)}, outputs)
        told, s3 = outputs_of(stack), aws.client("s3")
        rules = s3.get_bucket_encryption(Bucket=told["Bucket"])["ServerSideEncryptionConfiguration"]["Rules"]
        assert rules[0]["ApplyServerSideEncryptionByDefault"]["KMSMasterKeyID"] == told[key]
        stored = s3.put_object(Bucket=told["Bucket"], Key=key, Body=b"x")
        assert stored["SSEKMSKeyId"] == told[key]


def test_actions_of_an_alarm_are_told_in_xml(aws: LocalAws) -> None:
    action = "arn:aws:sns:us-east-1:000000000000:pages"
    alarm = {"MetricName": "m", "Namespace": "n", "Period": 60, "Statistic": "Sum", "EvaluationPeriods": 1}
    compared = {"Threshold": 1, "ComparisonOperator": "GreaterThanThreshold", "AlarmActions": [action]}
    resources = {"Alarm": {"Type": "AWS::CloudWatch::Alarm", "Properties": {**alarm, **compared}}}
    name = outputs_of(put(aws, "create", resources, {"Alarm": {"Ref": "Alarm"}}))["Alarm"]
    for enabled in ("true", "false"):
        told = described(aws, name)
        assert f"<ActionsEnabled>{enabled}</ActionsEnabled>" in told
        assert f"<AlarmActions><member>{action}</member></AlarmActions>" in told
        aws.client("cloudwatch").disable_alarm_actions(AlarmNames=[name])


def described(aws: LocalAws, alarm: str) -> str:
    """What DescribeAlarms answers by the query protocol, which some SDKs speak."""
    url = f"{aws.endpoint}/"
    body = {"Action": "DescribeAlarms", "Version": "2010-08-01", "AlarmNames.member.1": alarm}
    request = AWSRequest("POST", url, {"Content-Type": "application/x-www-form-urlencoded"}, urlencode(body))
    SigV4Auth(Credentials("test", "test"), "monitoring", "us-east-1").add_auth(request)
    sent = urllib.request.Request(url, urlencode(body).encode(), dict(request.headers))
    with urllib.request.urlopen(sent, timeout=10) as answer:
        return str(answer.read().decode())
