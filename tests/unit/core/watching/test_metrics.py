# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import botocore.session
import pytest
from botocore.serialize import create_serializer

from ansible_collections.lifeboat.rds.plugins.module_utils._core.errors import LifeboatError
from ansible_collections.lifeboat.rds.plugins.module_utils._core.watching.metrics import (
    MAX_BYTES,
    UNITS,
    Metric,
    batches,
    read_metrics,
    read_namespace,
)
from tests.builders import NOW

Row = dict[str, Any]


def metric(**changes: Any) -> Row:
    return {"name": "Age", "value": 1.0, "unit": "Seconds", "dimensions": {"Database": "orders"}, **changes}


def test_a_metric_is_read_as_it_was_given() -> None:
    rows = [metric(timestamp="2026-11-23T14:00:00Z", dimensions={"B": 2, "A": "x"}), metric(unit=None, dimensions=None)]
    assert read_metrics(rows) == [
        Metric("Age", 1.0, "Seconds", (("A", "x"), ("B", "2")), NOW),
        Metric("Age", 1.0, "None"),
    ]


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        pytest.param({"name": ""}, "it is empty", id="no name"),
        pytest.param({"name": "  "}, "it is empty", id="a blank name"),
        pytest.param({"name": ":Age"}, "begins with a colon", id="a colon"),
        pytest.param({"name": "x" * 256}, "it has 256 characters", id="a long name"),
        pytest.param({"name": "Älter"}, "printable ASCII", id="another alphabet"),
        pytest.param({"value": float("nan")}, "its value is nan", id="not a number"),
        pytest.param({"value": float("inf")}, "its value is inf", id="infinite"),
        pytest.param({"value": -(2.0**361)}, "its value is", id="too large"),
        pytest.param({"unit": "Hours"}, "its unit is 'Hours'", id="no unit of CloudWatch"),
        pytest.param({"unit": "seconds"}, "its unit is 'seconds'", id="in other letters"),
        pytest.param({"dimensions": {f"d{n}": "x" for n in range(31)}}, "31 dimensions", id="too many dimensions"),
        pytest.param({"dimensions": {"": "x"}}, "its dimension '' is invalid: it is empty", id="a nameless dimension"),
        pytest.param({"dimensions": {"Database": " "}}, "it is empty", id="an empty dimension"),
        pytest.param({"dimensions": {"Database": "a\nb"}}, "printable ASCII", id="a control character"),
        pytest.param({"dimensions": {"Database": "x" * 1025}}, "1024 are allowed", id="a long dimension"),
        pytest.param({"timestamp": "2026-11-23T14:00:00"}, "not a time with a zone", id="a time without a zone"),
    ],
)
def test_what_cloudwatch_would_not_take_is_refused(changes: Row, why: str) -> None:
    with pytest.raises(LifeboatError, match="Cannot put the metric") as caught:
        read_metrics([metric(), metric(**changes)])
    assert why in str(caught.value)


@pytest.mark.parametrize("namespace", ["", " ", ":x", "AWS/RDS", "ä", "x" * 256])
def test_an_invalid_namespace_or_one_of_aws_is_refused(namespace: str) -> None:
    with pytest.raises(LifeboatError, match="namespace"):
        read_namespace(namespace)


def test_the_units_are_cloudwatchs() -> None:
    model = botocore.session.get_session().get_service_model("cloudwatch")
    assert sorted(UNITS) == sorted(model.shape_for("StandardUnit").enum)


@pytest.mark.parametrize(("count", "sizes"), [(0, []), (1, [1]), (1000, [1000]), (2001, [1000, 1000, 1])])
def test_a_call_takes_a_thousand(count: int, sizes: list[int]) -> None:
    metrics = [Metric(f"m{number}", 1.0) for number in range(count)]
    found = list(batches(metrics))
    assert [len(batch) for batch in found] == sizes
    assert [one for batch in found for one in batch] == metrics


def test_a_call_takes_a_megabyte_in_any_of_its_forms() -> None:
    wide = [Metric("m", 1.0, "Count", tuple((f"d{n}", " " * 1023 + "x") for n in range(30))) for _each in range(40)]
    found = list(batches(wide))
    assert sum(len(batch) for batch in found) == 40
    assert len(found) > 1
    model = botocore.session.get_session().get_service_model("cloudwatch").operation_model("PutMetricData")
    for batch in found:
        data = [
            {"MetricName": one.name, "Value": one.value, "Unit": one.unit, "Timestamp": NOW,
             "Dimensions": [{"Name": name, "Value": value} for name, value in one.dimensions]}
            for one in batch
        ]  # fmt: skip
        request = create_serializer("query").serialize_to_request({"Namespace": "x", "MetricData": data}, model)
        assert len(urlencode(request["body"])) <= MAX_BYTES
