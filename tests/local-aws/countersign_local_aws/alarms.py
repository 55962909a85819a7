"""Alarms on metric math and Metrics Insights, which MiniStack's CloudFormation refuses.

They are kept and described, and never evaluated: no expression is computed here, so their state stays
INSUFFICIENT_DATA.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from xml.sax.saxutils import escape

from ministack.services import cloudwatch
from ministack.services.cloudformation import provisioners

# PutMetricAlarm's reference (grade B).
_ID = re.compile(r"[a-z][A-Za-z0-9_]{0,254}")
_OF_ONE_METRIC = ("MetricName", "Namespace", "Dimensions", "Period", "Statistic", "ExtendedStatistic", "Unit")


def install() -> None:
    """Replaces what CloudFormation makes an alarm's record with, and what the query protocol is told of alarms."""
    provisioners._cw_metric_alarm_record = _with_metrics(provisioners._cw_metric_alarm_record)
    cloudwatch._describe_alarms = _with_actions(cloudwatch._describe_alarms)


Answer = tuple[int, dict[str, str], bytes]


def _with_actions(describe: Callable[..., Answer]) -> Callable[..., Answer]:
    """MiniStack leaves out of XML what an alarm does; in its other protocols it is there."""

    def described(params: Any, cbor_data: Any, is_cbor: bool, is_json: bool = False) -> Answer:
        status, headers, body = describe(params, cbor_data, is_cbor, is_json)
        if is_cbor or is_json:
            return status, headers, body
        return status, headers, re.sub(r"<AlarmName>([^<]*)</AlarmName>", _actions, body.decode()).encode()

    return described


def _actions(found: re.Match[str]) -> str:
    alarm = cloudwatch._alarms.get(found[1]) or {}
    enabled = str(alarm.get("ActionsEnabled", True)).lower()
    actions = "".join(f"<member>{escape(action)}</member>" for action in alarm.get("AlarmActions") or [])
    return f"{found[0]}<ActionsEnabled>{enabled}</ActionsEnabled><AlarmActions>{actions}</AlarmActions>"


def _with_metrics(record: Callable[..., dict[str, Any]]) -> Callable[..., dict[str, Any]]:
    def recorded(name: str, properties: dict[str, Any]) -> dict[str, Any]:
        metrics = properties.get("Metrics")
        if not metrics:
            return record(name, properties)
        _check(properties, metrics)
        rest = {key: value for key, value in properties.items() if key != "Metrics"}
        alarm = record(name, {**rest, "MetricName": "-", "Namespace": "-"})
        return {**{key: value for key, value in alarm.items() if key not in _OF_ONE_METRIC}, "Metrics": metrics}

    return recorded


def _check(properties: dict[str, Any], metrics: list[dict[str, Any]]) -> None:
    """What PutMetricAlarm demands of its `Metrics` (grade B): one result, made of metrics that are there."""
    if named := [key for key in _OF_ONE_METRIC if key in properties]:
        raise ValueError(f"AWS::CloudWatch::Alarm has Metrics and {', '.join(named)}; it takes one or the other")
    ids = [str(metric.get("Id")) for metric in metrics]
    if len(set(ids)) != len(ids) or not all(_ID.fullmatch(each) for each in ids):
        raise ValueError(f"AWS::CloudWatch::Alarm Metrics have unfit Ids: {', '.join(ids)}")
    if any(("Expression" in metric) == ("MetricStat" in metric) for metric in metrics):
        raise ValueError("AWS::CloudWatch::Alarm: each of Metrics has either an Expression or a MetricStat")
    results = [metric["Id"] for metric in metrics if str(metric.get("ReturnData", True)).lower() == "true"]
    if len(results) != 1:
        raise ValueError(f"AWS::CloudWatch::Alarm: one of Metrics returns data, not {len(results)}")
