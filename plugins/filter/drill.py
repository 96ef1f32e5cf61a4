# Copyright (c) 2026, The Lifeboat authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the steps of a drill hand to each other."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ansible_collections.lifeboat.rds.plugins.module_utils._core.overrides import read_overrides, settings_for
from ansible_collections.lifeboat.rds.plugins.module_utils._core.selection import Candidate

Result = Mapping[str, Any]


def steps_by(key: str, result: Result) -> dict[str, dict[str, Any]]:
    return {step[key]: step for step in result.get("steps", []) if step.get(key)}


def definition_of(definitions: Mapping[str, Any], step: Mapping[str, Any]) -> dict[str, Any]:
    """The objectives and checks of a database: what all entries say that match it, the last word to the last one.

    The tags of the database itself are not known here, so that an entry with match_tags does not match.
    """
    entries = [{**(one or {}), "databases": [pattern]} for pattern, one in definitions.items()]
    database = Candidate(step["database"], step["kind"], step.get("engine", ""), {}, None)
    return settings_for(database, {}, read_overrides(entries))


def checkable(restored: Result, credentials: Result) -> list[dict[str, Any]]:
    """What runs and has a new password, in the order in which database_check gets and returns it."""
    passwords = credentials.get("credentials", {})
    return [one for one in restored.get("steps", []) if one["status"] == "restored" and one["name"] in passwords]


def drill_targets(restored: Result, credentials: Result, definitions: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The databases for database_check: those that run and have a new password."""
    return [
        {
            "name": step["database"],
            "engine": step["engine"],
            "host": step["host"],
            "port": step["port"],
            "database": step.get("database_name") or "postgres",
            "username": step["master_username"],
            "password": credentials["credentials"][step["name"]],
            "checks": with_time(definition_of(definitions, step).get("checks") or [], step),
        }
        for step in checkable(restored, credentials)
    ]


def with_time(checks: list[dict[str, Any]], step: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Freshness is judged at the recovery point's own time: a drill of an old one may still prove it."""
    at = step.get("database_time") or step["original_time"]
    return [{"at": at, **check} if check.get("check") == "freshness" else check for check in checks]


def drill_facts(
    restored: Result, credentials: Result, checked: Result, removed: Result, definitions: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """Everything that is known of each database, for drill_report."""
    passwords, gone = steps_by("name", credentials), steps_by("name", removed)
    order = [step["name"] for step in checkable(restored, credentials)]
    checks = dict(zip(order, checked.get("databases", []), strict=False))
    return [
        {
            "name": step["database"],
            "kind": step["kind"],
            **{key: step.get(key) for key in ("recovery_point", "recovery_point_arn", "lineage", "original_time")},
            "objectives": {key: definition_of(definitions, step).get(key) for key in ("rpo", "rto")},
            "restore": restore_facts(step),
            "credentials": brief(passwords.get(step.get("name", ""))),
            "check": checks.get(step.get("name", "")),
            "checked_on": checked.get("checked_on"),
            "teardown": teardown_facts(step, gone) if "steps" in removed else None,
        }
        for step in restored.get("steps", [])
    ]


def restore_facts(step: Mapping[str, Any]) -> dict[str, Any]:
    status = {"restored": "restored", "failed": "failed"}.get(step["status"], "in flight")
    return {"status": status, "reason": step["reason"], "seconds": step.get("seconds"), "target": step.get("name")}


def brief(step: Mapping[str, Any] | None) -> dict[str, Any] | None:
    return None if step is None else {key: step.get(key) for key in ("status", "reason", "seconds")}


def teardown_facts(step: Mapping[str, Any], gone: Mapping[str, Mapping[str, Any]]) -> dict[str, Any] | None:
    """Whether the database is gone, and with it the member of a cluster; None when nobody knows."""
    name = step.get("name", "")
    found = [gone[one] for one in (f"{name}-1", name) if one in gone]
    left = [one for one in found if one["status"] != "deleted"]
    if left:
        return {"status": "left", "reason": left[0]["reason"]}
    if found:
        return {"status": "deleted", "reason": "it is gone"}
    return None if step["status"] == "restored" else {"status": "deleted", "reason": "nothing of it was there"}


class FilterModule:
    """The filters of the drill role."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"drill_targets": drill_targets, "drill_facts": drill_facts}
