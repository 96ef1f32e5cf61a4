# SPDX-License-Identifier: GPL-3.0-or-later
"""Which recovery point of a database is published: one that is there, or a snapshot taken now."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from ..model import Database, RecoveryPoint
from ..naming import Lineage, digest_of_database, is_our_point, lineage_of, own_lineage

Source = Literal["automated", "manual", "awsbackup", "snapshot"]


@dataclass(frozen=True, slots=True)
class Chosen:
    """The recovery point to publish; without a snapshot it is still to be taken."""

    lineage: Lineage
    point: RecoveryPoint | None = None
    is_overdue: bool = False  # whether a newer one should have been taken by now, and cannot be


def choose(
    database: Database,
    points: Iterable[RecoveryPoint],
    source: Source,
    prefix: str,
    interval: timedelta,
    now: datetime,
    taken_for: datetime | None = None,
) -> Chosen | None:
    """The recovery point of a database that its source setting means, or None when there is none.

    :param points: the snapshots of this very database (see by_database) and our own of it.
    :param taken_for: the time that a snapshot that is taken stands for, instead of the interval.
    """
    mine = list(points)
    if source != "snapshot":
        point = newest(one for one in mine if one.origin == source and not is_our_point(one, prefix))
        # A copy of a DB snapshot has a new time of creation but keeps its original one (BC, DescribeDBSnapshots).
        moment = point and (point.original or point.created)
        return Chosen(lineage_of(database.id, moment), point) if moment else None
    taken = taken_before(database, mine, prefix)
    return to_take(database, taken, interval, now) if taken_for is None else to_take_for(database, taken, taken_for)


def to_take_for(database: Database, taken: list[Lineage], moment: datetime) -> Chosen | None:
    """The snapshot that stands for a time: no other one will do."""
    wanted = lineage_of(database.id, moment)
    return Chosen(wanted) if wanted in taken or database.can_be_backed_up else None


def to_take(database: Database, taken: list[Lineage], interval: timedelta, now: datetime) -> Chosen | None:
    """One of now, if the last one is older than the interval and RDS would take one."""
    # To the minute, so that what is planned and what is done a moment later have the same name.
    minute = now.replace(second=0, microsecond=0)
    last = max(taken, default=None)
    if last is not None and last.original > minute - interval:
        return Chosen(last)
    if database.can_be_backed_up:
        return Chosen(lineage_of(database.id, minute))
    return Chosen(last, is_overdue=True) if last else None


def newest(points: Iterable[RecoveryPoint]) -> RecoveryPoint | None:
    """The newest finished one; RDS may show one without a time while it is being made."""
    finished = [one for one in points if one.is_available and one.created is not None]
    return max(finished, key=lambda one: (one.original or one.created, one.name), default=None)


def taken_before(database: Database, points: Iterable[RecoveryPoint], prefix: str) -> list[Lineage]:
    """The recovery points of ours that there are, or are to be."""
    digest = digest_of_database(database.id)
    mine = [own_lineage(one.name, one.tags, prefix) for one in points if not one.is_bad]
    return [one for one in mine if one and one.digest == digest]


def by_database(points: Iterable[RecoveryPoint], prefix: str) -> dict[str, list[RecoveryPoint]]:
    """Snapshots by what they belong to: the resource id of a database, or the digest in a name of ours."""
    found: dict[str, list[RecoveryPoint]] = {}
    for point in points:
        lineage = own_lineage(point.name, point.tags, prefix)
        found.setdefault(lineage.digest if lineage else f"{point.kind} {point.resource_id}", []).append(point)
    return found


def of_database(database: Database, grouped: dict[str, list[RecoveryPoint]]) -> list[RecoveryPoint]:
    """A resource id tells a database from an earlier one under its name; stand-ins have another one, and our name."""
    digest = digest_of_database(database.id)
    return grouped.get(f"{database.id.kind} {database.id.resource_id}", []) + grouped.get(digest, [])
