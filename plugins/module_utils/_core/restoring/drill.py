# SPDX-License-Identifier: GPL-3.0-or-later
"""The databases that a drill or a recovery restores, and their description for database_check."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..evidence.facts import (
    LEFT_OUT,
    Definitions,
    Result,
    Step,
    Unready,
    checkable,
    definition_for,
    reach,
    why_left_out,
)
from ..inventory.selection import rank
from ..model import DRILL

# A database that exists on every server of these engines. Servers of other engines have the database postgres.
ALWAYS_THERE = dict.fromkeys(("mysql", "mariadb", "aurora-mysql"), "mysql")


def drill_selection(
    planned: Result,
    definitions: Definitions,
    purpose: str = DRILL,
    unready: Unready = (),
    wanted: Sequence[str] = (),
) -> list[str]:
    """List the identifiers of the planned databases to restore, in the order in which they get room in the account.

    A drill leaves out those for which it could prove nothing. A recovery restores them even without checks.

    :param unready: those that the check host cannot look at.
    :param wanted: the identifiers and patterns that the plan was made of.
    """
    steps = [step for step in planned.get("steps", []) if step.get("database") and step.get("status") not in LEFT_OUT]
    left_out = {one["database"] for one in steps if purpose == DRILL and why_left_out(one, definitions, unready)}
    return sorted({step["database"] for step in steps} - left_out, key=lambda one: rank(one, wanted))


def drill_engines(planned: Result, selected: Sequence[str], definitions: Definitions) -> list[dict[str, Any]]:
    """Describe the engines of the selected databases, for database_check to look at its libraries."""
    steps = {step["database"]: step for step in planned.get("steps", []) if step.get("database") in selected}
    found = [(step, definition_for(definitions, step).get("driver")) for step in steps.values() if step.get("engine")]
    return [
        {"name": step["database"], "engine": step["engine"], **({"driver": driver} if driver else {})}
        for step, driver in found
    ]


def with_problem(
    problems: Sequence[Mapping[str, Any]],
    result: Result,
    what: str,
    verdict: str = "failed",
    *,
    may_be_left: bool = False,
) -> list[dict[str, Any]]:
    """Add a step that failed to the problems of a drill, once: several steps may fail for the same reason.

    A site that could not be looked at proves nothing about the recovery, so that the verdict is "unverified".

    :param what: the reason if the result has none.
    :param may_be_left: whether the step was to remove what may still be there. Then it failed in any case.
    """
    reason = str(result.get("msg") or what)
    if result.get("out_of_reach") and not may_be_left:
        verdict = "unverified"
    same = [one for one in problems if one["reason"] == reason]
    worst = "failed" if "failed" in (verdict, *(one["verdict"] for one in same)) else "unverified"
    return [*(dict(one) for one in problems if one["reason"] != reason), {"reason": reason, "verdict": worst}]


def drill_targets(
    restored: Result,
    credentials: Result,
    definitions: Definitions,
    forwards: Mapping[str, Any] | None = None,
    ca_file: str | None = None,
    unready: Unready = (),
) -> list[dict[str, Any]]:
    """Describe the databases that run, have credentials and can be looked at, for database_check."""
    return [
        target_of(step, credentials["credentials"][step["name"]], definition_for(definitions, step), forwards, ca_file)
        for step in checkable(restored, credentials, unready)
    ]


def target_of(
    step: Step,
    way: Mapping[str, str],
    definition: Mapping[str, Any],
    forwards: Mapping[str, Any] | None,
    ca_file: str | None,
) -> dict[str, Any]:
    """Describe one database for database_check. Options that it does not need are left out."""
    reached = reach(step, forwards)
    optional = {
        "driver": definition.get("driver"),
        "ca_file": ca_file,
        # Through a port forward, the certificate still has the name of the database's own host.
        "tls_name": step["host"] if ca_file and reached["forwarded"] else None,
        # A token goes to nobody who has not proved its name.
        "tls": tls_of(definition) if way["kind"] == "password" else None,
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


def tls_of(definition: Mapping[str, Any]) -> str | None:
    """Read how the inventory wants the connection secured, or None if it does not say."""
    return "off" if definition.get("tls") is False else definition.get("tls")


def with_time(checks: list[dict[str, Any]], step: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Set the time of freshness checks to that of the recovery point, so that a drill can prove an old one too."""
    at = step.get("database_time") or step["original_time"]
    return [{"at": at, **check} if check.get("check") == "freshness" else check for check in checks]
