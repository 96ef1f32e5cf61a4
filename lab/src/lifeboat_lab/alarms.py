# SPDX-License-Identifier: GPL-3.0-or-later
"""Evaluate CloudWatch alarms, which moto does not do: when a period ends, and before they are shown.

Metric math, anomaly detection and percentiles are refused, since such alarms would never fire.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from datetime import datetime, timezone
from functools import cache
from typing import Any
from weakref import WeakKeyDictionary

from moto.cloudwatch.exceptions import InvalidParameterValue, ValidationError
from moto.cloudwatch.models import Alarm, CloudWatchBackend, MetricDatum, MetricDatumBase, cloudwatch_backends
from moto.cloudwatch.responses import CloudWatchResponse

from lifeboat_lab import thresholds, topics
from lifeboat_lab.catalogue import session
from lifeboat_lab.rds.world import World
from lifeboat_lab.thresholds import ALARM, COMPARISONS, OK, TREATMENTS, UNKNOWN, Point, Rule

SERVICE = "cloudwatch.amazonaws.com"
# Alarms with shorter periods are looked at more often.
MINUTE = 60
_put_metric_alarm = CloudWatchBackend.put_metric_alarm
_put_metric_data = CloudWatchBackend.put_metric_data
_update_state = Alarm.update_state
_describe_alarms = CloudWatchResponse.describe_alarms
_describe_alarms_for_metric = CloudWatchResponse.describe_alarms_for_metric


def _value(datum: MetricDatumBase, name: str) -> float:
    """Return a single value, or the named one of a set of statistics."""
    return float(datum.value if isinstance(datum, MetricDatum) else getattr(datum, name))


def _count(found: list[MetricDatumBase]) -> float:
    return sum(1.0 if isinstance(each, MetricDatum) else _value(each, "sample_count") for each in found)


def _sum(found: list[MetricDatumBase]) -> float:
    return sum(_value(each, "sum") for each in found)


STATISTICS: dict[str, Callable[[list[MetricDatumBase]], float]] = {
    "SampleCount": _count,
    "Sum": _sum,
    "Average": lambda found: _sum(found) / _count(found),
    "Minimum": lambda found: min(_value(each, "min") for each in found),
    "Maximum": lambda found: max(_value(each, "max") for each in found),
}


class Alarms:
    """Evaluate alarms as time passes."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._lock = threading.RLock()
        # The moment up to which each alarm has been evaluated.
        self._seen: WeakKeyDictionary[Alarm, float] = WeakKeyDictionary()

    def add(self, alarm: Alarm, before: Alarm | None) -> None:
        """Add an alarm. A new one has no data yet; a changed one keeps its state (API Reference, PutMetricAlarm)."""
        moment = _naive(self.world.now())
        alarm.configuration_updated_timestamp = alarm.state_updated_timestamp = moment
        alarm.state_value = UNKNOWN
        if before is not None:
            alarm.state_value, alarm.state_updated_timestamp = before.state_value, before.state_updated_timestamp
            alarm.state_reason, alarm.state_reason_data = before.state_reason, before.state_reason_data
            alarm.history = before.history
        self._seen[alarm] = self._boundary(alarm)
        self._wait(alarm)

    def _wait(self, alarm: Alarm) -> None:
        self.world.clock.at(self._boundary(alarm) + self._step(alarm), lambda: self._tick(alarm))

    def _tick(self, alarm: Alarm) -> None:
        _region, account = _place(alarm)
        if cloudwatch_backends[account][alarm.region_name].alarms.get(alarm.name) is alarm:
            self.look_at(alarm)
            self._wait(alarm)

    def _step(self, alarm: Alarm) -> float:
        return min(int(alarm.period), MINUTE) / self.world.settings.alarm_scale

    def _boundary(self, alarm: Alarm) -> float:
        """Return the last end of a period. Periods of a minute or more may end with each minute."""
        step = self._step(alarm)
        return self.world.now() // step * step

    def look_at_all(self, account: str, region: str) -> None:
        for alarm in list(cloudwatch_backends[account][region].alarms.values()):
            self.look_at(alarm)

    def look_at(self, alarm: Alarm) -> None:
        """Evaluate an alarm, unless that has been done since its last period ended."""
        with self._lock:
            boundary = self._boundary(alarm)
            if boundary <= self._seen.get(alarm, 0.0):
                return
            self._seen[alarm] = boundary
            rule = rule_of(alarm)
            points = self._points(alarm, rule, boundary)
            state = thresholds.judge(points, rule)
            if state and state != alarm.state_value:
                why = thresholds.reason(points, rule, state, alarm.state_value)
                alarm.update_state(why, _data(alarm, points), state)

    def _points(self, alarm: Alarm, rule: Rule, end: float) -> list[Point]:
        """Return one point for each period in the alarm's range, the newest first."""
        period = int(alarm.period) / self.world.settings.alarm_scale
        periods: list[list[MetricDatumBase]] = [[] for _each in range(rule.range)]
        _region, account = _place(alarm)
        for datum in list(cloudwatch_backends[account][alarm.region_name].metric_data):
            age = int((end - _seconds(datum.timestamp)) // period) if _is_about(alarm, datum) else -1
            if 0 <= age < rule.range:
                periods[age].append(datum)
        read = STATISTICS[alarm.statistic]
        return [Point(end - (age + 1) * period, read(found) if found else None) for age, found in enumerate(periods)]

    def changed(self, alarm: Alarm, before: str) -> None:
        """Run the actions of an alarm's new state. The lab notifies topics only."""
        if alarm.state_value == before or not alarm.actions_enabled:
            return
        region, account = _place(alarm)
        sender = topics.Sender(SERVICE, account, alarm.alarm_arn)
        subject = f'{alarm.state_value}: "{alarm.name}" in {_long_name(region)}'
        for arn in dict.fromkeys(_actions(alarm)[alarm.state_value]):
            topics.publish(self.world.keys, arn, sender, subject[:99], message(alarm, before))


def _place(alarm: Alarm) -> tuple[str, str]:
    region, account = alarm.alarm_arn.split(":")[3:5]
    return region, account


def _actions(alarm: Alarm) -> dict[str, list[str]]:
    return {OK: alarm.ok_actions, ALARM: alarm.alarm_actions, UNKNOWN: alarm.insufficient_data_actions}


def _is_about(alarm: Alarm, datum: MetricDatumBase) -> bool:
    """Tell whether a data point has exactly the alarm's dimensions."""
    if (datum.name, datum.namespace) != (alarm.metric_name, alarm.namespace):
        return False
    if alarm.unit and datum.unit != alarm.unit:
        return False
    return {(each.name, each.value) for each in datum.dimensions} == {
        (each.name, each.value) for each in alarm.dimensions
    }


def rule_of(alarm: Alarm) -> Rule:
    periods = int(alarm.evaluation_periods)
    return Rule(
        alarm.comparison_operator, float(alarm.threshold), periods, int(alarm.datapoints_to_alarm or periods),
        alarm.treat_missing_data or "missing",
    )  # fmt: skip


def message(alarm: Alarm, before: str) -> str:
    """Build the message for an alarm's topics (CloudWatch User Guide, notification of users on alarm changes)."""
    region, account = _place(alarm)
    actions = _actions(alarm)
    return json.dumps({
        "AlarmName": alarm.name,
        "AlarmDescription": alarm.description,
        "AWSAccountId": account,
        "AlarmConfigurationUpdatedTimestamp": _told(alarm.configuration_updated_timestamp),
        "NewStateValue": alarm.state_value,
        "NewStateReason": alarm.state_reason,
        "StateChangeTime": _told(alarm.state_updated_timestamp),
        "Region": _long_name(region),
        "AlarmArn": alarm.alarm_arn,
        "OldStateValue": before,
        "OKActions": actions[OK],
        "AlarmActions": actions[ALARM],
        "InsufficientDataActions": actions[UNKNOWN],
        "Trigger": {
            "MetricName": alarm.metric_name,
            "Namespace": alarm.namespace,
            "StatisticType": "Statistic",
            "Statistic": alarm.statistic.upper(),
            "Unit": alarm.unit,
            "Dimensions": [{"value": each.value, "name": each.name} for each in alarm.dimensions],
            "Period": int(alarm.period),
            "EvaluationPeriods": int(alarm.evaluation_periods),
            "DatapointsToAlarm": rule_of(alarm).needed,
            "ComparisonOperator": alarm.comparison_operator,
            "Threshold": float(alarm.threshold),
            "TreatMissingData": rule_of(alarm).missing,
            "EvaluateLowSampleCountPercentile": "",
        },
    })  # fmt: skip


def _data(alarm: Alarm, points: list[Point]) -> str:
    return json.dumps({
        "version": "1.0",
        "statistic": alarm.statistic,
        "period": int(alarm.period),
        "recentDatapoints": [point.value for point in reversed(points) if point.value is not None],
        "threshold": float(alarm.threshold),
    })  # fmt: skip


@cache
def _long_name(region: str) -> str:
    """Return a Region's name in words."""
    for partition in session().get_data("endpoints")["partitions"]:
        if region in partition["regions"]:
            return str(partition["regions"][region]["description"])
    return region


def _told(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds") + "+0000"


def _naive(moment: float) -> datetime:
    """Convert a time into moto's form: UTC without a time zone."""
    return datetime.fromtimestamp(moment, timezone.utc).replace(tzinfo=None)


def _seconds(moment: datetime) -> float:
    return (moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)).timestamp()


def check(words: dict[str, Any]) -> None:
    """Refuse an alarm that is not acceptable, or not of the simple kind that the lab evaluates.

    :raises CloudWatchException: when an alarm is not acceptable, or not of the simple kind that is evaluated.
    """
    if words.get("metric_data_queries") or words.get("threshold_metric_id"):
        raise InvalidParameterValue("The lab evaluates no alarms on Metrics (metric math, anomaly detection).")
    if words.get("extended_statistic"):
        raise InvalidParameterValue("The lab evaluates no alarms on an ExtendedStatistic.")
    for name, choices in (("statistic", STATISTICS), ("comparison_operator", COMPARISONS)):
        if words.get(name) not in choices:
            raise ValidationError(f"Value '{words.get(name)}' at '{name}' must be one of: {', '.join(choices)}")
    if words.get("treat_missing_data") not in (None, *TREATMENTS):
        raise ValidationError(f"Option {words['treat_missing_data']} is not supported: {', '.join(TREATMENTS)}")
    if words.get("threshold") is None or not words.get("metric_name") or not words.get("namespace"):
        raise ValidationError("MetricName, Namespace and Threshold are required.")
    _check_periods(int(words.get("period") or 0), int(words.get("evaluation_periods") or 0),
                   int(words.get("datapoints_to_alarm") or 1))  # fmt: skip


def _check_periods(period: int, periods: int, needed: int) -> None:
    """Check an alarm's periods: seven days together at most, one day for periods below an hour (API Reference,
    PutMetricAlarm)."""
    if period not in (10, 20, 30) and (period < 1 or period % MINUTE):
        raise ValidationError("Period must be 10, 20, 30 or a multiple of 60.")
    if periods < 1 or not 1 <= needed <= periods:
        raise ValidationError("DatapointsToAlarm must be between 1 and EvaluationPeriods.")
    if periods * period > (7 if period >= 3600 else 1) * 86400:
        raise ValidationError("Metrics cannot be checked across more than a day (or a week).")


def connect(world: World) -> None:
    """Make moto's alarms be evaluated from now on."""
    alarms = Alarms(world)

    def put_metric_alarm(self: CloudWatchBackend, **words: Any) -> Alarm:
        check(words)
        before = self.alarms.get(words["name"])
        alarm = _put_metric_alarm(self, **words)
        alarms.add(alarm, before)
        return alarm

    def put_metric_data(self: CloudWatchBackend, namespace: str, metric_data: list[dict[str, Any]]) -> None:
        now = _naive(world.now())
        _put_metric_data(self, namespace, [{**each, "Timestamp": each.get("Timestamp") or now} for each in metric_data])

    def update_state(self: Alarm, reason: str, reason_data: str, state_value: str) -> None:
        before = self.state_value
        _update_state(self, reason, reason_data, state_value)
        self.state_updated_timestamp = _naive(world.now())
        alarms.changed(self, before)

    def describe_alarms(self: CloudWatchResponse) -> Any:
        alarms.look_at_all(self.current_account, self.region)
        return _describe_alarms(self)

    def describe_alarms_for_metric(self: CloudWatchResponse) -> Any:
        alarms.look_at_all(self.current_account, self.region)
        return _describe_alarms_for_metric(self)

    CloudWatchBackend.put_metric_alarm = put_metric_alarm  # type: ignore[method-assign,assignment]
    CloudWatchBackend.put_metric_data = put_metric_data  # type: ignore[method-assign]
    Alarm.update_state = update_state  # type: ignore[method-assign]
    CloudWatchResponse.describe_alarms = describe_alarms  # type: ignore[method-assign]
    CloudWatchResponse.describe_alarms_for_metric = describe_alarms_for_metric  # type: ignore[method-assign]
