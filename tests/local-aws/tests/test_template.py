"""The rules of the stack's own template: which events they take, and which they leave alone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from conftest import ACCOUNT, REGION, LocalAws
from ministack.services.cloudformation import engine

TEMPLATE = Path(__file__).resolve().parents[3] / "template.yaml"
LAMBDA_CALLS = (
    "CreateFunction", "UpdateFunctionCode", "UpdateFunctionConfiguration", "PublishLayerVersion", "PublishVersion",
    "PutFunctionCodeSigningConfig", "DeleteFunctionCodeSigningConfig",
    "CreateCodeSigningConfig", "UpdateCodeSigningConfig", "DeleteCodeSigningConfig",
)  # fmt: skip
SIGNER_CALLS = ("AddProfilePermission", "CancelSigningProfile", "RevokeSignature", "RevokeSigningProfile")


def takes(aws: LocalAws, rule: str, source: str, kind: str, detail: dict[str, Any]) -> bool:
    """Whether this rule of the template lets an event through."""
    pattern = engine._parse_template(TEMPLATE.read_text())["Resources"][rule]["Properties"]["EventPattern"]
    event = {
        "id": "1",
        "account": ACCOUNT,
        "source": source,
        "time": "2026-11-21T21:44:00Z",
        "region": REGION,
        "resources": [],
        "detail-type": kind,
        "detail": detail,
    }
    answer = aws.client("events").test_event_pattern(EventPattern=json.dumps(pattern), Event=json.dumps(event))
    return bool(answer["Result"])


def trail_takes(aws: LocalAws, source: str, name: str) -> bool:
    return takes(aws, "TrailRule", source, "AWS API Call via CloudTrail", {"eventName": name})


@pytest.mark.parametrize("version", ["", "20150331", "20200630", "20150331v2"])
def test_calls_on_code_and_trust_are_taken_whatever_version_is_behind_their_names(aws: LocalAws, version: str) -> None:
    assert [call for call in LAMBDA_CALLS if not trail_takes(aws, "aws.lambda", call + version)] == []


def test_signers_calls_on_trust_are_taken(aws: LocalAws) -> None:
    assert [call for call in SIGNER_CALLS if not trail_takes(aws, "aws.signer", call)] == []


@pytest.mark.parametrize(
    "name",
    ["CreateFunctionUrlConfig", "UpdateFunctionUrlConfig", "DeleteFunction20150331", "PutFunctionConcurrency20171031",
     "CreateAlias20150331", "Invoke", "AddPermission20150331v2"],
)  # fmt: skip
def test_other_calls_are_left_alone(aws: LocalAws, name: str) -> None:
    assert not trail_takes(aws, "aws.lambda", name)


@pytest.mark.parametrize(
    ("detail", "taken"),
    [
        ({"status": "Succeeded"}, True),
        ({"status": "Failed"}, True),
        ({"status": "SUCCEEDED"}, True),
        ({}, True),
        ({"status": "InProgress"}, False),
    ],
)
def test_jobs_that_may_have_ended_are_taken(aws: LocalAws, detail: dict[str, str], taken: bool) -> None:
    assert takes(aws, "JobRule", "aws.signer", "Signer Job Status Change", {"job_id": "1", **detail}) is taken
