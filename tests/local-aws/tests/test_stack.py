"""The whole stack: who may write what once it is deployed, asked in the name of each of its roles and of others."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from botocore.exceptions import ClientError
from conftest import ACCOUNT, HELLO, REGION, LocalAws, eventually
from ministack.services.cloudformation import engine

TEMPLATE_TEXT = (Path(__file__).resolve().parents[3] / "template.yaml").read_text()
FUNCTIONS = ("sign", "deploy", "alert", "sweep")
QUEUES = tuple(f"countersign-{name}{suffix}" for name in FUNCTIONS for suffix in ("", "-dead-letters"))
FOLDER = "functions/shop/20261126T080000Z-abc"
EVERYTHING = {"Effect": "Allow", "Action": "*", "Resource": "*"}
# Instead of the gate's own code: does what it is told, with the rights of the function's role.
PUPPET = """
import boto3
def handler(event, context):
    if 'Records' in event:
        return {'batchItemFailures': [{'itemIdentifier': each['messageId']} for each in event['Records']]}
    try:
        answer = getattr(boto3.client(event['service']), event['operation'])(**event['arguments'])
    except Exception as error:
        return {'code': error.response['Error']['Code']}
    return {'code': 'done', 'messages': [message['Body'] for message in answer.get('Messages', [])]}
"""


def template() -> dict[str, Any]:
    """The template as SAM hands it over, with puppets for functions."""
    read: dict[str, Any] = engine._parse_template(TEMPLATE_TEXT)
    for resource in read["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Function":
            del resource["Metadata"], resource["Properties"]["CodeUri"]
            resource["Properties"].update(InlineCode=PUPPET, Runtime="python3.12", Handler="index.handler")
    return read


class Gate:
    """A deployed stack."""

    def __init__(
        self,
        aws: LocalAws,
        name: str = "countersign",
        action: str = "create",
        region: str = REGION,
        **parameters: str,
    ) -> None:
        self.aws, self.name = aws, name
        root = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
        s3, self.stacks = aws.client("s3"), aws.client("cloudformation", {**root, "region_name": region})
        # It is larger than what CloudFormation takes in a request.
        if "templates" not in {bucket["Name"] for bucket in s3.list_buckets()["Buckets"]}:
            s3.create_bucket(Bucket="templates")
        s3.put_object(Bucket="templates", Key="template.json", Body=json.dumps(template()).encode())
        getattr(self.stacks, f"{action}_stack")(
            StackName=name,
            TemplateURL=f"{aws.endpoint}/templates/template.json",
            Capabilities=["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"],
            Parameters=[
                {"ParameterKey": key, "ParameterValue": value}
                for key, value in {"AlertEmail": "none", **parameters}.items()
            ],
        )
        stack = eventually(self._finished)
        self.status = str(stack["StackStatus"])
        self.outputs = {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])}

    def _finished(self) -> Any:
        stack = self.stacks.describe_stacks(StackName=self.name)["Stacks"][0]
        return None if stack["StackStatus"].endswith("IN_PROGRESS") else stack

    def reasons(self) -> list[str]:
        """Why it was not created or updated."""
        pages = self.stacks.get_paginator("describe_stack_events").paginate(StackName=self.name)
        events = [event for page in pages for event in page["StackEvents"]]
        return [event.get("ResourceStatusReason", "") for event in events if "FAILED" in event["ResourceStatus"]]

    def silence(self) -> None:
        """No function takes anything off its queue, so that a test can look into it."""
        client = self.aws.client("lambda")
        for mapping in client.list_event_source_mappings()["EventSourceMappings"]:
            client.delete_event_source_mapping(UUID=mapping["UUID"])

    def asks(self, function: str, service: str, operation: str, **arguments: Any) -> dict[str, Any]:
        """What the function's role is answered."""
        event = {"service": service, "operation": operation, "arguments": arguments}
        answer = self.aws.client("lambda").invoke(
            FunctionName=f"{self.name}-{function}", Payload=json.dumps(event).encode()
        )
        return dict(json.load(answer["Payload"]))

    def acts(self, function: str, service: str, operation: str, **arguments: Any) -> str:
        """`done`, or with which code the function's role was refused."""
        return str(self.asks(function, service, operation, **arguments)["code"])

    def puts(self, function: str, bucket: str, key: str, **more: str) -> str:
        """What comes of the function's putting an object."""
        return self.acts(function, "s3", "put_object", Bucket=self.outputs[bucket], Key=key, Body="{}", **more)

    def url(self, queue: str) -> str:
        return str(self.aws.client("sqs").get_queue_url(QueueName=queue)["QueueUrl"])


@pytest.fixture(scope="module")
def gate(running: LocalAws) -> Iterator[Gate]:
    """One stack for the tests of this file, which leave it as it is."""
    running.control("POST", "reset")
    running.control("PUT", "settings", {"signing_seconds": 0.05, "update_seconds": 0.05})
    gate = Gate(running)
    assert gate.status == "CREATE_COMPLETE"
    gate.silence()
    yield gate
    running.control("POST", "reset")


@pytest.fixture(scope="module")
def intruder(gate: Gate) -> dict[str, str]:
    """The keys of somebody to whom IAM allows everything."""
    return gate.aws.user("intruder", EVERYTHING)


def code_of(call: Any, **arguments: Any) -> str:
    try:
        call(**arguments)
    except ClientError as error:
        return str(error.response["Error"]["Code"])
    return "done"


WRITTEN_ONCE = {
    f"{FOLDER}/received.json": {"sign"},
    f"{FOLDER}/signing.json": {"sign"},
    f"{FOLDER}/lease-sign-2.json": {"sign"},
    f"{FOLDER}/lease-sign-2-released.json": {"sign"},
    f"{FOLDER}/lease-deploy-2.json": {"deploy"},
    f"{FOLDER}/lease-deploy-2-released.json": {"deploy"},
    f"{FOLDER}/policy.json": {"deploy"},
    f"{FOLDER}/summary.dsse.json": {"deploy"},
    f"{FOLDER}/outcome.json": {"sign", "deploy"},
    f"{FOLDER}/announced.json": {"sign", "deploy"},
    "unrecognised/0123456789abcdef/20261126T080000Z-abc/outcome.json": {"sign", "deploy"},
}
REPLACED = {
    f"{FOLDER}/verdict.json": {"deploy"},
    f"{FOLDER}/waiting.json": {"sign", "deploy"},
    "functions/shop/live.json": {"deploy"},
    "functions/shop/pruned.json": {"deploy"},
    "layers/util/live.json": {"deploy"},
    "layers/util/publishing.json": {"deploy"},
    "alerts/2026/page.json": {"alert"},
    "drift/functions/shop/OTHER_CODE_RUNS.json": {"sweep"},
    f"{FOLDER}/resent.json": {"sweep"},
    "posture.json": {"sweep"},
    "sweep.json": {"sweep"},
}


@pytest.mark.parametrize(("key", "writers"), {**WRITTEN_ONCE, **REPLACED}.items())
@pytest.mark.parametrize("function", FUNCTIONS)
def test_role_writes_its_own_records_and_no_others(gate: Gate, function: str, key: str, writers: set[str]) -> None:
    # A folder for each, as what is written once cannot be written by the next.
    conditional = {"IfNoneMatch": "*"} if key in WRITTEN_ONCE else {}
    place = key.replace("20261126T080000Z-abc", f"20261126T080000Z-{function}")
    outcome = gate.puts(function, "RecordsBucket", place, **conditional)
    assert outcome == ("done" if function in writers else "AccessDenied")


@pytest.mark.parametrize("key", WRITTEN_ONCE)
def test_record_is_written_only_if_there_is_none(gate: Gate, key: str) -> None:
    writer = min(WRITTEN_ONCE[key])
    key = f"once/{key}"
    assert gate.puts(writer, "RecordsBucket", key) == "AccessDenied"
    assert gate.puts(writer, "RecordsBucket", key, IfNoneMatch="*") == "done"
    assert gate.puts(writer, "RecordsBucket", key, IfNoneMatch="*") == "PreconditionFailed"


@pytest.mark.parametrize("key", [*WRITTEN_ONCE, *REPLACED, f"{FOLDER}/anything.json"])
def test_nobody_else_writes_records(gate: Gate, intruder: dict[str, str], key: str) -> None:
    for keys in (intruder, None):
        s3 = gate.aws.client("s3", keys)
        put = {"Bucket": gate.outputs["RecordsBucket"], "Key": key, "Body": b"{}"}
        assert code_of(s3.put_object, **put) == "AccessDenied"
        assert code_of(s3.put_object, **put, IfNoneMatch="*") == "AccessDenied"


def test_nobody_deletes_records_or_signed_packages(gate: Gate, intruder: dict[str, str]) -> None:
    s3, records = gate.aws.client("s3", intruder), gate.outputs["RecordsBucket"]
    key = "deleted/verdict.json"
    assert gate.puts("deploy", "RecordsBucket", key, IfNoneMatch="*") == "done"
    (version,) = s3.list_object_versions(Bucket=records, Prefix=key)["Versions"]
    assert code_of(s3.delete_object, Bucket=records, Key=key) == "AccessDenied"
    assert code_of(s3.delete_object, Bucket=records, Key=key, VersionId=version["VersionId"]) == "AccessDenied"
    for function in FUNCTIONS:
        assert gate.acts(function, "s3", "delete_object", Bucket=records, Key=key) == "AccessDenied"
    assert gate.puts("deploy", "SignedBucket", "current/functions/shop.zip") == "done"
    signed = {"Bucket": gate.outputs["SignedBucket"], "Key": "current/functions/shop.zip"}
    assert code_of(s3.delete_object, **signed) == "AccessDenied"


def test_only_deploy_writes_current_packages(gate: Gate, intruder: dict[str, str]) -> None:
    for key in ("current/functions/shop.zip", "current/layers/util.zip"):
        assert gate.puts("deploy", "SignedBucket", key) == "done"
        assert gate.puts("deploy", "SignedBucket", key) == "done"
        assert gate.puts("sign", "SignedBucket", key) == "AccessDenied"
        assert gate.puts("alert", "SignedBucket", key) == "AccessDenied"
    assert gate.puts("deploy", "SignedBucket", f"{FOLDER}/job.zip") == "AccessDenied"
    put = {"Bucket": gate.outputs["SignedBucket"], "Body": b""}
    for key in ("current/functions/shop.zip", f"{FOLDER}/job.zip"):
        assert code_of(gate.aws.client("s3", intruder).put_object, **put, Key=key) == "AccessDenied"


def job(gate: Gate, prefix: str) -> dict[str, Any]:
    s3, uploads = gate.aws.client("s3"), gate.outputs["UploadsBucket"]
    version = s3.put_object(Bucket=uploads, Key="functions/shop.zip", Body=HELLO)["VersionId"]
    return {
        "source": {"s3": {"bucketName": uploads, "key": "functions/shop.zip", "version": version}},
        "destination": {"s3": {"bucketName": gate.outputs["SignedBucket"], "prefix": prefix}},
        "profileName": gate.outputs["SigningProfile"],
    }


@pytest.mark.parametrize("as_service", [False, True])
def test_signer_writes_for_sign_whoever_it_is_taken_for(gate: Gate, as_service: bool) -> None:
    prefix = f"functions/signed-{as_service}/".lower()
    gate.aws.control("PUT", "settings", {"signer_writes_as_service": as_service})
    request = job(gate, prefix)
    token = prefix.replace("/", "")
    assert gate.acts("sign", "signer", "start_signing_job", **request, clientRequestToken=token) == "done"
    listed = gate.aws.client("s3").list_objects_v2
    eventually(lambda: listed(Bucket=gate.outputs["SignedBucket"], Prefix=prefix).get("Contents"))
    gate.aws.control("PUT", "settings", {"signer_writes_as_service": False})


def test_jobs_of_others_do_not_reach_the_signed_bucket(gate: Gate, intruder: dict[str, str]) -> None:
    signer = gate.aws.client("signer", intruder)
    request = job(gate, "functions/shop/")
    assert code_of(signer.start_signing_job, **request, clientRequestToken="foreign") == "AccessDeniedException"


@pytest.mark.parametrize("queue", QUEUES)
def test_nobody_sends_to_a_queue(gate: Gate, intruder: dict[str, str], queue: str) -> None:
    for keys in (intruder, None):
        send = gate.aws.client("sqs", keys).send_message
        assert code_of(send, QueueUrl=gate.url(queue), MessageBody="{}").startswith("AccessDenied")


@pytest.mark.parametrize("queue", QUEUES)
def test_functions_send_to_their_own_dead_letters_only(gate: Gate, queue: str) -> None:
    for function in FUNCTIONS:
        outcome = gate.acts(function, "sqs", "send_message", QueueUrl=gate.url(queue), MessageBody='{"set": "aside"}')
        # What was lost is sent again by sweep.
        own = queue == f"countersign-{function}-dead-letters"
        again = function == "sweep" and queue in ("countersign-sign", "countersign-deploy")
        assert outcome.startswith("done" if own or again else "AccessDenied")


def test_functions_put_back_what_they_wait_for(gate: Gate) -> None:
    for function in FUNCTIONS:
        arguments = {"QueueUrl": gate.url(f"countersign-{function}"), "ReceiptHandle": "gone", "VisibilityTimeout": 1}
        outcome = gate.acts(function, "sqs", "change_message_visibility", **arguments)
        assert outcome.startswith("ReceiptHandleIsInvalid"), outcome


def messages(gate: Gate, function: str, hidden_seconds: int = 0) -> list[dict[str, Any]]:
    """Ten of what waits in a function's queue for good: taken, and put back at once or a little later.

    Where more than ten may wait, only what is hidden for a while lets the others be seen.
    """
    url = gate.url(f"countersign-{function}")
    queue = {"QueueUrl": url, "MaxNumberOfMessages": 10, "VisibilityTimeout": hidden_seconds}
    return [json.loads(body) for body in gate.asks(function, "sqs", "receive_message", **queue)["messages"]]


@pytest.mark.parametrize("queue", QUEUES)
def test_nobody_else_takes_messages_off(gate: Gate, intruder: dict[str, str], queue: str) -> None:
    for keys in (intruder, None):
        sqs = gate.aws.client("sqs", keys)
        take = code_of(sqs.receive_message, QueueUrl=gate.url(queue), VisibilityTimeout=0)
        assert take.startswith("done" if "dead-letters" in queue else "AccessDenied")
        delete = code_of(sqs.delete_message, QueueUrl=gate.url(queue), ReceiptHandle="any")
        assert delete.startswith("AccessDenied")
        assert code_of(sqs.purge_queue, QueueUrl=gate.url(queue)).startswith("AccessDenied")


def records_of(gate: Gate, key: str) -> list[dict[str, Any]]:
    sent = [record for body in messages(gate, "sign") for record in body.get("Records", [])]
    return [record for record in sent if record["s3"]["object"]["key"] == key]


@pytest.mark.parametrize("key", ["functions/told.zip", "layers/told.zip", "notes/told.txt", "told/"])
def test_upload_names_its_principal_whatever_the_key(gate: Gate, key: str) -> None:
    name = f"uploader-{key.replace('/', '-')}"
    keys = gate.aws.user(name, EVERYTHING)
    made = gate.aws.client("s3", keys).put_object(Bucket=gate.outputs["UploadsBucket"], Key=key, Body=b"x")
    (record,) = eventually(lambda: records_of(gate, key))
    user = gate.aws.client("iam").get_user(UserName=name)["User"]
    assert record["userIdentity"]["principalId"] == f"AWS:{user['UserId']}"
    assert record["s3"]["object"]["versionId"] == made["VersionId"]


@pytest.mark.parametrize(
    "unreadable",
    [
        {"StorageClass": "GLACIER"},
        {"StorageClass": "DEEP_ARCHIVE"},
        {"SSECustomerAlgorithm": "AES256", "SSECustomerKey": "k" * 32},
    ],
)
def test_uploads_that_nobody_could_read_at_once_are_denied(gate: Gate, unreadable: dict[str, str]) -> None:
    keys = gate.aws.user("-".join(["uploader", *unreadable.values()]), EVERYTHING)
    put = gate.aws.client("s3", keys).put_object
    wanted = {"Bucket": gate.outputs["UploadsBucket"], "Key": "functions/archived.zip", "Body": b"x"}
    assert code_of(put, **wanted, **unreadable).startswith("AccessDenied")
    assert code_of(put, **wanted, StorageClass="STANDARD_IA") == "done"


def test_uploads_stay_on_the_event_bus_for_others(gate: Gate) -> None:
    configured = gate.aws.client("s3").get_bucket_notification_configuration(Bucket=gate.outputs["UploadsBucket"])
    assert "EventBridgeConfiguration" in configured
    # What CloudTrail tells of S3 is another thing.
    rules = gate.aws.client("events").list_rules()["Rules"]
    patterns = [json.loads(rule["EventPattern"]) for rule in rules if "EventPattern" in rule]
    of_s3 = [pattern for pattern in patterns if "aws.s3" in pattern["source"]]
    assert [pattern for pattern in of_s3 if pattern["detail-type"] != ["AWS API Call via CloudTrail"]] == []


@pytest.mark.parametrize("function", ["sign", "deploy", "sweep"])
def test_outcome_reaches_alert_over_the_own_bus(gate: Gate, function: str) -> None:
    detail = {"stack": "countersign", "by": function}
    entry = {"Source": "countersign", "DetailType": "Countersign Upload Decided", "Detail": json.dumps(detail)}
    bus = gate.outputs["EventBus"]
    assert gate.acts(function, "events", "put_events", Entries=[{**entry, "EventBusName": bus}]) == "done"
    # The calls that CloudTrail tells of wait in the same queue.
    eventually(lambda: [body for body in messages(gate, "alert", hidden_seconds=5) if body.get("detail") == detail])


def test_nobody_else_puts_events_that_alert_hears(gate: Gate, intruder: dict[str, str]) -> None:
    detail = json.dumps({"stack": "countersign", "by": "intruder"})
    entry = {"Source": "countersign", "DetailType": "Countersign Upload Decided", "Detail": detail}
    for keys in (intruder, None):
        events = gate.aws.client("events", keys)
        bus = gate.outputs["EventBus"]
        assert code_of(events.put_events, Entries=[{**entry, "EventBusName": bus}]).startswith("AccessDenied")
    # The default bus takes it, and no rule of the stack listens to it there.
    gate.aws.client("events", intruder).put_events(Entries=[entry])
    patterns = [rule.get("EventPattern", "") for rule in gate.aws.client("events").list_rules()["Rules"]]
    assert patterns
    of_calls = [json.loads(pattern) for pattern in patterns if pattern]
    assert all(pattern["source"] and "countersign" not in pattern["source"] for pattern in of_calls), of_calls


def test_roles_put_events_of_their_own_source_on_the_own_bus_only(gate: Gate) -> None:
    entry = {"DetailType": "Countersign Upload Decided", "Detail": "{}"}
    bus = gate.outputs["EventBus"]
    for function, source, name in (
        ("deploy", "aws.signer.imitated", bus),
        ("sign", "somebody", bus),
        ("sweep", "somebody", bus),
        ("sweep", "countersign", "default"),
        ("deploy", "countersign", "default"),
        ("alert", "countersign", bus),
    ):
        entries = [{**entry, "Source": source, "EventBusName": name}]
        assert gate.acts(function, "events", "put_events", Entries=entries).startswith("AccessDenied")


def test_only_alert_pages(gate: Gate, intruder: dict[str, str]) -> None:
    page = {"TopicArn": gate.outputs["Topic"], "Subject": "A test", "Message": "Nothing happened."}
    assert gate.acts("alert", "sns", "publish", **page) == "done"
    for function in ("sign", "deploy", "sweep"):
        assert gate.acts(function, "sns", "publish", **page).startswith("AuthorizationError")
    for keys in (intruder, None):
        assert code_of(gate.aws.client("sns", keys).publish, **page).startswith("AuthorizationError")


# What follows makes stacks of its own.


def test_administrators_may_mend_while_an_alarm_is_on(aws: LocalAws) -> None:
    keys = aws.user("mender", EVERYTHING)
    other = aws.user("other", EVERYTHING)
    gate = Gate(aws)
    gate.silence()
    assert gate.puts("deploy", "RecordsBucket", f"{FOLDER}/verdict.json", IfNoneMatch="*") == "done"

    def tries(keys: dict[str, str]) -> list[str]:
        s3, records = aws.client("s3", keys), gate.outputs["RecordsBucket"]
        send = aws.client("sqs", keys).send_message
        current = {"Bucket": gate.outputs["SignedBucket"], "Key": "current/functions/shop.zip"}
        return [
            code_of(s3.put_object, Bucket=records, Key=f"{FOLDER}/verdict.json", Body=b"{}"),
            code_of(s3.put_object, **current, Body=b""),
            code_of(s3.delete_object, **current),
            *(code_of(send, QueueUrl=gate.url(queue), MessageBody="again") for queue in QUEUES),
        ]

    def alarms() -> list[Any]:
        named = aws.client("cloudwatch").describe_alarms(AlarmNamePrefix="countersign-AdministratorsAlarm")
        return [alarm["TreatMissingData"] for alarm in named["MetricAlarms"]]

    closed = ["AccessDenied"] * 3 + ["AccessDenied"] * len(QUEUES)
    assert [code[: len("AccessDenied")] for code in tries(keys)] == closed
    assert alarms() == []
    opened = Gate(aws, action="update", AdministratorRoles=f"arn:aws:iam::{ACCOUNT}:user/mend*")
    assert opened.status == "UPDATE_COMPLETE"
    assert tries(keys) == ["done"] * len(closed)
    assert [code[: len("AccessDenied")] for code in tries(other)] == closed
    assert alarms() == ["breaching"]
    # Not even an administrator deletes a version.
    s3, records = aws.client("s3", keys), gate.outputs["RecordsBucket"]
    versions = s3.list_object_versions(Bucket=records, Prefix=FOLDER)["Versions"]
    assert len(versions) == 2
    gone = {"Bucket": records, "Key": versions[0]["Key"], "VersionId": versions[0]["VersionId"]}
    assert code_of(s3.delete_object, **gone) == "AccessDenied"
    Gate(aws, action="update")
    assert [code[: len("AccessDenied")] for code in tries(keys)] == closed
    assert alarms() == []


def test_two_stacks_keep_apart(aws: LocalAws) -> None:
    first, second = Gate(aws, "blue"), Gate(aws, "green")
    first.silence()
    assert first.puts("sign", "RecordsBucket", f"{FOLDER}/received.json", IfNoneMatch="*") == "done"
    put = {"Bucket": second.outputs["RecordsBucket"], "Key": f"{FOLDER}/received.json", "Body": "{}", "IfNoneMatch": "*"}
    assert first.acts("sign", "s3", "put_object", **put) == "AccessDenied"
    entry = {"Source": "countersign", "DetailType": "x", "Detail": "{}", "EventBusName": second.outputs["EventBus"]}
    assert first.acts("sign", "events", "put_events", Entries=[entry]).startswith("AccessDenied")
    send = {"QueueUrl": second.url("green-sign-dead-letters"), "MessageBody": "x"}
    assert "AccessDenied" in first.acts("sign", "sqs", "send_message", **send)


def test_longest_name_of_a_stack_fits(aws: LocalAws) -> None:
    """57 characters: what a StackSet called `countersign` calls its stacks."""
    name = "StackSet-countersign-01234567-89ab-cdef-0123-456789abcdef"
    assert len(name) == 57
    gate = Gate(aws, name)
    assert gate.status == "CREATE_COMPLETE", gate.reasons()


def test_longer_name_of_a_stack_is_refused_and_said_why(aws: LocalAws) -> None:
    """With one character more, `<stack>-deploy` has 65; Lambda takes 64 (its service model, grade A)."""
    name = "StackSet-countersign1-01234567-89ab-cdef-0123-456789abcdef"
    assert len(name) == 58
    gate = Gate(aws, name)
    assert gate.status == "ROLLBACK_COMPLETE"
    assert any(f"{name}-deploy" in why and "equal to 64" in why for why in gate.reasons()), gate.reasons()


@pytest.mark.parametrize("tracing", ["PassThrough", "Active"])
def test_functions_are_traced_only_where_the_stack_says_so(aws: LocalAws, tracing: str) -> None:
    gate = Gate(aws, Tracing=tracing)
    assert gate.status == "CREATE_COMPLETE", gate.reasons()
    for name in FUNCTIONS:
        config = aws.client("lambda").get_function_configuration(FunctionName=f"countersign-{name}")
        assert config["TracingConfig"] == {"Mode": tracing}, name
        role = config["Role"]
        may = aws.client("iam").simulate_principal_policy(
            PolicySourceArn=role, ActionNames=["xray:PutTraceSegments", "xray:PutTelemetryRecords"]
        )
        said = {it["EvalDecision"] for it in may["EvaluationResults"]}
        assert said == ({"allowed"} if tracing == "Active" else {"implicitDeny"}), name


@pytest.mark.parametrize(
    "parameters",
    [
        {"CreateTrail": "false"},
        {"RecordLockMode": "GOVERNANCE"},
        {"TaggedProfiles": "team_*", "CanaryOnAlias": "takeover", "PatienceSeconds": "300"},
        {"AlertEmail": "gate@example.com"},
        {"CodeStorage": "reference"},
        {"ProvenanceSource": "github.com/acme/", "ProvenanceRef": "refs/tags/", "ProvenanceLevel": "2"},
    ],
)
def test_variant_is_created(aws: LocalAws, parameters: dict[str, str]) -> None:
    assert Gate(aws, **parameters).status == "CREATE_COMPLETE"


@pytest.mark.parametrize("storage", ["copy", "reference"])
def test_lambda_reads_the_signed_bucket_where_the_stack_says_so(aws: LocalAws, storage: str) -> None:
    gate = Gate(aws, CodeStorage=storage)
    aws.function("shop")
    token = "functionsshop"
    asked = gate.acts("sign", "signer", "start_signing_job", **job(gate, "functions/shop/"), clientRequestToken=token)
    assert asked == "done"
    bucket, s3 = gate.outputs["SignedBucket"], aws.client("s3")
    listed = lambda: s3.list_object_versions(Bucket=bucket, Prefix="functions/shop/").get("Versions")  # noqa: E731
    (signed,) = eventually(listed)
    package = {"S3Bucket": bucket, "S3Key": signed["Key"], "S3ObjectVersion": signed["VersionId"]}
    update = {"FunctionName": "shop", **package, "S3ObjectStorageMode": "REFERENCE"}
    answer = gate.acts("deploy", "lambda", "update_function_code", **update)
    assert answer == {"copy": "InvalidParameterValueException", "reference": "done"}[storage]
    publish = {"LayerName": "util", "Content": {**package, "S3ObjectStorageMode": "REFERENCE"}}
    assert gate.acts("deploy", "lambda", "publish_layer_version", **publish) == answer


def test_what_lambda_references_does_not_expire() -> None:
    bucket = template()["Resources"]["SignedBucket"]["Properties"]
    rules = bucket["LifecycleConfiguration"]["Rules"]
    expiring = [rule for rule in rules if any("Expiration" in member for member in rule)]
    assert len(expiring) == 3
    for rule in expiring:
        assert rule["Status"] == {"Fn::If": ["DeploysByReference", "Disabled", "Enabled"]}, rule["Id"]


def test_brought_profile_and_configuration_are_used(aws: LocalAws) -> None:
    profile = aws.profile("brought")
    configuration = aws.configuration(profile)
    gate = Gate(aws, SigningProfileVersionArn=profile, CscArn=configuration)
    assert gate.outputs["SigningProfile"] == "brought"
    assert gate.outputs["CodeSigningConfig"] == configuration
    read = aws.client("lambda").get_function_configuration
    variables = read(FunctionName="countersign-deploy")["Environment"]["Variables"]
    assert variables["COUNTERSIGN_NEW_FUNCTION_CSC_ARN"] == configuration
    assert variables["COUNTERSIGN_LAYER_CSC_ARN"] == configuration


def refusal(aws: LocalAws, **parameters: str) -> str:
    with pytest.raises(ClientError) as caught:
        Gate(aws, **parameters)
    assert caught.value.response["Error"]["Code"] == "ValidationError"
    return str(caught.value.response["Error"]["Message"])


def test_nobody_to_page_has_to_be_said(aws: LocalAws) -> None:
    assert "AlertEmail" in refusal(aws, AlertEmail="")
    assert "Default" not in template()["Parameters"]["AlertEmail"]


def test_publishers_for_a_brought_configuration_are_refused(aws: LocalAws) -> None:
    profile = aws.profile("brought")
    said = refusal(aws, CscArn=aws.configuration(profile), AdditionalPublishers=profile)
    assert "AdditionalPublishers is for the code signing configuration" in said


@pytest.mark.parametrize("region", ["mx-central-1", "cn-north-1"])
def test_region_without_code_signing_is_refused(aws: LocalAws, region: str) -> None:
    with pytest.raises(ClientError) as caught:
        Gate(aws, region=region)
    assert "is not available in this region" in caught.value.response["Error"]["Message"]


def test_partition_with_a_root_of_its_own_wants_to_be_told(aws: LocalAws) -> None:
    with pytest.raises(ClientError) as caught:
        Gate(aws, region="us-gov-west-1")
    assert "Say in TrustRoots which root to trust" in caught.value.response["Error"]["Message"]


def test_template_has_no_anchors() -> None:
    events = list(yaml.parse(TEMPLATE_TEXT, Loader=yaml.SafeLoader))
    assert [event for event in events if getattr(event, "anchor", None)] == []


def test_safe_choice_is_first_and_default() -> None:
    for name, parameter in template()["Parameters"].items():
        if parameter["Type"] == "String" and "AllowedValues" in parameter:
            assert parameter["Default"] == parameter["AllowedValues"][0], name


def test_every_parameter_is_in_a_group() -> None:
    read = template()
    groups = read["Metadata"]["AWS::CloudFormation::Interface"]["ParameterGroups"]
    named = [name for group in groups for name in group["Parameters"]]
    assert sorted(named) == sorted(read["Parameters"])


def alarms_of_template() -> dict[str, dict[str, Any]]:
    resources = template()["Resources"].items()
    return {name: each["Properties"] for name, each in resources if each["Type"] == "AWS::CloudWatch::Alarm"}


def test_every_alarm_pages() -> None:
    alarms = alarms_of_template()
    assert len(alarms) > 10
    for name, alarm in alarms.items():
        assert alarm["AlarmActions"] == [{"Ref": "Topic"}], name


def fill(series: list[float | None], value: float) -> list[float]:
    """CloudWatch's FILL (metric math reference, grade B)."""
    return [value if each is None else each for each in series]


def diff(series: list[float]) -> list[float | None]:
    """CloudWatch's DIFF: the first data point has no difference (grade B)."""
    pairs: list[float | None] = [after - before for before, after in zip(series, series[1:], strict=False)]
    return [None, *pairs]


@pytest.mark.parametrize("name", ["Sign", "Deploy", "Alert", "Sweep"])
def test_alarm_sees_each_dead_letter_and_is_held_up_by_none(name: str) -> None:
    alarm = alarms_of_template()[f"{name}DeadLettersAlarm"]
    arrived, waiting = alarm["Metrics"]
    assert waiting["MetricStat"]["Metric"]["MetricName"] == "ApproximateNumberOfMessagesVisible"
    # A queue that nobody used has no data; one message comes and stays, another joins it, both are fetched.
    series: list[float | None] = [None, None, 1, 1, 1, 2, 2, 0, 1]
    found = eval(arrived["Expression"], {"DIFF": diff, "FILL": fill, "waiting": series})
    assert alarm["ComparisonOperator"] == "GreaterThanThreshold"
    in_alarm = [each is not None and each > alarm["Threshold"] for each in found]
    assert in_alarm == [False, False, True, False, False, True, False, False, True]
