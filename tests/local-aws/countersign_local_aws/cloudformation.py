"""CloudFormation's types for code signing, trails, bus policies and saved queries, functions with a configuration, and
buckets with a key.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from typing import Any, TypeVar

from ministack.services import cloudtrail, eventbridge, lambda_svc, s3
from ministack.services.cloudformation import provisioners

from . import bus, code_signing, lambda_names, lambda_network
from .answers import AwsError
from .judging import Reading
from .lambda_service import Deployments

Properties = dict[str, Any]
Result = TypeVar("Result")
Provisioned = tuple[str, dict[str, Any]]
_TRAIL = (
    "S3BucketName", "S3KeyPrefix", "SnsTopicName", "IncludeGlobalServiceEvents", "IsMultiRegionTrail",
    "EnableLogFileValidation", "KMSKeyId", "IsOrganizationTrail",
)  # fmt: skip


def install(deployments: Deployments) -> None:
    """Registers the types that MiniStack does not know and puts judging in front of its functions."""
    provisioners._RESOURCE_HANDLERS["AWS::Lambda::CodeSigningConfig"] = {
        "create": _create_configuration,
        "update": _update_configuration,
        "delete": lambda physical_id, _: _delete_configuration(physical_id),
    }
    provisioners._RESOURCE_HANDLERS["AWS::CloudTrail::Trail"] = {
        "create": _create_trail,
        "update": _update_trail,
        "delete": lambda physical_id, _: cloudtrail._delete_trail({"Name": physical_id}),
    }
    provisioners._RESOURCE_HANDLERS["AWS::Events::EventBusPolicy"] = {
        "create": _create_bus_policy,
        "update": _update_bus_policy,
        "delete": _delete_bus_policy,
    }
    provisioners._RESOURCE_HANDLERS["AWS::Logs::QueryDefinition"] = {
        "create": _create_query,
        "update": _update_query,
        "delete": lambda physical_id, _: None,
    }
    mapping = provisioners._RESOURCE_HANDLERS["AWS::Lambda::EventSourceMapping"]
    mapping["create"] = _counted_create(mapping["create"])
    mapping["update"] = _counted_update(mapping["update"])
    bucket = provisioners._RESOURCE_HANDLERS["AWS::S3::Bucket"]
    bucket["create"] = _encrypted_create(bucket["create"])
    bucket["update"] = _encrypted_update(bucket["update"])
    function = provisioners._RESOURCE_HANDLERS["AWS::Lambda::Function"]
    function["create"] = _judged_create(deployments, function["create"])
    function["update"] = _judged_update(deployments, function["update"])


def _counted_create(create: Callable[..., Provisioned]) -> Callable[..., Provisioned]:
    def counted(logical_id: str, properties: Properties, stack: str) -> Provisioned:
        return create(logical_id, _with_number(properties), stack)

    return counted


def _counted_update(update: Callable[..., Provisioned]) -> Callable[..., Provisioned]:
    def counted(physical_id: str, old: Properties, new: Properties, stack: str, *rest: Any) -> Provisioned:
        return update(physical_id, _with_number(old), _with_number(new), stack, *rest)

    return counted


def _encrypted_create(create: Callable[..., Provisioned]) -> Callable[..., Provisioned]:
    def encrypted(logical_id: str, properties: Properties, stack: str) -> Provisioned:
        name, attributes = create(logical_id, properties, stack)
        _encrypt(name, properties)
        return name, attributes

    return encrypted


def _encrypted_update(update: Callable[..., Provisioned]) -> Callable[..., Provisioned]:
    def encrypted(physical_id: str, old: Properties, new: Properties, stack: str, *rest: Any) -> Provisioned:
        name, attributes = update(physical_id, old, new, stack, *rest)
        _encrypt(name, new)
        return name, attributes

    return encrypted


def _encrypt(bucket: str, properties: Properties) -> None:
    """Sets the default encryption of a bucket, which MiniStack leaves out: without it, no object there has a key."""
    for rule in properties.get("BucketEncryption", {}).get("ServerSideEncryptionConfiguration", []):
        default = rule["ServerSideEncryptionByDefault"]
        key = default.get("KMSMasterKeyID")
        key = f"<KMSMasterKeyID>{key}</KMSMasterKeyID>" if key else ""
        has_bucket_key = str(rule.get("BucketKeyEnabled", False)).lower()
        document = (
            f'<ServerSideEncryptionConfiguration xmlns="{s3.S3_NS}"><Rule><ApplyServerSideEncryptionByDefault>'
            f"<SSEAlgorithm>{default['SSEAlgorithm']}</SSEAlgorithm>{key}</ApplyServerSideEncryptionByDefault>"
            f"<BucketKeyEnabled>{has_bucket_key}</BucketKeyEnabled></Rule></ServerSideEncryptionConfiguration>"
        )
        s3._put_bucket_encryption(bucket, document.encode())


def _with_number(properties: Properties) -> Properties:
    """A parameter is text wherever it is put in; CloudFormation makes a number of it where the type wants one."""
    scaling = properties.get("ScalingConfig")
    if not isinstance(scaling, dict) or "MaximumConcurrency" not in scaling:
        return properties
    return {**properties, "ScalingConfig": {**scaling, "MaximumConcurrency": int(scaling["MaximumConcurrency"])}}


def _create_configuration(_logical_id: str, properties: Properties, _stack: str) -> Provisioned:
    """Ref is the ARN (CloudFormation's resource reference, grade B)."""
    created = _failing_as_cloudformation(lambda: code_signing.create(_request(properties)))
    return created["CodeSigningConfigArn"], _attributes(created)


def _update_configuration(physical_id: str, _old: Properties, new: Properties, _stack: str, *_: Any) -> Provisioned:
    request = {"Description": "", "CodeSigningPolicies": {"UntrustedArtifactOnDeployment": "Warn"}, **_request(new)}
    return physical_id, _attributes(_failing_as_cloudformation(lambda: code_signing.update(physical_id, request)))


def _delete_configuration(physical_id: str) -> None:
    try:
        code_signing.delete(physical_id)
    except AwsError as error:
        if error.code != "ResourceNotFoundException":
            raise ValueError(error.message) from error


def _request(properties: Properties) -> dict[str, Any]:
    request = {name: properties[name] for name in ("Description", "AllowedPublishers", "CodeSigningPolicies")
               if properties.get(name) is not None}  # fmt: skip
    return {**request, "Tags": {tag["Key"]: tag["Value"] for tag in properties.get("Tags") or []}}


def _attributes(configuration: dict[str, Any]) -> dict[str, Any]:
    return {name: configuration[name] for name in ("CodeSigningConfigArn", "CodeSigningConfigId")}


def _create_trail(logical_id: str, properties: Properties, stack: str) -> Provisioned:
    """Ref is the name; the trail logs to nowhere, but being there and logging lets its events out."""
    name = properties.get("TrailName") or provisioners._physical_name(stack, logical_id, max_len=128)
    body = {key: properties[key] for key in _TRAIL if properties.get(key) is not None}
    answer = json.loads(_trail_call(cloudtrail._create_trail, {"Name": name, **body}))
    _set_selectors(name, properties)
    _set_logging(name, properties)
    return name, {"Arn": answer["TrailARN"]}


def _update_trail(physical_id: str, _old: Properties, new: Properties, _stack: str, *_: Any) -> Provisioned:
    body = {key: new[key] for key in _TRAIL if new.get(key) is not None}
    answer = json.loads(_trail_call(cloudtrail._update_trail, {"Name": physical_id, **body}))
    _set_selectors(physical_id, new)
    _set_logging(physical_id, new)
    return physical_id, {"Arn": answer["TrailARN"]}


def _set_selectors(name: str, properties: Properties) -> None:
    for member in ("EventSelectors", "AdvancedEventSelectors"):
        if properties.get(member):
            _trail_call(cloudtrail._put_event_selectors, {"TrailName": name, member: properties[member]})
            return
    _trail_call(cloudtrail._put_event_selectors, {"TrailName": name, "EventSelectors": [{}]})


def _set_logging(name: str, properties: Properties) -> None:
    logs = str(properties.get("IsLogging", True)).lower() == "true"
    _trail_call(cloudtrail._start_logging if logs else cloudtrail._stop_logging, {"Name": name})


def _create_bus_policy(_logical_id: str, properties: Properties, _stack: str) -> Provisioned:
    """One statement of a bus's policy; its name and its bus are what it is known by (resource reference, grade B)."""
    name, error = eventbridge._event_bus_name_from_ref(properties.get("EventBusName") or "default")
    if error:
        raise ValueError(f"AWS::Events::EventBusPolicy EventBusName: {error[1]}")
    identifier = properties["StatementId"]
    if statement := properties.get("Statement"):
        bus.put_statement(name, {**statement, "Sid": identifier})
    else:
        members = {key: properties[key] for key in ("Action", "Principal", "Condition") if properties.get(key)}
        eventbridge._put_permission({**members, "EventBusName": name, "StatementId": identifier})
    return f"{name}|{identifier}", {}


def _update_bus_policy(physical_id: str, _old: Properties, new: Properties, stack: str, *_: Any) -> Provisioned:
    created, attributes = _create_bus_policy("", new, stack)
    if created != physical_id:
        _delete_bus_policy(physical_id, _old)
    return created, attributes


def _delete_bus_policy(physical_id: str, _properties: Properties) -> None:
    name, _, identifier = physical_id.partition("|")
    eventbridge._remove_permission({"EventBusName": name, "StatementId": identifier})


def _create_query(_logical_id: str, properties: Properties, _stack: str) -> Provisioned:
    """Nothing here runs a saved query, so that none is kept; its parts are checked (resource reference, grade B)."""
    return _update_query(str(uuid.uuid4()), {}, properties, "")


def _update_query(physical_id: str, _old: Properties, new: Properties, _stack: str, *_: Any) -> Provisioned:
    for name, longest in (("Name", 255), ("QueryString", 10_000)):
        if not 1 <= len(str(new.get(name) or "")) <= longest:
            raise ValueError(f"AWS::Logs::QueryDefinition {name} has between 1 and {longest} characters")
    return physical_id, {"QueryDefinitionId": physical_id}


def _trail_call(operation: Callable[[dict[str, Any]], Any], body: dict[str, Any]) -> bytes:
    status, _, answer = operation(body)
    if status >= 400:
        raise ValueError(f"AWS::CloudTrail::Trail failed: {answer!r}")
    return bytes(answer)


def _judged_create(deployments: Deployments, create: Callable[..., Provisioned]) -> Callable[..., Provisioned]:
    def judged(logical_id: str, properties: Properties, stack: str) -> Provisioned:
        name = properties.get("FunctionName") or provisioners._physical_name(stack, logical_id, max_len=64)
        properties = _with_text_variables(properties)
        reading = _admit(deployments, name, properties)
        physical_id, attributes = create(logical_id, properties, stack)
        _attach(deployments, physical_id, properties, reading)
        return physical_id, attributes

    return judged


def _judged_update(deployments: Deployments, update: Callable[..., Provisioned]) -> Callable[..., Provisioned]:
    def judged(physical_id: str, old: Properties, new: Properties, stack: str, *rest: Any) -> Provisioned:
        new = _with_text_variables(new)
        reading = _admit(deployments, physical_id, new)
        physical_id, attributes = update(physical_id, old, new, stack, *rest)
        _attach(deployments, physical_id, new, reading)
        return physical_id, attributes

    return judged


def _with_text_variables(properties: Properties) -> Properties:
    """Variables of a function as text: CloudFormation's property is a map of strings, whatever a template wrote."""
    variables = (properties.get("Environment") or {}).get("Variables") or {}
    text = {name: value if isinstance(value, str) else json.dumps(value) for name, value in variables.items()}
    return {**properties, "Environment": {"Variables": text}} if variables else properties


def _admit(deployments: Deployments, name: str, properties: Properties) -> Reading | None:
    code = properties.get("Code") or {}
    arn = properties.get("CodeSigningConfigArn")
    package = None
    if code.get("S3Bucket") and code.get("S3Key"):
        package = lambda_svc._fetch_code_from_s3(
            code["S3Bucket"], code["S3Key"], version_id=code.get("S3ObjectVersion")
        )
    elif code.get("ZipFile"):
        # Code written into the template is zipped by CloudFormation and so never signed.
        package = provisioners._zip_inline(code["ZipFile"], properties.get("Handler", "index.handler"))
    reading = deployments.read(package)

    def admit() -> None:
        lambda_names.require(name)
        lambda_network.require(name, properties)
        configuration = code_signing.require(arn) if arn else None
        deployments.admit(name, configuration, reading, list(properties.get("Layers") or []))

    _failing_as_cloudformation(admit)
    return reading


def _attach(deployments: Deployments, name: str, properties: Properties, reading: Reading | None) -> None:
    function = lambda_svc._functions[name]
    function["code_signing_config_arn"] = properties.get("CodeSigningConfigArn") or ""
    function["config"]["VpcConfig"] = lambda_svc._vpc_config_with_id(properties.get("VpcConfig"))
    deployments.stamp(function["config"], reading)


def _failing_as_cloudformation(call: Callable[[], Result]) -> Result:
    """A refusal becomes the reason of the failed resource."""
    try:
        return call()
    except AwsError as error:
        raise ValueError(f"{error.message} (Service: {error.service}, Error: {error.code})") from error
