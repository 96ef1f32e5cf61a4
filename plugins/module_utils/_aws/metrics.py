# SPDX-License-Identifier: GPL-3.0-or-later
"""Put metrics to CloudWatch."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from .._core.watching.metrics import Metric
from .connection import Connection
from .errors import refusals


class Metrics(Connection):
    """The metrics of a Region."""

    def put_metrics(self, namespace: str, metrics: Iterable[Metric]) -> None:
        """Put as many metrics to CloudWatch as one call takes."""
        with refusals(f"Cannot put metrics into the namespace {namespace} in {self.region}"):
            data = [metric_datum(metric) for metric in metrics]
            self._client("cloudwatch").put_metric_data(Namespace=namespace, MetricData=data)


def metric_datum(metric: Metric) -> dict[str, Any]:
    time = {"Timestamp": metric.time} if metric.time else {}
    dimensions = [{"Name": name, "Value": value} for name, value in metric.dimensions]
    return {"MetricName": metric.name, "Value": metric.value, "Unit": metric.unit, "Dimensions": dimensions, **time}
