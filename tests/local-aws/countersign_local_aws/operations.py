"""Which operation a request is, read from botocore's service models rather than from a list of our own."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import Any
from urllib.parse import unquote

from botocore.loaders import Loader

# IAM names these operations by another action (Service Authorization Reference, grade B).
_IAM_ACTION = {
    ("lambda", "Invoke"): "InvokeFunction",
    ("lambda", "InvokeAsync"): "InvokeFunction",
    ("lambda", "InvokeWithResponseStream"): "InvokeFunction",
    ("lambda", "GetLayerVersionByArn"): "GetLayerVersion",
}
_PARTIAL_ARN = re.compile(r"^(/[0-9-]+/functions/)(\d{12}):function:")
_LABEL = re.compile(r"\{(\w+)(\+?)\}")


@dataclass(frozen=True)
class Call:
    """One request: its service and operation as botocore names them, and what its path says."""

    service: str
    operation: str
    path_parameters: dict[str, str]
    api_date: str | None

    @property
    def iam_action(self) -> str:
        """The action that a policy has to allow."""
        return f"{self.service}:{_IAM_ACTION.get((self.service, self.operation), self.operation)}"


def identify(service: str, method: str, path: str, query: dict[str, Any]) -> Call | None:
    """The call that a REST request to Lambda or Signer is, or None for a path that neither has."""
    path = unquote(path).rstrip("/") or "/"
    for operation, verb, pattern, required_query, api_date in _routes(service):
        match = pattern.fullmatch(path)
        if match and verb == method and all(
            key in query if value is None else _first(query, key) == value for key, value in required_query
        ):
            return Call(service, operation, match.groupdict(), api_date)
    return None


def with_whole_arn(path: str, region: str) -> str:
    """The path of a request to Lambda with a whole ARN where the caller typed a partial one, as Lambda takes it."""
    return _PARTIAL_ARN.sub(lambda found: f"{found[1]}arn:aws:lambda:{region}:{found[2]}:function:", unquote(path))


def shape_members(service: str, shape: str) -> dict[str, Any]:
    """The members of a structure in the service model."""
    members: dict[str, Any] = _model(service)["shapes"][shape]["members"]
    return members


@cache
def _model(service: str) -> dict[str, Any]:
    model: dict[str, Any] = Loader().load_service_model(service, "service-2")
    return model


@cache
def _routes(service: str) -> list[tuple[str, str, re.Pattern[str], list[tuple[str, str | None]], str | None]]:
    routes = []
    for operation, definition in _model(service)["operations"].items():
        uri, _, query = definition["http"]["requestUri"].partition("?")
        literal = len(_LABEL.sub("", uri))
        pattern = re.compile(_pattern(uri.rstrip("/") or "/"))
        required: list[tuple[str, str | None]] = [
            (key, value) for key, _, value in (part.partition("=") for part in query.split("&")) if key
        ]
        required += [(key, None) for key in _demanded(service, definition)]
        date = re.match(r"/(\d{4}-\d{2}-\d{2})/", uri)
        route = (operation, definition["http"]["method"], pattern, required, date and date[1])
        routes.append(((len(required), literal), route))
    # The most literal path first, so that `/signing-jobs/with-payload` is not taken for a job's id.
    return [route for _, route in sorted(routes, key=lambda item: item[0], reverse=True)]


def _demanded(service: str, definition: dict[str, Any]) -> list[str]:
    """What has to be in the query whatever its value: S3's operations on one path differ by nothing else."""
    if service != "s3" or "input" not in definition:
        return []
    shape = _model(service)["shapes"][definition["input"]["shape"]]
    needed = (shape["members"][name] for name in shape.get("required", []))
    return [member["locationName"] for member in needed if member.get("location") == "querystring"]


def _pattern(uri: str) -> str:
    parts, end = [], 0
    for label in _LABEL.finditer(uri):
        # An ARN in a path may hold slashes of its own once it is decoded.
        greedy = label[2] or label[1].lower().endswith("arn")
        parts.append(re.escape(uri[end : label.start()]) + f"(?P<{label[1]}>{'.+' if greedy else '[^/]+'})")
        end = label.end()
    return "".join(parts) + re.escape(uri[end:])


def _first(query: dict[str, Any], key: str) -> str | None:
    value = query.get(key)
    return value[0] if isinstance(value, list) and value else value if isinstance(value, str) else None


def error_status(service: str, code: str) -> int:
    """The HTTP status of a modelled error; 400 for one that the model does not have."""
    status: int = _model(service)["shapes"].get(code, {}).get("error", {}).get("httpStatusCode", 400)
    return status


def error_members(service: str, code: str) -> dict[str, Any]:
    """The members of a modelled error; none for one that the model does not have."""
    members: dict[str, Any] = _model(service)["shapes"].get(code, {}).get("members", {})
    return {definition.get("locationName", name): definition for name, definition in members.items()}
