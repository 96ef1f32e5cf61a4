# SPDX-License-Identifier: GPL-3.0-or-later
"""What a drill measured for a database: RPO and RTO, each by a stated clock.

An unknown measurement is None. A sum with an unknown part is unknown as well.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ..model import from_iso
from ..words import duration

Facts = Mapping[str, Any]
Phases = Mapping[str, "float | None"]

# The phases of the RTO, in order. Only clusters have a member to wait for.
RESTORE = ("choose", "restore_call", "available", "member")
TO_CONNECT = (*RESTORE, "credentials", "reachable")
PHASES = (*TO_CONNECT, "checked")

AWS = "AWS: the Date of its answers, in whole seconds"
CHECK_HOST = "the check host: monotonic"
# The times of AWS and of the controller are never compared, because the controller's clock may be wrong.
CLOCKS: Mapping[str, str] = {
    "finished": "the controller: wall time",
    "rpo_seconds": AWS,
    "rpo_newest_row_seconds": f"{AWS}; the row's time is the application's",
    **dict.fromkeys((*RESTORE, "credentials"), AWS),
    "reachable": CHECK_HOST,
    "checked": CHECK_HOST,
}
STARTED: Mapping[str, str] = {"aws": AWS, "controller": "the controller: wall time, since AWS did not answer"}


@dataclass(frozen=True, slots=True)
class Measures:
    """The measurements of one database, in seconds."""

    rpo: int | None  # by the time of the snapshot

    rpo_newest_row: int | None  # by the time in the newest row
    phases: Phases

    @property
    def rto_connect(self) -> float | None:
        """Return the time until the first connection was accepted."""
        return total([self.phases.get(phase, 0) for phase in TO_CONNECT])

    @property
    def rto_validated(self) -> float | None:
        """Return the time until the last check was done."""
        return total(self.phases.values())

    @property
    def restore(self) -> float | None:
        """Return the time until the database was available."""
        return total([self.phases.get(phase, 0) for phase in RESTORE])

    @property
    def known(self) -> float:
        """Return the sum of the measured phases. It may exceed an objective before all phases are known."""
        return round(sum(seconds for seconds in self.phases.values() if seconds is not None), 3)

    def as_result(self) -> dict[str, Any]:
        """Build the result."""
        return {
            "rpo_seconds": self.rpo,
            "rpo_newest_row_seconds": self.rpo_newest_row,
            "rto_connect_seconds": self.rto_connect,
            "rto_validated_seconds": self.rto_validated,
            "rto_phases": dict(self.phases),
        }


def measure(facts: Facts, started: datetime) -> Measures:
    """Measure one database of a drill that began at the given time."""
    check = facts.get("check") or {}
    return Measures(
        rpo=age(facts.get("original_time"), started),
        rpo_newest_row=age(check.get("newest_row"), started),
        phases=phases_of(facts),
    )


def phases_of(facts: Facts) -> dict[str, float | None]:
    """Measure all phases of the RTO."""
    check = facts.get("check") or {}
    reachable = time_to_connect(check)
    return {
        **restore_phases(facts),
        "credentials": number((facts.get("credentials") or {}).get("seconds")),
        "reachable": reachable,
        "checked": None if reachable is None else total(number(one.get("seconds")) for one in others(check)),
    }


def restore_phases(facts: Facts) -> dict[str, float | None]:
    """Measure the phases of the restore. Phases that nobody saw are unknown."""
    told = (facts.get("restore") or {}).get("phases")
    phases = told if isinstance(told, Mapping) else {}
    return {phase: number(phases.get(phase)) for phase in RESTORE if phase != "member" or has_member(facts)}


def has_member(facts: Facts) -> bool:
    """Tell whether a member was waited for. A stand-in's original is a cluster, but what is restored is an instance."""
    return (facts.get("restored_kind") or facts.get("kind")) == "cluster"


def time_to_connect(check: Facts) -> float | None:
    """Measure the time until the first connection, or return None when there was none."""
    rungs = check.get("checks") or []
    made = next((one for one in rungs if one.get("check") == "connection" and one.get("status") == "passed"), None)
    if made is None:
        return None
    seconds = check.get("connected_seconds")
    return number(made.get("seconds") if seconds is None else seconds)


def others(check: Facts) -> list[Facts]:
    """List the checks after the connection."""
    return [one for one in check.get("checks") or [] if one.get("check") != "connection"]


def total(parts: Iterable[float | None]) -> float | None:
    """Sum up the parts, or return None if one is unknown."""
    known = list(parts)
    return None if any(part is None for part in known) else round(sum(part or 0 for part in known), 3)


def age(moment: str | None, started: datetime) -> int | None:
    """Compute how old something was when the drill began, in seconds. A time after that measures nothing (None)."""
    try:
        seconds = (started - from_iso(moment or "")).total_seconds()
    except (ValueError, TypeError, AttributeError):  # not a time, or one without a zone
        return None
    return round(seconds) if seconds >= 0 else None


def number(value: object) -> float | None:
    """Read seconds, or return None if the value is not a finite number of at least 0."""
    try:
        seconds = float(str(value))
    except ValueError:
        return None
    return seconds if math.isfinite(seconds) and seconds >= 0 else None


def disagreement(measures: Measures, tolerance: float) -> str | None:
    """Warn when the two measurements of the RPO differ by more than the tolerance, in seconds."""
    snapshot, row = measures.rpo, measures.rpo_newest_row
    if snapshot is None or row is None or abs(row - snapshot) <= tolerance:
        return None
    how = "older" if row > snapshot else "newer"
    return (
        f"the newest row is {duration(abs(row - snapshot))} {how} than its recovery point says:"
        f" RPO {duration(snapshot)} by the snapshot, {duration(row)} by the newest row"
    )
