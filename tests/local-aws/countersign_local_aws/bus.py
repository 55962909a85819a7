"""The default event bus: AWS's own events put on it, and S3's given what MiniStack leaves out."""

from __future__ import annotations

import contextvars
import json
import threading
from collections.abc import Callable
from typing import Any

from ministack.services import eventbridge, s3

from . import identity
from .faults import FAULTS

_version_id: contextvars.ContextVar[str | None] = contextvars.ContextVar("version_id", default=None)


def put(source: str, detail_type: str, resources: list[str], detail: dict[str, Any]) -> None:
    """Puts an event of an AWS service on the default bus of the request's account and region."""
    entry = {"Source": source, "DetailType": detail_type, "Resources": resources, "Detail": json.dumps(detail)}
    eventbridge._put_events({"Entries": [entry]}, allow_aws_source=True)


def install() -> None:
    """Gives S3's events their `version-id` (AWS sends it for versioned buckets, grade B), and faults their say."""
    fire, dispatch = s3._fire_s3_event, eventbridge._dispatch_event

    def fire_with_version(*args: Any, version_id: str | None = None, **kwargs: Any) -> None:
        token = _version_id.set(version_id)
        try:
            fire(*args, version_id=version_id, **kwargs)
        finally:
            _version_id.reset(token)

    def dispatch_as_aws_does(event: dict[str, Any], view: Any = None) -> None:
        if event.get("Source") == "aws.s3" and str(event.get("DetailType")).startswith("Object "):
            event, view = {**event, "Detail": json.dumps(_object_detail(json.loads(event["Detail"])))}, None
        with_fault(str(event.get("Source")), str(event.get("DetailType")), lambda: dispatch(event, view))

    s3._fire_s3_event = fire_with_version
    eventbridge._dispatch_event = dispatch_as_aws_does


def _object_detail(detail: dict[str, Any]) -> dict[str, Any]:
    """`requester` is an account id or a service, never a user; `version-id` is there for versioned buckets (grade B)."""
    caller, version_id = identity.caller(), _version_id.get()
    if version_id:
        detail["object"]["version-id"] = version_id
    return {**detail, "requester": caller.service or caller.account, "source-ip-address": caller.source_ip}


def with_fault(source: str, detail_type: str, deliver: Callable[[], None]) -> None:
    """Delivers an event as the faults that are set have it."""
    fault = FAULTS.for_event(source, detail_type)
    match fault.effect if fault else None:
        case "drop":
            return
        case "duplicate":
            deliver()
        case "delay":
            context = contextvars.copy_context()
            timer = threading.Timer(fault.seconds if fault else 0, lambda: context.run(deliver))
            timer.daemon = True
            timer.start()
            return
    deliver()
