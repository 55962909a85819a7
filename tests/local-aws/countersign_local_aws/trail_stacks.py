"""The calls that CloudFormation makes for a stack, as CloudTrail reports them.

They have the identity of whoever called CloudFormation, and `cloudformation.amazonaws.com` as `invokedBy`, source
address and user agent (CloudTrail's user guide, grade B). Which calls CloudFormation makes for which change of a
resource is inferred from what the APIs can do (grade D), and so is their order; answers are left out.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from ministack.services.cloudformation import provisioners

from . import cloudtrail, operations, trail_shapes
from .judging import trail_notes
from .operations import Call

Properties = dict[str, Any]
Parameters = dict[str, Any]
# Stands for whatever no step of its own has: a creation and a deletion are always told.
_ALWAYS = "*"
_ERROR_CODE = re.compile(r"Error: (\w+)\)")


@dataclass(frozen=True)
class Step:
    """One call: its parameters are the resource's properties that it takes, and what `more` adds."""

    service: str
    operation: str
    on: frozenset[str] | None = None
    """The properties whose presence or change leads to the call; any when absent."""
    more: Callable[[Properties, str], Parameters] = lambda properties, identifier: {}
    when: Callable[[Properties], bool] = lambda properties: True


@dataclass(frozen=True)
class Steps:
    """The calls for a resource that is created, updated and deleted."""

    create: tuple[Step, ...]
    update: tuple[Step, ...]
    delete: tuple[Step, ...]


def install() -> None:
    """Goes round the handlers of the types whose calls are reported; after all others are in place."""
    for kind, steps in _STEPS.items():
        handler = provisioners._RESOURCE_HANDLERS.get(kind)
        if handler is None:
            continue
        handler["create"] = _told_create(steps, handler["create"])
        if "update" in handler:
            handler["update"] = _told_update(steps, handler["update"])
        if "delete" in handler:
            handler["delete"] = _told_delete(steps, handler["delete"])


def _told_create(steps: Steps, create: Callable[..., Any]) -> Callable[..., Any]:
    def created(logical_id: str, properties: Properties, stack: str, *rest: Any) -> Any:
        given = {_ALWAYS, *properties}
        with_notes, notes = _noting(lambda: create(logical_id, properties, stack, *rest))
        try:
            made = with_notes()
        except Exception as refusal:
            _report(steps.create[:1], properties, "", given, notes, refusal)
            raise
        _report(steps.create, properties, str(made[0]), given, notes)
        return made

    return created


def _told_update(steps: Steps, update: Callable[..., Any]) -> Callable[..., Any]:
    def updated(physical_id: str, old: Properties, new: Properties, stack: str, *rest: Any) -> Any:
        changed = {name for name in old.keys() | new.keys() if old.get(name) != new.get(name)}
        with_notes, notes = _noting(lambda: update(physical_id, old, new, stack, *rest))
        try:
            made = with_notes()
        except Exception as refusal:
            _report(_due(steps.update, changed)[:1], new, physical_id, changed, notes, refusal)
            raise
        _report(steps.update, new, str(made[0]), changed, notes)
        return made

    return updated


def _told_delete(steps: Steps, delete: Callable[..., Any]) -> Callable[..., Any]:
    def deleted(physical_id: str, properties: Properties, *rest: Any) -> Any:
        gone = delete(physical_id, properties, *rest)
        _report(steps.delete, properties, physical_id, {_ALWAYS, *properties}, {})
        return gone

    return deleted


def _noting(work: Callable[[], Any]) -> tuple[Callable[[], Any], dict[str, str]]:
    """The work, and the notes on signatures that it leaves."""
    notes: dict[str, str] = {}

    def noted() -> Any:
        token = trail_notes.set(notes)
        try:
            return work()
        finally:
            trail_notes.reset(token)

    return noted, notes


def _report(
    steps: tuple[Step, ...],
    properties: Properties,
    identifier: str,
    names: set[str],
    notes: dict[str, str],
    refusal: Exception | None = None,
) -> None:
    """Reports the calls that are due; a refusal without AWS's name for it is none of a call that can be told."""
    code = _ERROR_CODE.search(str(refusal)) if refusal else None
    if refusal is not None and code is None:
        return
    for step in _due(steps, names):
        call = _call(step)
        if not step.when(properties) or not cloudtrail.trail_logs(call):
            continue
        cloudtrail.report(
            cloudtrail.Report(
                call,
                _parameters(step, properties, identifier),
                error=(code[1], str(refusal).partition(" (Service:")[0]) if code else None,
                notes=notes if call.service == "lambda" and code is None else {},
                invoked_by=cloudtrail.CLOUDFORMATION,
            )
        )


def _due(steps: tuple[Step, ...], names: set[str]) -> tuple[Step, ...]:
    """The steps that these properties lead to; one without properties of its own takes those that no other has."""
    claimed = {name for step in steps for name in step.on or ()}
    return tuple(step for step in steps if (step.on & names if step.on is not None else names - claimed))


def _call(step: Step) -> Call:
    if step.service not in ("lambda", "signer", "scheduler"):
        return Call(step.service, step.operation, {}, None)
    uri = trail_shapes.model(step.service).operation_model(step.operation).http["requestUri"]
    date = re.match(r"/(\d{4}-\d{2}-\d{2})/", uri)
    return operations.Call(step.service, step.operation, {}, date[1] if date else None)


def _parameters(step: Step, properties: Properties, identifier: str) -> Parameters | None:
    if step.service == "s3":
        return {**step.more(properties, identifier)}
    shape = trail_shapes.model(step.service).operation_model(step.operation).input_shape
    members = getattr(shape, "members", {})
    known = {name: name for name in members} | {name[0].upper() + name[1:]: name for name in members}
    taken = {known[name]: value for name, value in properties.items() if name in known}
    return trail_shapes.recorded({**taken, **step.more(properties, identifier)}, shape) or None


def _truth(name: str) -> Callable[[Properties], bool]:
    """Whether a property is true, or absent where it is true by default."""
    return lambda properties: str(properties.get(name, name != "EnableKeyRotation")).lower() == "true"


def _on(*names: str) -> frozenset[str]:
    return frozenset(names)


def _named(member: str) -> Callable[[Properties, str], Parameters]:
    """The physical id under the name that a call has for it."""
    return lambda _properties, identifier: {member: identifier}


def _code(properties: Properties, identifier: str) -> Parameters:
    return {"FunctionName": identifier, **(properties.get("Code") or {})}


def _configuration_of(properties: Properties, identifier: str) -> Parameters:
    return {"FunctionName": identifier, "CodeSigningConfigArn": properties.get("CodeSigningConfigArn")}


def _tags_of_function(properties: Properties, identifier: str) -> Parameters:
    tags = {tag["Key"]: tag["Value"] for tag in properties.get("Tags") or []}
    return {"Resource": identifier, "Tags": tags}


def _version(properties: Properties, identifier: str) -> Parameters:
    return {"FunctionName": properties.get("FunctionName"), "Qualifier": identifier.rpartition(":")[2]}


def _layer_version(_properties: Properties, identifier: str) -> Parameters:
    parts = identifier.split(":")
    return {"LayerName": parts[6], "VersionNumber": parts[7]} if len(parts) > 7 else {}


def _bucket(member: str, name: str | None = None) -> Callable[[Properties, str], Parameters]:
    def parameters(properties: Properties, identifier: str) -> Parameters:
        named = {"bucketName": identifier, member: ""} if member else {"bucketName": identifier}
        return {**named, name: properties.get(name)} if name else named

    return parameters


def _bucket_policy(properties: Properties, _identifier: str) -> Parameters:
    document = properties.get("PolicyDocument")
    return {"bucketName": properties.get("Bucket"), "bucketPolicy": document, "policy": ""}


def _policy_attribute(
    members: str, member: str, *, named: bool = False
) -> Callable[[Properties, str], Parameters]:
    """The policy of the first of the queues or topics that a resource names."""

    def parameters(properties: Properties, _identifier: str) -> Parameters:
        named_in: list[str] = properties.get(members) or [""]
        first = named_in[0]
        text = json.dumps(properties.get("PolicyDocument"))
        if named:
            return {member: first, "AttributeName": "Policy", "AttributeValue": text}
        return {member: first, "Attributes": {"Policy": text}}

    return parameters


def _targets(properties: Properties, identifier: str) -> Parameters:
    return {"Rule": identifier, "Targets": properties.get("Targets")}


def _target_ids(properties: Properties, identifier: str) -> Parameters:
    return {"Rule": identifier, "Ids": [target.get("Id") for target in properties.get("Targets") or []]}


def _role_policy(properties: Properties, identifier: str) -> Parameters:
    first: Properties = next(iter(properties.get("Policies") or []), {})
    document = json.dumps(first.get("PolicyDocument"))
    return {"RoleName": identifier, "PolicyName": first.get("PolicyName"), "PolicyDocument": document}


def _policy_of_roles(properties: Properties, _identifier: str) -> Parameters:
    role = next(iter(properties.get("Roles") or []), None)
    document = json.dumps(properties.get("PolicyDocument"))
    return {"RoleName": role, "PolicyName": properties.get("PolicyName"), "PolicyDocument": document}


def _trust(properties: Properties, identifier: str) -> Parameters:
    return {"RoleName": identifier, "PolicyDocument": json.dumps(properties.get("AssumeRolePolicyDocument"))}


def _created_role(properties: Properties, identifier: str) -> Parameters:
    return {"RoleName": identifier, "AssumeRolePolicyDocument": json.dumps(properties.get("AssumeRolePolicyDocument"))}


def _key_policy(properties: Properties, identifier: str) -> Parameters:
    return {"KeyId": identifier, "PolicyName": "default", "Policy": json.dumps(properties.get("KeyPolicy"))}


def _topic_policy_attribute(properties: Properties, identifier: str) -> Parameters:
    return _policy_attribute("Topics", "TopicArn", named=True)(properties, identifier)


def _url(properties: Properties, _identifier: str) -> Parameters:
    return {"FunctionName": properties.get("TargetFunctionArn")}


def _alarms(_properties: Properties, identifier: str) -> Parameters:
    return {"AlarmNames": [identifier]}


def _rows() -> Iterator[tuple[str, Steps]]:
    name = _named("FunctionName")
    yield "AWS::Lambda::Function", Steps(
        (Step("lambda", "CreateFunction", more=name),),
        (
            Step("lambda", "UpdateFunctionConfiguration", more=name),
            Step("lambda", "UpdateFunctionCode", _on("Code", "Architectures"), _code),
            Step("lambda", "PutFunctionCodeSigningConfig", _on("CodeSigningConfigArn"), _configuration_of,
                 lambda properties: bool(properties.get("CodeSigningConfigArn"))),
            Step("lambda", "DeleteFunctionCodeSigningConfig", _on("CodeSigningConfigArn"), name,
                 lambda properties: not properties.get("CodeSigningConfigArn")),
            Step("lambda", "TagResource", _on("Tags"), _tags_of_function),
        ),
        (Step("lambda", "DeleteFunction", more=name),),
    )
    yield "AWS::Lambda::Version", Steps(
        (Step("lambda", "PublishVersion"),), (), (Step("lambda", "DeleteFunction", more=_version),)
    )
    yield "AWS::Lambda::Alias", _plain("lambda", "CreateAlias", "UpdateAlias", "DeleteAlias")
    yield "AWS::Lambda::LayerVersion", Steps(
        (Step("lambda", "PublishLayerVersion"),), (), (Step("lambda", "DeleteLayerVersion", more=_layer_version),)
    )
    yield "AWS::Lambda::Permission", _plain(
        "lambda", "AddPermission", None, "RemovePermission", _named("StatementId")
    )
    yield "AWS::Lambda::LayerVersionPermission", _plain(
        "lambda", "AddLayerVersionPermission", None, "RemoveLayerVersionPermission"
    )
    yield "AWS::Lambda::CodeSigningConfig", _plain(
        "lambda", "CreateCodeSigningConfig", "UpdateCodeSigningConfig", "DeleteCodeSigningConfig",
        _named("CodeSigningConfigArn"), created=None,
    )  # fmt: skip
    yield "AWS::Lambda::EventSourceMapping", _plain(
        "lambda", "CreateEventSourceMapping", "UpdateEventSourceMapping", "DeleteEventSourceMapping",
        _named("UUID"), created=None,
    )  # fmt: skip
    yield "AWS::Lambda::Url", _plain(
        "lambda", "CreateFunctionUrlConfig", "UpdateFunctionUrlConfig", "DeleteFunctionUrlConfig", _url
    )
    parts = (
        Step("s3", "PutBucketVersioning", _on("VersioningConfiguration"),
             _bucket("versioning", "VersioningConfiguration")),
        Step("s3", "PutBucketEncryption", _on("BucketEncryption"), _bucket("encryption", "BucketEncryption")),
        Step("s3", "PutPublicAccessBlock", _on("PublicAccessBlockConfiguration"),
             _bucket("publicAccessBlock", "PublicAccessBlockConfiguration")),
        Step("s3", "PutBucketLifecycleConfiguration", _on("LifecycleConfiguration"),
             _bucket("lifecycle", "LifecycleConfiguration")),
        Step("s3", "PutBucketNotificationConfiguration", _on("NotificationConfiguration"),
             _bucket("notification", "NotificationConfiguration")),
    )  # fmt: skip
    yield "AWS::S3::Bucket", Steps(
        (Step("s3", "CreateBucket", more=_bucket("")), *parts), parts, (Step("s3", "DeleteBucket", more=_bucket("")),)
    )
    yield "AWS::S3::BucketPolicy", _plain(
        "s3", "PutBucketPolicy", "PutBucketPolicy", "DeleteBucketPolicy", _bucket_policy
    )
    yield "AWS::SQS::Queue", _plain(
        "sqs", "CreateQueue", "SetQueueAttributes", "DeleteQueue", _named("QueueUrl"), created=None
    )
    queue_policy = _policy_attribute("Queues", "QueueUrl")
    yield "AWS::SQS::QueuePolicy", _plain(
        "sqs", "SetQueueAttributes", "SetQueueAttributes", "SetQueueAttributes", queue_policy
    )
    yield "AWS::SNS::Topic", _plain(
        "sns", "CreateTopic", "SetTopicAttributes", "DeleteTopic", _named("TopicArn"), created=None
    )
    yield "AWS::SNS::TopicPolicy", _plain(
        "sns", "SetTopicAttributes", "SetTopicAttributes", "SetTopicAttributes", _topic_policy_attribute
    )
    yield "AWS::SNS::Subscription", _plain(
        "sns", "Subscribe", "SetSubscriptionAttributes", "Unsubscribe", _named("SubscriptionArn"), created=None
    )
    rule = (Step("events", "PutRule", more=_named("Name")), Step("events", "PutTargets", _on("Targets"), _targets))
    yield "AWS::Events::Rule", Steps(
        rule,
        rule,
        (
            Step("events", "DeleteRule", more=_named("Name")),
            Step("events", "RemoveTargets", _on("Targets"), _target_ids),
        ),
    )
    yield "AWS::Events::EventBus", _plain(
        "events", "CreateEventBus", "UpdateEventBus", "DeleteEventBus", _named("Name")
    )
    yield "AWS::Events::EventBusPolicy", _plain("events", "PutPermission", "PutPermission", "RemovePermission")
    yield "AWS::Scheduler::Schedule", _plain(
        "scheduler", "CreateSchedule", "UpdateSchedule", "DeleteSchedule", _named("Name")
    )
    key = _named("KeyId")
    rotates, enabled = _truth("EnableKeyRotation"), _truth("Enabled")
    rotation = Step("kms", "EnableKeyRotation", _on("EnableKeyRotation"), key, rotates)
    yield "AWS::KMS::Key", Steps(
        (Step("kms", "CreateKey"), rotation),
        (
            rotation,
            Step("kms", "DisableKeyRotation", _on("EnableKeyRotation"), key, lambda each: not rotates(each)),
            Step("kms", "EnableKey", _on("Enabled"), key, enabled),
            Step("kms", "DisableKey", _on("Enabled"), key, lambda each: not enabled(each)),
            Step("kms", "PutKeyPolicy", _on("KeyPolicy"), _key_policy),
            Step("kms", "UpdateKeyDescription", _on("Description"), key),
        ),
        (Step("kms", "ScheduleKeyDeletion", more=key),),
    )
    yield "AWS::KMS::Alias", _plain("kms", "CreateAlias", "UpdateAlias", "DeleteAlias")
    inline = Step("iam", "PutRolePolicy", _on("Policies"), _role_policy)
    yield "AWS::IAM::Role", Steps(
        (Step("iam", "CreateRole", more=_created_role), inline),
        (Step("iam", "UpdateAssumeRolePolicy", _on("AssumeRolePolicyDocument"), _trust), inline),
        (Step("iam", "DeleteRole", more=_named("RoleName")),),
    )
    yield "AWS::IAM::Policy", _plain(
        "iam", "PutRolePolicy", "PutRolePolicy", "DeleteRolePolicy", _policy_of_roles
    )
    arn = _named("PolicyArn")
    yield "AWS::IAM::ManagedPolicy", _plain(
        "iam", "CreatePolicy", "CreatePolicyVersion", "DeletePolicy", arn, created=None
    )
    trail = _named("Name")
    logs = _truth("IsLogging")
    logging = (
        Step("cloudtrail", "StartLogging", _on("IsLogging"), trail, logs),
        Step("cloudtrail", "StopLogging", _on("IsLogging"), trail, lambda properties: not logs(properties)),
        Step("cloudtrail", "PutEventSelectors", _on("EventSelectors", "AdvancedEventSelectors"), _named("TrailName")),
    )
    yield "AWS::CloudTrail::Trail", Steps(
        (Step("cloudtrail", "CreateTrail", more=trail), *logging),
        (Step("cloudtrail", "UpdateTrail", more=trail), *logging),
        (Step("cloudtrail", "DeleteTrail", more=trail),),
    )
    put = Step("monitoring", "PutMetricAlarm", more=_named("AlarmName"))
    yield "AWS::CloudWatch::Alarm", Steps((put,), (put,), (Step("monitoring", "DeleteAlarms", more=_alarms),))
    group = _named("logGroupName")
    keep = Step("logs", "PutRetentionPolicy", _on("RetentionInDays"), group)
    yield "AWS::Logs::LogGroup", Steps(
        (Step("logs", "CreateLogGroup", more=group), keep), (keep,), (Step("logs", "DeleteLogGroup", more=group),)
    )
    profile = _named("profileName")
    yield "AWS::Signer::SigningProfile", Steps(
        (Step("signer", "PutSigningProfile", more=profile),),
        (),
        (Step("signer", "CancelSigningProfile", more=profile),),
    )
    yield "AWS::Signer::ProfilePermission", _plain("signer", "AddProfilePermission", None, "RemoveProfilePermission")


def _plain(
    service: str,
    create: str,
    update: str | None,
    delete: str,
    more: Callable[[Properties, str], Parameters] = lambda properties, identifier: {},
    created: str | None = "named",
) -> Steps:
    """One call each. What a creation names by itself is given to the other two alone: `created` None."""
    made = Step(service, create, more=more) if created else Step(service, create)
    return Steps((made,), (Step(service, update, more=more),) if update else (), (Step(service, delete, more=more),))


_STEPS = dict(_rows())
