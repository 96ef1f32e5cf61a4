# SPDX-License-Identifier: GPL-3.0-or-later
"""Several passes as one result."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

VERDICT = ("failed", "msg")  # of one pass; the steps decide in the end


@dataclass(slots=True)
class Total:
    """The merged passes of one task: changed if any pass changed, the last status of each item, the sum of the calls.

    The steps of a single pass, such as a plan in check mode, are not merged.
    """

    passes: int = 0
    result: dict[str, Any] = field(default_factory=dict)
    steps: dict[tuple[Any, ...], dict[str, Any]] = field(default_factory=dict)
    api_calls: dict[str, int] = field(default_factory=dict)
    credentials: dict[str, dict[str, str]] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)

    def add(self, result: dict[str, Any]) -> None:
        """Add the result of a pass."""
        self.passes += 1
        for step in result.get("steps", []):
            kind, database, name, region = (step.get(part) for part in ("kind", "database", "name", "region"))
            # An earlier step of the same database had no snapshot to name yet.
            nameless = self.steps.pop((kind, database, None, None), {})
            key = (kind, database, name, region)
            self.steps[key] = merge_step(self.steps.get(key, nameless), step)
        self.warnings = list(dict.fromkeys([*self.warnings, *result.get("warnings", [])]))
        for call, number in result.get("api_calls", {}).items():
            self.api_calls[call] = self.api_calls.get(call, 0) + number
        self.credentials |= result.get("credentials", {})
        before = {name: value for name, value in self.result.items() if name not in VERDICT}
        changed = bool(before.get("changed") or result.get("changed"))
        self.result = {**before, **result, **merge_beginnings(before, result), "changed": changed}

    def as_result(self) -> dict[str, Any]:
        """Build the result of all passes. It fails if an item failed in its last status.

        A single pass may have failed for more than its items.
        """
        result = self.result | {"api_calls": self.api_calls}
        if self.steps and self.passes > 1:
            result["steps"] = list(self.steps.values())
        if self.warnings:
            result["warnings"] = self.warnings
        if "credentials" in result:
            result["credentials"] = self.credentials
        if self.passes == 1:
            return result
        failed = [step["reason"] for step in self.steps.values() if step["status"] == "failed"]
        return result | ({"failed": True, "msg": " ".join(failed)} if failed else {})


def merge_beginnings(old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    """Keep when the task began, and each item's state before its first change and after its last."""
    merged: dict[str, Any] = {"began": old["began"]} if "began" in old else {}
    if "diff" in old and "diff" in new:
        earlier, later = old["diff"], new["diff"]
        before, after = {**later["before"], **earlier["before"]}, {**earlier["after"], **later["after"]}
        merged["diff"] = {"before": before, "after": after}
    return merged


def merge_step(old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    """Keep the newer status of an item, but the reasons of the passes that changed it: later ones only see it done."""
    merged = {**old, **new, "changed": bool(old.get("changed") or new.get("changed"))}
    if old.get("changed") and new["status"] != "failed":
        more = [new["reason"]] if new.get("changed") and new["reason"] not in old["reason"] else []
        merged["reason"] = "; ".join([old["reason"], *more])
    return merged
