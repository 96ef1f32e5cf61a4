# SPDX-License-Identifier: GPL-3.0-or-later
"""The line of progress that a waiting task shows."""

from __future__ import annotations

from collections import Counter
from typing import Any

from ansible_collections.lifeboat.rds.plugins.module_utils._core.model import from_iso
from ansible_collections.lifeboat.rds.plugins.module_utils._core.words import rough_duration

OLDEST = "oldest "


def progress_line(site: str, steps: list[dict[str, Any]], result: dict[str, Any], elapsed: float, limit: float) -> str:
    """Write the line, for example ``[production] 2 of 4 done · 2 copying 31 % · oldest 12 min · 2 min of 4 h``.

    :param elapsed: for how many seconds the task has been waiting.
    :param limit: how many it may wait in all. Each pass is told only how many are left.
    """
    in_flight = result["in_flight"]
    waiting = Counter(str(one.get("status")) for one in in_flight)
    done = len(steps) - len(in_flight)
    parts = [f"{done} of {len(steps)} done"]
    parts += [f"{number} {status}{percent_of(status, in_flight)}" for status, number in sorted(waiting.items())]
    parts += oldest(in_flight, result.get("now"))
    return f"[{site}] " + " · ".join([*parts, f"{rough_duration(elapsed)} of {rough_duration(limit)}"])


def without_times(line: str) -> str:
    """Strip the times from a line. Only a change in the rest is worth showing."""
    return " · ".join(part for part in line.split(" · ")[:-1] if not part.startswith(OLDEST))


def oldest(in_flight: list[dict[str, Any]], now: str | None) -> list[str]:
    """Write how long the oldest item has been in flight, by AWS's clock. Empty while none has started."""
    since = [from_iso(one["since"]) for one in in_flight if one.get("since")]
    if now is None or not since:
        return []
    return [OLDEST + rough_duration((from_iso(now) - min(since)).total_seconds())]


def percent_of(status: str, in_flight: list[dict[str, Any]]) -> str:
    """Write the mean progress of the items in one state, if AWS reports any."""
    known = [one["percent"] for one in in_flight if one.get("status") == status and "percent" in one]
    return f" {sum(known) // len(known)} %" if known else ""
