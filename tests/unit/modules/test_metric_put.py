# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any
from unittest.mock import Mock

import pytest

from ansible_collections.lifeboat.rds.plugins.module_utils._core.errors import LifeboatError
from ansible_collections.lifeboat.rds.plugins.module_utils._core.watching.metrics import Metric
from ansible_collections.lifeboat.rds.plugins.modules import metric_put
from tests.builders import DR, EAST, refusal

Row = dict[str, Any]

AGE: Row = {"name": "RecoveryPointAge", "value": 60.0, "unit": "Seconds", "dimensions": {"Database": "orders"}}


@pytest.fixture
def dr(site: Any) -> Mock:
    return site(DR, EAST)


@pytest.fixture
def run(options: Any, dr: Mock) -> Any:
    def run(*metrics: Row, check_mode: bool = False, **given: Any) -> Row:
        given = {"account_id": DR, "metrics": list(metrics), **given}
        return metric_put.run(options(metric_put, **given), dr, check_mode=check_mode)

    return run


def test_metrics_are_put_in_one_call(run: Any, dr: Mock) -> None:
    result = run(AGE, AGE | {"name": "Count", "dimensions": None, "unit": None})
    dr.put_metrics.assert_called_once_with(
        "Lifeboat",
        [Metric("RecoveryPointAge", 60.0, "Seconds", (("Database", "orders"),)), Metric("Count", 60.0)],
    )
    assert [(step["name"], step["status"], step["changed"]) for step in result["steps"]] == [
        ("RecoveryPointAge", "put", True),
        ("Count", "put", True),
    ]


def test_each_step_has_what_is_promised(run: Any, promised: Any) -> None:
    (step,) = run(AGE)["steps"]
    assert promised(metric_put) <= set(step)


def test_check_mode_lists_and_puts_nothing(run: Any, dr: Mock, writes: Any) -> None:
    result = run(AGE, check_mode=True)
    assert (result["changed"], writes(dr)) == (True, [])
    assert [(step["name"], step["value"], step["changed"]) for step in result["steps"]] == [
        ("RecoveryPointAge", 60.0, True)
    ]


def test_nothing_to_put_is_no_call_and_no_change(run: Any, dr: Mock, writes: Any) -> None:
    assert (run()["changed"], writes(dr)) == (False, [])


def test_a_call_that_is_refused_does_not_stop_the_others(run: Any, dr: Mock) -> None:
    dr.put_metrics.side_effect = [refusal("refused", "no"), None]
    result = run(*[AGE | {"name": f"m{number}"} for number in range(1001)])
    assert [step["status"] for step in result["steps"]] == ["failed"] * 1000 + ["put"]
    assert (result["failed"], result["changed"], result["msg"].count("Cannot")) == (True, True, 1)


@pytest.mark.parametrize(
    "given",
    [{"namespace": "AWS/RDS"}, {"metrics": [AGE, AGE | {"value": float("nan")}]}, {"account_id": "111111111111"}],
)
def test_bad_input_stops_the_call_before_anything_is_put(run: Any, dr: Mock, writes: Any, given: Row) -> None:
    with pytest.raises(LifeboatError):
        run(AGE, **given)
    assert writes(dr) == []
