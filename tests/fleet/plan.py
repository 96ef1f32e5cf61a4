# SPDX-License-Identifier: GPL-3.0-or-later
"""What check mode lists, in the words of AWS's log."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from types import ModuleType
from typing import Any

from tests.fleet.fleet import Fleet, Side, writing

Writes = Counter[tuple[str, str]]  # actions, with the name of the snapshot that they are about
ABOUT = ("TargetDBSnapshotIdentifier", "TargetDBClusterSnapshotIdentifier", "DBSnapshotIdentifier",
         "DBInstanceIdentifier", "DBClusterIdentifier", "DBClusterSnapshotIdentifier", "ResourceName")  # fmt: skip
# What a step that changes something does to its snapshot. What is retired shows in the diff: it may go in one pass.
ACTIONS = {
    "copying": ["Copy{}"],
    "published": ["Modify{}Attribute"],
    "deleted": ["Delete{}"],
    "removed": ["Delete{}"],
    "restoring": ["RestoreDBInstanceFromDBSnapshot"],
    "retired": [],
}
RETIRED = ("shared", "landed")
SPELLING = {"instance": "DBSnapshot", "cluster": "DBClusterSnapshot"}


def listed(result: Mapping[str, Any]) -> Writes:
    """List the writes that a result of check mode announces."""
    kinds = {step["name"]: SPELLING[step["kind"]] for step in result["steps"] if "name" in step}
    changes = [step for step in result["steps"] if step["changed"]]
    found = Counter(
        (action.format(SPELLING[step["kind"]]), step["name"]) for step in changes for action in actions_of(step)
    )
    diff = result.get("diff", {"before": {}, "after": {}})
    for words, before in diff["before"].items():
        if (before, diff["after"][words]) == RETIRED:
            name = words.split(" for ")[0]
            found.update([(f"Modify{kinds[name]}Attribute", name), ("AddTagsToResource", name)])
    return found


def actions_of(step: Mapping[str, Any]) -> list[str]:
    """Name the action of a copy. A copy of a database is a snapshot that is taken."""
    is_taken = step["status"] == "copying" and step["source"].split(":")[5] in ("db", "cluster")
    if step["status"] == "removed" and "-standin-" in step["name"]:
        return ["DeleteDBInstance"]
    return ["Create{}"] if is_taken else ACTIONS[step["status"]]


def logged(calls: Iterable[Mapping[str, Any]]) -> Writes:
    """List the writes of the log."""
    return Counter((call["action"], about(call["parameters"])) for call in writing(list(calls)))


def about(parameters: Mapping[str, str]) -> str:
    """Return what a call makes or changes: the first of these members that it names."""
    name = next(parameters[word] for word in ABOUT if word in parameters)
    return name.split(":")[-1]


def explained(result: Mapping[str, Any]) -> dict[tuple[str, ...], str]:
    """Why each item that changes does so, as the merged result of a task says it."""
    found: dict[tuple[str, ...], list[str]] = {}
    for step in result["steps"]:
        if step["changed"]:
            reasons = found.setdefault((step["kind"], step["name"], step.get("region", "")), [])
            reasons += [step["reason"]] if step["reason"] not in reasons else []
    return {item: "; ".join(reasons) for item, reasons in found.items()}


def pass_as_planned(fleet: Fleet, module: ModuleType, side: Side, **given: Any) -> dict[str, Any]:
    """Run a pass after check mode has planned it on the same state. Both results must agree."""
    fleet.new_calls()
    plan = fleet.one_pass(module, side, check_mode=True, **given)
    assert not writing(fleet.new_calls()), "check mode wrote"
    result = fleet.one_pass(module, side, **given)
    calls = fleet.new_calls()
    assert listed(plan) == logged(calls), "check mode listed something else"
    if all(call.get("status") == 200 for call in calls):
        assert said(plan) == said(result)
    return result


def task_as_planned(fleet: Fleet, module: ModuleType, side: Side, plan: Mapping[str, Any], **given: Any) -> Any:
    """Run a task that waits. It must do what its plan lists, for the reasons that the plan gives."""
    fleet.new_calls()
    result = fleet.run(module, side, **given)
    assert listed(plan) == logged(fleet.new_calls()), "check mode listed something else"
    assert explained(plan) == explained(result)
    return result


def said(result: Mapping[str, Any]) -> list[Any]:
    """Pick what both modes must say alike: the status of each item, whether it changes, and the diff."""
    steps = [(step.get("name"), step["status"], step["changed"]) for step in result["steps"]]
    return [result["changed"], result.get("failed"), steps, result.get("diff")]
