"""Functions of every kind are updated and published alike: what an update of code leaves alone, and is judged by."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError
from conftest import HELLO, LocalAws, eventually, package_of

OTHER = package_of(index__py="def handler(event, context):\n    return 'other'\n")
IN_SUBNETS = {"SubnetIds": ["subnet-1"], "SecurityGroupIds": ["sg-1"]}
NETWORK = {"Effect": "Allow", "Action": "ec2:CreateNetworkInterface", "Resource": "*"}
Settings = Callable[[LocalAws], dict[str, Any]]


def key(aws: LocalAws) -> str:
    return str(aws.client("kms").create_key()["KeyMetadata"]["Arn"])


# Members of the model (grade A). What AWS does beyond keeping them is in docs/unconfirmed.md.
KINDS: dict[str, Settings] = {
    "DurableConfig": lambda _: {"DurableConfig": {"ExecutionTimeout": 3600, "RetentionPeriodInDays": 7}},
    "SnapStart": lambda _: {"SnapStart": {"ApplyOn": "PublishedVersions"}},
    "TenancyConfig": lambda _: {"TenancyConfig": {"TenantIsolationMode": "PER_TENANT"}},
    "VpcConfig": lambda aws: {"VpcConfig": IN_SUBNETS, "Role": aws.role("connected", NETWORK)},
    "KMSKeyArn": lambda aws: {"KMSKeyArn": key(aws), "Environment": {"Variables": {"A": "b"}}},
}


def made_of(aws: LocalAws, kind: str, **more: Any) -> dict[str, Any]:
    return aws.function("target", HELLO, **KINDS[kind](aws), **more)


def configured(configuration: dict[str, Any], kind: str) -> Any:
    """What was configured; what a version's SnapStart became is not."""
    value = configuration[kind]
    return value["ApplyOn"] if kind == "SnapStart" else value


def test_function_has_a_name_of_at_most_64_characters(aws: LocalAws) -> None:
    """Said beside the name in the model (grade A)."""
    assert aws.function("n" * 64)["FunctionName"] == "n" * 64
    with pytest.raises(ClientError, match="less than or equal to 64"):
        aws.function("n" * 65)


@pytest.mark.parametrize("kind", KINDS)
def test_an_update_of_code_leaves_the_kind_of_a_function_alone(aws: LocalAws, kind: str) -> None:
    client = aws.client("lambda")
    made = made_of(aws, kind)
    client.update_function_code(FunctionName="target", ZipFile=OTHER)
    updated = aws.settled("target")
    assert updated["CodeSha256"] != made["CodeSha256"]
    assert configured(updated, kind) == configured(made, kind)
    assert updated["ConfigSha256"] == made["ConfigSha256"]


@pytest.mark.parametrize("kind", KINDS)
def test_a_version_has_the_kind_of_its_function(aws: LocalAws, kind: str) -> None:
    client = aws.client("lambda")
    made = made_of(aws, kind)
    version = client.publish_version(FunctionName="target")["Version"]
    read = client.get_function_configuration
    eventually(lambda: read(FunctionName="target", Qualifier=version)["State"] == "Active")
    published = read(FunctionName="target", Qualifier=version)
    assert configured(published, kind) == configured(made, kind)
    assert client.publish_version(FunctionName="target")["Version"] == version


@pytest.mark.parametrize("kind", KINDS)
def test_code_signing_judges_functions_of_every_kind(aws: LocalAws, kind: str) -> None:
    client = aws.client("lambda")
    made_of(aws, kind)
    configuration = aws.configuration(aws.profile())
    client.put_function_code_signing_config(FunctionName="target", CodeSigningConfigArn=configuration)
    aws.refused("CodeVerificationFailedException", client.update_function_code, FunctionName="target", ZipFile=OTHER)
    assert aws.settled("target")["LastUpdateStatus"] == "Successful"


def test_the_key_that_code_is_under_is_told_with_its_place(aws: LocalAws) -> None:
    client = aws.client("lambda")
    mine = key(aws)
    aws.function("target", HELLO)
    assert "SourceKMSKeyArn" not in client.get_function(FunctionName="target")["Code"]
    client.update_function_code(FunctionName="target", ZipFile=OTHER, SourceKMSKeyArn=mine)
    aws.settled("target")
    assert client.get_function(FunctionName="target")["Code"]["SourceKMSKeyArn"] == mine
