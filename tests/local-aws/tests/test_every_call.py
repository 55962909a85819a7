"""Every call of Lambda and Signer that changes something is watched by a detection, or stands here with the reason why not.

A call that AWS adds makes this fail when the service model is updated, so that somebody decides.
"""

from __future__ import annotations

import json
from pathlib import Path

import botocore.session
import pytest

ROOT = Path(__file__).resolve().parents[3]
READS = ("Get", "List", "Describe", "Check")
UNWATCHED = {
    "capacity, retries and limits: what runs stays the same code": {
        "lambda:CreateCapacityProvider",
        "lambda:UpdateCapacityProvider",
        "lambda:DeleteCapacityProvider",
        "lambda:DeleteFunctionConcurrency",
        "lambda:PutProvisionedConcurrencyConfig",
        "lambda:DeleteProvisionedConcurrencyConfig",
        "lambda:PutFunctionEventInvokeConfig",
        "lambda:UpdateFunctionEventInvokeConfig",
        "lambda:DeleteFunctionEventInvokeConfig",
        "lambda:PutFunctionRecursionConfig",
        "lambda:PutFunctionScalingConfig",
    },
    "no function has it yet, and putting it on one is watched": {
        "lambda:CreateCodeSigningConfig",
    },
    "it takes a right away": {
        "lambda:DeleteFunctionUrlConfig",
        "lambda:DeleteResourcePolicy",
        "lambda:RemovePermission",
        "lambda:RemoveLayerVersionPermission",
    },
    "it runs what is there": {
        "lambda:Invoke",
        "lambda:InvokeAsync",
        "lambda:InvokeWithResponseStream",
        "lambda:SendDurableExecutionCallbackFailure",
        "lambda:SendDurableExecutionCallbackHeartbeat",
        "lambda:SendDurableExecutionCallbackSuccess",
        "lambda:StopDurableExecution",
    },
    "tags of signing profiles steer nothing": {
        "signer:TagResource",
        "signer:UntagResource",
    },
}


def changing(service: str) -> set[str]:
    names = botocore.session.get_session().get_service_model(service).operation_names
    return {f"{service}:{name}" for name in names if not name.startswith(READS)}


def watched() -> set[str]:
    rows = json.loads((ROOT / "shared/gate/tests/gate/parameters.json").read_text())
    return {call for row in rows for call in row["calls"] or []}


@pytest.mark.parametrize("service", ["lambda", "signer"])
def test_every_change_is_watched_or_has_a_reason(service: str) -> None:
    reasons = {call for calls in UNWATCHED.values() for call in calls}
    undecided = changing(service) - watched() - reasons
    assert not undecided, f"watch these, or say why not: {sorted(undecided)}"


def test_no_reason_is_left_over() -> None:
    known = changing("lambda") | changing("signer")
    for reason, calls in UNWATCHED.items():
        assert calls <= known, reason
        assert not calls & watched(), reason
