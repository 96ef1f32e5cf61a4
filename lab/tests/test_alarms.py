# SPDX-License-Identifier: GPL-3.0-or-later
"""Test CloudWatch alarms (CloudWatch User Guide, alarm evaluation, how alarms treat missing data)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from helpers import DR, PRODUCTION, allow_service, code_of, make_queue, received, settings
from lifeboat_lab import Lab
from lifeboat_lab.testing import fresh, until
from lifeboat_lab.thresholds import Point, Rule, judge, reason

ALARM, OK, UNKNOWN, KEEP = "ALARM", "OK", "INSUFFICIENT_DATA", None
TREATMENTS = ("missing", "ignore", "breaching", "notBreaching")


def points(picture: str) -> list[Point]:
    """Read a picture of the guide, the newest on the right: 0 is within the threshold, X beyond, - is missing."""
    values = {"0": 0.0, "X": 9.0, "-": None}
    return [Point(0.0, values[sign]) for sign in reversed(picture.split())]


@pytest.mark.parametrize(
    ("needed", "picture", "states"),
    [
        (3, "0 - X - X", (OK, OK, OK, OK)),
        (3, "0 - - - -", (OK, OK, OK, OK)),
        (3, "- - - - -", (UNKNOWN, KEEP, ALARM, OK)),
        (3, "0 X X - X", (ALARM, ALARM, ALARM, ALARM)),
        (3, "- - X - -", (ALARM, KEEP, ALARM, OK)),
        (3, "- - - - X", (OK, OK, ALARM, OK)),
        (3, "- - - X -", (OK, OK, ALARM, OK)),
        (2, "0 - X - X", (ALARM, ALARM, ALARM, ALARM)),
        (2, "0 0 X 0 X", (ALARM, ALARM, ALARM, ALARM)),
        (2, "0 - X - -", (OK, OK, ALARM, OK)),
        (2, "- - - - 0", (OK, OK, ALARM, OK)),
        (2, "- - - X -", (ALARM, KEEP, ALARM, OK)),
        (2, "- - - X X", (ALARM, ALARM, ALARM, ALARM)),
    ],
)
def test_the_state_follows_the_guides_tables(needed: int, picture: str, states: tuple[str | None, ...]) -> None:
    rules = [Rule("GreaterThanThreshold", 5.0, 3, needed, treatment) for treatment in TREATMENTS]
    assert tuple(judge(points(picture), rule) for rule in rules) == states


def test_reasons_are_in_cloudwatchs_words() -> None:
    rule = Rule("GreaterThanThreshold", 5.0, 1, 1, "breaching")
    assert reason([Point(1600000000.0, 9.0)], rule, ALARM, OK) == (
        "Threshold Crossed: 1 out of the last 1 datapoints [9.0 (13/09/20 12:26:40)] was greater than the threshold "
        "(5.0) (minimum 1 datapoint for OK -> ALARM transition)."
    )
    assert reason(points("- - -"), rule, ALARM, OK) == (
        "Threshold Crossed: no datapoints were received for 1 period and 1 missing datapoint was treated as "
        "[Breaching]."
    )
    assert reason(points("- - - - -"), Rule("LessThanThreshold", 5.0, 3, 3), UNKNOWN, OK) == (
        "Insufficient Data: 3 datapoints were unknown."
    )


@pytest.fixture(scope="module")
def lab_of_alarms(lab: Lab) -> Iterator[Lab]:
    """Run a lab in which an alarm's minute takes half a second."""
    with settings(lab, alarm_scale=120):
        yield lab


@pytest.fixture(scope="module")
def cloudwatch(lab_of_alarms: Lab) -> Any:
    return lab_of_alarms.client("production", "cloudwatch")


@pytest.fixture
def make(cloudwatch: Any) -> Iterator[Any]:
    """Make alarms that are gone after the test."""
    names = []

    def put(**more: Any) -> str:
        names.append(more.pop("AlarmName", fresh("alarm")))
        words = {
            "MetricName": names[-1], "Namespace": "Tests", "Period": 60, "EvaluationPeriods": 1, "Threshold": 5.0,
            "Statistic": "Maximum", "ComparisonOperator": "GreaterThanThreshold", "TreatMissingData": "missing",
        }  # fmt: skip
        cloudwatch.put_metric_alarm(AlarmName=names[-1], **(words | more))
        return names[-1]

    yield put
    cloudwatch.delete_alarms(AlarmNames=names)


def report(cloudwatch: Any, name: str, *values: float, **more: Any) -> None:
    data = [{"MetricName": name, "Value": value, **more} for value in values]
    cloudwatch.put_metric_data(Namespace="Tests", MetricData=data)


def alarm(cloudwatch: Any, name: str) -> dict[str, Any]:
    return cloudwatch.describe_alarms(AlarmNames=[name])["MetricAlarms"][0]


def becomes(cloudwatch: Any, name: str, state: str) -> dict[str, Any]:
    return until(lambda: (row := alarm(cloudwatch, name))["StateValue"] == state and row)


def test_a_new_alarm_knows_nothing(cloudwatch: Any, make: Any) -> None:
    name = make(Period=86400)
    row = alarm(cloudwatch, name)
    assert (row["StateValue"], row["StateReason"]) == (UNKNOWN, "Unchecked: Initial alarm creation")


def test_an_alarm_comes_and_goes_with_its_metric(cloudwatch: Any, make: Any) -> None:
    name = make()
    report(cloudwatch, name, 9)
    row = becomes(cloudwatch, name, ALARM)
    assert "was greater than the threshold (5.0)" in row["StateReason"]
    report(cloudwatch, name, 1)
    later = becomes(cloudwatch, name, OK)
    assert "was not greater than the threshold (5.0)" in later["StateReason"]
    assert later["StateUpdatedTimestamp"] > row["StateUpdatedTimestamp"]
    assert "INSUFFICIENT" in becomes(cloudwatch, name, UNKNOWN)["StateValue"]


@pytest.mark.parametrize(
    ("statistic", "beyond", "within"),
    [("Maximum", [1, 9], [4, 4]), ("Minimum", [6, 9], [1, 9]), ("Average", [4, 8], [1, 8]), ("Sum", [3, 3], [2, 2]),
     ("SampleCount", [0] * 6, [9] * 5)],
)  # fmt: skip
def test_statistics_are_of_one_period(
    cloudwatch: Any, make: Any, statistic: str, beyond: list[float], within: list[float]
) -> None:
    alarmed, calm = make(Statistic=statistic), make(Statistic=statistic)
    report(cloudwatch, alarmed, *beyond)
    report(cloudwatch, calm, *within)
    becomes(cloudwatch, alarmed, ALARM)
    becomes(cloudwatch, calm, OK)


def test_sets_of_statistics_count_too(cloudwatch: Any, make: Any) -> None:
    name = make(Statistic="Average")
    values = {"SampleCount": 2, "Sum": 14, "Minimum": 4, "Maximum": 10}
    cloudwatch.put_metric_data(Namespace="Tests", MetricData=[{"MetricName": name, "StatisticValues": values}])
    becomes(cloudwatch, name, ALARM)


@pytest.mark.parametrize(
    ("comparison", "value", "state"),
    [("GreaterThanOrEqualToThreshold", 5, ALARM), ("GreaterThanThreshold", 5, OK), ("LessThanThreshold", 5, OK),
     ("LessThanOrEqualToThreshold", 5, ALARM)],
)  # fmt: skip
def test_comparisons(cloudwatch: Any, make: Any, comparison: str, value: float, state: str) -> None:
    name = make(ComparisonOperator=comparison)
    report(cloudwatch, name, value)
    becomes(cloudwatch, name, state)


def test_dimensions_have_to_be_the_same(cloudwatch: Any, make: Any) -> None:
    mine, other = [{"Name": "database", "Value": "orders"}], [{"Name": "database", "Value": "billing"}]
    name = make(Dimensions=mine, TreatMissingData="notBreaching")
    report(cloudwatch, name, 9, Dimensions=other)
    report(cloudwatch, name, 9, Dimensions=[*mine, {"Name": "stage", "Value": "test"}])
    report(cloudwatch, name, 9)
    assert "no datapoints were received" in becomes(cloudwatch, name, OK)["StateReason"]
    report(cloudwatch, name, 9, Dimensions=mine)
    becomes(cloudwatch, name, ALARM)


def test_a_unit_narrows_down_what_is_looked_at(cloudwatch: Any, make: Any) -> None:
    name = make(Unit="Seconds", TreatMissingData="notBreaching")
    report(cloudwatch, name, 9, Unit="Count")
    becomes(cloudwatch, name, OK)
    report(cloudwatch, name, 9, Unit="Seconds")
    becomes(cloudwatch, name, ALARM)


@pytest.fixture
def topic(lab_of_alarms: Lab) -> str:
    return lab_of_alarms.client("production", "sns").create_topic(Name=fresh("alarms"))["TopicArn"]


@pytest.fixture
def hear(lab_of_alarms: Lab, topic: str) -> Any:
    """Return what the topic tells a queue, without envelopes."""
    sqs = lab_of_alarms.client("production", "sqs")
    url, arn = make_queue(sqs, topic)
    lab_of_alarms.client("production", "sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    return lambda wait=8.0: [json.loads(message["Body"]) for message in received(sqs, url, wait)]


def test_a_dead_man_alarm_fires_by_itself(cloudwatch: Any, make: Any, topic: str, hear: Any) -> None:
    name = fresh("alarm")
    report(cloudwatch, name, 1)
    make(AlarmName=name, TreatMissingData="breaching", AlarmActions=[topic], OKActions=[topic])
    states = []
    # Nobody asks for it meanwhile.
    while len(states) < 2:
        states += [json.loads(envelope["Message"])["NewStateValue"] for envelope in hear()]
    assert states == [OK, ALARM]
    assert "1 missing datapoint was treated as [Breaching]" in alarm(cloudwatch, name)["StateReason"]


def test_a_topic_is_told_of_a_new_state_once(cloudwatch: Any, make: Any, topic: str, hear: Any) -> None:
    dimensions = [{"Name": "database", "Value": "orders"}]
    name = make(AlarmActions=[topic], AlarmDescription="too much", Dimensions=dimensions, TreatMissingData="ignore")
    report(cloudwatch, name, 9, Dimensions=dimensions)
    (envelope,) = hear()
    assert envelope["Subject"] == f'ALARM: "{name}" in US West (Oregon)'
    told = json.loads(envelope["Message"])
    assert (told["AlarmName"], told["AlarmDescription"], told["AWSAccountId"]) == (name, "too much", PRODUCTION)
    assert (told["OldStateValue"], told["NewStateValue"]) == (UNKNOWN, ALARM)
    assert told["NewStateReason"] == alarm(cloudwatch, name)["StateReason"]
    assert told["AlarmArn"] == alarm(cloudwatch, name)["AlarmArn"]
    assert told["StateChangeTime"].endswith("+0000")
    trigger = told["Trigger"]
    assert (trigger["MetricName"], trigger["Statistic"], trigger["Period"]) == (name, "MAXIMUM", 60)
    assert trigger["Dimensions"] == [{"value": "orders", "name": "database"}]
    report(cloudwatch, name, 9, Dimensions=dimensions)
    assert hear(1.5) == []


def test_actions_that_are_disabled_are_not_taken(cloudwatch: Any, make: Any, topic: str, hear: Any) -> None:
    name = make(AlarmActions=[topic], ActionsEnabled=False)
    report(cloudwatch, name, 9)
    becomes(cloudwatch, name, ALARM)
    assert hear(0.3) == []


def test_setting_a_state_takes_its_actions_and_lasts_until_the_next_evaluation(
    cloudwatch: Any, make: Any, topic: str, hear: Any
) -> None:
    name = make(AlarmActions=[topic], TreatMissingData="notBreaching")
    becomes(cloudwatch, name, OK)
    cloudwatch.set_alarm_state(AlarmName=name, StateValue=ALARM, StateReason="a rehearsal")
    (envelope,) = hear()
    assert json.loads(envelope["Message"])["NewStateReason"] == "a rehearsal"
    becomes(cloudwatch, name, OK)


def test_an_alarm_that_is_changed_stays_in_its_state(cloudwatch: Any, make: Any) -> None:
    """Follow the API Reference, PutMetricAlarm."""
    name = make(TreatMissingData="notBreaching")
    becomes(cloudwatch, name, OK)
    make(AlarmName=name, Period=86400, TreatMissingData="ignore")
    assert alarm(cloudwatch, name)["StateValue"] == OK


@pytest.mark.parametrize("admitted", [True, False])
def test_another_accounts_topic_must_admit_cloudwatch(
    lab_of_alarms: Lab, cloudwatch: Any, make: Any, admitted: bool
) -> None:
    sns = lab_of_alarms.client("production_dr", "sns", "us-west-2")
    sqs = lab_of_alarms.client("production_dr", "sqs", "us-west-2")
    topic = sns.create_topic(Name=fresh("alarms"))["TopicArn"]
    source = {"aws:SourceAccount": PRODUCTION if admitted else DR}
    policy = allow_service("cloudwatch.amazonaws.com", "sns:Publish", topic, StringEquals=source)
    sns.set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=policy)
    url, arn = make_queue(sqs, topic)
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    name = make(AlarmActions=[topic])
    report(cloudwatch, name, 9)
    becomes(cloudwatch, name, ALARM)
    assert bool(received(sqs, url, wait=0.5)) is admitted


def test_alarms_of_a_metric_are_evaluated_before_they_are_shown(cloudwatch: Any, make: Any) -> None:
    name = make()
    report(cloudwatch, name, 9)

    def states() -> list[str]:
        rows = cloudwatch.describe_alarms_for_metric(MetricName=name, Namespace="Tests")["MetricAlarms"]
        return [row["StateValue"] for row in rows]

    until(lambda: states() == [ALARM])


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ({"ExtendedStatistic": "p90"}, "InvalidParameterValue"),
        ({"ComparisonOperator": "LessThanLowerThreshold"}, "ValidationError"),
        ({"ThresholdMetricId": "e1"}, "InvalidParameterValue"),
        ({"Metrics": [{"Id": "e1", "Expression": "1 + 1"}]}, "InvalidParameterValue"),
        ({"Period": 45}, "ValidationError"),
        ({"EvaluationPeriods": 1441}, "ValidationError"),
        ({"DatapointsToAlarm": 2}, "ValidationError"),
        ({"TreatMissingData": "perhaps"}, "ValidationError"),
    ],
)
def test_what_would_never_fire_is_refused(cloudwatch: Any, words: dict[str, Any], code: str) -> None:
    simple = {
        "AlarmName": fresh("no"), "MetricName": "m", "Namespace": "Tests", "Period": 60, "EvaluationPeriods": 1,
        "Threshold": 5.0, "Statistic": "Maximum", "ComparisonOperator": "GreaterThanThreshold",
    }  # fmt: skip
    assert code_of(cloudwatch.put_metric_alarm, **(simple | words)) == code


def test_an_alarm_scale_must_be_above_0(lab: Lab) -> None:
    with pytest.raises(ValueError, match="alarm_scale must be above 0"):
        lab.admin("PATCH", "settings", {"alarm_scale": 0})
