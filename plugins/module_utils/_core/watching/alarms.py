# SPDX-License-Identifier: GPL-3.0-or-later
"""Decide which alarms there should be, and what each compares."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

Row = Mapping[str, Any]


def alarm_plan(known: Iterable[Row], wanted: Iterable[Row], prefix: str) -> dict[str, list[Any]]:
    """Return the alarms to ``set``, and the names of those to ``remove``: what is known, and not wanted."""
    wanted_alarms = [alarm_of(one, prefix) for one in wanted]
    names = {one["name"] for one in wanted_alarms}
    known_names = dict.fromkeys(f"{prefix}-{one['name']}" for one in known)
    return {"set": wanted_alarms, "remove": [name for name in known_names if name not in names]}


def alarm_of(one: Row, prefix: str) -> dict[str, Any]:
    """Describe one alarm. Without a bound it counts runs, and goes off where there was none in an hour."""
    counts_runs = "above" not in one
    return {
        "name": f"{prefix}-{one['name']}",
        "metric": one["metric"],
        "dimensions": {"Installation": prefix, **one.get("dimensions", {})},
        "statistic": "Sum" if counts_runs else "Maximum",
        "comparison": "LessThanThreshold" if counts_runs else "GreaterThanThreshold",
        "threshold": 1 if counts_runs else one["above"],
        "hours": one["hours"],
    }
