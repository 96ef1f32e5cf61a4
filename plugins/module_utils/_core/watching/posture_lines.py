# SPDX-License-Identifier: GPL-3.0-or-later
"""The posture as text for a terminal: a table, the reasons why databases are not protected, and a summary line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ..words import duration, printable
from .verdict import STATES, VERIFIED, State, state_of

Row = Mapping[str, Any]

COLUMNS = ("database", "kind", "state", "age", "objective", "last drill", "last verified")
NAMED = 10  # databases that are listed for one reason


def table(posture: Row) -> list[str]:
    """Write a line for each database, the worst first, then the reasons, and the sites that could not be read."""
    ordered = sorted(posture["databases"], key=lambda one: STATES.index(state_of(one)))
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
        badge(state_of(one)),
        duration(one["age_seconds"]),
        duration(one["rpo"]),
        f"{drill['verdict']} {duration(drill['age_seconds'])} ago" if drill else "never",
        f"{duration(verified['age_seconds'])} ago" if verified else "never",
    )


def badge(state: State) -> str:
    """Write a state, in capitals if somebody has to act."""
    return state.word.upper() if state.verdict in ("failed", "unverified") else state.word


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
    """Write the summary: ``lifeboat posture 2026-11-23T14:00:00Z: FAILED (3 of 4 verified: 1 unprotected)``."""
    words = "" if posture["verdict"] == "verified" else f": {posture['words']}"
    counted = f"{posture['states'][VERIFIED.name]} of {posture['total']} verified{words}"
    return f"lifeboat posture {posture['time']}: {posture['verdict'].upper()} ({counted})"
