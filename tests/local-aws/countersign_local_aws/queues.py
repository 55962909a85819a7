"""SQS's message move tasks, which return dead letters, and mappings that may read their queue or may not.

Rules: SQS's developer guide on dead-letter queue redrive (grade B); shapes: its service model (grade A).
"""

from __future__ import annotations

import contextvars
import json
import threading
import time
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from ministack.core.responses import AccountRegionScopedDict
from ministack.services import kms, lambda_svc, sqs

from . import access, deliveries
from .answers import Answer, AwsError, json_object, ok

Handler = Callable[[str, str, dict[str, str], bytes, dict[str, Any]], Awaitable[Answer]]
TASKS = AccountRegionScopedDict()
"""Handle to task, oldest first."""

_READING = ("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes")
_MOST_A_SECOND = 500
_MOST_LISTED, _LISTED = 10, 1


@dataclass
class Task:
    """One move of the messages of a dead-letter queue, back to where they came from or to another queue."""

    source: str
    destination: str | None
    per_second: int | None
    to_move: int
    handle: str = field(default_factory=lambda: str(uuid.uuid4()))
    started: int = field(default_factory=lambda: int(time.time() * 1000))
    status: str = "RUNNING"
    moved: int = 0
    failure: str | None = None

    def shown(self) -> dict[str, Any]:
        """As ListMessageMoveTasks shows it: only a running task has its handle."""
        members = {
            "TaskHandle": self.handle if self.status == "RUNNING" else None,
            "Status": self.status,
            "SourceArn": self.source,
            "DestinationArn": self.destination,
            "MaxNumberOfMessagesPerSecond": self.per_second,
            "ApproximateNumberOfMessagesMoved": self.moved,
            "ApproximateNumberOfMessagesToMove": self.to_move,
            "FailureReason": self.failure,
            "StartedTimestamp": self.started,
        }
        return {name: value for name, value in members.items() if value is not None}


def install() -> None:
    """Puts this in front of MiniStack's SQS."""
    inner: Handler = sqs.handle_request
    receive = sqs._receive_messages_for_esm

    async def handle(method: str, path: str, headers: dict[str, str], body: bytes, query: dict[str, Any]) -> Answer:
        operation = headers.get("x-amz-target", "").removeprefix("AmazonSQS.")
        try:
            match operation:
                case "StartMessageMoveTask":
                    return ok({"TaskHandle": _start(json_object(body), headers).handle})
                case "ListMessageMoveTasks":
                    return ok({"Results": _list(json_object(body))})
                case "CancelMessageMoveTask":
                    return ok({"ApproximateNumberOfMessagesMoved": _cancel(json_object(body)).moved})
        except AwsError as refused:
            return refused.answer()
        return await inner(method, path, headers, body, query)

    def receive_as_a_mapping(queue_url: str, most: int) -> list[dict[str, Any]]:
        queue = sqs._queues.get(queue_url)
        return receive(queue_url, most) if queue is not None and _is_read(queue) else []

    sqs.handle_request = handle
    sqs._receive_messages_for_esm = receive_as_a_mapping


def _is_read(queue: dict[str, Any]) -> bool:
    """Whether a mapping on this queue has a function whose role may read it, and its key can be used (grade B)."""
    attributes = queue["attributes"]
    arn, key = attributes["QueueArn"], kms._resolve_key(attributes.get("KmsMasterKeyId") or "")
    if key is not None and not key["Enabled"]:
        return False
    for mapping in lambda_svc._esms.values():
        function = lambda_svc._functions.get(mapping["FunctionName"])
        if mapping.get("EventSourceArn") != arn or function is None:
            continue
        role, session = function["config"]["Role"], mapping["FunctionName"]
        own = all(deliveries.role_may(role, session, each, arn, attributes.get("Policy")) for each in _READING)
        if own and (
            key is None
            or deliveries.role_may(role, session, "kms:Decrypt", key["Arn"], key.get("Policy"), policy_required=True)
        ):
            return True
    return False


def _start(body: dict[str, Any], headers: dict[str, str]) -> Task:
    source, destination = str(body.get("SourceArn")), body.get("DestinationArn")
    queue = _existing(source)
    if not any(source in (each["attributes"].get("RedrivePolicy") or "") for each in sqs._queues.values()):
        raise AwsError("sqs", "InvalidParameterValue", f"{source} is the dead-letter queue of no queue.", 400)
    if any(task.source == source and task.status == "RUNNING" for task in TASKS.values()):
        raise AwsError("sqs", "UnsupportedOperation", "There is already a task running.", 400)
    per_second = body.get("MaxNumberOfMessagesPerSecond")
    if per_second is not None and not 1 <= per_second <= _MOST_A_SECOND:
        raise AwsError("sqs", "InvalidParameterValue", f"At most {_MOST_A_SECOND} messages a second.", 400)
    # The messages are moved with the caller's rights.
    for action in _READING:
        access.require("sqs", headers, action, source)
    origins = {message["sys"].get("DeadLetterQueueSourceArn") for message in queue["messages"]}
    for target in {destination} if destination else origins - {None}:
        _existing(str(target))
        access.require("sqs", headers, "sqs:SendMessage", str(target))
    task = Task(source, destination, per_second, len(queue["messages"]))
    TASKS[task.handle] = task
    context = contextvars.copy_context()
    threading.Thread(target=context.run, args=(_move, task), daemon=True).start()
    return task


def _move(task: Task) -> None:
    while task.status == "RUNNING":
        queue, now = sqs._queue_by_arn(task.source), time.time()
        with sqs._queues_lock:
            waiting = [message for message in queue["messages"] if message["visible_at"] <= now] if queue else []
            if not waiting:
                task.status = "COMPLETED"
                return
            message = waiting[0]
            origin = task.destination or message["sys"].get("DeadLetterQueueSourceArn")
            target = sqs._queue_by_arn(origin) if origin else None
            if target is None:
                task.status, task.failure = "FAILED", "CouldNotDetermineMessageSource"
                return
            queue["messages"].remove(message)
            target["messages"].append(_anew(message, now))
        task.moved += 1
        sqs.esm_wake.set()
        if task.per_second:
            time.sleep(1 / task.per_second)


def _anew(message: dict[str, Any], now: float) -> dict[str, Any]:
    """A message that was moved is a new one, with an id and a time of its own; body and attributes stay."""
    kept = {name: value for name, value in message["sys"].items() if name != "DeadLetterQueueSourceArn"}
    return {
        **message,
        "id": str(uuid.uuid4()),
        "sent_at": now,
        "visible_at": now,
        "receive_count": 0,
        "first_receive_at": None,
        "receipt_handle": None,
        "sys": {**kept, "SentTimestamp": str(int(now * 1000))},
    }


def _list(body: dict[str, Any]) -> list[dict[str, Any]]:
    """The newest first, one unless more are asked for."""
    source, most = str(body.get("SourceArn")), min(int(body.get("MaxResults") or _LISTED), _MOST_LISTED)
    _existing(source)
    tasks = [task for task in TASKS.values() if task.source == source]
    return [task.shown() for task in reversed(tasks)][:most]


def _cancel(body: dict[str, Any]) -> Task:
    task: Task | None = TASKS.get(str(body.get("TaskHandle")))
    if task is None or task.status != "RUNNING":
        raise AwsError("sqs", "ResourceNotFoundException", "Only a running task can be canceled.", 404)
    task.status = "CANCELLED"
    return task


def _existing(arn: str) -> dict[str, Any]:
    queue: dict[str, Any] | None = sqs._queue_by_arn(arn)
    if queue is None:
        raise AwsError("sqs", "ResourceNotFoundException", f"The resource {json.dumps(arn)} does not exist.", 404)
    return queue
