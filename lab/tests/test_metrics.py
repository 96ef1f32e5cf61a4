# SPDX-License-Identifier: GPL-3.0-or-later
"""Test custom metrics (CloudWatch API Reference, PutMetricData; User Guide, limiting access to namespaces)."""

from __future__ import annotations

from typing import Any

import pytest

from helpers import HOME, become, narrow_role, outcome
from lifeboat_lab import Lab
from lifeboat_lab.testing import fresh


def data(count: int = 1) -> list[dict[str, Any]]:
    return [{"MetricName": f"metric-{number}", "Value": 1.0} for number in range(count)]


def test_a_request_may_be_compressed(empty_lab: Lab) -> None:
    """Send more than 10 kB, which botocore compresses by itself."""
    client, namespace = empty_lab.client("production", "cloudwatch"), fresh("large")
    client.put_metric_data(Namespace=namespace, MetricData=data(1000))
    pages = client.get_paginator("list_metrics").paginate(Namespace=namespace)
    assert sum(len(page["Metrics"]) for page in pages) == 1000


@pytest.mark.parametrize(("namespace", "answer"), [("Ours", "ok"), ("Theirs", "AccessDeniedException")])
def test_a_role_may_be_held_to_a_namespace(empty_lab: Lab, namespace: str, answer: str) -> None:
    condition = {"StringEquals": {"cloudwatch:namespace": "Ours"}}
    only = {"Effect": "Allow", "Action": "cloudwatch:PutMetricData", "Resource": "*", "Condition": condition}
    client = become(
        empty_lab, narrow_role(empty_lab.client("production", "iam"), only), "cloudwatch", HOME, by="production"
    )
    assert outcome(client.put_metric_data, Namespace=namespace, MetricData=data()) == answer
    assert outcome(client.list_metrics) == "AccessDeniedException"


@pytest.mark.parametrize(("name", "answer"), [("ours-late", "ok"), ("theirs-late", "AccessDeniedException")])
def test_a_role_may_be_held_to_alarms_by_their_names(empty_lab: Lab, name: str, answer: str) -> None:
    ours = "arn:aws:cloudwatch:*:*:alarm:ours-*"
    only = {"Effect": "Allow", "Action": ["cloudwatch:PutMetricAlarm", "cloudwatch:DeleteAlarms"], "Resource": ours}
    client = become(
        empty_lab, narrow_role(empty_lab.client("production", "iam"), only), "cloudwatch", HOME, by="production"
    )
    wanted = {"MetricName": "m", "Namespace": "Ours", "Statistic": "Sum", "Period": 60, "EvaluationPeriods": 1}
    about = {**wanted, "Threshold": 1, "ComparisonOperator": "LessThanThreshold"}
    assert outcome(client.put_metric_alarm, AlarmName=name, **about) == answer
    assert outcome(client.delete_alarms, AlarmNames=[name]) == answer
