"""Calls AWS through boto3, one JSON object a line on standard input, one a line on standard output.

A request is {"service", "operation", "arguments"}; an answer is {"ok": …} or {"error": {"code",
"message"}}. Bytes travel as {"$bytes": base64}. Ends when standard input does.
"""

import base64
import datetime
import json
import signal
import sys
import urllib.error
import urllib.request
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from botocore.response import StreamingBody

CONFIG = Config(connect_timeout=5, read_timeout=120, retries={"mode": "standard", "total_max_attempts": 2})


def main(endpoint: str) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    clients: dict[str, Any] = {}
    for line in sys.stdin:
        request = json.loads(line)
        print(json.dumps(answer(endpoint, clients, request)), flush=True)


def answer(endpoint: str, clients: dict[str, Any], request: dict[str, Any]) -> dict[str, Any]:
    service, operation, arguments = request["service"], request["operation"], decoded(request["arguments"])
    try:
        if service == "control":
            return {"ok": control(endpoint, operation, arguments)}
        if service not in clients:
            clients[service] = boto3.client(service, endpoint_url=endpoint, config=CONFIG)
        return {"ok": encoded(getattr(clients[service], operation)(**arguments))}
    except ClientError as error:
        return refusal(error.response["Error"].get("Code", "Unknown"), error.response["Error"].get("Message", ""))
    except (BotoCoreError, OSError) as error:
        return refusal(type(error).__name__, str(error))


def control(endpoint: str, operation: str, arguments: dict[str, Any]) -> Any:
    """The control endpoint of the local AWS; `operation` is a method and a path."""
    method, path = operation.split(" ", 1)
    body = json.dumps(arguments).encode() if arguments else None
    request = urllib.request.Request(f"{endpoint}/_countersign/{path}", body, method=method)
    with urllib.request.urlopen(request, timeout=60) as response:
        return json.load(response)


def refusal(code: str, message: str) -> dict[str, Any]:
    return {"error": {"code": code, "message": message}}


def decoded(value: Any) -> Any:
    if isinstance(value, dict):
        if set(value) == {"$bytes"}:
            return base64.b64decode(value["$bytes"])
        return {key: decoded(member) for key, member in value.items()}
    return [decoded(member) for member in value] if isinstance(value, list) else value


def encoded(value: Any) -> Any:
    match value:
        case dict():
            return {key: encoded(member) for key, member in value.items() if key != "ResponseMetadata"}
        case list():
            return [encoded(member) for member in value]
        case bytes():
            return {"$bytes": base64.b64encode(value).decode()}
        case datetime.datetime():
            return value.isoformat()
        case _ if isinstance(value, StreamingBody):
            return encoded(value.read())
        case _:
            return value


if __name__ == "__main__":
    main(sys.argv[1])
