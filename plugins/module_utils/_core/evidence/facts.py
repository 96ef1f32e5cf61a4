# SPDX-License-Identifier: GPL-3.0-or-later
"""The facts about each database of a drill or a recovery, gathered from its steps for the evidence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..inventory.definitions import definition_of, has_proof, is_accepted, why_refused
from ..model import DRILL

# The status of databases that a drill or a recovery leaves out on purpose: nothing of them is unproven.
LEFT_OUT = ("excluded", "replaced")
Result = Mapping[str, Any]
Step = Mapping[str, Any]
Definitions = Mapping[str, Any]
Unready = Sequence[Mapping[str, Any]]  # databases for which the check host lacks a library, each with its reason
KEPT = {"status": "kept", "reason": "it is in the place of its original"}


def steps_by(key: str, result: Result) -> dict[str, dict[str, Any]]:
    """Index the steps of a result by the value of a key. Steps without a value for it are left out."""
    return {step[key]: step for step in result.get("steps", []) if step.get(key)}


def definition_for(definitions: Definitions, step: Step) -> dict[str, Any]:
    """Merge the inventory's settings for the database of a step."""
    tags = step.get("database_tags") or {}
    return definition_of(definitions, step["database"], step["kind"], step.get("engine", ""), tags)


def checkable(restored: Result, credentials: Result, unready: Unready = ()) -> list[dict[str, Any]]:
    """List the databases that run, have credentials and can be looked at. database_check keeps this order."""
    ways, blind = credentials.get("credentials", {}), {one["name"] for one in unready}
    return [
        one
        for one in restored.get("steps", [])
        if one["status"] == "restored" and one["name"] in ways and one["database"] not in blind
    ]


def why_left_out(step: Step, definitions: Definitions, unready: Unready) -> str | None:
    """Explain why a drill leaves a database out, or return None if it does not."""
    definition = definition_for(definitions, step)
    if is_accepted(definition):
        return None
    blind = next((str(one["reason"]) for one in unready if one["name"] == step["database"]), None)
    return why_refused(definition) or blind


def reach(step: Step, forwards: Mapping[str, Any] | None) -> dict[str, Any]:
    """Find the address at which the check host reaches a database: its port forward, if it has one."""
    forward = (forwards or {}).get(step["name"])
    at = forward or step
    return {"host": at["host"], "port": int(at["port"]), "forwarded": bool(forward)}


def drill_facts(
    restored: Result,
    credentials: Result,
    checked: Result,
    removed: Result,
    definitions: Definitions,
    planned: Result | None = None,
    forwards: Mapping[str, Any] | None = None,
    purpose: str = DRILL,
    unready: Unready = (),
) -> list[dict[str, Any]]:
    """Gather all facts about each database, for drill_report. Those that a drill refused to restore come last."""
    ways, gone = steps_by("name", credentials), steps_by("name", removed)
    order = [step["name"] for step in checkable(restored, credentials, unready)]
    checks = dict(zip(order, checked.get("databases", []), strict=False))
    tried = [
        {
            **identity(step, definition_for(definitions, step), purpose),
            "restore": restore_facts(step),
            "credentials": brief(ways.get(step.get("name", ""))),
            "check": checks.get(step.get("name", "")),
            "checked_on": checked.get("checked_on"),
            "reached": reach(step, forwards) if step.get("name") in checks else None,
            "teardown": end_of(step, gone if "steps" in removed else None, purpose),
        }
        for step in restored.get("steps", [])
    ]
    left_out = planned or {} if purpose == DRILL else {}
    return tried + refusals(left_out, definitions, unready, {(one["kind"], one["name"]) for one in tried})


def identity(step: Step, definition: Mapping[str, Any], purpose: str = DRILL) -> dict[str, Any]:
    """Describe a database, and what is wanted of it.

    Only drills have objectives. A recovery must take the recovery points that exist, whatever their age.
    """
    objectives = {key: definition.get(key) for key in ("rpo", "rto")} if purpose == DRILL else {}
    is_bare = is_accepted(definition) and not has_proof(definition.get("checks") or [])
    return {
        "name": step["database"],
        "owner": definition.get("owner"),
        "accept_unverified": is_bare,
        **{key: step.get(key) for key in ("kind", "restored_kind", "engine", "engine_version", "unlike")},
        **{key: step.get(key) for key in ("recovery_point", "recovery_point_arn", "lineage", "original_time")},
        "objectives": objectives,
    }


def refusals(
    planned: Result, definitions: Definitions, unready: Unready, tried: set[tuple[str, str]]
) -> list[dict[str, Any]]:
    """Describe the databases that a drill did not restore, because nothing would have been proven."""
    nothing = {"status": "deleted", "reason": "nothing of it was there"}
    steps = (step for step in planned.get("steps", []) if step.get("database") and step.get("status") not in LEFT_OUT)
    found = [(step, definition_for(definitions, step)) for step in steps]
    return [
        {
            **identity(step, definition),
            "objectives": {},  # nothing was measured
            "restore": {"status": "refused", "reason": why},
            "teardown": nothing,
        }
        for step, definition in found
        if (why := why_left_out(step, definitions, unready)) and (step["kind"], step["database"]) not in tried
    ]


def restore_facts(step: Step) -> dict[str, Any]:
    """Describe how the restore of a database went."""
    status = {"restored": "restored", "failed": "failed"}.get(step["status"], "in flight")
    known = {key: step[key] for key in ("phases", "adopted", "ca") if key in step}
    return {
        "status": status,
        "reason": step["reason"],
        "seconds": step.get("seconds"),
        "target": step.get("name"),
        **known,
    }


def brief(step: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Describe how a step went, without the values that it handled. None when there was no such step."""
    return None if step is None else {key: step.get(key) for key in ("status", "reason", "seconds")}


def end_of(step: Step, gone: Mapping[str, Mapping[str, Any]] | None, purpose: str) -> dict[str, Any] | None:
    """Describe what happened to a database in the end, or return None when that is unknown."""
    if purpose != DRILL:
        return KEPT
    return None if gone is None else teardown_facts(step, gone)


def teardown_facts(step: Mapping[str, Any], gone: Mapping[str, Mapping[str, Any]]) -> dict[str, Any] | None:
    """Describe whether a database and its cluster member are gone, or return None when that is unknown."""
    name = step.get("name", "")
    found = [gone[one] for one in (f"{name}-1", name) if one in gone]
    left = [one for one in found if one["status"] != "deleted"]
    if left:
        return {"status": "left", "reason": left[0]["reason"]}
    if found:
        return {"status": "deleted", "reason": "it is gone"}
    return None if step["status"] == "restored" else {"status": "deleted", "reason": "nothing of it was there"}
