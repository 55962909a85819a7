"""Faults on demand: each effect, how often it strikes, and that none is there unasked."""

from __future__ import annotations

import io
import json
import sys
import time
import urllib.error
import zipfile
from concurrent.futures import ThreadPoolExecutor

import pytest
from conftest import HELLO, PATIENCE, LocalAws, eventually, package_of

from countersign_local_aws.faults import Fault


def test_there_are_none_by_default(aws: LocalAws) -> None:
    assert aws.control("GET", "faults") == {"faults": []}


@pytest.mark.parametrize(
    ("members", "struck"),
    [
        ({}, [1, 2, 3, 4, 5, 6]),
        ({"times": 2}, [1, 2]),
        ({"skip": 2, "times": 1}, [3]),
        ({"share": 0.5}, [2, 4, 6]),
        ({"share": 0.3}, [4]),
    ],
)
def test_how_often_a_fault_strikes(members: dict[str, float], struck: list[int]) -> None:
    fault = Fault(effect="fail", action="s3:*", **members)  # type: ignore[arg-type]
    assert [number for number in range(1, 7) if fault.takes()] == struck


def test_a_seeded_share_strikes_by_the_same_chance_each_time() -> None:
    first, again, other = (Fault(effect="fail", action="s3:*", share=0.3, seed=seed) for seed in (7, 7, 8))
    struck = [first.takes() for _ in range(1000)]
    assert struck == [again.takes() for _ in range(1000)] != [other.takes() for _ in range(1000)]
    assert 250 < sum(struck) < 350
    assert first.hit == sum(struck)


def test_a_quota_throttles_only_what_comes_faster(aws: LocalAws) -> None:
    quota = {"action": ["lambda:*"], "not_action": ["lambda:GetAccountSettings"], "effect": "throttle"}
    aws.control("POST", "faults", {**quota, "per_second": 2})
    client = aws.client("lambda", checked=False)
    passed, begun = 0, time.monotonic()
    while time.monotonic() - begun < 3:
        client.get_account_settings()
        try:
            client.list_functions()
            passed += 1
        except client.exceptions.TooManyRequestsException:
            pass
    took = time.monotonic() - begun
    assert 2 <= passed <= 2 + 2 * took
    (fault,) = aws.control("GET", "faults")["faults"]
    assert fault["hit"] == fault["seen"] - passed > 0


@pytest.mark.parametrize(
    "members",
    [
        {"effect": "fail"},
        {"effect": "explode", "action": "s3:*"},
        {"effect": "drop", "action": "s3:*"},
        {"effect": "fail", "action": "s3:*", "share": 0},
        {"effect": "fail", "action": "s3:*", "id": 7},
    ],
)
def test_a_fault_that_makes_no_sense_is_refused(aws: LocalAws, members: dict[str, object]) -> None:
    with pytest.raises(urllib.error.HTTPError, match="400"):
        aws.control("POST", "faults", members)
    assert aws.control("GET", "faults") == {"faults": []}


def test_an_unknown_setting_is_refused(aws: LocalAws) -> None:
    for settings in ({"no_such": 1}, {"hold_signing_jobs": 1}, {"signing_seconds": "1"}):
        with pytest.raises(urllib.error.HTTPError, match="400"):
            aws.control("PUT", "settings", settings)


def test_the_next_calls_are_throttled_with_the_operations_own_error(aws: LocalAws) -> None:
    aws.function("target")
    aws.control("POST", "faults", {"action": "lambda:GetFunction", "effect": "throttle", "times": 2})
    client = aws.client("lambda")
    for _ in range(2):
        aws.refused("TooManyRequestsException", client.get_function, FunctionName="target")
    client.get_function(FunctionName="target")
    (fault,) = aws.control("GET", "faults")["faults"]
    assert (fault["seen"], fault["hit"]) == (3, 2)


def test_errors_have_the_form_of_their_service(aws: LocalAws) -> None:
    aws.control("POST", "faults", {"action": "*", "effect": "throttle"})
    aws.refused("SlowDown", aws.client("s3").list_buckets)
    aws.refused("Throttled", aws.client("sns").list_topics)
    aws.refused("RequestThrottled", aws.client("sqs").list_queues)
    aws.refused("ThrottlingException", aws.client("events").list_rules)
    aws.refused("TooManyRequestsException", aws.client("signer").list_signing_jobs)


def test_a_failure_can_be_named(aws: LocalAws) -> None:
    fault = {"action": "signer:ListSigningJobs", "effect": "fail", "code": "ServiceUnavailable", "status": 503}
    aws.control("POST", "faults", {**fault, "message": "later"})
    signer = aws.client("signer", checked=False)
    with pytest.raises(signer.exceptions.ClientError) as caught:
        signer.list_signing_jobs()
    assert caught.value.response["Error"] == {"Code": "ServiceUnavailable", "Message": "later"}
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 503


def test_an_answer_can_be_lost_after_the_call_took_effect(aws: LocalAws) -> None:
    aws.control("POST", "faults", {"action": "s3:CreateBucket", "effect": "lose-answer", "times": 1})
    s3 = aws.client("s3")
    aws.refused("InternalError", s3.create_bucket, Bucket="there-after-all")
    assert [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]] == ["there-after-all"]


def test_a_fault_can_be_for_one_caller(aws: LocalAws) -> None:
    allowed = {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}
    other = aws.client("s3", aws.user("other", allowed))
    aws.control("POST", "faults", {"action": "s3:*", "effect": "fail", "caller": "*:user/other"})
    aws.client("s3").list_buckets()
    aws.refused("InternalError", other.list_buckets)


def test_a_call_can_be_delayed(aws: LocalAws) -> None:
    aws.control("POST", "faults", {"action": "s3:ListAllMyBuckets", "effect": "delay", "seconds": 0.4})
    begun = time.monotonic()
    aws.client("s3").list_buckets()
    assert time.monotonic() - begun >= 0.4


@pytest.mark.parametrize(("effect", "copies"), [("drop", 0), ("duplicate", 2)])
def test_events_can_be_dropped_and_duplicated(aws: LocalAws, effect: str, copies: int) -> None:
    aws.profile()
    queue = aws.queue_of({"source": ["aws.signer", "countersign"]})
    aws.control("POST", "faults", {"event": "aws.signer/Signer Job*", "effect": effect})
    aws.control("POST", "faults", {"event": "aws.signer/AWS API*", "effect": "drop"})
    aws.finished(aws.start_job(HELLO))
    eventually(lambda: aws.control("GET", "faults")["faults"][0]["hit"])
    events = aws.received(queue, copies)
    last = {"Source": "countersign", "DetailType": "last", "Detail": "{}"}
    aws.client("events").put_events(Entries=[last])
    events += aws.received(queue)
    assert [event["detail-type"] for event in events] == ["Signer Job Status Change"] * copies + ["last"]
    assert len({event["id"] for event in events}) == min(copies, 1) + 1


@pytest.mark.parametrize("order", ["oldest-first", "newest-first"])
def test_events_can_be_held_and_released_in_either_order(aws: LocalAws, order: str) -> None:
    queue = aws.queue_of({"source": ["countersign"]})
    aws.control("POST", "faults", {"event": "countersign/*", "effect": "hold", "times": 2})
    three = [{"Source": "countersign", "DetailType": name, "Detail": "{}"} for name in ("first", "second", "third")]
    aws.client("events").put_events(Entries=three)
    assert [event["detail-type"] for event in aws.received(queue)] == ["third"]
    assert aws.control("POST", "events/release", {"order": order}) == {"released": 2}
    released = [event["detail-type"] for event in aws.received(queue, 2)]
    assert released == (["first", "second"] if order == "oldest-first" else ["second", "first"])
    assert aws.control("POST", "events/release") == {"released": 0}


def test_events_can_be_delayed_past_later_ones(aws: LocalAws) -> None:
    queue = aws.queue_of({"source": ["countersign"]})
    aws.control("POST", "faults", {"event": "countersign/first", "effect": "delay", "seconds": 1})
    both = [{"Source": "countersign", "DetailType": name, "Detail": "{}"} for name in ("first", "second")]
    aws.client("events").put_events(Entries=both)
    assert [event["detail-type"] for event in aws.received(queue, 2)] == ["second", "first"]


CALLER = """
import boto3, time
def handler(event, context):
    boto3.client('s3').put_object(Bucket='records', Key='before', Body=b'x')
    boto3.client('s3').put_object(Bucket='records', Key='after', Body=b'x')
    time.sleep(event.get('seconds', 0))
    return 'done'
"""


@pytest.mark.parametrize(("effect", "written"), [("stop-caller-before", []), ("stop-caller-after", ["before"])])
def test_a_function_can_be_stopped_at_a_call(aws: LocalAws, effect: str, written: list[str]) -> None:
    aws.bucket("records")
    role = aws.role("caller", {"Effect": "Allow", "Action": "s3:*", "Resource": "*"})
    aws.function("caller", package_of(index__py=CALLER), Role=role)
    aws.control("POST", "faults", {"action": "s3:PutObject", "caller": "*/caller", "effect": effect, "times": 1})
    answer = aws.client("lambda").invoke(FunctionName="caller")
    assert "FunctionError" in answer
    listed = aws.client("s3").list_objects_v2(Bucket="records").get("Contents", [])
    assert [entry["Key"] for entry in listed] == written
    again = aws.client("lambda").invoke(FunctionName="caller")
    assert json.load(again["Payload"]) == "done"


# A custom runtime as small as one can be: what the gate's own functions are, a `bootstrap` that asks for events.
BOOTSTRAP = f"""#!{sys.executable}
import os, time, urllib.request
api = 'http://' + os.environ['AWS_LAMBDA_RUNTIME_API'] + '/2018-06-01/runtime/invocation/'
while True:
    with urllib.request.urlopen(api + 'next') as event:
        request = event.headers['Lambda-Runtime-Aws-Request-Id']
        seconds = float(event.read())
    time.sleep(seconds)
    urllib.request.urlopen(api + request + '/response', data=b'"done"').close()
"""


def test_a_custom_runtime_can_be_stopped_in_mid_run_and_starts_again(aws: LocalAws) -> None:
    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as archive:
        entry = zipfile.ZipInfo("bootstrap")
        entry.external_attr = 0o755 << 16
        archive.writestr(entry, BOOTSTRAP)
    client = aws.client("lambda")
    client.create_function(
        FunctionName="custom",
        Role=aws.role("plain"),
        Runtime="provided.al2023",
        Handler="bootstrap",
        Code={"ZipFile": code.getvalue()},
        Timeout=900,
    )
    with ThreadPoolExecutor(max_workers=1) as pool:
        running = pool.submit(client.invoke, FunctionName="custom", Payload=b"600")
        eventually(lambda: running.done() or aws.control("POST", "functions/custom/stop") == {"stopped": 1})
        assert "FunctionError" in running.result(timeout=PATIENCE)
    again = client.invoke(FunctionName="custom", Payload=b"0")
    assert json.load(again["Payload"]) == "done"


def test_the_journal_shows_what_was_and_what_was_not_called(aws: LocalAws) -> None:
    aws.function("target")
    aws.control("DELETE", "calls")
    client = aws.client("lambda")
    client.get_function(FunctionName="target")
    aws.refused("ResourceNotFoundException", client.get_function, FunctionName="absent")
    called = aws.control("GET", "calls?action=lambda:*")["calls"]
    assert [(call["action"], call["status"], call["error"]) for call in called] == [
        ("lambda:GetFunction", 200, None),
        ("lambda:GetFunction", 404, "ResourceNotFoundException"),
    ]
    assert called[0]["resource"].endswith(":function:target")
    assert aws.control("GET", "calls?action=lambda:UpdateFunctionCode") == {"calls": []}
    assert aws.control("DELETE", "calls?action=lambda:*") == {"calls": called}, "what is forgotten is told once more"
    assert aws.control("GET", "calls?action=lambda:*") == {"calls": []}
