"""A function in Python that does at its start what the Rust functions do: makes its AWS clients.

Usage: function.py CLIENT... with names as boto3 knows them. It speaks to the Runtime API itself,
with less code than AWS's own runtime client, so that the comparison errs on Python's side.
"""

from __future__ import annotations

import http.client
import json
import os
import sys
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError
from botocore.parsers import ResponseParserError

CLIENTS = {name: boto3.client(name, config=Config(retries={"max_attempts": 1})) for name in sys.argv[1:]}

CALLS = {
    "s3": lambda s3: s3.head_object(Bucket="countersign-uploads", Key="functions/orders.zip"),
    "signer": lambda signer: signer.describe_signing_job(jobId="065d37b3-1a2b-4c5d-8e9f-0a1b2c3d4e5f"),
    "sns": lambda sns: sns.publish(TopicArn="arn:aws:sns:us-east-1:111122223333:pages", Message="x"),
}


def handle(event: dict[str, Any]) -> dict[str, Any]:
    """Makes one AWS call for each message; a message whose call is refused is told back to the queue."""
    failures = []
    for record in event["Records"]:
        name, client = next(iter(CLIENTS.items()))
        try:
            CALLS[name](client)
        except (ClientError, ResponseParserError):  # the latter where XML was expected: the refusal is JSON
            failures.append({"itemIdentifier": record["messageId"]})
    return {"batchItemFailures": failures}


def main() -> None:
    runtime = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
    while True:
        runtime.request("GET", "/2018-06-01/runtime/invocation/next")
        response = runtime.getresponse()
        event = json.loads(response.read())
        request_id = response.headers["Lambda-Runtime-Aws-Request-Id"]
        answer = json.dumps(handle(event))
        runtime.request("POST", f"/2018-06-01/runtime/invocation/{request_id}/response", answer)
        runtime.getresponse().read()


if __name__ == "__main__":
    main()
