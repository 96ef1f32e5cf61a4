# SPDX-License-Identifier: GPL-3.0-or-later
"""Which recovery point of each database is restored."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

from ..errors import LifeboatError
from ..inventory.selection import Candidate, Selection, select
from ..keeping.retention import Named, ours
from ..model import DATABASE, VERIFIED, RecoveryPoint, from_iso, iso


@dataclass(frozen=True, slots=True)
class Choice:
    """Which one is wanted; times are those of the original snapshot."""

    how: str = "newest"  # newest, verified, at, random
    at: datetime | None = None
    start: datetime | None = None
    end: datetime | None = None


def read_choice(document: Mapping[str, Any] | None) -> Choice:
    """The option ``recovery_point`` of a module.

    :raises LifeboatError: when a time is none, or says nothing of its zone.
    """
    given = {name: value for name, value in (document or {}).items() if value is not None}
    choice = Choice(
        given.get("choose", "newest"), read_time("at", given), read_time("from", given), read_time("to", given)
    )
    if (choice.how == "at") != (choice.at is not None):
        raise LifeboatError(
            "Cannot choose recovery points",
            why="choose=at and a time in at belong together",
            remedy="Give both in recovery_point, or neither",
        )
    return choice


def read_time(name: str, given: Mapping[str, Any]) -> datetime | None:
    if name not in given:
        return None
    try:
        moment = from_iso(str(given[name]))
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise LifeboatError(
            f"Cannot choose recovery points by {name}={given[name]}",
            why="it is no time with a zone",
            remedy="Write it as 2026-11-23T14:05:00Z",
        )
    return moment


def landed_by_database(
    points: Iterable[RecoveryPoint], prefix: str, wanted: Selection, where: str
) -> list[tuple[Candidate, list[Named]]]:
    """The selected databases, each with its finished recovery points, newest first.

    :raises LifeboatError: when an identifier matches no database that has one.
    """
    finished = [one for one in ours(points, prefix) if one[1].is_available and not one[1].is_intermediate]
    groups = [list(group) for _digest, group in groupby(finished, key=lambda one: one[0].digest)]
    candidates = [candidate_of(group[0][1], group) for group in groups]
    return [(one, one.item) for one in select(candidates, wanted, where)]


def by_original(candidates: Iterable[tuple[Candidate, list[Named]]]) -> list[tuple[Candidate, list[Named]]]:
    """The same, with one entry for each original: a database that was created anew goes on where the old one ended."""
    entries: dict[str, tuple[Candidate, list[Named]]] = {}
    for one, rows in candidates:
        origin = rows[0][1].tags.get(DATABASE) or rows[0][0].digest
        _one, earlier = entries.get(origin, (one, []))
        every = sorted([*earlier, *rows], key=lambda row: row[0].original, reverse=True)
        entries[origin] = candidate_of(every[0][1], every), every
    return list(entries.values())


def candidate_of(point: RecoveryPoint, item: Any) -> Candidate:
    return Candidate(point.database, point.database_kind, point.engine, point.tags, item)


def choose(rows: list[Named], choice: Choice, drill_id: str) -> Named | None:
    """One recovery point of a database, of all that it has, newest first; None when none is as wanted."""
    if choice.how == "random":
        within = [one for one in rows if is_within(one[0].original, choice)]
        # By lot, but the same again for the same drill, also when others have come or gone meanwhile.
        return max(within, key=lambda one: hashlib.sha256(f"{drill_id}/{one[0]}".encode()).digest(), default=None)
    fit = {"verified": lambda one: VERIFIED in one[1].tags, "at": lambda one: one[0].original <= choice.at}
    return next(filter(fit.get(choice.how), rows), None)


def is_within(moment: datetime, choice: Choice) -> bool:
    return (choice.start is None or choice.start <= moment) and (choice.end is None or moment <= choice.end)


def why_none(choice: Choice, rows: list[Named]) -> str:
    """Why none of a database's recovery points, newest first, is to be restored, and what to do."""
    if choice.how == "verified":
        return "no drill has verified one of its recovery points yet. Choose the newest."
    if choice.how == "at":
        oldest = f"The oldest is of {iso(rows[-1][0].original)}: choose a later time."
        return f"it has no recovery point that was made at or before {iso(choice.at)}. {oldest}"
    window = f"from {iso(choice.start) or 'the beginning'} to {iso(choice.end) or 'now'}"
    return f"it has no recovery point of the time {window}. Choose a wider window."
