"""Whether a service may deliver: the policy of a queue, topic or function, the key that encrypts it, a schedule's role.

MiniStack asks the policies of queues and topics for S3 and SNS, and none for EventBridge and its Scheduler. What
they need follows the services' documentation of resource-based policies (grade B).
"""

from __future__ import annotations

import contextvars
import logging
from dataclasses import replace
from typing import Any

from ministack import app
from ministack.core import iam_evaluator
from ministack.core.iam_evaluator import EvalContext
from ministack.core.responses import get_account_id, get_region
from ministack.services import eventbridge, iam, kms, lambda_svc, s3, sns, sqs

_EVENTS, _SCHEDULER = "events.amazonaws.com", "scheduler.amazonaws.com"
log = logging.getLogger("countersign.deliveries")

# The ARN of the rule or schedule that delivers, and the role that its target names.
_source: contextvars.ContextVar[tuple[str, str]] = contextvars.ContextVar("source", default=("", ""))


def install() -> None:
    """Replaces what MiniStack asks before it delivers, and asks where it does not."""
    topic_policy_allows = sns.topic_policy_allows

    def queue_allows(arn: str, service: str, source_arn: str, _source_account: str) -> bool:
        queue = sqs._queue_by_arn(arn)
        if not app.AUTH or queue is None:
            return queue is not None
        attributes = queue["attributes"]
        allowed = _service_may(service, "sqs:SendMessage", arn, attributes.get("Policy"), source_arn)
        return allowed and _may_use_key(service, attributes.get("KmsMasterKeyId"), source_arn)

    def topic_allows(arn: str, service: str, source_arn: str, source_account: str) -> bool:
        # The topic's default policy asks for `aws:SourceOwner`, which MiniStack sets and S3 is recorded to send.
        allowed = topic_policy_allows(arn, service, source_arn, source_account)
        return allowed and (not app.AUTH or _may_use_key(service, _attribute(arn, "KmsMasterKeyId"), source_arn))

    sqs.queue_policy_allows = queue_allows
    sns.topic_policy_allows = topic_allows
    _install_targets()


def _install_targets() -> None:
    """Rules deliver as `events.amazonaws.com`, schedules as the role of their target."""
    invoke = eventbridge._invoke_target
    to_queue, to_topic = eventbridge._dispatch_to_sqs, eventbridge._dispatch_to_sns
    to_function = eventbridge._dispatch_to_lambda

    def invoke_for_source(
        target: dict[str, Any], event: dict[str, Any], rule: dict[str, Any], view: Any = None
    ) -> None:
        token = _source.set((str(rule.get("Arn") or ""), str(target.get("RoleArn") or "")))
        try:
            invoke(target, event, rule, view)
        finally:
            _source.reset(token)

    def to_allowed_queue(spec: Any, *arguments: Any) -> None:
        queue = sqs._queue_by_arn(str(spec)) or {"attributes": {}}
        attributes = queue["attributes"]
        if _may_deliver("sqs:SendMessage", str(spec), attributes.get("Policy"), attributes.get("KmsMasterKeyId")):
            to_queue(spec, *arguments)

    def to_allowed_topic(arn: str, payload: str) -> None:
        if _may_deliver("sns:Publish", arn, _attribute(arn, "Policy"), _attribute(arn, "KmsMasterKeyId")):
            to_topic(arn, payload)

    def to_allowed_function(arn: str, payload: str) -> None:
        policy, _ = lambda_svc.function_policy_for_arn(arn) or (None, None)
        if _may_deliver("lambda:InvokeFunction", arn, policy, None):
            to_function(arn, payload)

    eventbridge._invoke_target = invoke_for_source
    eventbridge._dispatch_to_sqs = to_allowed_queue
    eventbridge._dispatch_to_sns = to_allowed_topic
    eventbridge._dispatch_to_lambda = to_allowed_function


def _may_deliver(action: str, resource: str, policy: Any, key_id: str | None) -> bool:
    if not app.AUTH:
        return True
    source, role = _source.get()
    if ":scheduler:" in source:
        allowed = _role_may(role, action, resource, policy)
    else:
        allowed = _service_may(_EVENTS, action, resource, policy, source) and _may_use_key(_EVENTS, key_id, source)
    if not allowed:
        log.warning("%s may not %s on %s", source, action, resource)
    return allowed


def bucket_denies(service: str, action: str, resource: str) -> bool:
    """Whether a bucket's policy denies a service something on one of its objects."""
    policy, _ = s3.bucket_policy_for_arn(resource) or ("", None)
    context = _service_context(action, resource, "")
    decision = iam_evaluator.evaluate_resource_policy(policy, context, service=service).decision
    return bool(app.AUTH and decision == "Deny")


def bucket_allows(service: str, action: str, resource: str, source_arn: str) -> bool:
    """Whether a bucket's policy lets a service do something with one of its objects for `source_arn`."""
    policy, _ = s3.bucket_policy_for_arn(resource) or ("", None)
    return not app.AUTH or _service_may(service, action, resource, policy, source_arn)


def key_allows(service: str, action: str, key_id: str | None, source_arn: str) -> bool:
    """Whether the policy of a customer's key lets a service use it for `source_arn`; without such a key, it may."""
    if not app.AUTH or not key_id or "alias/aws/" in key_id:
        return True
    key = kms._resolve_key(key_id)
    if key is None or not key["Enabled"]:
        return False
    return _allowed(service, key.get("Policy"), _service_context(action, key["Arn"], source_arn))


def _service_may(service: str, action: str, resource: str, policy: Any, source_arn: str) -> bool:
    """Whether a resource's policy lets a service act on it for `source_arn`, a resource of this account."""
    return _allowed(service, policy, _service_context(action, resource, source_arn))


def _allowed(service: str, policy: Any, context: EvalContext) -> bool:
    return bool(iam_evaluator.evaluate_resource_policy(policy or "", context, service=service).decision == "Allow")


def _service_context(action: str, resource: str, source_arn: str) -> EvalContext:
    return EvalContext(
        principal_arn="*",
        principal_type="Service",
        principal_account="",
        action=action,
        resource_arn=resource,
        region=get_region(),
        secure_transport=True,
        service_context={
            "aws:sourcearn": source_arn or None,
            "aws:sourceaccount": get_account_id(),
            "s3:objectcreationoperation": "true" if action == "s3:PutObject" else None,
        },
    )


def _role_may(role_arn: str, action: str, resource: str, policy: Any) -> bool:
    """Whether a schedule's role trusts the Scheduler and may do this."""
    role = iam._roles.get_scoped(get_account_id(), None, role_arn.rsplit("/", 1)[-1])
    if role is None or not _service_may(_SCHEDULER, "sts:AssumeRole", "*", role["AssumeRolePolicyDocument"], ""):
        return False
    return role_may(role_arn, "scheduler", action, resource, policy)


def role_may(
    role_arn: str, session: str, action: str, resource: str, policy: Any, *, policy_required: bool = False
) -> bool:
    """Whether a service that acts as a role may do this; the resource's own policy may deny it, or has to allow it."""
    account, name = get_account_id(), role_arn.rsplit("/", 1)[-1]
    context = EvalContext(
        principal_arn=f"arn:aws:sts::{account}:assumed-role/{name}/{session}",
        principal_type="AssumedRole",
        principal_account=account,
        action=action,
        resource_arn=resource,
        region=get_region(),
        secure_transport=True,
    )
    own = iam_evaluator.evaluate(context, iam_evaluator._gather_role_policies(name, account))
    decided = iam_evaluator.combine_resource_policy(own, context, policy or "", account, required=policy_required)
    return bool(not app.AUTH or decided.decision == "Allow")


def _may_use_key(service: str, key_id: str | None, source_arn: str) -> bool:
    """A service sends to what a customer's key encrypts only when the key's policy lets it use the key.

    The keys that AWS manages have no policy of the customer's; their aliases begin with `alias/aws/`.
    """
    if not key_id or "alias/aws/" in key_id:
        return True
    key = kms._resolve_key(key_id)
    if key is None or not key["Enabled"]:
        return False
    contexts = [
        _service_context(action, key["Arn"], source_arn) for action in ("kms:GenerateDataKey", "kms:Decrypt")
    ]
    if service == _EVENTS:
        # EventBridge says nothing of the source to KMS: with a condition on it, nothing is delivered (grade B).
        contexts = [replace(context, service_context={}) for context in contexts]
    return all(_allowed(service, key.get("Policy"), context) for context in contexts)


def _attribute(topic_arn: str, name: str) -> str | None:
    topic = sns._topic_by_arn_any_scope(topic_arn) or {}
    value: str | None = topic.get("attributes", {}).get(name)
    return value
