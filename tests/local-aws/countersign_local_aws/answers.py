"""Answers in the wire form of rest-json services, errors included."""

from __future__ import annotations

import json
from typing import Any

from . import operations

Answer = tuple[int, dict[str, str], bytes]


def ok(body: dict[str, Any], status: int = 200) -> Answer:
    """A success."""
    return status, {"Content-Type": "application/json"}, json.dumps(body).encode()


def empty(status: int = 204) -> Answer:
    """A success without a body."""
    return status, {"Content-Type": "application/json"}, b""


def json_object(body: bytes) -> dict[str, Any]:
    """The JSON object that a request's body is, empty for none; raises ValueError for anything else."""
    document = json.loads(body or b"{}")
    if not isinstance(document, dict):
        raise ValueError("the body is not a JSON object")
    return document


class AwsError(Exception):
    """A refusal with AWS's own name for it; the name decides the status (botocore's service model)."""

    def __init__(self, service: str, code: str, message: str, status: int | None = None) -> None:
        super().__init__(message)
        self.service = service
        self.code = code
        self.message = message
        self.status = status or operations.error_status(service, code)

    def answer(self) -> Answer:
        """The error as the service writes it: Lambda with its `Type`, and the member that its model names."""
        members = operations.error_members(self.service, self.code)
        body = {"Message" if "Message" in members else "message": self.message, "__type": self.code}
        if "Type" in members:
            body["Type"] = "User" if self.status < 500 else "Service"
        headers = {"Content-Type": "application/json", "x-amzn-errortype": self.code}
        return self.status, headers, json.dumps(body).encode()


def error_code(answer: tuple[int, dict[str, str], Any]) -> tuple[str | None, str | None]:
    """The code and the message of an error, or (None, None) for a success; JSON services only."""
    status, headers, body = answer
    if status < 400:
        return None, None
    try:
        document = json.loads(body)
    except (TypeError, ValueError):
        document = {}
    lower = {name.lower(): value for name, value in headers.items()}
    code = lower.get("x-amzn-errortype") or document.get("__type") or document.get("code") or str(status)
    return str(code).rsplit("#", 1)[-1].split(":", 1)[0], document.get("message") or document.get("Message")
