# SPDX-License-Identifier: GPL-3.0-or-later
"""Chooses which recovery point of each database to restore."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any

from ..errors import LifeboatError
from ..inventory.selection import Candidate, Selection, candidate_of_point, select
from ..keeping.retention import Named, ours, recency
from ..model import VERIFIED, RecoveryPoint, iso
from ..naming import Origin
from ..words import read_time

SKEW = timedelta(minutes=1)  # by which the clocks of AWS's servers and that of the user may differ


@dataclass(frozen=True, slots=True)
class Choice:
    """Which recovery point the user wants. All times are times of original snapshots."""

    how: str = "newest"  # newest, verified, at, random
    at: datetime | None = None
    start: datetime | None = None
    end: datetime | None = None


def read_choice(document: Mapping[str, Any] | None) -> Choice:
    """Read the option ``recovery_point`` of a module.

    :raises LifeboatError: when a time is malformed or has no zone, or when choose and at do not fit together.
    """
    given = {name: value for name, value in (document or {}).items() if value is not None}
    choice = Choice(given.get("choose", "newest"), time_of("at", given), time_of("from", given), time_of("to", given))
    if (choice.how == "at") != (choice.at is not None):
        raise LifeboatError(
            "Cannot choose recovery points",
            why="choose: at needs a time in at, and no other choice takes one",
            remedy="Set both in recovery_point, or neither",
        )
    return choice


def time_of(name: str, given: Mapping[str, Any]) -> datetime | None:
    """Read one time of the option, or return None when it is not set."""
    return read_time(f"Cannot choose recovery points by {name}", str(given[name])) if name in given else None


def check_time(choice: Choice, now: datetime) -> None:
    """Refuse a time to come: it would mean the newest recovery point, which is what somebody who names a time avoids.

    :raises LifeboatError: when it has not come yet.
    """
    if choice.at and choice.at > now + SKEW:
        raise LifeboatError(
            f"Cannot choose recovery points by at={iso(choice.at)}",
            why=f"at AWS it is only {iso(now)}",
            remedy="Name a time before the damage, in UTC, or no time for the newest one",
        )


def landed_by_database(
    points: Iterable[RecoveryPoint], prefix: str, wanted: Selection, where: str
) -> list[tuple[Candidate, list[Named]]]:
    """List the selected databases, each with its available recovery points, newest first.

    :param where: what the databases are searched in, for the message.
    :raises LifeboatError: when an identifier of the selection matches no database that has a recovery point.
    """
    finished = [one for one in ours(points, prefix) if one[1].is_available and not one[1].is_intermediate]
    groups = [list(group) for _origin, group in groupby(finished, key=lambda one: one[0].origin)]
    candidates = [candidate_of_point(group[0][1], group) for group in groups]
    return [(one, one.item) for one in select(candidates, wanted, where)]


def by_original(candidates: Iterable[tuple[Candidate, list[Named]]]) -> list[tuple[Candidate, list[Named]]]:
    """Merge the entries of databases with the same ARN: a database that was created again continues the older one."""
    entries: dict[str | Origin, tuple[Candidate, list[Named]]] = {}
    for one, rows in candidates:
        origin = rows[0][1].database_arn or rows[0][0].origin
        _one, earlier = entries.get(origin, (one, []))
        every = sorted([*earlier, *rows], key=recency, reverse=True)
        entries[origin] = candidate_of_point(every[0][1], every), every
    return list(entries.values())


def choose(rows: list[Named], choice: Choice, drill_id: str) -> Named | None:
    """Choose one recovery point of a database, or return None when none is as wanted.

    :param rows: all its recovery points, newest first.
    :param drill_id: for a random choice, which is the same for every run of the same drill.
    """
    if choice.how == "random":
        within = [one for one in rows if is_within(one[0].original, choice)]
        # A hash instead of random numbers: the same drill makes the same choice even if other recovery points have
        # changed.
        return max(within, key=lambda one: hashlib.sha256(f"{drill_id}/{one[0]}".encode()).digest(), default=None)
    fit = {"verified": lambda one: VERIFIED in one[1].tags, "at": lambda one: one[0].original <= choice.at}
    return next(filter(fit.get(choice.how), rows), None)


def is_within(moment: datetime, choice: Choice) -> bool:
    """Tell whether a time is within the window of a choice. Both ends belong to it, and either may be open."""
    return (choice.start is None or choice.start <= moment) and (choice.end is None or moment <= choice.end)


def why_none(choice: Choice, rows: list[Named]) -> str:
    """Explain why a database has no recovery point as wanted, and what to do.

    :param rows: all its recovery points, newest first.
    """
    if choice.how == "verified":
        return "no drill has verified one of its recovery points yet. Choose the newest."
    if choice.how == "at":
        oldest = f"The oldest is of {iso(rows[-1][0].original)}: choose a later time."
        return f"it has no recovery point that was made at or before {iso(choice.at)}. {oldest}"
    window = f"from {iso(choice.start) or 'the beginning'} to {iso(choice.end) or 'now'}"
    return f"it has no recovery point {window}. Choose a wider window."
