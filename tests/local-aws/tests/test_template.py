"""The stack's own template: which events its rules take, and whom its code signing configuration trusts."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import ACCOUNT, REGION, LocalAws, eventually
from ministack.services.cloudformation import engine

ROOT = Path(__file__).resolve().parents[3]
TEMPLATES: dict[str, dict[str, Any]] = {
    name: engine._parse_template((ROOT / name).read_text())
    for name in ("template.yaml", "network.yaml", "bootstrap.yaml")
}
TEMPLATE = TEMPLATES["template.yaml"]
DETECTIONS = (ROOT / "docs/detections.md").read_text()


def watched(source: str) -> list[str]:
    """The calls that the table of detections wants of a source."""
    row = re.search(rf"^\| `{source}` \| (.*) \|$", DETECTIONS, re.MULTILINE)
    assert row, source
    return re.findall(r"`(\w+)`", row[1])


LAMBDA_CALLS = watched("aws.lambda")
SIGNER_CALLS = watched("aws.signer")
OTHER_SOURCES = [
    source
    for source in re.findall(r"^\| `(aws\.\w+)` \|", DETECTIONS, re.MULTILINE)
    if source not in ("aws.lambda", "aws.signer")
]
DATA_EVENTS = {"DeleteObject", "DeleteObjects"}
"""What a rule of its own takes, of one bucket: GateRule would take those of all buckets."""
LONGEST_PATTERN = 2048
"""Characters of an event pattern, EventBridge's quota (grade B)."""


def takes(aws: LocalAws, rule: str, source: str, kind: str, detail: dict[str, Any]) -> bool:
    """Whether this rule of the template lets an event through."""
    pattern = TEMPLATE["Resources"][rule]["Properties"]["EventPattern"]
    event = {
        "id": "1",
        "account": ACCOUNT,
        "source": source,
        "time": "2026-11-21T21:44:00Z",
        "region": REGION,
        "resources": [],
        "detail-type": kind,
        "detail": detail,
    }
    answer = aws.client("events").test_event_pattern(EventPattern=json.dumps(pattern), Event=json.dumps(event))
    return bool(answer["Result"])


def trail_takes(aws: LocalAws, source: str, name: str) -> bool:
    return takes(aws, "TrailRule", source, "AWS API Call via CloudTrail", {"eventName": name})


@pytest.mark.parametrize("version", ["", "20150331", "20200630", "20150331v2"])
def test_calls_on_code_and_trust_are_taken_whatever_version_is_behind_their_names(aws: LocalAws, version: str) -> None:
    assert [call for call in LAMBDA_CALLS if not trail_takes(aws, "aws.lambda", call + version)] == []


def test_each_rule_tells_when_the_other_is_turned_off(aws: LocalAws) -> None:
    """What turns one off is told by the other: it is off when its own event comes."""
    for name in ("DisableRule", "DeleteRule", "PutRule", "PutTargets", "RemoveTargets"):
        assert trail_takes(aws, "aws.events", name), name
        assert takes(aws, "GateRule", "aws.events", "AWS API Call via CloudTrail", {"eventName": name}), name


def test_signers_calls_on_trust_are_taken(aws: LocalAws) -> None:
    assert [call for call in SIGNER_CALLS if not trail_takes(aws, "aws.signer", call)] == []


@pytest.mark.parametrize("source", OTHER_SOURCES)
def test_calls_on_the_gates_own_parts_are_taken(aws: LocalAws, source: str) -> None:
    for name in set(watched(source)) - DATA_EVENTS:
        assert takes(aws, "GateRule", source, "AWS API Call via CloudTrail", {"eventName": name}), name
    for name in ("DescribeSomething", "GetObject", "PutMetricData", *DATA_EVENTS):
        assert not takes(aws, "GateRule", source, "AWS API Call via CloudTrail", {"eventName": name}), name


def test_nothing_is_taken_that_no_detection_looks_at() -> None:
    pattern = TEMPLATE["Resources"]["GateRule"]["Properties"]["EventPattern"]
    assert sorted(pattern["source"]) == sorted(OTHER_SOURCES)
    others = {name for source in OTHER_SOURCES for name in watched(source)}
    assert sorted(pattern["detail"]["eventName"]) == sorted(others - DATA_EVENTS)
    records = TEMPLATE["Resources"]["RecordsRule"]["Properties"]["EventPattern"]
    assert set(records["detail"]["eventName"]) == DATA_EVENTS
    assert records["detail"]["requestParameters"] == {"bucketName": [{"Ref": "RecordsBucket"}]}


def test_own_trail_asks_for_deletions_of_records_and_for_no_other_data() -> None:
    selectors = TEMPLATE["Resources"]["Trail"]["Properties"]["AdvancedEventSelectors"]
    fields = [{it["Field"]: it.get("Equals") or it.get("StartsWith") for it in each["FieldSelectors"]} for each in selectors]
    assert fields[0] == {"eventCategory": ["Management"], "readOnly": ["false"]}
    assert len(fields) == 2
    assert fields[1]["eventCategory"] == ["Data"]
    assert set(fields[1]["eventName"]) == DATA_EVENTS
    assert "RecordsBucket" in json.dumps(fields[1]["resources.ARN"])


def test_patterns_are_no_longer_than_eventbridge_takes() -> None:
    rules = [it for it in TEMPLATE["Resources"].values() if it["Type"] == "AWS::Events::Rule"]
    patterns = [it["Properties"]["EventPattern"] for it in rules if "EventPattern" in it["Properties"]]
    assert len(patterns) >= 3
    assert all(len(json.dumps(pattern, separators=(",", ":"))) <= LONGEST_PATTERN for pattern in patterns)


def test_every_rule_that_sends_to_alert_may_send() -> None:
    resources = TEMPLATE["Resources"]
    rules = {
        name
        for name, it in resources.items()
        if it["Type"] == "AWS::Events::Rule" and "AlertQueue" in json.dumps(it["Properties"]["Targets"])
    }
    assert rules == {"TrailRule", "GateRule", "RecordsRule", "OutcomeRule", "UnfinishedRule"}
    for policy in ("AlertQueuePolicy", "AlertDeadLettersPolicy"):
        for statement in resources[policy]["Properties"]["PolicyDocument"]["Statement"]:
            condition = json.dumps(statement.get("Condition", {}))
            if "aws:SourceArn" in condition:
                assert all(f'"{rule}' in condition for rule in rules), (policy, statement["Sid"])


@pytest.mark.parametrize(
    "name",
    ["GetFunction20150331v2", "Invoke", "CreateCodeSigningConfig", "PutFunctionEventInvokeConfig", "ListTags20170331"],
)
def test_other_calls_are_left_alone(aws: LocalAws, name: str) -> None:
    assert not trail_takes(aws, "aws.lambda", name)


@pytest.mark.parametrize(
    ("detail", "taken"),
    [
        ({"status": "Succeeded"}, True),
        ({"status": "Failed"}, True),
        ({"status": "SUCCEEDED"}, True),
        ({}, True),
        ({"status": "InProgress"}, False),
    ],
)
def test_jobs_that_may_have_ended_are_taken(aws: LocalAws, detail: dict[str, str], taken: bool) -> None:
    assert takes(aws, "JobRule", "aws.signer", "Signer Job Status Change", {"job_id": "1", **detail}) is taken


def publishers(aws: LocalAws, action: str, **parameters: str) -> list[str]:
    """Whom the configuration trusts once a stack of it and the profile alone is deployed with these parameters."""
    client = aws.client("cloudformation")
    template = {
        **{section: TEMPLATE[section] for section in ("Parameters", "Conditions")},
        "Resources": {name: TEMPLATE["Resources"][name] for name in ("SigningProfile", "Csc")},
        "Outputs": {"Csc": {"Value": {"Fn::GetAtt": ["Csc", "CodeSigningConfigArn"]}}},
    }
    getattr(client, f"{action}_stack")(
        StackName="stack",
        TemplateBody=json.dumps(template),
        Parameters=[
            {"ParameterKey": key, "ParameterValue": value}
            for key, value in {"AlertEmail": "none", **parameters}.items()
        ],
    )

    def done() -> Any:
        stack = client.describe_stacks(StackName="stack")["Stacks"][0]
        return None if stack["StackStatus"].endswith("IN_PROGRESS") else stack

    stack = eventually(done)
    assert stack["StackStatus"] == f"{action.upper()}_COMPLETE"
    read = aws.client("lambda").get_code_signing_config
    found = read(CodeSigningConfigArn=stack["Outputs"][0]["OutputValue"])["CodeSigningConfig"]
    return list(found["AllowedPublishers"]["SigningProfileVersionArns"])


def test_further_publishers_come_to_the_stacks_own_and_stay_with_an_update(aws: LocalAws) -> None:
    (own,) = publishers(aws, "create")
    others = [f"arn:aws:signer:{REGION}:{ACCOUNT}:/signing-profiles/{name}/AbCdEf0123" for name in ("blue", "green")]
    trusted = publishers(aws, "update", AdditionalPublishers=",".join(others))
    assert trusted == [own, *others]
    assert publishers(aws, "update", AdditionalPublishers=others[0], UntrustedCode="Warn") == [own, others[0]]


def test_further_publishers_are_arns_with_nothing_but_commas_between_them() -> None:
    arn = "arn:aws:signer:us-east-1:123456789012:/signing-profiles/blue/AbCdEf0123"
    pattern = re.compile(TEMPLATE["Parameters"]["AdditionalPublishers"]["AllowedPattern"])
    for good in ("", arn, ",".join([arn] * 19)):
        assert pattern.search(good), good
    for bad in (",", f"{arn},", f",{arn}", f"{arn}, {arn}", arn + arn, ",".join([arn] * 20), "blue"):
        assert not pattern.search(bad), bad


NEW_ACCOUNT = 10
"""Concurrent executions that a new account may have in all (grade B)."""
LEFT_TO_OTHERS = 2
"""Of those, what the gate leaves to the functions that it deploys."""
LEAST_OF_A_QUEUE = 2
"""The least MaximumConcurrency that Lambda takes (grade B)."""


def at_a_time() -> dict[str, int]:
    """How many of each function run at a time, with the parameters' defaults. None is without a bound."""
    bounds: dict[str, int] = {}
    for name, resource in TEMPLATE["Resources"].items():
        if resource["Type"] != "AWS::Serverless::Function":
            continue
        (source,) = resource["Properties"]["Events"].values()
        bound = source["Properties"]["ScalingConfig"]["MaximumConcurrency"]
        if isinstance(bound, dict):
            bound = TEMPLATE["Parameters"][bound["Ref"]]["Default"]
        bounds[name] = int(bound)
    return bounds


def test_all_functions_together_leave_a_new_account_room() -> None:
    bounds = at_a_time()
    assert sorted(bounds) == ["AlertFunction", "DeployFunction", "SignFunction", "SweepFunction"]
    assert min(bounds.values()) >= LEAST_OF_A_QUEUE
    assert sum(bounds.values()) <= NEW_ACCOUNT - LEFT_TO_OTHERS, bounds


@pytest.mark.parametrize("name", ["SignConcurrency", "DeployConcurrency"])
def test_concurrency_has_bounds(name: str) -> None:
    parameter = TEMPLATE["Parameters"][name]
    assert parameter["MinValue"] == LEAST_OF_A_QUEUE
    assert parameter["MinValue"] <= parameter["Default"] <= parameter["MaxValue"] <= 20


def allowed_to_everybody(node: Any) -> Iterator[dict[str, Any]]:
    """The statements that allow everybody something on no condition, wherever they are. checkov has a check of this for
    keys and roles alone.
    """
    if isinstance(node, list):
        for each in node:
            yield from allowed_to_everybody(each)
    elif isinstance(node, dict):
        principal = node.get("Principal")
        names = principal.values() if isinstance(principal, dict) else [principal]
        is_open = any("*" in (name if isinstance(name, list) else [name]) for name in names)
        if node.get("Effect") == "Allow" and is_open and not node.get("Condition"):
            yield node
        for each in node.values():
            yield from allowed_to_everybody(each)


@pytest.mark.parametrize("name", TEMPLATES)
def test_nothing_is_allowed_to_everybody(name: str) -> None:
    assert list(allowed_to_everybody(TEMPLATES[name]["Resources"])) == []


@pytest.mark.parametrize("policy", ["TrailBucketPolicy", "SignQueuePolicy", "TopicPolicy"])
@pytest.mark.parametrize("principal", ["*", {"AWS": "*"}, {"AWS": ["arn:aws:iam::111122223333:root", "*"]}])
def test_what_is_opened_to_everybody_is_found(policy: str, principal: Any) -> None:
    resources = copy.deepcopy(TEMPLATE["Resources"])
    statements = resources[policy]["Properties"]["PolicyDocument"]["Statement"]
    statement = next(it for it in statements if it.get("Effect") == "Allow")
    statement["Principal"] = principal
    statement.pop("Condition", None)
    assert list(allowed_to_everybody(resources)) == [statement]
