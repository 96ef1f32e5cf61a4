# Copyright (c) 2026, The Lifeboat authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.
"""The one line that a waiting task shows."""

from __future__ import annotations

from collections import Counter
from typing import Any


def progress_line(site: str, steps: list[dict[str, Any]], result: dict[str, Any], elapsed: float) -> str:
    """For example ``[production] 2 of 4 done · 2 copying 31 % · 2 min of 4 h``."""
    in_flight = result["in_flight"]
    waiting = Counter(str(one.get("status")) for one in in_flight)
    done = len(steps) - len(in_flight)
    parts = [f"{done} of {len(steps)} done"]
    parts += [f"{number} {status}{percent_of(status, in_flight)}" for status, number in sorted(waiting.items())]
    limit = duration(result["waiting"]["wait_timeout"])
    return f"[{site}] " + " · ".join([*parts, f"{duration(elapsed)} of {limit}"])


def said(line: str) -> str:
    """What a line says without the time: only that is news."""
    return line.rpartition(" · ")[0]


def percent_of(status: str, in_flight: list[dict[str, Any]]) -> str:
    """The mean progress of those in one state, where AWS shows any."""
    known = [one["percent"] for one in in_flight if one.get("status") == status and "percent" in one]
    return f" {sum(known) // len(known)} %" if known else ""


def duration(seconds: float) -> str:
    """Rounded down to what a person reads at a glance."""
    if seconds < 120:
        return f"{int(seconds)} s"
    minutes = int(seconds // 60)
    return f"{minutes} min" if minutes < 120 else f"{minutes // 60} h"
