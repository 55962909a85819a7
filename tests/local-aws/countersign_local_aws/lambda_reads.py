"""What Lambda's answers about functions hold besides what MiniStack puts in: pages, hashes, where a package is."""

from __future__ import annotations

import json
from typing import Any

from ministack.services import lambda_svc

from . import code_signing, lambda_storage, lambda_versions
from .answers import Answer, ok

_MOST_LISTED = 50
# The members that ListFunctions leaves out (botocore's model, grade A).
_NOT_LISTED = (
    "State", "StateReasonCode", "StateReason", "LastUpdateStatus", "LastUpdateStatusReason",
    "LastUpdateStatusReasonCode", "RuntimeVersionConfig",
)  # fmt: skip
_PAGED = ("ListVersionsByFunction", "ListAliases", "ListLayers", "ListLayerVersions")


def capped(operation: str, query: dict[str, Any]) -> dict[str, Any]:
    """A listing's query; Lambda answers at most 50 at a time whatever `MaxItems` asks for."""
    if operation not in _PAGED:
        return query
    asked = query.get("MaxItems") or [str(_MOST_LISTED)]
    most = int(asked[0] if isinstance(asked, list) else asked)
    return {**query, "MaxItems": [str(min(most, _MOST_LISTED))]}


def list_functions(query: dict[str, str]) -> Answer:
    """ListFunctions, with every version when `FunctionVersion` is `ALL`."""
    listed = []
    for name in sorted(lambda_svc._functions.keys()):
        function = lambda_svc._functions[name]
        configs = [function["config"]]
        if query.get("FunctionVersion") == "ALL":
            configs += [function["versions"][number]["config"] for number in sorted(function["versions"], key=int)]
        listed += [{member: config[member] for member in config if member not in _NOT_LISTED} for config in configs]
    page = code_signing.page("Functions", [_hashed(config) for config in listed], query)
    return ok(page)


def finished(operation: str, name: str, query: dict[str, str], answer: Answer) -> Answer:
    """An answer with ConfigSha256 in its configurations, and the package of the very version that was asked for."""
    if operation not in _WITH_CONFIGURATIONS:
        return answer
    document = json.loads(answer[2])
    if operation == "GetFunction":
        document["Configuration"] = _hashed(document["Configuration"])
        record, _ = lambda_svc._effective_func_record_for_qualifier(
            lambda_svc._functions.get(name), query.get("Qualifier")
        )
        document["Code"].pop("ResolvedS3Object", None)
        if record and record.get("s3_object_ref"):
            mode = {"S3ObjectStorageMode": record.get("s3_object_storage_mode")}
            document["Code"].update(lambda_storage.resolved({**record["s3_object_ref"], **mode}))
    elif operation == "ListVersionsByFunction":
        document["Versions"] = [_hashed(config) for config in document["Versions"]]
    else:
        document = _hashed(document)
    return answer[0], answer[1], json.dumps(document).encode()


_WITH_CONFIGURATIONS = (
    "CreateFunction", "GetFunction", "GetFunctionConfiguration", "ListVersionsByFunction", "PublishVersion",
    "UpdateFunctionCode", "UpdateFunctionConfiguration",
)  # fmt: skip


def _hashed(config: dict[str, Any]) -> dict[str, Any]:
    """A published version keeps the hash that it was published with; its description may be its own."""
    kept = config.get("ConfigSha256") if config.get("Version") != lambda_versions.LATEST else None
    return {**config, "ConfigSha256": kept or lambda_versions.config_sha256(config)}
