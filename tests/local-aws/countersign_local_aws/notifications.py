"""S3's event notifications: who caused them, from where, and faults on their way.

MiniStack keeps the configurations, matches events and keys, and delivers. It names one fixed principal; here it is
the caller (S3's event message structure, grade B).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ministack.services import s3

from . import bus, identity, otherwise

EVENT_SOURCE = "s3.notification"
"""What faults call these events: `s3.notification/ObjectCreated:Put`. EventBridge's are `aws.s3/Object Created`."""


def install() -> None:
    """Goes in front of each kind of destination."""
    for name in ("_deliver_event_to_sqs", "_deliver_event_to_sns", "_deliver_event_to_lambda"):
        setattr(s3, name, _with_caller(getattr(s3, name)))


def _with_caller(deliver: Callable[..., None]) -> Callable[..., None]:
    def delivered(arn: str, payload: dict[str, Any], *arguments: Any, **named: Any) -> None:
        # The message that S3 sends when a configuration is set has no records and no cause.
        if "Records" not in payload:
            deliver(arn, payload, *arguments, **named)
            return
        (record,) = payload["Records"]
        if otherwise.does("upload-notified"):
            return
        told = {**payload, "Records": [_told(record)]}
        bus.with_fault(EVENT_SOURCE, record["eventName"], lambda: deliver(arn, told, *arguments, **named))

    return delivered


def _told(record: dict[str, Any]) -> dict[str, Any]:
    caller = identity.caller()
    bucket = {**record["s3"]["bucket"], "ownerIdentity": {"principalId": identity.customer_id(caller.account)}}
    told = {**record["s3"], "bucket": bucket}
    if otherwise.does("notification-sequencer"):
        told["object"] = {name: value for name, value in told["object"].items() if name != "sequencer"}
    return {
        **record,
        "userIdentity": {} if otherwise.does("notification-principal") else {"principalId": caller.principal_id},
        "requestParameters": {"sourceIPAddress": caller.source_ip},
        "s3": told,
    }
