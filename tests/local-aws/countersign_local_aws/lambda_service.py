"""The Lambda API with code signing: configurations, and every call that brings code to a function judged.

MiniStack keeps the functions. This decides before it may change one, and adds what it leaves out: DryRun,
PublishVersion's conditions, ResourceConflictException while an update is under way, versions that are Pending at
first, signing ARNs.
"""

from __future__ import annotations

import asyncio
import base64
import contextvars
import hashlib
import json
import threading
import uuid
from collections.abc import Awaitable, Callable
from typing import Any

from ministack.services import cloudwatch, lambda_svc

from . import (
    access,
    code_signing,
    keys,
    lambda_names,
    lambda_network,
    lambda_reads,
    lambda_storage,
    lambda_versions,
    operations,
    otherwise,
)
from .answers import Answer, AwsError, empty, json_object, ok
from .judging import Judge, Reading, Status, judge, note
from .settings import SETTINGS

Handler = Callable[[str, str, dict[str, str], bytes, dict[str, Any]], Awaitable[Answer]]
_ARN_MEMBERS = ("SigningProfileVersionArn", "SigningJobArn")
_FAILED_UPDATE = {
    "LastUpdateStatus": "Failed",
    "LastUpdateStatusReason": "A test asked for this update to fail.",
    "LastUpdateStatusReasonCode": "InternalError",
    **lambda_versions.ACTIVE,
}
# Their body is the function's event: any JSON, and none of this module's business.
_INVOCATIONS = ("Invoke", "InvokeAsync", "InvokeWithResponseStream")
_TAG_OPERATIONS = ("ListTags", "TagResource", "UntagResource")


class Deployments:
    """What reaches a function, judged first; shared by the API and by CloudFormation."""

    def __init__(self, reader: Judge) -> None:
        self._reader = reader

    def read(self, code: bytes | None) -> Reading | None:
        """The signature of a package; None for an image, which cannot be signed so (grade B)."""
        return None if code is None else self._reader.read(code)

    def stamp(self, config: dict[str, Any], reading: Reading | None) -> None:
        """Gives a function's configuration the signing ARNs of its code, and its layers those of theirs."""
        if reading is not None:
            for member in _ARN_MEMBERS:
                config.pop(member, None)
            config.update(reading.arns())
        for layer in config.get("Layers") or []:
            version, error = lambda_svc._resolve_layer_version_for_attachment(layer["Arn"])
            signature = self.read(version.get("_zip_data")) if error is None else None
            layer.update(signature.arns() if signature else {})

    def admit(
        self,
        name: str,
        configuration: dict[str, Any] | None,
        code: Reading | None,
        layers: list[str],
        *,
        dry_run: bool = False,
    ) -> None:
        """Raises Lambda's refusal when the configuration blocks; counts and notes what it lets through under Warn.

        The metric counts deployments (grade B), so a DryRun is not counted; CloudTrail's data it has (grade D).
        """
        if configuration is None:
            return
        judged = [] if code is None else [(code, judge(code, configuration, lambda_svc._func_arn(name)))]
        for layer in layers:
            version, error = lambda_svc._resolve_layer_version_for_attachment(layer)
            if error is None:
                reading = self.read(version.get("_zip_data"))
                if reading is not None:
                    judged.append((reading, judge(reading, configuration, layer)))
        for reading, status in reversed(judged):
            note(status, reading)
            if status is not Status.VALID and not dry_run:
                cloudwatch.record_metric("AWS/Lambda", "SignatureValidationErrors", 1, "Count", {"FunctionName": name})


def install(deployments: Deployments) -> None:
    """Puts this in front of MiniStack's Lambda."""
    inner: Handler = lambda_svc.handle_request

    async def handle(method: str, path: str, headers: dict[str, str], body: bytes, query: dict[str, Any]) -> Answer:
        call = operations.identify("lambda", method, path, query)
        if call is None:
            return await inner(method, path, headers, body, query)
        if call.operation in _INVOCATIONS:
            try:
                return await inner(method, path, headers, body, _executed(call, query))
            except AwsError as error:
                return error.answer()
        try:
            request = _Request(
                call, json_object(body), headers, {name: _joined(value) for name, value in query.items()}
            )
            early, finish = await asyncio.to_thread(_before, deployments, request)
        except AwsError as error:
            return error.answer()
        except ValueError as error:
            message = f"Could not parse the request: {error}"
            return AwsError("lambda", "InvalidParameterValueException", message).answer()
        if early is not None:
            return early
        try:
            answer = await inner(method, path, headers, body, lambda_reads.capped(call.operation, query))
        except AwsError as error:
            return error.answer()
        if answer[0] >= 300:
            return answer
        answer = finish(answer) if finish else answer
        return lambda_reads.finished(request.operation, request.name, request.query, answer)

    lambda_svc.handle_request = handle
    lambda_storage.install()
    lambda_versions.install()
    _install_settling()


def _executed(call: operations.Call, query: dict[str, Any]) -> dict[str, Any]:
    """The query of an invocation, with the qualifier that it runs."""
    name, in_name = lambda_svc._resolve_request_scoped_name_and_qualifier(call.path_parameters["FunctionName"])
    function = lambda_svc._functions.get(name)
    if function is None:
        return query
    asked = in_name or _joined(query.get("Qualifier") or "") or None
    runs = lambda_versions.executed_qualifier(function, asked)
    lambda_storage.refresh(function)
    lambda_storage.require_active(lambda_svc._effective_func_record_for_qualifier(function, runs)[0])
    return query if runs == asked or in_name else {**query, "Qualifier": [runs]}


class _Request:
    """A request to one function or layer, or to neither."""

    def __init__(
        self, call: operations.Call, data: dict[str, Any], headers: dict[str, str], query: dict[str, str]
    ) -> None:
        self.operation, self.path = call.operation, call.path_parameters
        self.data, self.headers, self.query = data, headers, query
        reference = self.path.get("FunctionName") or data.get("FunctionName") or ""
        self.name = lambda_svc._resolve_request_scoped_name(reference) if reference else ""
        self.function: dict[str, Any] | None = lambda_svc._functions.get(self.name) if self.name else None
        if self.function is not None:
            lambda_storage.refresh(self.function)


_Finish = Callable[[Answer], Answer]
_Verdict = tuple[Answer | None, _Finish | None]


def _before(deployments: Deployments, request: _Request) -> _Verdict:
    """An answer of our own, or None and what is to be done with MiniStack's."""
    match request.operation:
        case "CreateFunction":
            return _create_function(deployments, request)
        case "UpdateFunctionCode" if request.function:
            return _update_code(deployments, request, request.function)
        case "UpdateFunctionConfiguration" if request.function:
            return _update_configuration(deployments, request, request.function)
        case "PublishVersion" if request.function:
            return _publish_version(request, request.function)
        case "UpdateAlias" if request.function:
            lambda_versions.require_ready(request.function, request.data.get("FunctionVersion"))
        case "PublishLayerVersion":
            return _publish_layer(deployments, request)
        case "ListFunctions":
            return lambda_reads.list_functions(request.query), None
    return _configuration_call(request), None


def _configuration_call(request: _Request) -> Answer | None:
    arn, data = request.path.get("CodeSigningConfigArn", ""), request.data
    match request.operation:
        case "CreateCodeSigningConfig":
            return ok({"CodeSigningConfig": code_signing.create(data)}, 201)
        case "GetCodeSigningConfig":
            return ok({"CodeSigningConfig": code_signing.get(arn)})
        case "UpdateCodeSigningConfig":
            return ok({"CodeSigningConfig": code_signing.update(arn, data)})
        case "DeleteCodeSigningConfig":
            code_signing.delete(arn)
            return empty()
        case "ListCodeSigningConfigs":
            return ok(code_signing.list_all(request.query))
        case "ListFunctionsByCodeSigningConfig":
            return ok(code_signing.list_functions(arn, request.query))
        case "PutFunctionCodeSigningConfig":
            # The action needs both of its resources (Service Authorization Reference, grade B).
            wanted = str(data.get("CodeSigningConfigArn"))
            access.require("lambda", request.headers, "lambda:PutFunctionCodeSigningConfig", wanted)
    if request.operation.endswith("FunctionCodeSigningConfig"):
        attached = code_signing.function_configuration(request.operation, request.path["FunctionName"], data)
        return empty() if attached is None else ok(attached)
    if request.operation in _TAG_OPERATIONS and ":code-signing-config:" in request.path.get("Resource", ""):
        tags = code_signing.tags(request.operation, request.path["Resource"], data, request.query)
        return empty() if tags is None else ok(tags)
    return None


def _create_function(deployments: Deployments, request: _Request) -> _Verdict:
    data = request.data
    wanted = data.get("CodeSigningConfigArn")
    configuration = code_signing.require(wanted) if wanted else None
    if request.function is not None:
        return None, None
    lambda_names.require(request.name)
    lambda_versions.require_publication(data, data)
    lambda_network.require(request.name, data)
    lambda_storage.require(lambda_svc._func_arn(request.name), data.get("Code") or {})
    code = _fetch(request, data.get("Code") or {})
    if refused := lambda_svc._reject_unreadable_zip(code):
        return refused, None
    reading = deployments.read(code)
    deployments.admit(request.name, configuration, reading, _layers(data))

    def finish(answer: Answer) -> Answer:
        function = lambda_svc._functions[request.name]
        function["code_signing_config_arn"] = wanted or ""
        return _stamped(deployments, answer, function, reading)

    return None, finish


def _update_code(deployments: Deployments, request: _Request, function: dict[str, Any]) -> _Verdict:
    data = request.data
    if refused := lambda_svc._check_revision(function["config"], data):
        return refused, None
    _require_settled(function)
    lambda_versions.require_publication(function["config"], data)
    lambda_storage.require(lambda_svc._func_arn(request.name), data)
    code = _fetch(request, data)
    if code is None and not data.get("ImageUri"):
        source = f"s3://{data.get('S3Bucket')}/{data.get('S3Key')}"
        raise AwsError("lambda", "InvalidParameterValueException", f"There is no code at {source}.")
    if refused := lambda_svc._reject_unreadable_zip(code):
        return refused, None
    reading = deployments.read(code)
    dry_run = bool(data.get("DryRun"))
    if dry_run and (answer := _dry_run_otherwise(function, reading)):
        return answer, None
    deployments.admit(request.name, code_signing.attached_to(function), reading, [], dry_run=dry_run)
    if dry_run:
        # What the answer of a DryRun describes is not recorded: it is the package that was sent (grade D).
        shown = dict(function["config"])
        if code is not None:
            shown.update(CodeSha256=code_sha256(code), CodeSize=len(code))
        deployments.stamp(shown, reading)
        return ok(shown), None
    return None, lambda answer: _stamped(deployments, answer, function, reading)


def _dry_run_otherwise(function: dict[str, Any], reading: Reading | None) -> Answer | None:
    """What a dry run does otherwise; None where it does as AWS is taken to do."""
    if otherwise.does("dry-run-changes-nothing"):
        function["config"]["RevisionId"] = str(uuid.uuid4())
    is_signed = reading is not None and reading.claims is not None
    if is_signed and otherwise.does("dry-run-valid"):
        raise AwsError("lambda", "InvalidCodeSignatureException", "A test asked for this refusal.")
    if reading is None or is_signed:
        return None
    if reading.corrupt and otherwise.does("dry-run-altered"):
        raise AwsError("lambda", "InvalidCodeSignatureException", "A test asked for this refusal.")
    if not reading.corrupt and otherwise.does("dry-run-unsigned"):
        return ok(dict(function["config"]))
    return None


def _update_configuration(deployments: Deployments, request: _Request, function: dict[str, Any]) -> _Verdict:
    if refused := lambda_svc._check_revision(function["config"], request.data):
        return refused, None
    _require_settled(function)
    lambda_network.require(request.name, {"Role": function["config"]["Role"], **request.data})
    deployments.admit(request.name, code_signing.attached_to(function), None, _layers(request.data))
    return None, lambda answer: _stamped(deployments, answer, function, None)


def _publish_version(request: _Request, function: dict[str, Any]) -> _Verdict:
    if refused := lambda_svc._check_revision(function["config"], request.data):
        return refused, None
    _require_settled(function)
    wanted, current = request.data.get("CodeSha256"), function["config"].get("CodeSha256")
    if wanted and wanted != current:
        raise AwsError(
            "lambda",
            "InvalidParameterValueException",
            f"CodeSHA256 ({wanted}) is different from current CodeSHA256 in $LATEST ({current}). "
            "Please try again with the CodeSHA256 in $LATEST.",
        )
    lambda_versions.require_publication(function["config"], request.data)
    return None, None


def _publish_layer(deployments: Deployments, request: _Request) -> _Verdict:
    """Takes unsigned and tampered layers alike, and leaves the signing ARNs out of the answer (grade C)."""
    content = request.data.get("Content") or {}
    code = _fetch(request, content)
    if code is None:
        raise AwsError("lambda", "InvalidParameterValueException", "The layer has no content.")
    reading = deployments.read(code)
    lambda_storage.require(lambda_svc._layer_arn(request.path["LayerName"]), content)

    def finish(answer: Answer) -> Answer:
        document = json.loads(answer[2])
        version, error = lambda_svc._resolve_layer_version_for_attachment(document["LayerVersionArn"])
        if error is None:
            for shown in (version["Content"], document["Content"]):
                shown.update(lambda_storage.resolved(content) | (reading.arns() if reading else {}))
        return answer[0], answer[1], json.dumps(document).encode()

    return None, finish


def _stamped(deployments: Deployments, answer: Answer, function: dict[str, Any], reading: Reading | None) -> Answer:
    document = json.loads(answer[2])
    version = function["versions"].get(document["Version"])
    for config in (document, function["config"], version["config"] if version else {}):
        deployments.stamp(config, reading)
    if version is not None:
        # A published answer names the version in its ARN, as PublishVersion's does.
        arn = f"{function['config']['FunctionArn']}:{document['Version']}"
        document["FunctionArn"] = version["config"]["FunctionArn"] = arn
    return answer[0], answer[1], json.dumps(document).encode()


def code_sha256(code: bytes) -> str:
    """Lambda's CodeSha256: base64 of the SHA-256 of the zip (grade A)."""
    return base64.b64encode(hashlib.sha256(code).digest()).decode()


def _fetch(request: _Request, code: dict[str, Any]) -> bytes | None:
    if code.get("ZipFile"):
        return base64.b64decode(code["ZipFile"])
    if not code.get("S3Bucket") or not code.get("S3Key"):
        return None
    access.require_for_code(request.headers, code)
    keys.require_to_read("lambda", request.headers, code["S3Bucket"], code["S3Key"], code.get("S3ObjectVersion"))
    fetched: bytes | None = lambda_svc._fetch_code_from_s3(
        code["S3Bucket"], code["S3Key"], version_id=code.get("S3ObjectVersion")
    )
    if fetched is None:
        # As in public reports of AWS (grade C).
        message = (
            "Error occurred while GetObject. S3 Error Code: NoSuchKey. "
            "S3 Error Message: The specified key does not exist."
        )
        raise AwsError("lambda", "InvalidParameterValueException", message)
    return fetched


def _layers(data: dict[str, Any]) -> list[str]:
    return [layer if isinstance(layer, str) else layer["Arn"] for layer in data.get("Layers") or []]


def _require_settled(function: dict[str, Any]) -> None:
    """Publishing or updating while an update is under way is refused (grade A)."""
    config = function["config"]
    if config.get("LastUpdateStatus") == "InProgress":
        raise AwsError(
            "lambda",
            "ResourceConflictException",
            "The operation cannot be performed at this time. "
            f"An update is in progress for resource: {config['FunctionArn']}",
        )


def _install_settling() -> None:
    """An update settles after the set time, and then changes RevisionId once more when that is set."""

    def schedule(name: str, _delay: float) -> None:
        context, function = contextvars.copy_context(), lambda_svc._functions.get(name)

        def settle() -> None:
            SETTINGS.wait_for("update_seconds")
            # A reset takes functions away, and the next test makes others of the same name.
            if function is None or lambda_svc._functions.get(name) is not function:
                return
            config = function["config"]
            if config.get("LastUpdateStatus") == "InProgress":
                # Before the status changes: whoever sees it settled has to see the last RevisionId.
                if SETTINGS.revision_changes_when_settled:
                    config["RevisionId"] = str(uuid.uuid4())
                if SETTINGS.updates_fail:
                    config.update(_FAILED_UPDATE)
                    return
            # Versions become ready by themselves, not with the function.
            config.update(lambda_versions.ACTIVE)
            config.update(lambda_versions.SETTLED)

        threading.Thread(target=context.run, args=(settle,), daemon=True).start()

    lambda_svc._schedule_state_transition = schedule


def _joined(value: Any) -> str:
    return ",".join(value) if isinstance(value, list) else str(value)
