# SPDX-License-Identifier: GPL-3.0-or-later
"""What a recovery tells people and the hook: the run-book before it, where the databases listen after it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from ansible_collections.lifeboat.rds.plugins.filter.drill import definition_for, steps_by
from ansible_collections.lifeboat.rds.plugins.module_utils._core.restoring.runbook import Occasion, runbook

Result = Mapping[str, Any]
HEAD = ("database", "becomes", "engine", "listens at", "secret")
# What is known of a recovered database, by the names that the steps have.
KNOWN = ("engine", "engine_version", "host", "port", "database_name", "master_username", "region")
FROM = ("recovery_point", "recovery_point_arn", "original_time", "database_tags", "unlike")


def recovery_runbook(planned: Result, definitions: Mapping[str, Any], **about: Any) -> str:
    """The run-book of what snapshot_restore planned in check mode."""
    steps = [step for step in planned.get("steps", []) if step.get("database")]
    checks = {step["database"]: definition_for(definitions, step).get("checks") or [] for step in steps}
    return "\n".join(runbook(steps, checks, Occasion(time=planned["began"], **about))) + "\n"


def recovery_endpoints(restored: Result, credentials: Result) -> list[dict[str, Any]]:
    """The recovered databases and where they listen; the secret is named, never read."""
    ways = steps_by("name", credentials)
    return [
        {
            "name": step["database"],
            "identifier": step["name"],
            "kind": step["restored_kind"],
            **{key: step.get(key) for key in (*KNOWN, *FROM)},
            "secret_arn": ways.get(step["name"], {}).get("secret_arn") or step.get("secret_arn"),
        }
        for step in restored.get("steps", [])
        if step["status"] == "restored"
    ]


def recovery_table(endpoints: Iterable[Mapping[str, Any]]) -> list[str]:
    """A line for each recovered database."""
    rows = [HEAD, *(row_of(one) for one in endpoints)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEAD))]
    return ["  ".join(map(str.ljust, row, widths)).rstrip() for row in rows]


def row_of(one: Mapping[str, Any]) -> Sequence[str]:
    engine = f"{one['engine']} {one['engine_version']}"
    return one["name"], one["identifier"], engine, f"{one['host']}:{one['port']}", one.get("secret_arn") or "-"


class FilterModule:
    """The filters of the recover role."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {
            "recovery_endpoints": recovery_endpoints,
            "recovery_runbook": recovery_runbook,
            "recovery_table": recovery_table,
        }
