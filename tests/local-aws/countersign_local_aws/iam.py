"""IAM's names for calls on Lambda and Signer: the real action, the real resource, the condition key.

MiniStack guesses Lambda's actions from the path; here they are read from botocore's model. Resources and
the condition key follow the Service Authorization Reference (grade B).
"""

from __future__ import annotations

import json
from typing import Any

from ministack import app
from ministack.core import iam_actions
from ministack.services import signer

from . import operations, policies


def install() -> None:
    """Replaces what MiniStack asks for the action, resource and context of a request."""
    action_of, resource_of, context_of = (
        iam_actions._lambda_action,
        iam_actions.extract_resource_arn,
        iam_actions.request_tag_context,
    )

    def action(method: str, path: str) -> str | None:
        call = operations.identify("lambda", method, path, {})
        return call.iam_action.removeprefix("lambda:") if call else action_of(method, path)

    def resource(
        service: str,
        method: str,
        path: str,
        headers: dict[str, str],
        body: bytes,
        query: dict[str, Any],
        region: str,
        account: str,
    ) -> str:
        ours = _resource(service, method, path, body, query, region, account)
        return ours or resource_of(service, method, path, headers, body, query, region, account)

    def context(service: str, iam_action: str, body: bytes, query: dict[str, Any]) -> dict[str, Any]:
        found: dict[str, Any] = context_of(service, iam_action, body, query)
        if iam_action in ("lambda:CreateFunction", "lambda:PutFunctionCodeSigningConfig"):
            # The two operations that have the key (grade B); absent from the request, it is absent here.
            arn = _field(body, "CodeSigningConfigArn")
            return {**found, **({"lambda:CodeSigningConfigArn": arn} if arn else {})}
        if iam_action == "events:PutEvents":
            # MiniStack looks at the first entry; each of them is looked at by `policies.authorise_entries`.
            return {**found, **next((keys for _, keys in policies.entries_of(body)), {})}
        if iam_action == "kms:Sign":
            # The conditions that a key's policy may put on a signature (grade B); what the request leaves out is absent.
            asked = {"kms:SigningAlgorithm": "SigningAlgorithm", "kms:MessageType": "MessageType"}
            said = {key: _field(body, name) for key, name in asked.items()}
            return {**found, **{key: value for key, value in said.items() if value}}
        if iam_action == "signer:StartSigningJob":
            profile = signer._profiles.get(_field(body, "profileName") or "")
            return {**found, **({"signer:ProfileVersion": profile["profileVersion"]} if profile else {})}
        return found

    pin_origin = app.pin_request_origin
    # Policies that deny what comes without TLS must be deployable unchanged: loopback stands in for AWS's own
    # endpoints, which every client reaches over TLS, so `aws:SecureTransport` is true here.
    app.pin_request_origin = lambda address, _secure: pin_origin(address, True)
    iam_actions._lambda_action = action
    iam_actions.extract_resource_arn = resource
    iam_actions.request_tag_context = context


def _resource(
    service: str, method: str, path: str, body: bytes, query: dict[str, Any], region: str, account: str
) -> str | None:
    """The resource where MiniStack would name none or another one."""
    if service == "sqs":
        return _field(body, "SourceArn")
    if service not in ("lambda", "signer"):
        return None
    call = operations.identify(service, method, path, query)
    if call is None:
        return None
    in_path = call.path_parameters
    if service == "signer":
        return in_path.get("resourceArn")
    if "CodeSigningConfigArn" in in_path:
        return in_path["CodeSigningConfigArn"]
    if "VersionNumber" in in_path:
        return f"arn:aws:lambda:{region}:{account}:layer:{in_path['LayerName']}:{in_path['VersionNumber']}"
    name = _field(body, "FunctionName") if call.operation == "CreateFunction" else None
    return f"arn:aws:lambda:{region}:{account}:function:{name}" if name else None


def _field(body: bytes, name: str) -> str | None:
    try:
        value = json.loads(body or b"{}").get(name)
    except (ValueError, AttributeError):
        return None
    return value if isinstance(value, str) and value else None
