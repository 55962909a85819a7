"""Independent clients: the signing workflow of SAM CLI, and the AWS CLI on each added operation."""

from __future__ import annotations

import contextlib
import io
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from conftest import ACCOUNT, HELLO, PATIENCE, REGION, LocalAws

BIN = Path(sys.executable).parent
TEMPLATE = """
AWSTemplateFormatVersion: '2010-09-09'
Transform: AWS::Serverless-2016-10-31
Resources:
  Hello:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: hello
      Handler: index.handler
      Runtime: python3.12
      CodeSigningConfigArn: !Ref Config
      Layers: [!Ref Shared]
  Shared:
    Type: AWS::Serverless::LayerVersion
    Properties:
      ContentUri: shared
  Config:
    Type: AWS::Lambda::CodeSigningConfig
    Properties:
      AllowedPublishers:
        SigningProfileVersionArns: [%s]
      CodeSigningPolicies:
        UntrustedArtifactOnDeployment: Enforce
"""


def tool(aws: LocalAws, name: str, *arguments: str, cwd: Path | None = None) -> str:
    """What a command prints; it must succeed."""
    if name == "aws":
        return aws_cli(aws, *arguments)
    command = BIN / name
    if not command.exists():
        pytest.skip(f"{name} is not installed beside {sys.executable}")
    done = subprocess.run(
        [str(command), *arguments], cwd=cwd, env=aws.environment(), capture_output=True, text=True, timeout=5 * PATIENCE
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def aws_cli(aws: LocalAws, *arguments: str) -> str:
    """What the AWS CLI prints; it must succeed. It runs in this process: to start takes it longer than what it does."""
    clidriver = pytest.importorskip("awscli.clidriver", reason="the AWS CLI is not installed")
    said, complained = io.StringIO(), io.StringIO()
    with (
        mock.patch.dict(os.environ, aws.environment(), clear=True),
        contextlib.redirect_stdout(said),
        contextlib.redirect_stderr(complained),
    ):
        status = clidriver.create_clidriver().main(list(arguments))
    assert status == 0, said.getvalue() + complained.getvalue()
    return said.getvalue()


def signs_at_once(aws: LocalAws) -> None:
    """SAM looks after a job once, and then every five seconds (code_signer.py of SAM CLI 1.167)."""
    aws.control("PUT", "settings", {"signing_seconds": 0})


def test_sam_deploy_with_signing_profiles_signs_and_deploys(aws: LocalAws, tmp_path: Path) -> None:
    signs_at_once(aws)
    profile = aws.profile()
    for folder, file in (("hello", "index.py"), ("shared", "shared.py")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / file).write_text("def handler(event, context):\n    return 'hello'\n")
    (tmp_path / "template.yaml").write_text(TEMPLATE % profile)
    options = ["--stack-name", "hello", "--resolve-s3", "--capabilities", "CAPABILITY_IAM", "--no-progressbar"]
    tool(aws, "sam", "deploy", *options, "--signing-profiles", "Hello=publisher", "Shared=publisher", cwd=tmp_path)
    (deployed,) = aws.client("lambda").list_functions()["Functions"]
    assert deployed["SigningProfileVersionArn"] == profile
    assert deployed["Layers"][0]["SigningProfileVersionArn"] == profile
    assert {job["status"] for job in aws.client("signer").list_signing_jobs()["jobs"]} == {"Succeeded"}


def test_the_aws_cli_drives_every_operation_of_signer(aws: LocalAws) -> None:
    def cli(*arguments: str) -> Any:
        return json.loads(tool(aws, "aws", "signer", *arguments, "--output", "json") or "null")

    aws.bucket("uploads"), aws.bucket("signed")
    version = aws.client("s3").put_object(Bucket="uploads", Key="a.zip", Body=HELLO)["VersionId"]
    platform = "AWSLambda-SHA384-ECDSA"
    made = cli("put-signing-profile", "--profile-name", "publisher", "--platform-id", platform)
    source = f"s3={{bucketName=uploads,key=a.zip,version={version}}}"
    destination = "s3={bucketName=signed,prefix=p/}"
    job = cli("start-signing-job", "--source", source, "--destination", destination, "--profile-name", "publisher")
    aws.finished(job["jobId"])
    assert cli("describe-signing-job", "--job-id", job["jobId"])["status"] == "Succeeded"
    cli("revoke-signature", "--job-id", job["jobId"], "--reason", "leaked")
    assert cli("list-signing-jobs", "--is-revoked")["jobs"][0]["isRevoked"] is True
    assert cli("list-signing-profiles")["profiles"][0]["status"] == "Active"
    cli(
        "revoke-signing-profile", "--profile-name", "publisher", "--profile-version", made["profileVersion"],
        "--reason", "leaked", "--effective-time", "2026-01-01T00:00:00Z",
    )  # fmt: skip
    assert cli("get-signing-profile", "--profile-name", "publisher")["status"] == "Revoked"
    assert cli("list-signing-platforms")["platforms"][0]["platformId"] == platform


def test_the_aws_cli_drives_every_operation_on_configurations(aws: LocalAws) -> None:
    def cli(*arguments: str) -> Any:
        return json.loads(tool(aws, "aws", "lambda", *arguments, "--output", "json") or "null")

    aws.function("target")
    publishers = f"SigningProfileVersionArns=arn:aws:signer:{REGION}:{ACCOUNT}:/signing-profiles/p1/AbCdEf0123"
    made = cli("create-code-signing-config", "--allowed-publishers", publishers)
    arn = ("--code-signing-config-arn", made["CodeSigningConfig"]["CodeSigningConfigArn"])
    policy = ("--code-signing-policies", "UntrustedArtifactOnDeployment=Enforce")
    assert cli("update-code-signing-config", *arn, *policy) != made
    assert cli("get-code-signing-config", *arn)["CodeSigningConfig"]["CodeSigningConfigArn"] == arn[1]
    assert len(cli("list-code-signing-configs")["CodeSigningConfigs"]) == 1
    cli("put-function-code-signing-config", "--function-name", "target", *arn)
    assert cli("get-function-code-signing-config", "--function-name", "target")["CodeSigningConfigArn"] == arn[1]
    assert len(cli("list-functions-by-code-signing-config", *arn)["FunctionArns"]) == 1
    cli("delete-function-code-signing-config", "--function-name", "target")
    cli("delete-code-signing-config", *arn)
