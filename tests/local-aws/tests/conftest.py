"""One local AWS for all tests on a free port, reset before each; clients whose answers are checked."""

from __future__ import annotations

import io
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
import pytest
import shapes
from botocore.config import Config

PACKAGE = Path(__file__).resolve().parents[1]
REGION, ACCOUNT = "us-east-1", "000000000000"
_VECTORS_VARIABLE = "COUNTERSIGN_VECTORS"
_LAMBDA_TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}


def package_of(**files: str) -> bytes:
    """A deployment package with these files; `__` in a name stands for the dot."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name.replace("__", "."), content)
    return buffer.getvalue()


HELLO = package_of(index__py="def handler(event, context):\n    return {'hello': event}\n")


PATIENCE = 120.0
"""Seconds after which a test is taken to hang. How long something takes is never what is tested."""


def eventually(found: Any) -> Any:
    """What `found()` answers once that is true, asked again and again."""
    deadline = time.monotonic() + PATIENCE
    while not (answer := found()):
        assert time.monotonic() < deadline, f"nothing within {PATIENCE} s"
        time.sleep(0.05)
    return answer


@dataclass
class LocalAws:
    """A running local AWS and what tests do with it again and again."""

    port: int
    state: Path
    process: subprocess.Popen[bytes]
    started_in: float
    _clients: dict[str, Any] = field(default_factory=dict)

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def client(self, service: str, keys: dict[str, str] | None = None, *, checked: bool = True) -> Any:
        """A client; without keys it is the account root's, and they may name a region. `checked` is for the shapes of
        its answers.
        """
        ours = checked and keys is None
        if ours and service in self._clients:
            return self._clients[service]
        keys = keys or {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
        config = Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"}, inject_host_prefix=False)
        make: Any = boto3.client  # its stub names every service there is
        client = make(service, endpoint_url=self.endpoint, config=config, **{"region_name": REGION, **keys})
        if checked:
            shapes.check_answers(client)
        if ours:
            self._clients[service] = client
        return client

    def control(self, method: str, path: str, body: Any = None) -> Any:
        """A call of the control endpoint."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.endpoint}/_countersign/{path}", data=data, method=method)
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
            return json.load(answer)

    def environment(self) -> dict[str, str]:
        """What makes command line tools talk to it."""
        return {
            **os.environ,
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_DEFAULT_REGION": REGION,
            "AWS_PAGER": "",
            "SAM_CLI_TELEMETRY": "0",
        }

    def bucket(self, name: str, *, versioned: bool = True) -> str:
        """A bucket that reports its objects to the event bus."""
        s3 = self.client("s3")
        s3.create_bucket(Bucket=name)
        if versioned:
            s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
        s3.put_bucket_notification_configuration(
            Bucket=name, NotificationConfiguration={"EventBridgeConfiguration": {}}
        )
        return name

    def profile(self, name: str = "publisher", **settings: Any) -> str:
        """A signing profile; answers its version's ARN."""
        made = self.client("signer").put_signing_profile(
            profileName=name, platformId="AWSLambda-SHA384-ECDSA", **settings
        )
        return str(made["profileVersionArn"])

    def start_job(self, code: bytes, profile: str = "publisher", key: str = "functions/hello.zip") -> str:
        """Uploads and starts signing from `uploads` to `signed`; both are made when absent."""
        s3 = self.client("s3")
        known = {bucket["Name"] for bucket in s3.list_buckets()["Buckets"]}
        for name in {"uploads", "signed"} - known:
            self.bucket(name)
        version = s3.put_object(Bucket="uploads", Key=key, Body=code)["VersionId"]
        started = self.client("signer").start_signing_job(
            source={"s3": {"bucketName": "uploads", "key": key, "version": version}},
            destination={"s3": {"bucketName": "signed", "prefix": "functions/hello/"}},
            profileName=profile,
        )
        return str(started["jobId"])

    def finished(self, job: str) -> dict[str, Any]:
        """A job once it is no longer InProgress."""
        signer = self.client("signer")
        eventually(lambda: signer.describe_signing_job(jobId=job)["status"] != "InProgress")
        return dict(signer.describe_signing_job(jobId=job))

    def signed(self, code: bytes = HELLO, profile: str = "publisher") -> bytes:
        """The code as Signer returns it."""
        job = self.finished(self.start_job(code, profile))
        assert job["status"] == "Succeeded", job
        key = job["signedObject"]["s3"]["key"]
        return bytes(self.client("s3").get_object(Bucket="signed", Key=key)["Body"].read())

    def configuration(self, *profile_versions: str, policy: str = "Enforce") -> str:
        """A code signing configuration; answers its ARN."""
        made = self.client("lambda").create_code_signing_config(
            AllowedPublishers={"SigningProfileVersionArns": list(profile_versions)},
            CodeSigningPolicies={"UntrustedArtifactOnDeployment": policy},
        )
        return str(made["CodeSigningConfig"]["CodeSigningConfigArn"])

    def role(self, name: str, *statements: dict[str, Any]) -> str:
        """A role for functions that may do what the statements say."""
        iam = self.client("iam")
        arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(_LAMBDA_TRUST))["Role"]["Arn"]
        if statements:
            policy = {"Version": "2012-10-17", "Statement": list(statements)}
            iam.put_role_policy(RoleName=name, PolicyName="rights", PolicyDocument=json.dumps(policy))
        return str(arn)

    def user(self, name: str, *statements: dict[str, Any]) -> dict[str, str]:
        """The keys of a new user who may do what the statements say."""
        iam = self.client("iam")
        iam.create_user(UserName=name)
        policy = {"Version": "2012-10-17", "Statement": list(statements)}
        iam.put_user_policy(UserName=name, PolicyName="rights", PolicyDocument=json.dumps(policy))
        key = iam.create_access_key(UserName=name)["AccessKey"]
        return {"aws_access_key_id": key["AccessKeyId"], "aws_secret_access_key": key["SecretAccessKey"]}

    def function(self, name: str, code: bytes = HELLO, **settings: Any) -> dict[str, Any]:
        """A function, settled."""
        client = self.client("lambda")
        roles = {role["RoleName"]: role["Arn"] for role in self.client("iam").list_roles()["Roles"]}
        settings.setdefault("Role", roles.get("plain") or self.role("plain"))
        # Lambda's own default of 3 seconds is less than Python may need to start on a busy machine.
        settings.setdefault("Timeout", 60)
        made = client.create_function(
            FunctionName=name, Runtime="python3.12", Handler="index.handler", Code={"ZipFile": code}, **settings
        )
        self.settled(name)
        return dict(made)

    def settled(self, name: str) -> dict[str, Any]:
        """A function's configuration once no update is under way."""
        client = self.client("lambda")
        read = client.get_function_configuration
        eventually(lambda: read(FunctionName=name)["LastUpdateStatus"] != "InProgress")
        return dict(read(FunctionName=name))

    def queue(self, name: str, *statements: dict[str, Any], **attributes: str) -> tuple[str, str]:
        """A queue's URL and ARN; the statements of its policy are about the queue itself."""
        sqs = self.client("sqs")
        url = str(sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"])
        arn = str(sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"])
        if statements:
            policy = {"Version": "2012-10-17", "Statement": [{"Resource": arn, **each} for each in statements]}
            sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": json.dumps(policy)})
        return url, arn

    def queue_of(self, pattern: dict[str, Any], name: str = "seen", bus: str = "default") -> str:
        """The URL of a queue that gets the events of this pattern."""
        events = self.client("events")
        sends = {"Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"}, "Action": "sqs:SendMessage"}
        url, arn = self.queue(name, sends)
        events.put_rule(Name=name, EventBusName=bus, EventPattern=json.dumps(pattern))
        events.put_targets(Rule=name, EventBusName=bus, Targets=[{"Id": "queue", "Arn": arn}])
        return url

    def stack(self, resources: dict[str, Any], action: str = "create", **outputs: Any) -> dict[str, Any]:
        """Creates or updates the stack `stack`; answers it once it is done."""
        client = self.client("cloudformation")
        body = {"Resources": resources, "Outputs": {name: {"Value": value} for name, value in outputs.items()}}
        getattr(client, f"{action}_stack")(
            StackName="stack", TemplateBody=json.dumps(body), Capabilities=["CAPABILITY_NAMED_IAM"]
        )

        def done() -> Any:
            stack = client.describe_stacks(StackName="stack")["Stacks"][0]
            return None if stack["StackStatus"].endswith("IN_PROGRESS") else stack

        return dict(eventually(done))

    def received(self, queue: str, count: int = 1) -> list[dict[str, Any]]:
        """The next `count` events of a queue, taken off it."""
        sqs = self.client("sqs")
        events: list[dict[str, Any]] = []
        deadline = time.monotonic() + PATIENCE
        while len(events) < count and time.monotonic() < deadline:
            answer = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=min(10, count - len(events)))
            for message in answer.get("Messages", []):
                sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
                events.append(json.loads(message["Body"]))
            time.sleep(0.05)
        assert len(events) == count, f"{len(events)} of {count} events came within {PATIENCE} s"
        return events

    def refused(self, code: str, call: Any, **arguments: Any) -> str:
        """The message of a call that has to be refused with this error."""
        with pytest.raises(call.__self__.exceptions.ClientError) as caught:
            call(**arguments)
        error = caught.value.response["Error"]
        assert error["Code"] == code, error
        return str(error["Message"])


def start(state: Path) -> LocalAws:
    """Starts one on a free port and waits for its one line."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    begun = time.monotonic()
    process = subprocess.Popen(
        [sys.executable, "-m", "countersign_local_aws", "--port", str(port), "--state", str(state)],
        cwd=PACKAGE,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
    )
    assert process.stdout is not None
    line = process.stdout.readline().decode()
    assert f"ready on http://127.0.0.1:{port}" in line, line
    return LocalAws(port, state, process, min(time.monotonic() - begun, _processor_seconds(process.pid)))


def _processor_seconds(process: int) -> float:
    """How long a process has computed: what starting takes where nothing else runs; infinite where unknown."""
    try:
        columns = Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()
    except OSError:
        return float("inf")
    return (int(columns[11]) + int(columns[12])) / os.sysconf("SC_CLK_TCK")


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalAws]:
    """The one that all tests share."""
    aws = start(tmp_path_factory.mktemp("state"))
    yield aws
    aws.process.send_signal(signal.SIGTERM)
    assert aws.process.wait(timeout=PATIENCE) == 0


@pytest.fixture
def aws(running: LocalAws) -> LocalAws:
    """It, empty, and quicker than AWS."""
    running.control("POST", "reset")
    running.control("PUT", "settings", {"signing_seconds": 0.05, "update_seconds": 0.05})
    return running


@pytest.fixture(scope="session")
def vectors() -> Path:
    """The folder of vectors that nobody here wrote; tests that need it are skipped where it is absent."""
    default = PACKAGE.parents[2] / "shared" / "vectors"
    folder = Path(os.environ.get(_VECTORS_VARIABLE, default))
    if not folder.is_dir():
        pytest.skip(f"there are no vectors at {folder}; set {_VECTORS_VARIABLE}")
    return folder
