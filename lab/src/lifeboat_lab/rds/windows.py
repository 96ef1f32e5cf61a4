# SPDX-License-Identifier: GPL-3.0-or-later
"""Compute the windows, in UTC, of backups and maintenance. Pure: text and moments in, moments out.

RDS User Guide, backup window and maintenance window.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from lifeboat_lab.errors import AwsError

DAY, WEEK = 86_400, 604_800
SHORTEST = 1_800
# 1970-01-01 was a Thursday.
FIRST_MONDAY = 4 * DAY
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

_TIME = r"([01]\d|2[0-3]):([0-5]\d)"
_DAY = f"({'|'.join(DAYS)})"
_BACKUP = re.compile(rf"{_TIME}-{_TIME}\Z")
_MAINTENANCE = re.compile(rf"{_DAY}:{_TIME}-{_DAY}:{_TIME}\Z")

# The first hour of the eight from which RDS chooses when nobody says when (RDS User Guide, backup window).
BLOCKS = {
    "us-east-1": 3, "us-east-2": 3, "us-west-1": 6, "us-west-2": 6, "ca-central-1": 3, "sa-east-1": 23,
    "eu-west-1": 22, "eu-west-2": 22, "eu-west-3": 7, "eu-central-1": 20, "eu-north-1": 23, "eu-south-1": 2,
    "ap-south-1": 16, "ap-southeast-1": 14, "ap-southeast-2": 12, "ap-northeast-1": 13, "ap-northeast-2": 13,
    "ap-northeast-3": 0, "ap-east-1": 6,
}  # fmt: skip
BLOCK_MINUTES = 8 * 60 - 30


@dataclass(frozen=True)
class Window:
    """A part of each day or of each week: its start and its length, in seconds."""

    period: int
    start: int
    length: int

    def next_start(self, now: float) -> float:
        """Return the first moment after ``now`` at which the window opens."""
        origin = FIRST_MONDAY if self.period == WEEK else 0
        begun = (now - origin) // self.period * self.period + origin + self.start
        return begun if begun > now else begun + self.period

    def is_open(self, now: float) -> bool:
        return self.next_start(now) - self.period + self.length > now

    def pieces(self) -> Iterator[tuple[int, int]]:
        """Yield its starts and ends within one week; what crosses the end of the week continues at the start."""
        for start in range(self.start, WEEK, self.period):
            yield start, start + self.length
            yield start - WEEK, start - WEEK + self.length


def backup(text: str) -> Window:
    """Parse a backup window.

    :raises AwsError: when it is not a backup window.
    """
    found = _BACKUP.match(text)
    if found is None:
        raise AwsError("InvalidParameterValue", f"Invalid backup window: {text}. It has the form hh24:mi-hh24:mi.")
    start, end = (_seconds(*found.groups()[at : at + 2]) for at in (0, 2))
    return _long_enough(Window(DAY, start, (end - start) % DAY), text)


def maintenance(text: str) -> Window:
    """Parse a maintenance window.

    :raises AwsError: when it is not a maintenance window.
    """
    found = _MAINTENANCE.match(text.lower())
    if found is None:
        raise AwsError(
            "InvalidParameterValue",
            f"Invalid maintenance window: {text}. It has the form ddd:hh24:mi-ddd:hh24:mi.",
        )
    words = found.groups()
    start, end = (DAYS.index(words[at]) * DAY + _seconds(*words[at + 1 : at + 3]) for at in (0, 3))
    return _long_enough(Window(WEEK, start, (end - start) % WEEK), text)


def check(options: dict[str, Any]) -> None:
    """Check that both windows are legal and do not overlap.

    :raises AwsError: when a window is not legal, or both overlap.
    """
    first = backup(options["PreferredBackupWindow"])
    if _overlap(first, maintenance(options["PreferredMaintenanceWindow"])):
        raise AwsError("InvalidParameterValue", "The backup window and maintenance window must not overlap.")


def chosen(asked: dict[str, Any], resource_id: str, region: str) -> dict[str, str]:
    """Return both windows of a database: as asked for, otherwise always the same ones for the same database.

    :raises AwsError: when those that are asked for are not legal.
    """
    for attempt in range(100):
        options = _defaults(f"{resource_id}{attempt}", region)
        options |= {name: asked[name].lower() for name in options if asked.get(name)}
        first, second = backup(options["PreferredBackupWindow"]), maintenance(options["PreferredMaintenanceWindow"])
        if not _overlap(first, second):
            return options
    check(options)
    return options


def _defaults(seed: str, region: str) -> dict[str, str]:
    """Choose two half hours out of the Region's eight hours, the second on a day of its own."""
    digest = hashlib.sha256(seed.encode()).digest()
    block = BLOCKS.get(region, 3) * 60
    first = block + int.from_bytes(digest[:4]) % BLOCK_MINUTES
    second = block + int.from_bytes(digest[4:8]) % BLOCK_MINUTES
    day = digest[8] % 7
    until = day + (second % 1440 + 30) // 1440
    return {
        "PreferredBackupWindow": f"{_clock(first)}-{_clock(first + 30)}",
        "PreferredMaintenanceWindow": f"{DAYS[day]}:{_clock(second)}-{DAYS[until % 7]}:{_clock(second + 30)}",
    }


def _clock(minutes: int) -> str:
    return f"{minutes // 60 % 24:02}:{minutes % 60:02}"


def _seconds(hours: str, minutes: str) -> int:
    return int(hours) * 3600 + int(minutes) * 60


def _long_enough(window: Window, text: str) -> Window:
    if window.length < SHORTEST:
        raise AwsError("InvalidParameterValue", f"The window {text} must be at least 30 minutes.")
    return window


def _overlap(one: Window, other: Window) -> bool:
    return any(a < d and c < b for a, b in one.pieces() for c, d in other.pieces())
