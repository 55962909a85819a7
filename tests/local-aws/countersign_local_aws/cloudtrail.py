"""CloudTrail's reports of calls on Lambda and Signer, put on the default bus as EventBridge delivers them.

Event names, `errorCode` and `additionalEventData`: grade C, seen in AWS. Names of calls that were not seen
are the operation and its API date, by the same rule (grade D). Management events that only read are left
out, as EventBridge leaves them out by default (grade B). Calls that CloudFormation makes for a stack are
not reported here.
"""

from __future__ import annotations

import json
import uuid
from datetime import UTC, datetime
from typing import Any

from ministack.core.iam_evaluator import resolve_caller_identity
from ministack.core.responses import get_account_id, get_region, get_request_client_ip
from ministack.core.router import extract_access_key_id
from ministack.services import cloudtrail

from . import bus
from .answers import error_code
from .operations import Call
from .settings import SETTINGS

_SECOND_EDITION = {"UpdateFunctionCode", "UpdateFunctionConfiguration"}
_WITHOUT_DATE = {
    "PutFunctionCodeSigningConfig",
    "DeleteFunctionCodeSigningConfig",
    "CreateCodeSigningConfig",
    "UpdateCodeSigningConfig",
    "DeleteCodeSigningConfig",
}
_READS = ("Get", "List", "Describe")
_DATA_EVENTS = ("Invoke", "InvokeAsync", "InvokeWithResponseStream")
_NOT_RECORDED = ("ZipFile", "Environment", "Location")


def report(
    call: Call,
    headers: dict[str, str],
    body: bytes,
    query: dict[str, Any],
    answer: tuple[int, dict[str, str], Any],
    notes: dict[str, str],
) -> None:
    """Reports one call, when a trail logs management events."""
    if call.operation.startswith(_READS) or call.operation in _DATA_EVENTS or not _trail_logs():
        return
    code, message = error_code(answer)
    detail: dict[str, Any] = {
        "eventVersion": "1.11",
        "userIdentity": _identity(extract_access_key_id(headers, query) or ""),
        "eventTime": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "eventSource": f"{call.service}.amazonaws.com",
        "eventName": event_name(call),
        "awsRegion": get_region(),
        "sourceIPAddress": get_request_client_ip(),
        "userAgent": headers.get("user-agent", ""),
        "requestParameters": _recorded({**call.path_parameters, **_document(body)}),
        "responseElements": None if code else _recorded(_document(answer[2])),
        "additionalEventData": notes or None,
        "requestID": str(uuid.uuid4()),
        "eventID": str(uuid.uuid4()),
        "readOnly": False,
        "eventType": "AwsApiCall",
        "managementEvent": True,
        "recipientAccountId": get_account_id(),
        "eventCategory": "Management",
    }
    if code:
        detail["errorCode"] = code.removesuffix("Exception") if code.startswith("AccessDenied") else code
        detail["errorMessage"] = message
    bus.put(f"aws.{call.service}", "AWS API Call via CloudTrail", [], detail)


def event_name(call: Call) -> str:
    """The name that CloudTrail gives a call."""
    if call.service != "lambda" or call.operation in _WITHOUT_DATE or call.api_date is None:
        return call.operation
    edition = "v2" if call.operation in _SECOND_EDITION else ""
    return f"{call.operation}{call.api_date.replace('-', '')}{edition}"


def _trail_logs() -> bool:
    if SETTINGS.trail_logs:
        return True
    return any(trail.get("IsLogging") for *_, trail in cloudtrail._visible_trail_items())


def _identity(access_key: str) -> dict[str, Any]:
    """userIdentity, whose members depend on who called (CloudTrail record contents, grade B)."""
    caller = resolve_caller_identity(access_key) or {}
    account = get_account_id()
    arn = caller.get("userArn") or f"arn:aws:iam::{account}:root"
    identity = {
        "type": "Root",
        "principalId": caller.get("userId") or account,
        "arn": arn,
        "accountId": account,
        "accessKeyId": access_key,
    }
    resource = arn.rsplit(":", 1)[-1].split("/")
    if resource[0] == "assumed-role":
        role = {"type": "Role", "arn": f"arn:aws:iam::{account}:role/{resource[1]}", "userName": resource[1]}
        issuer = {**role, "principalId": str(identity["principalId"]).split(":")[0], "accountId": account}
        identity |= {"type": "AssumedRole", "sessionContext": {"sessionIssuer": issuer, "attributes": {}}}
    elif resource[0] == "user":
        identity |= {"type": "IAMUser", "userName": resource[-1]}
    return identity


def _document(body: Any) -> dict[str, Any]:
    try:
        document = json.loads(body or b"{}")
    except (TypeError, ValueError):
        return {}
    return document if isinstance(document, dict) else {}


def _recorded(document: dict[str, Any]) -> dict[str, Any]:
    """Members with a small first letter, without code and without the values of the environment."""
    return {
        name[0].lower() + name[1:]: _recorded(value) if isinstance(value, dict) else value
        for name, value in document.items()
        if name and name not in _NOT_RECORDED
    }
