# SPDX-License-Identifier: GPL-3.0-or-later
"""The posture as text for a terminal: a table, the reasons why databases are not protected, and a summary line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ..words import duration, printable

Row = Mapping[str, Any]

COLUMNS = ("database", "kind", "state", "age", "objective", "last drill", "last verified")
STATES = {True: "protected", False: "UNPROTECTED", None: "UNKNOWN"}
NAMED = 10  # databases that are listed for one reason
WORST_FIRST = (False, None, True)


def table(posture: Row) -> list[str]:
    """Write a line for each database, the worst first, then the reasons, and the sites that could not be read."""
    ordered = sorted(posture["databases"], key=lambda one: WORST_FIRST.index(one["protected"]))
    rows = [COLUMNS, *(cells(one) for one in ordered)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(COLUMNS))]
    lines = ["  ".join(map(str.ljust, row, widths)).rstrip() for row in rows] if ordered else []
    return [printable(line, 2000) for line in (*lines, *reasons(ordered), *silent_sites(posture))]


def cells(one: Row) -> tuple[str, ...]:
    """Write the cells of one database."""
    drill, verified = one["last_drill"], one["last_verified"]
    return (
        one["database"],
        one["kind"],
        STATES[one["protected"]],
        duration(one["age_seconds"]),
        duration(one["rpo"]),
        f"{drill['verdict']} {duration(drill['age_seconds'])} ago" if drill else "never",
        f"{duration(verified['age_seconds'])} ago" if verified else "never",
    )


def reasons(databases: list[Row]) -> Iterator[str]:
    """Write each reason once, with its databases. All databases of an unreadable site have the same reason."""
    named: dict[str, list[str]] = {}
    for one in databases:
        if one["reason"]:
            named.setdefault(one["reason"], []).append(one["database"])
    for reason, names in named.items():
        more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
        yield f"{', '.join(names[:NAMED])}{more}: {reason}"


def silent_sites(posture: Row) -> Iterator[str]:
    """Write why sites could not be read."""
    return (f"{site['name']}: {site['problem']}" for site in posture["sites"] if site["problem"])


def summary(posture: Row) -> str:
    """Write the summary, for example ``lifeboat posture 2026-11-23T14:00:00Z: 1 of 4 unprotected, 1 unknown``."""
    unknown = f", {posture['unknown']} unknown" if posture["unknown"] else ""
    counts = f"{posture['unprotected']} of {posture['total']} unprotected{unknown}"
    return f"lifeboat posture {posture['time']}: {counts}"
