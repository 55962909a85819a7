"""Lambda's code signing configurations: made, changed, listed, deleted, attached and detached.

Shapes and error names: botocore's model. What AWS was seen to do where the model is silent carries its
grade in the comment.
"""

from __future__ import annotations

import base64
import re
import secrets
import string
from datetime import UTC, datetime
from typing import Any

from ministack.core.responses import AccountRegionScopedDict, get_account_id, get_region
from ministack.services import lambda_svc

from .answers import AwsError

CONFIGURATIONS = AccountRegionScopedDict()
"""ARN to CodeSigningConfig, with the tags under `_tags`."""

_ID_CHARACTERS = string.ascii_lowercase + string.digits
_MOST_PUBLISHERS, _MOST_LISTED = 20, 50
_POLICIES = ("Warn", "Enforce")
_PROFILE_VERSION_ARN = re.compile(
    r"arn:[a-z-]+:signer:[a-z0-9-]+:\d{12}:/signing-profiles/[a-zA-Z0-9_]{2,64}/[a-zA-Z0-9]{10}"
)


def create(body: dict[str, Any]) -> dict[str, Any]:
    """CreateCodeSigningConfig. Publishers need not exist: AWS takes any well-formed ARN (grade C)."""
    identifier = "csc-" + "".join(secrets.choice(_ID_CHARACTERS) for _ in range(17))
    arn = f"arn:aws:lambda:{get_region()}:{get_account_id()}:code-signing-config:{identifier}"
    configuration = {
        "CodeSigningConfigId": identifier,
        "CodeSigningConfigArn": arn,
        "Description": body.get("Description") or "",
        "AllowedPublishers": _publishers(body.get("AllowedPublishers")),
        "CodeSigningPolicies": {"UntrustedArtifactOnDeployment": _policy(body) or "Warn"},
        "LastModified": _now(),
        "_tags": dict(body.get("Tags") or {}),
    }
    CONFIGURATIONS[arn] = configuration
    return shown(configuration)


def get(arn: str) -> dict[str, Any]:
    """GetCodeSigningConfig."""
    return shown(_existing(arn))


def update(arn: str, body: dict[str, Any]) -> dict[str, Any]:
    """UpdateCodeSigningConfig: what is absent stays, and empty policies keep the old one (grade C)."""
    configuration = _existing(arn)
    publishers = _publishers(body["AllowedPublishers"]) if body.get("AllowedPublishers") is not None else None
    policy = _policy(body)
    if body.get("Description") is not None:
        configuration["Description"] = body["Description"]
    if publishers:
        configuration["AllowedPublishers"] = publishers
    if policy:
        configuration["CodeSigningPolicies"] = {"UntrustedArtifactOnDeployment": policy}
    configuration["LastModified"] = _now()
    return shown(configuration)


def delete(arn: str) -> None:
    """DeleteCodeSigningConfig; one that functions use stays (grade C)."""
    _existing(arn)
    if users := functions_using(arn):
        raise AwsError(
            "lambda",
            "ResourceConflictException",
            f"Cannot delete the code signing configuration {arn}: {len(users)} function(s) use it.",
        )
    del CONFIGURATIONS[arn]


def list_all(query: dict[str, str]) -> dict[str, Any]:
    """ListCodeSigningConfigs."""
    return page("CodeSigningConfigs", [shown(entry) for entry in CONFIGURATIONS.values()], query)


def functions_using(arn: str) -> list[str]:
    """The ARNs of the functions that a configuration is attached to."""
    return [
        function["config"]["FunctionArn"]
        for function in lambda_svc._functions.values()
        if function.get("code_signing_config_arn") == arn
    ]


def list_functions(arn: str, query: dict[str, str]) -> dict[str, Any]:
    """ListFunctionsByCodeSigningConfig."""
    _existing(arn)
    return page("FunctionArns", functions_using(arn), query)


def attached_to(function: dict[str, Any]) -> dict[str, Any] | None:
    """The configuration of a function, or None."""
    arn = function.get("code_signing_config_arn")
    return CONFIGURATIONS.get(arn) if arn else None


def require(arn: str) -> dict[str, Any]:
    """The configuration that a function is to get; its absence has its own error there."""
    configuration: dict[str, Any] | None = CONFIGURATIONS.get(arn)
    if configuration is None:
        raise AwsError(
            "lambda", "CodeSigningConfigNotFoundException", f"The code signing configuration {arn} does not exist."
        )
    return configuration


def function_configuration(operation: str, reference: str, body: dict[str, Any]) -> dict[str, Any] | None:
    """Get, Put and DeleteFunctionCodeSigningConfig; affects later deployments only (grade B)."""
    name, qualifier = lambda_svc._resolve_request_scoped_name_and_qualifier(reference)
    if qualifier:
        raise AwsError(
            "lambda", "InvalidParameterValueException", f"A code signing configuration has no qualifier: {qualifier}"
        )
    function = lambda_svc._functions.get(name)
    if function is None:
        raise AwsError("lambda", "ResourceNotFoundException", f"Function not found: {lambda_svc._func_arn(name)}")
    if operation == "DeleteFunctionCodeSigningConfig":
        function["code_signing_config_arn"] = ""
        return None
    if operation == "PutFunctionCodeSigningConfig":
        function["code_signing_config_arn"] = require(str(body.get("CodeSigningConfigArn")))["CodeSigningConfigArn"]
    arn = function.get("code_signing_config_arn")
    # Without a configuration AWS answers without the member (grade C), though the model calls it required.
    return {"FunctionName": name, **({"CodeSigningConfigArn": arn} if arn else {})}


def tags(operation: str, arn: str, body: dict[str, Any], query: dict[str, str]) -> dict[str, Any] | None:
    """Lambda's tag operations on a configuration; None for the two that answer without a body."""
    held: dict[str, str] = _existing(arn)["_tags"]
    if operation == "ListTags":
        return {"Tags": held}
    if operation == "TagResource":
        held.update(body.get("Tags") or {})
    else:
        for key in query.get("tagKeys", "").split(","):
            held.pop(key, None)
    return None


def shown(configuration: dict[str, Any]) -> dict[str, Any]:
    """A configuration as answers carry it."""
    return {name: value for name, value in configuration.items() if not name.startswith("_")}


def page(name: str, items: list[Any], query: dict[str, str]) -> dict[str, Any]:
    """One page of a listing; `MaxItems` is 1 to 10000 in the model, and Lambda answers at most 50."""
    start = int(base64.b64decode(query["Marker"])) if query.get("Marker") else 0
    most = min(int(query.get("MaxItems") or _MOST_LISTED), _MOST_LISTED)
    body: dict[str, Any] = {name: items[start : start + most]}
    if start + most < len(items):
        body["NextMarker"] = base64.b64encode(str(start + most).encode()).decode()
    return body


def _existing(arn: str) -> dict[str, Any]:
    configuration: dict[str, Any] | None = CONFIGURATIONS.get(arn)
    if configuration is None:
        raise AwsError("lambda", "ResourceNotFoundException", f"The code signing configuration {arn} does not exist.")
    return configuration


def _publishers(publishers: Any) -> dict[str, list[str]]:
    arns = (publishers or {}).get("SigningProfileVersionArns") or []
    if not 1 <= len(arns) <= _MOST_PUBLISHERS:
        raise AwsError(
            "lambda",
            "InvalidParameterValueException",
            f"AllowedPublishers must name 1 to {_MOST_PUBLISHERS} signing profile versions, not {len(arns)}.",
        )
    for arn in arns:
        if not _PROFILE_VERSION_ARN.fullmatch(str(arn)):
            raise AwsError(
                "lambda", "InvalidParameterValueException", f"{arn} is not the ARN of a signing profile version."
            )
    return {"SigningProfileVersionArns": list(arns)}


def _policy(body: dict[str, Any]) -> str | None:
    policy: str | None = (body.get("CodeSigningPolicies") or {}).get("UntrustedArtifactOnDeployment")
    if policy is not None and policy not in _POLICIES:
        raise AwsError(
            "lambda",
            "InvalidParameterValueException",
            f"UntrustedArtifactOnDeployment must be one of {', '.join(_POLICIES)}, not {policy!r}.",
        )
    return policy


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "+0000"
