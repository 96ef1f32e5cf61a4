# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

from ansible_collections.lifeboat.rds.plugins.filter.alarms import FilterModule
from ansible_collections.lifeboat.rds.plugins.module_utils._core.watching.alarms import alarm_plan

RUNS: dict[str, Any] = {"name": "no-prune", "metric": "SuccessfulRun", "dimensions": {"Pass": "prune"}, "hours": 26}
BOUND: dict[str, Any] = {"name": "unprotected", "metric": "Unprotected", "above": 0, "hours": 2}


def test_an_alarm_without_a_bound_counts_runs() -> None:
    (alarm,) = alarm_plan([RUNS], [RUNS], "lifeboat")["set"]
    assert alarm == {
        "name": "lifeboat-no-prune",
        "metric": "SuccessfulRun",
        "dimensions": {"Installation": "lifeboat", "Pass": "prune"},
        "statistic": "Sum",
        "comparison": "LessThanThreshold",
        "threshold": 1,
        "hours": 26,
    }


def test_an_alarm_with_a_bound_looks_at_the_highest_value_even_if_the_bound_is_0() -> None:
    (alarm,) = alarm_plan([BOUND], [BOUND], "lifeboat")["set"]
    assert (alarm["statistic"], alarm["comparison"], alarm["threshold"]) == ("Maximum", "GreaterThanThreshold", 0)
    assert alarm["dimensions"] == {"Installation": "lifeboat"}


def test_known_alarms_that_are_not_wanted_are_removed_once() -> None:
    assert alarm_plan([BOUND, BOUND, RUNS], [RUNS], "lifeboat")["remove"] == ["lifeboat-unprotected"]
    assert alarm_plan([BOUND, RUNS], [], "lifeboat") == {
        "set": [],
        "remove": ["lifeboat-unprotected", "lifeboat-no-prune"],
    }


def test_the_filter_has_the_name_that_the_role_uses() -> None:
    assert FilterModule().filters() == {"alarm_plan": alarm_plan}
