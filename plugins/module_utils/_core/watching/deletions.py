# SPDX-License-Identifier: GPL-3.0-or-later
"""What a run says of what it deleted: how many, of how many databases, where and why, and the names."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

Row = Mapping[str, Any]

# What a step of a run deletes: one of them, and several.
THINGS = {"prune": ("recovery point", "recovery points"), "reap": ("restored database", "restored databases")}
WENT = ("deleted", "deleting")
REASONS = 3  # shown; the rest is counted


def deletions(steps: Iterable[Row]) -> list[Row]:
    """List the steps that deleted something. What somebody else had deleted is not among them."""
    return [one for one in steps if one["status"] in WENT and one.get("changed")]


def told(step: str, steps: Iterable[Row], where: str = "", *, planned: bool = False) -> str:
    """Say what a step of a run deleted, in one sentence. Empty when it deleted nothing.

    :param where: the account and the Region.
    :param planned: whether the run was in check mode, which predicts what a run would do.
    """
    gone = deletions(steps)
    if not gone:
        return ""
    databases = {(one.get("kind"), one["database"]) for one in gone if one.get("database")}
    of = f" of {number_of(len(databases), 'database', 'databases')}" if databases else ""
    place = f" in {where}" if where else ""
    what = number_of(len(gone), *THINGS[step])
    return f"{'Would delete' if planned else 'Deleted'} {what}{of}{place}: {reasons_of(gone)}."


def number_of(number: int, one: str, several: str) -> str:
    return f"{number} {one if number == 1 else several}"


def reasons_of(gone: Iterable[Row]) -> str:
    """List the most frequent reasons, with their numbers if there are several."""
    found = Counter(one["reason"] for one in gone)
    shown = found.most_common(REASONS)
    more = found.total() - sum(number for _reason, number in shown)
    if len(found) == 1:
        return shown[0][0]
    words = [f"{reason} ({number})" for reason, number in shown]
    return ", ".join([*words, *([f"other reasons ({more})"] if more else [])])


def names_of(steps: Iterable[Row]) -> list[str]:
    """Write a line for each thing that was deleted, with the reason."""
    return [f"{one['name']}: {one['reason']}" for one in deletions(steps)]
