# SPDX-License-Identifier: GPL-3.0-or-later
"""Choose what a drill or a recovery restores, and describe to database_check what was restored."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..evidence.facts import DRILL, Definitions, Result, Step, checkable, definition_for, reach
from ..inventory.definitions import why_refused

# What every server of these engines has; the others have the database postgres.
ALWAYS_THERE = dict.fromkeys(("mysql", "mariadb", "aurora-mysql"), "mysql")


def drill_selection(planned: Result, definitions: Definitions, purpose: str = DRILL) -> list[str]:
    """Return the identifiers of what to restore: what is planned. A drill leaves out what it could not prove."""
    steps = [step for step in planned.get("steps", []) if step.get("database")]
    return sorted({step["database"] for step in steps if not why_left_out(step, definitions, purpose)})


def why_left_out(step: Step, definitions: Definitions, purpose: str) -> str | None:
    """Return why a database is not restored at all. A recovery restores it: unchecked data are better than none."""
    return why_refused(definition_for(definitions, step)) if purpose == DRILL else None


def drill_targets(
    restored: Result,
    credentials: Result,
    definitions: Definitions,
    forwards: Mapping[str, Any] | None = None,
    ca_file: str | None = None,
) -> list[dict[str, Any]]:
    """Return the databases for database_check: those that run and have a way in."""
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
    """Describe one database as database_check takes it. Options that only some need are left out for the others."""
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


def with_time(checks: list[dict[str, Any]], step: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Judge freshness at the time of the recovery point, so that a drill can prove an old one too."""
    at = step.get("database_time") or step["original_time"]
    return [{"at": at, **check} if check.get("check") == "freshness" else check for check in checks]
