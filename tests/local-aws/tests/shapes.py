"""Answers checked against botocore's service models, member for member, in every test.

botocore itself takes an answer apart leniently: unknown members are dropped and missing ones forgiven.
"""

from __future__ import annotations

import json
import re
from typing import Any

# What this package answers by itself; the rest is MiniStack's.
CHECKED = {
    "signer": None,
    "lambda": {
        "CreateCodeSigningConfig",
        "GetCodeSigningConfig",
        "UpdateCodeSigningConfig",
        "DeleteCodeSigningConfig",
        "ListCodeSigningConfigs",
        "ListFunctionsByCodeSigningConfig",
        "GetFunctionCodeSigningConfig",
        "PutFunctionCodeSigningConfig",
        "DeleteFunctionCodeSigningConfig",
    },
}
# Named in no operation's list and yet an answer of each (common errors, botocore's error lists are not complete).
_COMMON_ERRORS = {"AccessDeniedException", "ThrottlingException", "ValidationException"}
# GetFunctionCodeSigningConfig of a function without one: the member is absent in AWS (grade C).
_MAY_BE_ABSENT = {("GetFunctionCodeSigningConfig", "CodeSigningConfigArn")}


def check_answers(client: Any) -> None:
    """Has every answer of a client checked before botocore parses it."""
    service = client.meta.service_model.service_name
    if service in CHECKED:
        client.meta.events.register(f"before-parse.{service}", _check)


def _check(operation_model: Any, response_dict: dict[str, Any], **_: Any) -> None:
    operation, status = operation_model.name, response_dict["status_code"]
    checked = CHECKED[operation_model.service_model.service_name]
    if checked is not None and operation not in checked:
        return
    document = json.loads(response_dict["body"] or b"{}")
    if status >= 400:
        code = response_dict["headers"]["x-amzn-errortype"]
        named = {shape.name: shape for shape in operation_model.error_shapes}
        assert code in named or code in _COMMON_ERRORS, f"{operation} does not name {code}"
        if code in named and "error" in named[code].metadata:
            assert status == named[code].metadata["error"]["httpStatusCode"], f"{code} is not {status}"
        return
    if operation_model.http.get("responseCode"):
        assert status == operation_model.http["responseCode"], f"{operation} answers {status}"
    if operation_model.output_shape is None:
        assert not response_dict["body"], f"{operation} has no body"
        return
    _value(operation_model.output_shape, document, operation, operation)


def _value(shape: Any, value: Any, where: str, operation: str) -> None:
    match shape.type_name:
        case "structure":
            assert isinstance(value, dict), where
            members = {member.serialization.get("name", name): member for name, member in shape.members.items()}
            assert value.keys() <= members.keys(), f"{where} has no {value.keys() - members.keys()}"
            absent = {name for name in shape.required_members if name not in value}
            assert not absent - {name for op, name in _MAY_BE_ABSENT if op == operation}, f"{where} lacks {absent}"
            for name, member in value.items():
                _value(members[name], member, f"{where}.{name}", operation)
        case "list":
            assert isinstance(value, list), where
            for item in value:
                _value(shape.member, item, f"{where}[]", operation)
        case "map":
            assert isinstance(value, dict), where
            for item in value.values():
                _value(shape.value, item, f"{where}{{}}", operation)
        case "string":
            assert isinstance(value, str), where
            _text(shape, value, where)
        case "boolean":
            assert isinstance(value, bool), where
        case "integer" | "long":
            assert isinstance(value, int) and not isinstance(value, bool), where
        case "timestamp":
            assert isinstance(value, (int, float)), where
        case other:
            raise AssertionError(f"{where} is a {other}")


def _text(shape: Any, value: str, where: str) -> None:
    assert not shape.enum or value in shape.enum, f"{where}: {value!r}"
    metadata = shape.metadata
    assert metadata.get("min", 0) <= len(value) <= metadata.get("max", len(value)), f"{where}: {value!r}"
    if pattern := metadata.get("pattern"):
        assert re.search(f"^(?:{pattern})", value), f"{where}: {value!r} is not {pattern}"
