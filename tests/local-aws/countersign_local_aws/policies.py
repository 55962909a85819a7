"""What MiniStack's evaluation of policies lacks: condition keys, NotPrincipal, the account root, event buses.

Everything here follows the IAM user guide and the Service Authorization Reference (grade B) unless it says otherwise.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from ministack import app
from ministack.core import iam_actions, iam_evaluator
from ministack.core.iam_evaluator import EvalContext, evaluate_resource_policy, parse_policy_document
from ministack.core.responses import get_account_id, get_region
from ministack.core.router import extract_access_key_id
from ministack.services import eventbridge, iam

from .answers import Answer

_SERVICE = "aws:principalservicename"
_VIA = "aws:calledvia"
_ROOT_ALLOWED = {"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}
# What a bucket's policy cannot take from the account root, or nobody could mend a policy that denies everything.
_NEVER_DENIED_TO_ROOT = ("s3:GetBucketPolicy", "s3:PutBucketPolicy", "s3:DeleteBucketPolicy")
_MAKES_OBJECTS = "s3:ObjectCreationOperation"


def install() -> None:
    """Replaces parts of MiniStack's evaluator, which looks them up by name at each request."""
    iam_evaluator._resolve_condition_key = _with_more_keys(iam_evaluator._resolve_condition_key)
    iam_evaluator.evaluate_resource_policy = _with_not_principal(evaluate_resource_policy)
    iam_evaluator.resolve_principal = _with_bound_root(iam_evaluator.resolve_principal)
    iam_evaluator.enforce = _with_roots_way_back(iam_evaluator.enforce)
    iam_evaluator._RESOURCE_POLICY_LOOKUPS["events"] = ("eventbridge", "bus_policy_for_arn")
    eventbridge.bus_policy_for_arn = _bus_policy
    # MiniStack would ask again for each further bus of a PutEvents, without the keys of its entries.
    buses = iam_actions.eventbridge_resource_arns
    iam_actions.eventbridge_resource_arns = lambda *request: buses(*request)[:1]
    iam_actions.s3_service_context = _with_conditional_writes(iam_actions.s3_service_context)


def authorise_entries(headers: dict[str, str], query: dict[str, Any], body: bytes, request_id: str) -> Answer | None:
    """The refusal of a PutEvents with an entry that the caller may not put, each with its own bus and source.

    That one such entry refuses the whole call is inferred (grade D).
    """
    if not app.AUTH:
        return None
    access_key, action = extract_access_key_id(headers, query) or "", "events:PutEvents"
    for arn, context in entries_of(body):
        denied = iam_evaluator.enforce(
            access_key, action, "events", get_region(), resource_arn=arn, service_context=context
        )
        if isinstance(denied, iam_evaluator.EvalResult):
            answer: Answer = iam_actions.access_denied_response(
                "events",
                action,
                denied.principal_arn,
                request_id,
                headers=headers,
                resource_arn=arn,
                explicit_deny=denied.decision == "Deny",
                resource_policy_arn=denied.resource_policy_arn,
            )
            return answer
    return None


def entries_of(body: bytes) -> list[tuple[str, dict[str, str]]]:
    """The bus and the condition keys of each entry of a PutEvents."""
    try:
        entries = json.loads(body or b"{}").get("Entries")
    except (ValueError, AttributeError):
        return []
    found = []
    for entry in entries if isinstance(entries, list) else []:
        if isinstance(entry, dict):
            bus = str(entry.get("EventBusName") or "default")
            arn = bus if bus.startswith("arn:") else f"arn:aws:events:{get_region()}:{get_account_id()}:event-bus/{bus}"
            keys = {"events:source": entry.get("Source"), "events:detail-type": entry.get("DetailType")}
            found.append((arn, {name: str(value) for name, value in keys.items() if value is not None}))
    return found


def _with_more_keys(resolve: Callable[[str, EvalContext], Any]) -> Callable[[str, EvalContext], Any]:
    def resolved(key: str, context: EvalContext) -> Any:
        service, via = context.service_context.get(_SERVICE), context.service_context.get(_VIA)
        match key.lower():
            case "aws:principalisawsservice":
                return str(service is not None).lower()
            case "aws:principalservicenameslist":
                return [service] if service else None
            case "aws:viaawsservice":
                return str(via is not None).lower()
            case "aws:calledviafirst" | "aws:calledvialast":
                # Only Signer and Lambda forward a caller's rights here, so that there is never a second one.
                return via[0] if via else None
            case "aws:principalarn" if service is None:
                return _role_arn(context.principal_arn)
            case "aws:principalarn" | "aws:principalaccount" | "aws:principaltype" | "aws:principalorgid" if service:
                return None
        return resolve(key, context)

    return resolved


def _role_arn(arn: str) -> str:
    """`aws:PrincipalArn` is a session's role with its path, never the session."""
    _, marker, session = arn.partition(":assumed-role/")
    if not marker:
        return arn
    account, name = arn.split(":")[4], session.split("/")[0]
    role = iam._roles.get_scoped(account, None, name)
    return str(role["Arn"]) if role else f"arn:aws:iam::{account}:role/{name}"


def _with_not_principal(evaluate: Callable[..., Any]) -> Callable[..., Any]:
    def evaluated(
        policy: Any,
        context: EvalContext,
        service: str | None = None,
        named_only: bool = False,
        direct_only: bool = False,
    ) -> Any:
        if service is not None:
            context = replace(context, service_context={**context.service_context, _SERVICE: service})
        if isinstance(policy, str):
            try:
                policy = json.loads(policy)
            except ValueError:
                policy = None
        statements = policy.get("Statement", []) if isinstance(policy, dict) else []
        statements = [statements] if isinstance(statements, dict) else statements
        read = [
            _with_principal(statement, context, service)
            for statement in statements
            if isinstance(statement, dict) and not (("NotPrincipal" in statement) and (named_only or direct_only))
        ]
        document = {"Statement": [statement for statement in read if statement is not None]}
        return evaluate(document, context, service=service, named_only=named_only, direct_only=direct_only)

    return evaluated


def _with_principal(statement: dict[str, Any], context: EvalContext, service: str | None) -> dict[str, Any] | None:
    """A Deny with NotPrincipal as one with a Principal, or None when it leaves the caller out.

    A caller is left out when each of its layers is listed: the account, the role or user, and the role's session.
    """
    if "NotPrincipal" not in statement:
        return statement
    if statement.get("Effect") != "Deny":
        # AWS refuses such a policy; MiniStack stores it, and it allows nothing.
        return None
    listed = statement["NotPrincipal"]
    if listed == "*":
        return None
    if service is not None:
        layers, named = {service}, _texts(listed.get("Service"))
    else:
        account = context.principal_account
        layers, named = {f"arn:aws:iam::{account}:root", context.principal_arn}, _texts(listed.get("AWS"))
        layers.add(_role_arn(context.principal_arn))
        named |= {f"arn:aws:iam::{name}:root" for name in named if name.isdigit()}
    rest = {name: value for name, value in statement.items() if name != "NotPrincipal"}
    return None if layers <= named or "*" in named else {**rest, "Principal": "*"}


def _texts(value: Any) -> set[str]:
    return {value} if isinstance(value, str) else {str(each) for each in value or []}


def _with_bound_root(resolve: Callable[..., Any]) -> Callable[..., Any]:
    """The account root may do everything, but resource policies bind it like everybody."""

    def resolved(*arguments: Any, **named: Any) -> Any:
        principal = resolve(*arguments, **named)
        if getattr(principal, "policies", ()) is None:
            return replace(principal, policies=[parse_policy_document(_ROOT_ALLOWED)])
        return principal

    return resolved


def _with_roots_way_back(enforce: Callable[..., Any]) -> Callable[..., Any]:
    def enforced(access_key_id: str, iam_action: str, *arguments: Any, **named: Any) -> Any:
        denied = enforce(access_key_id, iam_action, *arguments, **named)
        is_denial = isinstance(denied, iam_evaluator.EvalResult)
        if is_denial and iam_action in _NEVER_DENIED_TO_ROOT and denied.principal_arn.endswith(":root"):
            return None
        return denied

    return enforced


def _bus_policy(arn: str) -> tuple[str, str] | None:
    _, _, _, region, account, resource = arn.split(":", 5)
    kind, _, name = resource.partition("/")
    if kind != "event-bus":
        return None
    policy = eventbridge._event_bus_policies.get_scoped(account, region, name)
    return json.dumps(policy) if policy else "", account


def _with_conditional_writes(context_of: Callable[..., dict[str, Any]]) -> Callable[..., dict[str, Any]]:
    def context(
        iam_action: str, query: dict[str, Any] | None, path: str = "", headers: dict[str, str] | None = None
    ) -> dict[str, Any]:
        found = context_of(iam_action, query, path, headers)
        if iam_action != "s3:PutObject":
            return found
        for header, key in (
            ("if-none-match", "s3:if-none-match"),
            ("if-match", "s3:if-match"),
            ("x-amz-copy-source", "s3:x-amz-copy-source"),
            ("x-amz-storage-class", "s3:x-amz-storage-class"),
            (
                "x-amz-server-side-encryption-customer-algorithm",
                "s3:x-amz-server-side-encryption-customer-algorithm",
            ),
        ):
            if value := (headers or {}).get(header):
                found[key] = value
        # The parts of a multipart upload and its start are writes that make no object; they cannot be conditional.
        parts = query or {}
        makes_none = "uploads" in parts or "partNumber" in parts
        return {**found, _MAKES_OBJECTS: str(not makes_none).lower()}

    return context
