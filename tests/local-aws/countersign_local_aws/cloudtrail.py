"""CloudTrail's reports of management calls, put on the default bus as EventBridge delivers them.

Shape: genuine records of 2024 (grade A for Lambda). Events that only read are left out, as EventBridge leaves them
out by default (grade B). Names of Lambda's events: AWS's console client has the same operations (grade C).
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from ministack.core.responses import get_account_id, get_region, request_scope
from ministack.services import cloudtrail, iam, sts

from . import bus, identity, trail_shapes
from .answers import error_code
from .operations import Call
from .settings import SETTINGS

_READS = (
    "Get", "List", "Describe", "Lookup", "Test", "Head", "Simulate", "Estimate", "Validate", "Detect", "Filter",
    "Encrypt", "Decrypt", "ReEncrypt", "GenerateData", "GenerateMac", "GenerateRandom", "Verify", "Sign", "StartQuery",
)  # fmt: skip
# Data events and what is not recorded at all.
_NOT_MANAGEMENT = {
    "lambda": ("Invoke",),
    "sqs": ("SendMessage", "ReceiveMessage", "DeleteMessage", "ChangeMessageVisibility"),
    "sns": ("Publish",),
    "events": ("PutEvents",),
    "logs": ("PutLogEvents",),
    "monitoring": ("PutMetricData",),
}
# Lambda's events carry the API's date up to this one, and not from there on.
_LAST_DATE = "2018-10-31"
_SECOND_EDITION = {
    "UpdateFunctionCode", "UpdateFunctionConfiguration", "AddPermission", "RemovePermission", "TagResource",
    "UntagResource",
}  # fmt: skip
# S3's events that are not named as the operation (user guide, grade B).
_S3_NAMES = {
    "PutBucketNotificationConfiguration": "PutBucketNotification",
    "PutBucketLifecycleConfiguration": "PutBucketLifecycle",
    "PutPublicAccessBlock": "PutBucketPublicAccessBlock",
    "DeletePublicAccessBlock": "DeleteBucketPublicAccessBlock",
    "PutObjectLockConfiguration": "PutBucketObjectLockConfiguration",
}
_GLOBAL, _GLOBAL_REGION = ("iam",), "us-east-1"
CLOUDFORMATION = "cloudformation.amazonaws.com"
_TESTS: dict[str, Callable[[str, str], bool]] = {
    "Equals": str.__eq__,
    "StartsWith": str.startswith,
    "EndsWith": str.endswith,
}


@dataclass
class Report:
    """One call to be reported."""

    call: Call
    parameters: dict[str, Any] | None
    response: dict[str, Any] | None = None
    error: tuple[str, str | None] | None = None
    user_agent: str = ""
    request_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    notes: dict[str, str] = field(default_factory=dict)
    invoked_by: str | None = None


def is_reported(call: Call) -> bool:
    """Whether a call is a management event that writes, or changes an object, which is a data event."""
    if call.operation.startswith(_READS) or call.operation.startswith(_NOT_MANAGEMENT.get(call.service, ("\0",))):
        return False
    return not is_data(call) or call.operation in ("PutObject", "CopyObject", "DeleteObject", "DeleteObjects")


def is_data(call: Call) -> bool:
    """Whether a call is about an object: a data event, for trails that ask for those of its bucket."""
    return call.service == "s3" and ("Key" in call.path_parameters or call.operation == "DeleteObjects")


def trail_logs(call: Call) -> bool:
    """Whether some trail writes this call down."""
    if SETTINGS.trail_logs and not is_data(call):
        return True
    for region, name, trail in cloudtrail._visible_trail_items():
        selectors = cloudtrail._event_selectors.get_scoped(get_account_id(), region, name)
        selectors = selectors or cloudtrail._DEFAULT_EVENT_SELECTORS
        if trail.get("IsLogging") and any(_selects(selector, call) for selector in selectors):
            return True
    return False


def report_request(
    call: Call,
    headers: dict[str, str],
    body: bytes,
    query: dict[str, Any],
    answer: tuple[int, dict[str, str], Any],
    notes: dict[str, str],
    error: str | None,
    request_id: str,
) -> None:
    """Reports a call that came over the network."""
    report(
        Report(
            call,
            trail_shapes.parameters(call, headers, body, query),
            None if error else trail_shapes.answer(call, answer),
            (trail_shapes.error_name(call, error), error_code(answer)[1]) if error else None,
            headers.get("user-agent", ""),
            request_id,
            notes,
        )
    )


def report(told: Report) -> None:
    """Puts the event on the default bus; those of global services are in one region (grade B)."""
    call = told.call
    region = _GLOBAL_REGION if call.service in _GLOBAL else get_region()
    user = _identity()
    if told.invoked_by:
        user["invokedBy"] = told.invoked_by
    detail: dict[str, Any] = {
        "eventVersion": "1.08",
        "userIdentity": user,
        "eventTime": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "eventSource": f"{call.service}.amazonaws.com",
        "eventName": event_name(call),
        "awsRegion": region,
        "sourceIPAddress": told.invoked_by or identity.caller().source_ip,
        "userAgent": told.invoked_by or told.user_agent,
        "requestParameters": _with_lambda_members(call, told.parameters, region),
        "responseElements": told.response,
        "additionalEventData": told.notes or None,
        "requestID": told.request_id,
        "eventID": str(uuid.uuid4()),
        "readOnly": False,
        "eventType": "AwsApiCall",
        "managementEvent": not is_data(call),
        "recipientAccountId": get_account_id(),
        "eventCategory": "Data" if is_data(call) else "Management",
    }
    if told.error:
        detail["errorCode"], detail["errorMessage"] = told.error
    if is_data(call):
        detail["resources"] = _resources(call)
    with request_scope(get_account_id(), region):
        bus.put(f"aws.{call.service}", "AWS API Call via CloudTrail", [], detail)


def event_name(call: Call) -> str:
    """The name that CloudTrail gives a call."""
    if call.service == "s3":
        return _S3_NAMES.get(call.operation, call.operation)
    if call.service != "lambda" or call.api_date is None or call.api_date > _LAST_DATE:
        return call.operation
    edition = "v2" if call.operation in _SECOND_EDITION else ""
    return f"{call.operation}{call.api_date.replace('-', '')}{edition}"


def _with_lambda_members(call: Call, parameters: dict[str, Any] | None, region: str) -> dict[str, Any] | None:
    """UpdateFunctionCode shows these whatever was sent; the function's name is what the caller typed (grade A)."""
    if call.service != "lambda" or call.operation != "UpdateFunctionCode" or parameters is None:
        return parameters
    name = str(parameters.get("functionName", ""))
    account = get_account_id()
    return {
        **parameters,
        "dryRun": bool(parameters.get("dryRun")),
        "publish": bool(parameters.get("publish")),
        "fullyQualifiedArn": {
            "arnPrefix": {"partition": "aws", "region": region, "account": account},
            "relativeId": {"functionName": name.partition(":function:")[2].partition(":")[0] or name.split(":")[0]},
            # What a qualified name leaves here is not recorded.
            "functionQualifier": {},
        },
    }


def _identity() -> dict[str, Any]:
    """userIdentity, whose members depend on who called (CloudTrail's user guide, grade B)."""
    caller = identity.caller()
    user: dict[str, Any] = {
        "type": "Root",
        "principalId": caller.unique_id,
        "arn": caller.arn,
        "accountId": caller.account,
        "accessKeyId": caller.access_key,
    }
    kind, _, rest = caller.arn.rpartition(":")[2].partition("/")
    if kind == "assumed-role":
        name = rest.partition("/")[0]
        role = iam._roles.get_scoped(caller.account, None, name) or {}
        session = sts._sessions.get(caller.access_key) or {}
        issuer = {
            "type": "Role",
            "principalId": caller.unique_id.partition(":")[0],
            "arn": role.get("Arn") or f"arn:aws:iam::{caller.account}:role/{name}",
            "accountId": caller.account,
            "userName": name,
        }
        begun = datetime.fromtimestamp(session.get("IssuedAt") or 0, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        attributes = {"creationDate": begun, "mfaAuthenticated": "false"}
        context = {"sessionIssuer": issuer, "webIdFederationData": {}, "attributes": attributes}
        user |= {"type": "AssumedRole", "sessionContext": context}
    elif kind == "user":
        user |= {"type": "IAMUser", "userName": rest.rpartition("/")[2]}
    return user


def _resources(call: Call) -> list[dict[str, str]]:
    bucket = f"arn:aws:s3:::{call.path_parameters['Bucket']}"
    return [
        {"type": "AWS::S3::Object", "ARN": f"{bucket}/{call.path_parameters.get('Key', '')}"},
        {"type": "AWS::S3::Bucket", "ARN": bucket, "accountId": get_account_id()},
    ]


def _selects(selector: dict[str, Any], call: Call) -> bool:
    """Whether an event selector, basic or advanced, takes a call that writes."""
    arn = "arn:aws:s3:::" + "/".join(call.path_parameters.get(name, "") for name in ("Bucket", "Key"))
    if "FieldSelectors" not in selector:
        if selector.get("ReadWriteType", "All") == "ReadOnly":
            return False
        if not is_data(call):
            return bool(selector.get("IncludeManagementEvents", True))
        values = [value for each in selector.get("DataResources") or [] for value in each.get("Values") or []]
        return any(arn.startswith(value) for value in values)
    known = {
        "eventCategory": "Data" if is_data(call) else "Management",
        "readOnly": "false",
        "eventName": event_name(call),
        "eventSource": f"{call.service}.amazonaws.com",
        "resources.type": "AWS::S3::Object",
        "resources.ARN": arn,
    }
    return all(_field_matches(each, known.get(each["Field"], "")) for each in selector["FieldSelectors"])


def _field_matches(field_selector: dict[str, Any], value: str) -> bool:
    for name, test in _TESTS.items():
        if name in field_selector and not any(test(value, each) for each in field_selector[name]):
            return False
        if any(test(value, each) for each in field_selector.get(f"Not{name}") or []):
            return False
    return True
