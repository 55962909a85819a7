"""Calls as CloudTrail writes them down: the operation, its parameters and its answer, read by botocore's models.

CloudTrail writes members with a small first letter, keys of maps as they are (genuine records, grade A for Lambda,
grade C for others). How S3's parameters look is grade C.
"""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from dataclasses import replace
from datetime import datetime
from functools import cache
from typing import Any
from urllib.parse import unquote

from botocore.awsrequest import HeadersDict
from botocore.loaders import Loader
from botocore.model import ServiceModel, Shape
from botocore.parsers import ResponseParserError, RpcV2CBORParser, create_parser

from . import operations
from .operations import Call

_MODELS = {"monitoring": "cloudwatch"}
_JSON = ("events", "kms", "cloudtrail", "logs", "sqs")
_QUERY = ("sns", "iam", "cloudformation")
_REST = ("lambda", "signer", "s3", "scheduler")
SERVICES = frozenset((*_JSON, *_QUERY, *_REST, "monitoring"))
"""The services whose calls are reported, as MiniStack and IAM name them."""

# Never written down: code, secrets, and links that are as good as secrets.
_NOT_RECORDED = {"ZipFile", "Location", "SecretAccessKey"}
_CBOR, _FORM = "cbor", "application/x-www-form-urlencoded"


def identify(service: str, method: str, path: str, headers: dict[str, str], query: dict[str, Any]) -> Call | None:
    """The call that a request is; `query` holds what a form's body says, too. None for what no model has."""
    if service in _REST:
        call = operations.identify(service, method, path, query)
        if call is not None and call.operation in ("CopyObject", "PutObject"):
            return replace(call, operation="CopyObject" if "x-amz-copy-source" in headers else "PutObject")
        return call
    if service not in SERVICES:
        return None
    name = headers.get("x-amz-target", "").rpartition(".")[2] or _first(query.get("Action"))
    if not name and "/operation/" in path:
        name = path.rpartition("/operation/")[2].partition("/")[0]
    return Call(service, name, {}, None) if name in model(service).operation_names else None


def parameters(call: Call, headers: dict[str, str], body: bytes, query: dict[str, Any]) -> dict[str, Any] | None:
    """`requestParameters`, or None for a call that has none."""
    if call.service == "s3":
        return _s3_parameters(call, headers, body, query)
    shape = model(call.service).operation_model(call.operation).input_shape
    if shape is None:
        return None
    sent: Any = dict(call.path_parameters)
    if call.service in _REST:
        sent |= _in_query(shape, query)
    if _CBOR in headers.get("content-type", ""):
        sent |= _of_cbor(body)
    elif headers.get("content-type", "").startswith(_FORM) or "Action" in query:
        sent |= _unflattened(shape, query, "")
    else:
        sent |= document(body)
    return recorded(sent, shape) or None


def answer(call: Call, response: tuple[int, dict[str, str], Any]) -> dict[str, Any] | None:
    """`responseElements` of a call that was accepted, or None for an answer without content."""
    service, (status, headers, body) = model(call.service), response
    shape = service.operation_model(call.operation).output_shape
    if shape is None or not isinstance(body, (bytes, str)):
        return None
    protocol = service.metadata["protocol"]
    lower = {name.lower(): value for name, value in headers.items()}
    if call.service == "monitoring" and _CBOR not in lower.get("content-type", ""):
        protocol = "query" if "xml" in lower.get("content-type", "") else "json"
    raw = body.encode() if isinstance(body, str) else body
    try:
        parsed = create_parser(protocol).parse(
            {"status_code": status, "headers": HeadersDict(lower), "body": raw, "context": {"operation_name": ""}},
            shape,
        )
    except (ResponseParserError, ValueError, KeyError):
        return None
    parsed.pop("ResponseMetadata", None)
    return recorded(parsed, shape) or None


def recorded(value: Any, shape: Shape | None) -> Any:
    """A value of a model as CloudTrail writes it; the environment of a function is always empty (grade A)."""
    kind = shape.type_name if shape is not None else None
    if isinstance(value, dict) and kind != "map":
        members = getattr(shape, "members", {})
        known = {each.serialization.get("name", name): each for name, each in members.items()} | dict(members)
        return {
            name[0].lower() + name[1:]: {} if name == "Environment" else recorded(each, known.get(name))
            for name, each in value.items()
            if name and name not in _NOT_RECORDED and each is not None
        }
    if isinstance(value, dict):
        return {name: recorded(each, getattr(shape, "value", None)) for name, each in value.items()}
    if isinstance(value, list):
        return [recorded(each, getattr(shape, "member", None)) for each in value]
    if isinstance(value, datetime):
        return value.strftime("%b %-d, %Y, %-I:%M:%S %p")
    return None if isinstance(value, (bytes, bytearray)) else value


def error_name(call: Call, code: str) -> str:
    """The error as CloudTrail names it: the shape's name where the wire has a shorter one (IAM, grade C)."""
    if code.startswith("AccessDenied") or code == "AuthorizationError":
        return "AccessDenied"
    if call.service != "iam":
        return code
    shapes = model("iam").error_shapes
    return next((shape.name for shape in shapes if code == shape.metadata.get("error", {}).get("code")), code)


def document(body: Any) -> dict[str, Any]:
    """The JSON object that a body is, empty for anything else."""
    try:
        found = json.loads(body or b"{}")
    except (TypeError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


@cache
def model(service: str) -> ServiceModel:
    """botocore's model of a service that MiniStack names so."""
    name = _MODELS.get(service, service)
    return ServiceModel(Loader().load_service_model(name, "service-2"), name)


def _of_cbor(body: bytes) -> dict[str, Any]:
    parser = RpcV2CBORParser()
    found: dict[str, Any] = parser.parse_data_item(parser.get_peekable_stream_from_bytes(body)) if body else {}
    return found


def _in_query(shape: Shape, query: dict[str, Any]) -> dict[str, Any]:
    members = getattr(shape, "members", {}).items()
    found = {}
    for name, member in members:
        key = member.serialization.get("name", name)
        if member.serialization.get("location") == "querystring" and key in query:
            values = query[key] if isinstance(query[key], list) else [query[key]]
            found[name] = values if member.type_name == "list" else values[0]
    return found


def _unflattened(shape: Shape | None, form: dict[str, Any], prefix: str) -> Any:
    """A value of the query protocol: `Attributes.entry.1.key`, `Tags.member.2.Value`; None for one that is not sent."""
    kind = shape.type_name if shape is not None else "string"
    if kind == "structure":
        found = {}
        for name, member in getattr(shape, "members", {}).items():
            value = _unflattened(member, form, f"{prefix}{member.serialization.get('name', name)}")
            if value is not None:
                found[name] = value
        return found if found or not prefix else None
    if kind in ("list", "map"):
        middle = "member" if kind == "list" else "entry"
        for part in (f".{middle}.", "."):
            items: list[Any] = []
            while any(key.startswith(f"{prefix}{part}{len(items) + 1}") for key in form):
                items.append(_item(shape, form, f"{prefix}{part}{len(items) + 1}"))
            if items:
                return items if kind == "list" else dict(items)
        return None
    return _first(form.get(prefix)) if prefix in form else None


def _item(shape: Shape | None, form: dict[str, Any], prefix: str) -> Any:
    if shape is not None and shape.type_name == "map":
        return _first(form.get(f"{prefix}.key")), _first(form.get(f"{prefix}.value"))
    member = getattr(shape, "member", None)
    dotted = f"{prefix}." if member is not None and member.type_name == "structure" else prefix
    return _unflattened(member, form, dotted)


def _s3_parameters(call: Call, headers: dict[str, str], body: bytes, query: dict[str, Any]) -> dict[str, Any]:
    bucket = call.path_parameters.get("Bucket", "")
    found: dict[str, Any] = {"bucketName": bucket, "Host": headers.get("host", "")}
    if key := call.path_parameters.get("Key"):
        found["key"] = unquote(key)
    found |= {name: _first(value) for name, value in query.items() if name not in ("x-id", "partNumber")}
    if call.operation == "PutBucketPolicy":
        return {**found, "bucketPolicy": document(body)}
    # Which objects is not told (grade C).
    if call.operation == "DeleteObjects":
        return found
    if body[:1] == b"<" and "key" not in found:
        root = ET.fromstring(body)
        found[root.tag.rpartition("}")[2]] = _of_element(root)
    return found


def _of_element(element: ET.Element) -> Any:
    if not len(element):
        return element.text or ""
    found: dict[str, Any] = {}
    for child in element:
        name, value = child.tag.rpartition("}")[2], _of_element(child)
        if name in found:
            found[name] = [*(found[name] if isinstance(found[name], list) else [found[name]]), value]
        else:
            found[name] = value
    return found


def _first(value: Any) -> str:
    return str(value[0] if value else "") if isinstance(value, list) else str(value or "")
