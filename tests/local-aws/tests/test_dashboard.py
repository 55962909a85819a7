"""Dashboard, alarms and saved queries of the template: each metric and each name in them is one that exists."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from conftest import ACCOUNT, REGION, LocalAws
from ministack.services.cloudformation import engine
from test_stack import Gate

ROOT = Path(__file__).resolve().parents[3]
RESOURCES: dict[str, dict[str, Any]] = engine._parse_template((ROOT / "template.yaml").read_text())["Resources"]
OPERATING = (ROOT / "docs/operating.md").read_text()
NOBODY_SENDS_IT = "AdministratorRolesAreEmpty"
"""The metric of an alarm that is on for as long as it exists."""
AWS_METRICS = {
    # AWS's own, from the services' pages on their metrics (grade B).
    ("AWS/Events", "FailedInvocations"): ({"RuleName"}, {"EventBusName", "RuleName"}),
    ("AWS/Events", "InvocationsFailedToBeSentToDlq"): ({"RuleName"}, {"EventBusName", "RuleName"}),
    ("AWS/Lambda", "Duration"): ({"FunctionName"},),
    ("AWS/Lambda", "Errors"): ({"FunctionName"},),
    ("AWS/Lambda", "Invocations"): ({"FunctionName"},),
    ("AWS/Lambda", "Throttles"): ({"FunctionName"},),
    ("AWS/SNS", "NumberOfMessagesPublished"): ({"TopicName"},),
    ("AWS/SNS", "NumberOfNotificationsDelivered"): ({"TopicName"},),
    ("AWS/SNS", "NumberOfNotificationsFailed"): ({"TopicName"},),
    ("AWS/SQS", "ApproximateAgeOfOldestMessage"): ({"QueueName"},),
    ("AWS/SQS", "ApproximateNumberOfMessagesVisible"): ({"QueueName"},),
}
EXPRESSIONS = {
    "SEARCH": re.compile(r"SEARCH\('\{(?P<space>\w+),(?P<dimensions>[\w,]+)\} MetricName=\"(?P<name>\w+)\""),
    "SELECT": re.compile(r'SELECT SUM\((?P<name>SignatureValidationErrors)\) FROM "(?P<space>AWS/Lambda)"'),
}


def of_type(kind: str) -> dict[str, dict[str, Any]]:
    return {name: each["Properties"] for name, each in RESOURCES.items() if each["Type"] == kind}


ALARMS = of_type("AWS::CloudWatch::Alarm")
QUERIES = of_type("AWS::Logs::QueryDefinition")
BODY: dict[str, Any] = json.loads(of_type("AWS::CloudWatch::Dashboard")["Dashboard"]["DashboardBody"]["Fn::Sub"])


def emitted() -> set[tuple[str, frozenset[str]]]:
    """The gate's own metrics with their dimensions, as documented; a test of `countersign-aws` holds that table."""
    section = OPERATING.split("\n## Metrics\n")[1].split("\n## ")[0]
    rows = re.findall(r"^\| `(\w+)` \| `([\w, ]+)` \|", section, re.MULTILINE)
    assert len(rows) > 10
    return {(name, frozenset(dimensions.split(", "))) for name, dimensions in rows}


def exists(space: str, name: str, dimensions: set[str]) -> bool:
    if space == "Countersign":
        return (name, frozenset(dimensions)) in emitted()
    return dimensions in AWS_METRICS.get((space, name), ())


def metrics_of_alarms() -> list[tuple[str, str, set[str]]]:
    found = []
    for alarm in ALARMS.values():
        for metric in [each["MetricStat"]["Metric"] for each in alarm.get("Metrics", []) if "MetricStat" in each] or (
            [alarm] if "MetricName" in alarm else []
        ):
            dimensions = {each["Name"] for each in metric["Dimensions"]}
            found.append((metric["Namespace"], metric["MetricName"], dimensions))
    return found


def metrics_of_dashboard() -> list[tuple[str, str, set[str]]]:
    found = []
    for widget in BODY["widgets"]:
        for row in widget["properties"].get("metrics", []):
            if isinstance(row[0], dict):
                expression = row[0]["expression"]
                match = EXPRESSIONS[expression[:6]].match(expression)
                assert match, expression
                if "dimensions" in match.groupdict():
                    found.append((match["space"], match["name"], set(match["dimensions"].split(","))))
                continue
            names = [part for part in row if isinstance(part, str)]
            found.append((names[0], names[1], set(names[2::2])))
    return found


def test_each_metric_is_one_that_somebody_sends() -> None:
    assert len(metrics_of_dashboard()) > 30 and len(metrics_of_alarms()) > 30
    missing = [it for it in metrics_of_dashboard() + metrics_of_alarms() if not exists(*it)]
    assert missing == [("Countersign", NOBODY_SENDS_IT, {"Stack"})]


def test_dashboard_shows_every_metric_of_the_gate() -> None:
    of_ours = [it for it in metrics_of_dashboard() if it[0] == "Countersign"]
    shown = {(name, frozenset(dimensions)) for _, name, dimensions in of_ours}
    assert emitted() - shown == {("DeadLettered", frozenset({"Stack", "Function"}))}


def test_dashboard_shows_every_alarm_that_is_always_there() -> None:
    always = {name for name in ALARMS if "Condition" not in RESOURCES[name]}
    (widget,) = [widget for widget in BODY["widgets"] if widget["type"] == "alarm"]
    assert set(widget["properties"]["alarms"]) == {f"${{{name}.Arn}}" for name in always}


def test_widgets_do_not_lie_on_each_other() -> None:
    taken: set[tuple[int, int]] = set()
    for widget in BODY["widgets"]:
        columns = range(widget["x"], widget["x"] + widget["width"])
        cells = {(x, y) for x in columns for y in range(widget["y"], widget["y"] + widget["height"])}
        assert columns.stop <= 24
        assert not taken & cells, widget["properties"]["title"]
        taken |= cells


def test_names_in_the_dashboard_are_those_of_the_stack(aws: LocalAws) -> None:
    gate = Gate(aws)
    assert gate.status == "CREATE_COMPLETE", gate.reasons()
    name = gate.outputs["Dashboard"]
    assert name == f"countersign-{REGION}"
    text = aws.client("cloudwatch").get_dashboard(DashboardName=name)["DashboardBody"]
    body = json.loads(text)
    alarms = {alarm["AlarmArn"] for alarm in aws.client("cloudwatch").describe_alarms()["MetricAlarms"]}
    assert alarms == set(body["widgets"][0]["properties"]["alarms"])
    queues = {url.rsplit("/", 1)[-1] for url in aws.client("sqs").list_queues()["QueueUrls"]}
    functions = {each["FunctionName"] for each in aws.client("lambda").list_functions()["Functions"]}
    topic = gate.outputs["Topic"].rsplit(":", 1)[-1]
    known = {"QueueName": queues, "FunctionName": functions, "TopicName": {topic}, "Stack": {"countersign"}}
    for widget in body["widgets"][1:]:
        for row in widget["properties"]["metrics"]:
            if isinstance(row[0], str):
                assert row[3] in known[row[2]], row
    # What is CloudWatch's own to fill in stays.
    assert set(re.findall(r"\$\{[^}]*\}", text)) == {"${PROP('Dim.Reason')}"}
    assert ACCOUNT in text


@pytest.mark.parametrize("name", ALARMS)
def test_each_alarm_is_explained(name: str) -> None:
    family = re.sub(r"^(Jobs|Calls|GateCalls|RecordCalls|Outcomes|Schedules)(Undelivered|Lost)Alarm$", r"Jobs\2Alarm", name)
    assert f"`{family}`" in OPERATING


def test_every_rule_is_watched() -> None:
    for rule in of_type("AWS::Events::Rule"):
        for metric in ("FailedInvocations", "InvocationsFailedToBeSentToDlq"):
            named = [name for name, alarm in ALARMS.items() if watches(alarm, rule, metric)]
            assert len(named) == 1, (rule, metric, named)


def watches(alarm: dict[str, Any], rule: str, metric: str) -> bool:
    # A rule with a name of its own is found by that.
    name = RESOURCES[rule]["Properties"].get("Name", {"Ref": rule})
    of_one = [each["MetricStat"]["Metric"] for each in alarm.get("Metrics", []) if "MetricStat" in each] or [alarm]
    return any(
        it.get("MetricName") == metric and {"Name": "RuleName", "Value": name} in it["Dimensions"] for it in of_one
    )


def test_saved_queries_look_at_fields_that_are_logged() -> None:
    sources = "\n".join(
        path.read_text() for folder in ("shared/aws/src", "functions") for path in (ROOT / folder).rglob("*.rs")
    )
    lines = "\n".join(re.findall(r"\b(?:info|warn|error|info_span)!\((.*?)\);", sources, re.DOTALL))
    builtin = {"@timestamp", "@log", "record.status"}
    words = set("fields filter sort stats asc desc or in like by as count ispresent refused".split())
    assert len(QUERIES) == 5
    for name, query in QUERIES.items():
        assert query["LogGroupNames"] == [{"Ref": f"{each}Logs"} for each in ("Sign", "Deploy", "Alert", "Sweep")]
        text = re.sub(r'"[^"]*"', "", query["QueryString"])
        for field in set(re.findall(r"[@\w][\w.]*", text)) - builtin - words:
            logged = re.search(rf"[(,\s%]{field}( = |,)", lines) or f'"{field}"' in sources
            assert logged, (name, field)


def test_costs_are_told_of_as_many_metrics_as_the_alarms_have() -> None:
    always = [alarm for name, alarm in ALARMS.items() if "Condition" not in RESOURCES[name]]
    metrics = sum(
        sum("MetricStat" in each for each in alarm["Metrics"]) if "Metrics" in alarm else 1 for alarm in always
    )
    costs = (ROOT / "docs/deploying.md").read_text().split("\n## What it costs\n")[1]
    assert f"| alarms | {metrics} metrics," in costs
    shown = [row for widget in BODY["widgets"] for row in widget["properties"].get("metrics", [])]
    assert len(shown) < 50
