# SPDX-License-Identifier: GPL-3.0-or-later
"""What the steps of a drill hand to each other."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.lifeboat.rds.plugins.module_utils._core.checking.checks import printable
from ansible_collections.lifeboat.rds.plugins.module_utils._core.errors import LifeboatError
from ansible_collections.lifeboat.rds.plugins.module_utils._core.inventory.definitions import (
    check_definitions,
    definition_of,
    has_proof,
    is_accepted,
    why_refused,
)
from ansible_collections.lifeboat.rds.plugins.module_utils._sql.request import read_request
from ansible_collections.lifeboat.rds.plugins.modules.database_check import ARGUMENTS

Result = Mapping[str, Any]
Step = Mapping[str, Any]
Definitions = Mapping[str, Any]
DRILL = "drill"
KEPT = {"status": "kept", "reason": "it is in the place of its original"}
# A database that nobody asks: only the form of its checks is looked at.
NOBODY = {"engine": "postgres", "host": "localhost", "port": 1, "database": "x", "username": "x", "password": "x"}

# What every server of these engines has; the others have the database postgres.
ALWAYS_THERE = dict.fromkeys(("mysql", "mariadb", "aurora-mysql"), "mysql")


def drill_definitions(definitions: Any) -> Definitions:
    """The definitions, once they are known to make sense.

    :raises AnsibleFilterError: naming the first entry that does not, and what to do about it.
    """
    try:
        for name, entry in check_definitions(definitions).items():
            check_form(name, (entry or {}).get("checks") or [])
    except LifeboatError as error:
        raise AnsibleFilterError(str(error)) from error
    return dict(definitions)


def check_form(name: str, checks: list[Mapping[str, Any]]) -> None:
    """Read checks as database_check would.

    :raises LifeboatError: when it could not run one of them.
    """
    database = {**NOBODY, "name": name, "checks": [dict(one) for one in checks]}
    found = ArgumentSpecValidator(ARGUMENTS).validate({"databases": [database]})
    if found.error_messages:
        why = printable(found.error_messages[0])
        raise LifeboatError(f"Cannot use the checks of lifeboat_databases.{name}", why=why, remedy="Correct them")
    read_request(found.validated_parameters)


def steps_by(key: str, result: Result) -> dict[str, dict[str, Any]]:
    return {step[key]: step for step in result.get("steps", []) if step.get(key)}


def definition_for(definitions: Definitions, step: Step) -> dict[str, Any]:
    tags = step.get("database_tags") or {}
    return definition_of(definitions, step["database"], step["kind"], step.get("engine", ""), tags)


def drill_selection(planned: Result, definitions: Definitions, purpose: str = DRILL) -> list[str]:
    """The identifiers of what may be restored: what is planned, in a drill unless nothing would be proven."""
    steps = [step for step in planned.get("steps", []) if step.get("database")]
    return sorted({step["database"] for step in steps if not why_left_out(step, definitions, purpose)})


def why_left_out(step: Step, definitions: Definitions, purpose: str) -> str | None:
    """Why a database is not restored at all. In earnest, data that nobody looked at are better than none."""
    return why_refused(definition_for(definitions, step)) if purpose == DRILL else None


def checkable(restored: Result, credentials: Result) -> list[dict[str, Any]]:
    """What runs and has a way in, in the order in which database_check gets and returns it."""
    ways = credentials.get("credentials", {})
    return [one for one in restored.get("steps", []) if one["status"] == "restored" and one["name"] in ways]


def drill_targets(
    restored: Result,
    credentials: Result,
    definitions: Definitions,
    forwards: Mapping[str, Any] | None = None,
    ca_file: str | None = None,
) -> list[dict[str, Any]]:
    """The databases for database_check: those that run and have a way in."""
    return [
        target_of(step, credentials["credentials"][step["name"]], definition_for(definitions, step), forwards, ca_file)
        for step in checkable(restored, credentials)
    ]


def target_of(
    step: Step,
    way: Mapping[str, str],
    definition: Mapping[str, Any],
    forwards: Mapping[str, Any] | None,
    ca_file: str | None,
) -> dict[str, Any]:
    """One database as database_check takes it; what only some need is left out for the others."""
    reached = reach(step, forwards)
    optional = {
        "driver": definition.get("driver"),
        "ca_file": ca_file,
        # At the near end of a port forward, the certificate still has the name of the far one.
        "tls_name": step["host"] if ca_file and reached["forwarded"] else None,
        "credentials_kind": way["kind"] if way["kind"] != "password" else None,
    }
    return {
        "name": step["database"],
        "engine": step["engine"],
        "host": reached["host"],
        "port": reached["port"],
        "database": definition.get("database")
        or step.get("database_name")
        or ALWAYS_THERE.get(step["engine"], "postgres"),
        "username": way["username"],
        "password": way["password"],
        "checks": with_time(definition.get("checks") or [], step),
        **{name: value for name, value in optional.items() if value},
    }


def reach(step: Step, forwards: Mapping[str, Any] | None) -> dict[str, Any]:
    """Where a database answers for the check host: at a port forward, if there is one for it."""
    forward = (forwards or {}).get(step["name"])
    at = forward or step
    return {"host": at["host"], "port": int(at["port"]), "forwarded": bool(forward)}


def with_time(checks: list[dict[str, Any]], step: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Freshness is judged at the recovery point's own time: a drill of an old one may still prove it."""
    at = step.get("database_time") or step["original_time"]
    return [{"at": at, **check} if check.get("check") == "freshness" else check for check in checks]


def drill_facts(
    restored: Result,
    credentials: Result,
    checked: Result,
    removed: Result,
    definitions: Definitions,
    planned: Result | None = None,
    forwards: Mapping[str, Any] | None = None,
    purpose: str = DRILL,
) -> list[dict[str, Any]]:
    """Everything that is known of each database, for drill_report; what was refused before the restore comes last."""
    ways, gone = steps_by("name", credentials), steps_by("name", removed)
    order = [step["name"] for step in checkable(restored, credentials)]
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
    return tried + refusals(left_out, definitions, {(one["kind"], one["name"]) for one in tried})


def identity(step: Step, definition: Mapping[str, Any], purpose: str = DRILL) -> dict[str, Any]:
    """What a database is, and what is wanted of it.

    Objectives are for drills: whoever recovers takes what there is, and its age says nothing against its data.
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


def refusals(planned: Result, definitions: Definitions, tried: set[tuple[str, str]]) -> list[dict[str, Any]]:
    """The databases that were not restored because nothing would have been proven."""
    nothing = {"status": "deleted", "reason": "nothing of it was there"}
    found = [(step, definition_for(definitions, step)) for step in planned.get("steps", []) if step.get("database")]
    return [
        {
            **identity(step, definition),
            "objectives": {},  # nothing was measured
            "restore": {"status": "refused", "reason": why},
            "teardown": nothing,
        }
        for step, definition in found
        if (why := why_refused(definition)) and (step["kind"], step["database"]) not in tried
    ]


def restore_facts(step: Step) -> dict[str, Any]:
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
    return None if step is None else {key: step.get(key) for key in ("status", "reason", "seconds")}


def end_of(step: Step, gone: Mapping[str, Mapping[str, Any]] | None, purpose: str) -> dict[str, Any] | None:
    """What became of a database in the end; None when nobody knows."""
    if purpose != DRILL:
        return KEPT
    return None if gone is None else teardown_facts(step, gone)


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
        return {
            "drill_definitions": drill_definitions,
            "drill_facts": drill_facts,
            "drill_selection": drill_selection,
            "drill_targets": drill_targets,
        }
