# SPDX-License-Identifier: GPL-3.0-or-later
"""The shape of a module's result: what was done with each item, why, and what is still in flight."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from .model import RecoveryPoint


def facts_of(point: RecoveryPoint) -> dict[str, Any]:
    """Return the facts by which a step names its recovery point."""
    return {"database": point.database, "kind": point.kind, "name": point.name}


@dataclass(slots=True)
class Report:
    """What one pass did with each item. In check mode it leaves nothing for a next pass."""

    check_mode: bool = False
    steps: list[dict[str, Any]] = field(default_factory=list)
    in_flight: list[dict[str, Any]] = field(default_factory=list)
    resume: list[dict[str, Any]] = field(default_factory=list)
    before: dict[str, Any] = field(default_factory=dict)
    after: dict[str, Any] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    changed: bool = False  # by something that is not an item, such as a manifest in a store

    def step(self, status: str, *, reason: str, changed: bool = False, **facts: Any) -> None:
        """Record what became of one item."""
        shown = {key: value for key, value in facts.items() if value is not None}
        self.steps.append({**shown, "status": status, "changed": changed, "reason": reason})

    def wait_for(self, document: Mapping[str, Any], **facts: Any) -> None:
        """Leave an item for the next pass, which will know of it only what the document says."""
        self.resume.append(dict(document))
        self.in_flight.append({key: value for key, value in facts.items() if value is not None})

    def change(self, name: str, before: Any, after: Any) -> None:
        """Add an item to the diff."""
        self.before[name], self.after[name] = before, after

    def as_result(self, **more: Any) -> dict[str, Any]:
        """Build the result of the module. It fails if an item failed, once all the others had their turn."""
        failed = [step for step in self.steps if step["status"] == "failed"]
        result: dict[str, Any] = {
            "changed": self.changed or any(step["changed"] for step in self.steps),
            "steps": self.steps,
            "in_flight": self.in_flight,
            "resume": [] if self.check_mode else self.resume,
            "diff": {"before": self.before, "after": self.after},
            "warnings": self.warnings,
            **more,
        }
        if failed:
            result |= {"failed": True, "msg": " ".join(dict.fromkeys(step["reason"] for step in failed))}
        return result
