"""The policies for people, pipelines and organisations: they name what exists, and what each may and may not do."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from conftest import ACCOUNT, HELLO, REGION, LocalAws
from test_stack import EVERYTHING, Gate, code_of

FOLDER = Path(__file__).resolve().parents[3] / "policies"
NAMES = sorted(path.stem for path in FOLDER.glob("*.json"))
# Every action of AWS with the types of its resources, as the pinned cfn-lint ships it (grade A: AWS's own list).
ACTIONS: dict[str, Any] = json.loads((files("cfnlint") / "data/AdditionalSpecs/Policies.json").read_text())
KEYS = {
    # The Service Authorization Reference and the IAM user guide (grade B).
    "aws:PrincipalArn",
    "lambda:CodeSigningConfigArn",
    "s3:prefix",
    "token.actions.githubusercontent.com:aud",
    "token.actions.githubusercontent.com:sub",
}
APPROVALS = "approvals/functions"
DIGEST = "0" * 64
STATEMENT = f"{APPROVALS}/shop-web/{DIGEST}/me/20261126T080000Z-abc.json"
FREEZE = b'{"schema": 1, "targets": ["functions/bank"], "reason": "sale", "until": "2026-12-01T00:00:00Z"}'
LONGEST_SCP = 5120
"""Characters, the quota of AWS Organizations (grade B)."""


def statements(name: str, gate: Gate | None = None, csc: str = "CSC_ARN") -> list[dict[str, Any]]:
    """A policy's statements, filled in for a stack."""
    text = (FOLDER / f"{name}.json").read_text()
    outputs = gate.outputs if gate else {}
    filled = {
        "UPLOADS_BUCKET": outputs.get("UploadsBucket", "uploads"),
        "RECORDS_BUCKET": outputs.get("RecordsBucket", "records"),
        "SIGNED_BUCKET": outputs.get("SignedBucket", "signed"),
        "KEY_ARN": outputs.get("Key", f"arn:aws:kms:{REGION}:{ACCOUNT}:key/1"),
        "CSC_ARN": csc,
        "GATE_ADMINISTRATOR": "gate-administrator",
        "REGION": REGION,
        "ACCOUNT": ACCOUNT,
        "STACK": "countersign",
        "TARGETS": "shop-*",
    }
    for word, value in filled.items():
        text = text.replace(word, value)
    read: list[dict[str, Any]] = json.loads(text)["Statement"]
    return read


def listed(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else list(value)


@pytest.mark.parametrize("name", NAMES)
def test_actions_and_condition_keys_exist(name: str) -> None:
    for statement in statements(name):
        for action in listed(statement["Action"]):
            service, _, operation = action.partition(":")
            assert operation.lower() in ACTIONS[service]["Actions"], action
        for operator in statement.get("Condition", {}).values():
            assert set(operator) <= KEYS


@pytest.mark.parametrize("name", [name for name in NAMES if name != "ci-trust"])
def test_resources_are_of_a_type_that_an_action_has(name: str) -> None:
    for statement in statements(name):
        resources = listed(statement["Resource"])
        services = {action.split(":")[0] for action in listed(statement["Action"])}
        if resources == ["*"]:
            continue
        for action in listed(statement["Action"]):
            service, _, operation = action.partition(":")
            assert ACTIONS[service]["Actions"][operation.lower()].get("Resources"), f"{action} takes no resource"
        assert {resource.split(":")[2] for resource in resources} == services, statement["Sid"]


@pytest.mark.parametrize("name", [name for name in NAMES if name.startswith("scp-")])
def test_organisation_takes_it_by_its_length_and_it_only_denies(name: str) -> None:
    document = {"Version": "2012-10-17", "Statement": statements(name)}
    assert len(json.dumps(document, separators=(",", ":"))) < LONGEST_SCP
    assert {statement["Effect"] for statement in statements(name)} == {"Deny"}


def test_trust_of_a_pipeline_names_one_branch_without_a_pattern() -> None:
    (statement,) = statements("ci-trust")
    assert set(statement["Condition"]) == {"StringEquals"}
    assert not re.search(r"[*?]", json.dumps(statement))


@pytest.fixture(scope="module")
def gate(running: LocalAws) -> Iterator[Gate]:
    running.control("POST", "reset")
    running.control("PUT", "settings", {"signing_seconds": 0.05, "update_seconds": 0.05})
    gate = Gate(running)
    assert gate.status == "CREATE_COMPLETE", gate.reasons()
    gate.silence()
    for folder in ("shop-web", "bank"):
        key = f"functions/{folder}/20261126T080000Z-abc/outcome.json"
        assert gate.puts("deploy", "RecordsBucket", key, IfNoneMatch="*") == "done"
        running.function(folder)
    assert gate.puts("sign", "RecordsBucket", STATEMENT, IfNoneMatch="*") == "done"
    yield gate
    running.control("POST", "reset")


def tries(gate: Gate, keys: dict[str, str]) -> set[str]:
    """What of all this the keys' owner may do."""
    s3, aws = gate.aws.client("s3", keys), gate.aws.client("lambda", keys)
    uploads, records = gate.outputs["UploadsBucket"], gate.outputs["RecordsBucket"]

    def version(folder: str) -> str:
        put = gate.aws.client("s3").put_object
        return str(put(Bucket=uploads, Key=f"functions/{folder}.zip", Body=HELLO)["VersionId"])

    own, foreign = version("shop-web"), version("bank")
    calls = {
        # What `countersign push` asks for when it has uploaded: a HEAD of that version.
        "look at own version": lambda: s3.head_object(Bucket=uploads, Key="functions/shop-web.zip", VersionId=own),
        "look at foreign version": lambda: s3.head_object(Bucket=uploads, Key="functions/bank.zip", VersionId=foreign),
        "drop own": lambda: s3.put_object(Bucket=uploads, Key="functions/shop-web.zip", Body=HELLO),
        "drop foreign": lambda: s3.put_object(Bucket=uploads, Key="functions/bank.zip", Body=HELLO),
        "attest": lambda: s3.put_object(Bucket=uploads, Key="attestations/00/build.json", Body=b"{}"),
        "read own upload": lambda: s3.get_object(Bucket=uploads, Key="functions/shop-web.zip"),
        "read own record": lambda: s3.get_object(
            Bucket=records, Key="functions/shop-web/20261126T080000Z-abc/outcome.json"
        ),
        "read foreign record": lambda: s3.get_object(
            Bucket=records, Key="functions/bank/20261126T080000Z-abc/outcome.json"
        ),
        "read own statement": lambda: s3.get_object(Bucket=records, Key=STATEMENT),
        "list own statements": lambda: s3.list_objects_v2(Bucket=records, Prefix=f"{APPROVALS}/shop-web/{DIGEST}/"),
        "list own records": lambda: s3.list_objects_v2(Bucket=records, Prefix="functions/shop-web/"),
        "list all records": lambda: s3.list_objects_v2(Bucket=records),
        "silence": lambda: s3.put_object(Bucket=records, Key="silences/functions/shop-web.json", Body=b"{}"),
        "write record": lambda: s3.put_object(Bucket=records, Key="functions/shop-web/live.json", Body=b"{}"),
        "list configurations": lambda: aws.list_code_signing_configs(),
        "read own function": lambda: aws.get_function(FunctionName="shop-web"),
        "read foreign function": lambda: aws.get_function(FunctionName="bank"),
        "approve own": lambda: s3.put_object(Bucket=uploads, Key=f"{APPROVALS}/shop-web/{DIGEST}/me.json"),
        "withdraw own": lambda: s3.delete_object(Bucket=uploads, Key=f"{APPROVALS}/shop-web/{DIGEST}/nobody.json"),
        "approve foreign": lambda: s3.put_object(Bucket=uploads, Key=f"{APPROVALS}/bank/{DIGEST}/me.json"),
        "freeze": lambda: s3.put_object(Bucket=uploads, Key="freeze/friday.json", Body=FREEZE),
        "lift": lambda: s3.delete_object(Bucket=uploads, Key="freeze/friday.json"),
        "break the glass": lambda: s3.put_object(Bucket=uploads, Key=f"break-glass/functions/shop-web/{DIGEST}.json"),
        "update code": lambda: aws.update_function_code(FunctionName="shop-web", ZipFile=HELLO),
    }
    return {name for name, call in calls.items() if code_of(call) == "done"}


OWN = {"drop own", "look at own version", "read own record", "list own records"}
# An approver looks at what is approved, and drops nothing.
LOOKS = (OWN - {"drop own"}) | {"read own upload"}
VERSIONS = {"look at own version", "look at foreign version"}
# What `countersign doctor` looks at.
DOCTOR = {"read own function", "read foreign function"}
STATEMENTS = {"read own statement", "list own statements"}
READS = STATEMENTS | {"read own record", "read foreign record", "list own records", "list all records", "list configurations"}


@pytest.mark.parametrize(
    ("name", "may"),
    [
        ("ci", OWN | {"attest"}),
        ("developer", OWN | {"read own upload", "read own function"}),
        ("approver", LOOKS | STATEMENTS | {"approve own", "withdraw own"}),
        ("freezer", {"freeze", "lift"}),
        ("break-glass", {"break the glass"}),
        ("auditor", READS),
        ("operator", READS | VERSIONS | {"drop own", "drop foreign", "read own upload", "silence", *DOCTOR}),
    ],
)
def test_each_may_what_it_is_for_and_nothing_else(gate: Gate, name: str, may: set[str]) -> None:
    assert tries(gate, gate.aws.user(name, *statements(name, gate))) == may


def test_organisation_leaves_the_gate_as_it_is(gate: Gate) -> None:
    keys = gate.aws.user("organised", EVERYTHING, *statements("scp-gate", gate))
    s3, records = gate.aws.client("s3", keys), gate.outputs["RecordsBucket"]
    assert code_of(s3.delete_bucket_policy, Bucket=records) == "AccessDenied"
    assert code_of(
        gate.aws.client("sqs", keys).set_queue_attributes, QueueUrl=gate.url("countersign-alert"), Attributes={}
    ).startswith("AccessDenied")
    assert code_of(
        gate.aws.client("lambda", keys).delete_function, FunctionName="countersign-alert"
    ) == "AccessDeniedException"
    assert code_of(gate.aws.client("sns", keys).delete_topic, TopicArn=gate.outputs["Topic"]).startswith("Auth")
    assert code_of(gate.aws.client("kms", keys).disable_key, KeyId=gate.outputs["Key"]).startswith("AccessDenied")
    names = [role["RoleName"] for role in gate.aws.client("iam").list_roles()["Roles"]]
    roles = [name for name in names if "AlertRole" in name]
    delete = gate.aws.client("iam", keys).delete_role_policy
    assert code_of(delete, RoleName=roles[0], PolicyName="alert").startswith("AccessDenied")
    # What is not the gate's is not in its way.
    gate.aws.client("sqs", keys).create_queue(QueueName="elsewhere")


# What follows has the local AWS to itself.


def under(aws: LocalAws, name: str, policy: str, csc: str) -> Any:
    """A client of somebody to whom IAM allows everything and the organisation denies something.

    A deny of a service control policy binds as one beside the allow does (the user guide's evaluation, grade B).
    """
    return aws.client("lambda", aws.user(name, EVERYTHING, *statements(policy, csc=csc)))


def test_organisation_keeps_functions_under_a_configuration(aws: LocalAws) -> None:
    profile = aws.profile()
    csc, other = aws.configuration(profile, policy="Warn"), aws.configuration(profile, policy="Warn")
    client = under(aws, "anyone", "scp-configuration", csc)
    request = {
        "Role": aws.role("plain"),
        "Runtime": "python3.12",
        "Handler": "index.handler",
        "Code": {"ZipFile": HELLO},
    }
    aws.refused("AccessDeniedException", client.create_function, FunctionName="without", **request)
    aws.refused(
        "AccessDeniedException", client.create_function, FunctionName="other", CodeSigningConfigArn=other, **request
    )
    client.create_function(FunctionName="with", CodeSigningConfigArn=csc, **request)
    put = client.put_function_code_signing_config
    put(FunctionName="with", CodeSigningConfigArn=csc)
    aws.refused("AccessDeniedException", put, FunctionName="with", CodeSigningConfigArn=other)
    aws.refused("AccessDeniedException", client.delete_function_code_signing_config, FunctionName="with")
    aws.refused("AccessDeniedException", client.delete_code_signing_config, CodeSigningConfigArn=csc)
    widen = {"CodeSigningConfigArn": csc, "CodeSigningPolicies": {"UntrustedArtifactOnDeployment": "Warn"}}
    aws.refused("AccessDeniedException", client.update_code_signing_config, **widen)


def test_organisation_lets_the_gate_alone_change_code(aws: LocalAws) -> None:
    aws.function("shop-web")
    client = under(aws, "anyone", "scp-code", "-")
    aws.refused("AccessDeniedException", client.update_function_code, FunctionName="shop-web", ZipFile=HELLO)
    layer = {"LayerName": "util", "Content": {"ZipFile": HELLO}}
    aws.refused("AccessDeniedException", client.publish_layer_version, **layer)
    version = client.publish_version(FunctionName="shop-web")["Version"]
    client.create_alias(FunctionName="shop-web", Name="live", FunctionVersion=version)
    moved = {"FunctionName": "shop-web", "Name": "live", "FunctionVersion": "$LATEST"}
    aws.refused("AccessDeniedException", client.update_alias, **moved)
