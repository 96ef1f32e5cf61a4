# SPDX-License-Identifier: GPL-3.0-or-later
"""The floor at a DR site: what stays of a database whatever the retention says, unless the user goes below it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from ..model import RecoveryPoint
from .policy import counted


@dataclass(frozen=True, slots=True)
class Floor:
    """The least that stays of each database: its newest ones, and every one that is younger than an age."""

    newest: int = 2
    min_age: timedelta = timedelta(days=7)


FLOOR = Floor()
NO_FLOOR = Floor(newest=0, min_age=timedelta(0))


def why_in_floor(floor: Floor, point: RecoveryPoint, position: int, now: datetime) -> str | None:
    """Explain why a recovery point belongs to the floor, or return None if it does not.

    Without a time of AWS, nobody knows that it is old enough.

    :param position: how many newer recovery points of its database have landed.
    """
    if position < floor.newest:
        return f"the floor: one of the newest {floor.newest}" if floor.newest > 1 else "the floor: the newest"
    if not floor.min_age:
        return None
    known = point.known_time
    if known is None:
        return "the floor: AWS does not say how old it is"
    if now - known < floor.min_age:
        return f"the floor: younger than {counted(floor.min_age.days, 'day')}"
    return None
