"""The parameters that the gate's detections read, held against AWS's own service models.

A misspelt name would be found in no event, and the detection would be silent. The gate's own tests write the list from
its code. CloudTrail writes the names of parameters with a small first letter.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import botocore.session
import pytest

ROOT = Path(__file__).resolve().parents[3]
ROWS: list[dict[str, Any]] = json.loads(
    (ROOT / "shared/gate/tests/gate/parameters.json").read_text()
)
SESSION = botocore.session.get_session()
# The source of the event, where botocore calls the service otherwise.
SERVICES = {"monitoring": "cloudwatch"}
# CloudTrail's names that are not those of the API, by service; the others follow the rule.
# S3 writes `bucketName` (grade B), and the names of some calls without what was added to them later.
S3_CALLS = {
    "PutBucketLifecycle": "PutBucketLifecycleConfiguration",
    "PutBucketNotification": "PutBucketNotificationConfiguration",
    "PutBucketObjectLockConfiguration": "PutObjectLockConfiguration",
    "PutBucketPublicAccessBlock": "PutPublicAccessBlock",
    "DeleteBucketPublicAccessBlock": "DeletePublicAccessBlock",
}
S3_PARAMETERS = {"bucketName": "Bucket"}


def operation(call: str) -> Any:
    service, name = call.split(":")
    model = SESSION.get_service_model(SERVICES.get(service, service))
    return model.operation_model(S3_CALLS.get(name, name) if service == "s3" else name)


def has(shape: Any, names: list[str]) -> bool:
    """Whether a shape has the member at this path, its names with a small first letter."""
    if not names:
        return True
    if shape is None or shape.type_name != "structure":
        return False
    members = {
        member[:1].lower() + member[1:]: inner
        for member, inner in shape.members.items()
    }
    return names[0] in members and has(members[names[0]], names[1:])


def knows(call: str, pointer: str, part: str) -> bool:
    model = operation(call)
    names = pointer.strip("/").split("/")
    if call.startswith("s3:"):
        renamed = S3_PARAMETERS.get(names[0], names[0])
        names[0] = renamed[:1].lower() + renamed[1:]
    return has(model.input_shape if part == "request" else model.output_shape, names)


def all_calls(rows: list[dict[str, Any]]) -> list[str]:
    return sorted({call for row in rows for call in row["calls"] or []})


def unknown(rows: list[dict[str, Any]]) -> Iterator[str]:
    """What no call of the row has."""
    every = all_calls(rows)
    for row in rows:
        for part in ("request", "response"):
            for pointer in row[part]:
                if not any(
                    knows(call, pointer, part) for call in row["calls"] or every
                ):
                    yield f"{row['detection']}: {part} {pointer}"


@pytest.mark.parametrize("call", all_calls(ROWS))
def test_call_is_one_of_the_service(call: str) -> None:
    assert operation(call).name


def test_every_parameter_is_one_of_a_call_that_is_watched() -> None:
    assert list(unknown(ROWS)) == []


def test_the_list_is_not_empty() -> None:
    assert len(ROWS) > 20
    assert sum(len(row["request"]) for row in ROWS) > 40


Spoil = Callable[[list[dict[str, Any]]], object]
SPOILS: list[Spoil] = [
    lambda rows: rows[0]["request"].append("/functionname"),
    lambda rows: rows[0]["request"].append("/FunctionName"),
    lambda rows: rows[-1]["request"].append("/codeSigningConfigArns"),
    lambda rows: row(rows, "csc-changed")["request"].append(
        "/allowedPublishers/signingProfileVersionArn"
    ),
    lambda rows: row(rows, "csc-changed")["request"].append("/publicationDate"),
    lambda rows: row(rows, "version-published-past-gate")["response"].append(
        "/versions"
    ),
]


def row(rows: list[dict[str, Any]], detection: str) -> dict[str, Any]:
    return next(row for row in rows if row["detection"] == detection)


@pytest.mark.parametrize("spoil", SPOILS)
def test_misspelt_name_is_found(spoil: Spoil) -> None:
    spoiled = copy.deepcopy(ROWS)
    spoil(spoiled)
    assert len(list(unknown(spoiled))) == 1
