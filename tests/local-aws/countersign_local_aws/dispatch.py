"""Every call on its way through: faults before it, CloudTrail after it, and a journal of what was called.

The journal is for tests, which have to show what was *not* called as well.
"""

from __future__ import annotations

import asyncio
import re
import threading
import time
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any
from xml.sax.saxutils import escape

from ministack import app
from ministack.core import iam_actions, lambda_runtime
from ministack.core.iam_evaluator import request_caller_arn
from ministack.core.responses import get_account_id, get_region

from . import access, cloudtrail, identity, keys, operations, policies, trail_shapes
from .answers import AwsError, error_code
from .faults import FAULTS, Fault
from .judging import trail_notes

Answer = tuple[int, dict[str, str], Any]
Dispatch = Callable[[str, str, dict[str, str], bytes, dict[str, Any], str], Awaitable[Answer]]

_MOST_REMEMBERED = 20_000
_REST_JSON = ("lambda", "signer")
# The services whose errors are XML (botocore's models: rest-xml and query).
_XML, _QUERY = ("s3",), ("sns", "sts", "iam", "cloudformation", "monitoring", "ses", "ec2")
_THROTTLED = {
    # Named in each operation's errors (botocore's models); S3's is not modelled and documented instead (grade B).
    "signer:StartSigningJob": ("ThrottlingException", 429),
    "signer": ("TooManyRequestsException", 429),
    "lambda": ("TooManyRequestsException", 429),
    "s3": ("SlowDown", 503),
    "sqs": ("RequestThrottled", 403),
    "sns": ("Throttled", 429),
    # Query services without an error of their own have the common one (grade B).
    "iam": ("Throttling", 400),
    "monitoring": ("Throttling", 400),
    "cloudformation": ("Throttling", 400),
    "scheduler": ("ThrottlingException", 429),
}
_FAILED = {
    "signer": ("InternalServiceErrorException", 500),
    "lambda": ("ServiceException", 500),
    "s3": ("InternalError", 500),
    "sqs": ("InternalError", 500),
    "sns": ("InternalError", 500),
    "events": ("InternalException", 500),
    "kms": ("KMSInternalException", 500),
    "scheduler": ("InternalServerException", 500),
}
_XML_CODE = re.compile(rb"<Code>([^<]*)</Code>")


class Journal:
    """The calls since the start or the last reset, oldest first."""

    def __init__(self) -> None:
        self._calls: deque[dict[str, Any]] = deque(maxlen=_MOST_REMEMBERED)
        self._lock = threading.Lock()

    def add(self, call: dict[str, Any]) -> None:
        """Remembers a call."""
        with self._lock:
            self._calls.append(call)

    def calls(self) -> list[dict[str, Any]]:
        """All that are remembered."""
        with self._lock:
            return list(self._calls)

    def clear(self) -> list[dict[str, Any]]:
        """Forgets, and says what: whoever counts for long takes them in parts, and loses none between two."""
        with self._lock:
            forgotten = list(self._calls)
            self._calls.clear()
            return forgotten


JOURNAL = Journal()


def install() -> None:
    """Goes round MiniStack's dispatcher, and so round its authentication and authorisation too."""
    inner: Dispatch = app._dispatch_service_request

    async def dispatch(
        method: str, path: str, headers: dict[str, str], body: bytes, query: dict[str, Any], request_id: str
    ) -> Answer:
        routing = app._routing_params(method, path, headers, body, query)
        service = app.detect_service(method, path, headers, routing)
        typed = path
        if service == "lambda":
            path = operations.with_whole_arn(path, get_region())
        action = iam_actions.extract_iam_action(service, method, path, headers, body, routing) or f"{service}:Unknown"
        caller = request_caller_arn(headers, query)

        began_at = time.time()
        happened: list[Answer] = []

        async def authorised() -> Answer:
            refusal = _refusal_by_key(service, action, method, path, headers, body, query, routing)
            if refusal is None and action == "events:PutEvents":
                refusal = policies.authorise_entries(headers, query, body, request_id)
            happened.append(refusal or await inner(method, path, headers, body, query, request_id))
            return happened[0]

        notes: dict[str, str] = {}
        token, entered = trail_notes.set(notes), identity.enter(headers, query)
        call = trail_shapes.identify(service, method, typed, headers, routing)
        call = call if call is not None and cloudtrail.is_reported(call) else None
        # Before the call, too: what ends a trail is the last thing that it logs.
        logged = call is not None and cloudtrail.trail_logs(call)
        try:
            fault = FAULTS.for_call(action, caller)
            answer = await _with_fault(fault, service, action, caller, authorised)
            error = _error(service, answer)
            # A call that never left its function is none; one whose answer was lost took effect.
            arrived = fault is None or fault.effect != "stop-caller-before"
            if call is not None and arrived and (logged or cloudtrail.trail_logs(call)):
                true = happened[0] if happened else answer
                cloudtrail.report_request(
                    call, headers, body, routing, true, notes, _error(service, true), request_id
                )
        finally:
            trail_notes.reset(token)
            identity.leave(entered)
        answered_at = time.time()
        resource = iam_actions.extract_resource_arn(
            service, method, path, headers, body, routing, get_region(), get_account_id()
        )
        JOURNAL.add(
            {
                "action": action,
                "caller": caller,
                "resource": resource,
                "status": answer[0],
                "error": error,
                "fault": fault.effect if fault else None,
                "began_at": began_at,
                "answered_at": answered_at,
            }
        )
        return answer

    app._dispatch_service_request = dispatch


def _refusal_by_key(
    service: str,
    action: str,
    method: str,
    path: str,
    headers: dict[str, str],
    body: bytes,
    query: dict[str, Any],
    routing: dict[str, Any],
) -> Answer | None:
    """What the KMS key of an object, a queue or a topic has against a call."""
    if service == "s3":
        try:
            keys.require_for_request(action, method, path, headers, query)
        except AwsError as refused:
            code = refused.code if refused.code == keys.DISABLED else "AccessDenied"
            return _error_answer(service, (code, refused.status), refused.message)
    if service in keys.MESSAGE_ERRORS:
        arn = iam_actions.extract_resource_arn(
            service, method, path, headers, body, routing, get_region(), get_account_id()
        )
        key_id = keys.of_message(service, action, arn)
        if key_id is None:
            return None
        try:
            access.require(service, headers, action, arn)
        except AwsError:
            # MiniStack says so in the service's own words.
            return None
        try:
            keys.require_for_message(service, action, key_id, headers)
        except AwsError as refused:
            denied, disabled = keys.MESSAGE_ERRORS[service]
            return _error_answer(service, (disabled if refused.code == keys.DISABLED else denied, 400), refused.message)
    return None


def stop_function(name: str) -> int:
    """Kills the processes that a function runs in, without warning; answers how many."""
    with lambda_runtime._lock:
        workers = [worker for key, pool in lambda_runtime._workers.items() if name in key.split(":") for worker in pool]
    running = [worker._proc for worker in workers if worker._proc is not None and worker._proc.poll() is None]
    for process in running:
        process.kill()
    return len(running)


async def _with_fault(
    fault: Fault | None, service: str, action: str, caller: str, call: Callable[[], Awaitable[Answer]]
) -> Answer:
    if fault is None:
        return await call()
    match fault.effect:
        case "throttle":
            return _error_answer(service, _named(fault, _throttled(service, action)), fault.message)
        case "fail":
            return _error_answer(service, _named(fault, _failed(service)), fault.message)
        case "delay":
            await asyncio.sleep(fault.seconds)
            return await call()
        case "stop-caller-before":
            stop_function(caller.rsplit("/", 1)[-1])
            return _error_answer(service, _failed(service), fault.message)
    answer = await call()
    if fault.effect == "stop-caller-after":
        stop_function(caller.rsplit("/", 1)[-1])
        return answer
    # lose-answer: the call took effect, and its caller is told that it did not.
    return _error_answer(service, _named(fault, _failed(service)), fault.message)


def _throttled(service: str, action: str) -> tuple[str, int]:
    return _THROTTLED.get(action) or _THROTTLED.get(service) or ("ThrottlingException", 400)


def _failed(service: str) -> tuple[str, int]:
    return _FAILED.get(service, ("InternalFailure", 500))


def _named(fault: Fault, usual: tuple[str, int]) -> tuple[str, int]:
    return fault.code or usual[0], fault.status or usual[1]


def _error_answer(service: str, named: tuple[str, int], message: str) -> Answer:
    code, status = named
    if service in _REST_JSON:
        return AwsError(service, code, message, status).answer()
    if service in _XML or service in _QUERY:
        error = f"<Error><Code>{escape(code)}</Code><Message>{escape(message)}</Message></Error>"
        body = error if service in _XML else f"<ErrorResponse>{error}</ErrorResponse>"
        return status, {"Content-Type": "application/xml"}, f'<?xml version="1.0" encoding="UTF-8"?>{body}'.encode()
    # Every JSON service reads the name from the same header and the message from the same member.
    return AwsError("lambda", code, message, status).answer()


def _error(service: str, answer: Answer) -> str | None:
    if answer[0] < 400:
        return None
    if service in _XML or service in _QUERY:
        found = _XML_CODE.search(answer[2]) if isinstance(answer[2], bytes) else None
        return found[1].decode() if found else str(answer[0])
    return error_code(answer)[0]
