# SPDX-License-Identifier: GPL-3.0-or-later
"""What can be set while the lab runs: how long things take, how many there may be, which rules hold."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

# Seconds, as AWS roughly takes them for small databases. They are divided by the scale.
DURATIONS: dict[str, float] = {
    "create": 900,
    "member": 600,
    "snapshot": 300,
    "copy": 1200,
    "restore_instance": 1200,
    "restore_cluster": 900,
    "modify": 300,
    "delete": 300,
}

# RDS User Guide, quotas and constraints; Aurora User Guide, copying a DB cluster snapshot.
QUOTAS: dict[str, int] = {
    "manual_snapshots": 100,
    "manual_cluster_snapshots": 100,
    "snapshot_copies": 20,
    "cluster_snapshot_copies": 5,
}

DEFAULT_SCALE = 600.0


class BadRequest(ValueError):
    """An admin request that makes no sense; the message says why."""


@dataclass
class Settings:
    """The lab's adjustable numbers and switches."""

    scale: float = DEFAULT_SCALE
    durations: dict[str, float] = field(default_factory=lambda: dict(DURATIONS))
    quotas: dict[str, int] = field(default_factory=lambda: dict(QUOTAS))
    # A shared snapshot may be copied to another Region in one call (CopyDBSnapshot, since 2025-09).
    single_step: bool = True

    def seconds(self, name: str) -> float:
        """How long something takes here."""
        return self.durations[name] / self.scale

    def as_dict(self) -> dict[str, Any]:
        return {
            "scale": self.scale,
            "durations": dict(self.durations),
            "quotas": dict(self.quotas),
            "single_step": self.single_step,
        }

    def update(self, wanted: Any) -> None:
        """Change what is given, or nothing at all.

        :raises BadRequest: when a name or a value is not understood.
        """
        checked = _checked(wanted)
        self.scale = checked.get("scale", self.scale)
        self.single_step = checked.get("single_step", self.single_step)
        self.durations.update(checked.get("durations", {}))
        self.quotas.update(checked.get("quotas", {}))


def _checked(wanted: Any) -> dict[str, Any]:
    if not isinstance(wanted, dict):
        raise BadRequest("settings must be an object")
    known = {"scale", "durations", "quotas", "single_step"}
    if unknown := sorted(set(wanted) - known):
        raise BadRequest(f"unknown settings: {', '.join(unknown)}; known are {', '.join(sorted(known))}")
    if "scale" in wanted:
        _number("scale", wanted["scale"], above=0)
    if not isinstance(wanted.get("single_step", True), bool):
        raise BadRequest("single_step must be true or false")
    _table("durations", wanted.get("durations", {}), DURATIONS)
    _table("quotas", wanted.get("quotas", {}), QUOTAS)
    return wanted


def _table(name: str, given: Any, known: dict[str, Any]) -> None:
    if not isinstance(given, dict):
        raise BadRequest(f"{name} must be an object")
    for key, value in given.items():
        if key not in known:
            raise BadRequest(f"unknown {name}: {key}; known are {', '.join(known)}")
        _number(f"{name}.{key}", value, above=-1)


def _number(name: str, value: Any, *, above: float) -> None:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise BadRequest(f"{name} must be a number")
    if value <= above:
        raise BadRequest(f"{name} must be above 0" if above == 0 else f"{name} must not be negative")
