"""The default event bus: AWS's own events put on it, and S3's given what MiniStack leaves out."""

from __future__ import annotations

import contextvars
import json
import threading
from collections.abc import Callable
from typing import Any

from ministack.services import eventbridge, s3

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

    def dispatch_with_version(event: dict[str, Any], view: Any = None) -> None:
        version_id = _version_id.get()
        if event.get("Source") == "aws.s3" and version_id:
            detail = json.loads(event["Detail"])
            detail["object"]["version-id"] = version_id
            event = {**event, "Detail": json.dumps(detail)}
            view = None
        _with_fault(event, lambda: dispatch(event, view))

    s3._fire_s3_event = fire_with_version
    eventbridge._dispatch_event = dispatch_with_version


def _with_fault(event: dict[str, Any], deliver: Callable[[], None]) -> None:
    fault = FAULTS.for_event(str(event.get("Source")), str(event.get("DetailType")))
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
