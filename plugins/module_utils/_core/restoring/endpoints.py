# SPDX-License-Identifier: GPL-3.0-or-later
"""The addresses of recovered databases, for the hook and for people."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ..evidence.facts import Result, steps_by
from ..words import engine_words

HEAD = ("database", "becomes", "engine", "listens at", "secret")
# What a step tells about a recovered database, under the same names.
KNOWN = ("engine", "engine_version", "host", "port", "database_name", "master_username", "region")
FROM = ("recovery_point", "recovery_point_arn", "original_time", "database_tags", "unlike")


def recovery_endpoints(restored: Result, credentials: Result) -> list[dict[str, Any]]:
    """List the recovered databases with their addresses. Secrets are named, but never read."""
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
    """Write a table with a line for each recovered database."""
    rows = [HEAD, *(row_of(one) for one in endpoints)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEAD))]
    return ["  ".join(map(str.ljust, row, widths)).rstrip() for row in rows]


def row_of(one: Mapping[str, Any]) -> Sequence[str]:
    """Write the cells of one line."""
    engine = engine_words(one["engine"], one["engine_version"])
    return one["name"], one["identifier"], engine, f"{one['host']}:{one['port']}", one.get("secret_arn") or "-"
