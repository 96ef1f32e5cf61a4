# SPDX-License-Identifier: GPL-3.0-or-later
"""What an operator reads of the recovery points of a site: a table, reasons, foreign shares, and what fails the run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from ..recipe import NO_RECIPE
from ..words import rough_duration

HEAD = ("database", "kind", "state", "age", "objective", "back to", "in flight")
WORST_FIRST = ("unprotected", "protected", "excluded", "replica", "history")
Result = Mapping[str, Any]


def status_table(result: Result) -> list[str]:
    """Write a line for each database, unprotected ones first, with the reason; then foreign shares, then the sum.

    The reasons stand below, since Ansible breaks long lines, and with them a table.
    """
    ordered = sorted(result["databases"], key=lambda one: WORST_FIRST.index(one["state"]))
    rows = [HEAD, *(row_of(one) for one in ordered)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEAD))]
    table = ["  ".join(map(str.ljust, row, widths)).rstrip() for row in rows] if ordered else []
    reasons = [f"{one['database']}: {one['reason']}" for one in ordered if one["reason"]]
    bare = [one["database"] for one in ordered if one.get("recipe") is False]
    recipes = [f"{', '.join(bare)}: {NO_RECIPE}"] if bare else []
    return [*table, *reasons, *recipes, *(share_line(one) for one in result.get("foreign_shares", [])), summary(result)]


def row_of(one: Result) -> tuple[str, ...]:
    """Write the cells of one database."""
    state = "UNPROTECTED" if one["state"] == "unprotected" else one["state"]
    age, objective = (time_of(one[name]) for name in ("age_seconds", "rpo"))
    back = time_of((one.get("oldest") or {}).get("age_seconds"))
    return one["database"], one["kind"], state, age, objective, back, str(len(one["in_flight"]) or "")


def time_of(seconds: int | None) -> str:
    return "" if seconds is None else rough_duration(seconds)


def share_line(one: Result) -> str:
    """Write with whom a snapshot is shared that should not be, and whether it is one of ours."""
    whose = "ours" if one["ours"] else "not ours"
    shared = "PUBLIC" if one["public"] else f"SHARED with {', '.join(one['accounts'])}"
    return f"{shared}: {one['arn']} ({whose})"


def summary(result: Result) -> str:
    """Write the sum, for example ``1 of 4 unprotected, 1 excluded; 40 of 100 manual snapshots``."""
    states = Counter(one["state"] for one in result["databases"])
    counted = f"{states['unprotected']} of {states['unprotected'] + states['protected']} unprotected"
    words = (("excluded", "excluded"), ("replica", "replicas"), ("history", "gone"))
    aside = "".join(f", {states[state]} {word}" for state, word in words if states[state])
    quotas = result.get("quotas", {})
    names = (("ManualSnapshots", "manual snapshots"), ("ManualClusterSnapshots", "manual cluster snapshots"))
    used = [f"{quotas[key]['used']} of {quotas[key]['max']} {name}" for key, name in names if key in quotas]
    return "; ".join([f"{counted}{aside}", *used])


def status_problems(result: Result) -> list[str]:
    """List what fails the run where nothing may be unprotected: such databases, and foreign shares."""
    unprotected = [f"{one['database']} is unprotected" for one in result["databases"] if one["state"] == "unprotected"]
    shared = [
        f"{one['name']} is shared with others than the known accounts" for one in result.get("foreign_shares", [])
    ]
    return [*unprotected, *shared]
