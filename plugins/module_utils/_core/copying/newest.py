# SPDX-License-Identifier: GPL-3.0-or-later
"""Chooses which recovery point of a database to publish: an existing one, or a snapshot to be taken now."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from operator import itemgetter
from typing import Literal

from ..model import STAGE, Database, RecoveryPoint
from ..naming import Lineage, Origin, is_our_point, lineage_of, origin_of_database, own_lineage, read_name

Source = Literal["automated", "manual", "awsbackup", "snapshot"]


@dataclass(frozen=True, slots=True)
class Chosen:
    """The recovery point to publish. Without a point, its snapshot is one that we take, or have taken."""

    lineage: Lineage
    point: RecoveryPoint | None = None
    is_overdue: bool = False  # whether the newest one is older than the interval and RDS takes no snapshot now


def choose(
    database: Database,
    points: Iterable[RecoveryPoint],
    source: Source,
    prefix: str,
    interval: timedelta,
    now: datetime,
    taken_for: datetime | None = None,
) -> Chosen | None:
    """Choose the recovery point to publish, as the option source says, or return None if there is none.

    :param points: the snapshots of this database, including those that we made (see by_database).
    :param interval: how old the last taken snapshot may be before another one is taken.
    :param taken_for: with it, the snapshot for exactly this time is chosen, and the interval does not matter.
    """
    mine = list(points)
    if source != "snapshot":
        # What is named like ours is not published again, also while AWS does not show its tags.
        point = newest(one for one in mine if one.origin == source and read_name(one.name, prefix) is None)
        # A copy of a DB snapshot has a new creation time but keeps its original time (BC, DescribeDBSnapshots).
        moment = point and point.known_time
        return Chosen(lineage_of(database.id, moment), point) if moment else None
    taken = taken_before(database, mine, prefix)
    return to_take(database, taken, interval, now) if taken_for is None else to_take_for(database, taken, taken_for)


def to_take_for(database: Database, taken: list[Lineage], moment: datetime) -> Chosen | None:
    """Choose the snapshot for exactly this time, or return None if it does not exist and cannot be taken."""
    wanted = lineage_of(database.id, moment)
    return Chosen(wanted) if wanted in taken or database.can_be_backed_up else None


def to_take(database: Database, taken: list[Lineage], interval: timedelta, now: datetime) -> Chosen | None:
    """Choose the last taken snapshot while it is younger than the interval, otherwise one to be taken now.

    If RDS cannot take one now, the last one is chosen and marked as overdue.
    """
    # Rounded to the minute, so that check mode and a run a moment later choose the same name.
    minute = now.replace(second=0, microsecond=0)
    last = max(taken, default=None)
    if last is not None and last.original > minute - interval:
        return Chosen(last)
    if database.can_be_backed_up:
        return Chosen(lineage_of(database.id, minute))
    return Chosen(last, is_overdue=True) if last else None


def newest(points: Iterable[RecoveryPoint]) -> RecoveryPoint | None:
    """Find the newest available snapshot. While RDS makes a snapshot, it may show it without a time."""
    finished = [(one.known_time, one.name, one) for one in points if one.is_available and one.known_time is not None]
    return max(finished, key=itemgetter(0, 1), default=(None, None, None))[2]


def newest_copy(points: Iterable[RecoveryPoint], prefix: str) -> RecoveryPoint | None:
    """Find the newest available copy that our installation made to be offered."""
    return newest(one for one in points if is_our_point(one, prefix) and STAGE not in one.tags)


def taken_before(database: Database, points: Iterable[RecoveryPoint], prefix: str) -> list[Lineage]:
    """List the lineages of our snapshots of this database, both finished and in progress."""
    origin = origin_of_database(database.id)
    mine = [own_lineage(one, prefix) for one in points if not one.is_bad]
    return [one for one in mine if one and one.origin == origin]


def by_database(points: Iterable[RecoveryPoint], prefix: str) -> dict[Origin | tuple[str, str], list[RecoveryPoint]]:
    """Group snapshots by database: our own by their origin, others by kind and resource ID.

    Those of others without a resource ID are left out: their identifier alone may be that of an earlier database.
    """
    found: dict[Origin | tuple[str, str], list[RecoveryPoint]] = {}
    for point in points:
        lineage = own_lineage(point, prefix)
        if lineage:
            found.setdefault(lineage.origin, []).append(point)
        elif point.resource_id is not None:
            found.setdefault((point.kind, point.resource_id), []).append(point)
    return found


def of_database(
    database: Database, grouped: dict[Origin | tuple[str, str], list[RecoveryPoint]]
) -> list[RecoveryPoint]:
    """Find the snapshots of one database in the groups of by_database.

    The resource ID excludes those of an earlier database with the same name. Snapshots of stand-ins are found by
    origin.
    """
    others = grouped.get((database.id.kind, database.id.resource_id), [])
    return others + grouped.get(origin_of_database(database.id), [])
