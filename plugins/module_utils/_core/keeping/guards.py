# SPDX-License-Identifier: GPL-3.0-or-later
"""The minimum age that AWS itself enforces.

IAM compares dates with literal dates only. So each landed copy carries the month in which it landed, and policies deny
its deletion until a date that is written into them, a year ahead.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

MONTHS_AHEAD = 12


@dataclass(frozen=True, slots=True)
class MonthGuard:
    """What landed in a month cannot be deleted before a date."""

    month: str  # as LANDED_MONTH has it
    until: datetime


def month_guards(now: datetime, min_age: timedelta) -> list[MonthGuard]:
    """List the months whose recovery points are too young now or will be within a year; none without a minimum age."""
    if not min_age:
        return []
    this = now.year * 12 + now.month - 1
    first = this
    while _start(first) + min_age > now:  # the end of the month before is still too young
        first -= 1
    return [MonthGuard(f"{_start(one):%Y-%m}", _start(one + 1) + min_age) for one in range(first, this + MONTHS_AHEAD)]


def horizon(now: datetime) -> datetime:
    """Return the time from which on recovery points may land that no guard of now knows."""
    return _start(now.year * 12 + now.month - 1 + MONTHS_AHEAD)


def _start(month: int) -> datetime:
    return datetime(month // 12, month % 12 + 1, 1, tzinfo=timezone.utc)
