# SPDX-License-Identifier: GPL-3.0-or-later
"""The checks of a restored database, their outcomes, and the verdict on the database.

The checks form a ladder, beginning with the connection. When one fails, those that depend on it are skipped.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Literal

from ..model import iso
from ..words import MAX_REASON, printable

Status = Literal["passed", "failed", "skipped", "unverified"]
Verdict = Literal["verified", "failed", "unverified"]

MAX_TITLE = 80  # characters


@dataclass(frozen=True, slots=True)
class Rung:
    """One kind of check: its parameters, and whether it proves that the database contains data."""

    required: tuple[str, ...] = ()
    expectations: tuple[str, ...] = ()  # at least one of these is needed, unless the check only records
    optional: tuple[str, ...] = ()
    looks_at_data: bool = False


# In the order of the ladder. Those that do not look at data also pass on empty tables.
LADDER: dict[str, Rung] = {
    "connection": Rung(),
    "tables": Rung(required=("tables",), optional=("relation",)),
    "structure": Rung(required=("table",), expectations=("columns", "indexes"), optional=("relation",)),
    "rows": Rung(
        required=("table",),
        expectations=("minimum", "expected"),
        optional=("maximum", "tolerance", "relation"),
        looks_at_data=True,
    ),
    "freshness": Rung(required=("table", "column", "max_age"), optional=("at", "relation"), looks_at_data=True),
    "checksum": Rung(required=("table",), expectations=("expected",), optional=("relation",), looks_at_data=True),
    "canary": Rung(required=("table", "column", "where", "expected"), optional=("relation",), looks_at_data=True),
    "query": Rung(required=("query", "expected"), optional=("relation",), looks_at_data=True),
    "integrity": Rung(required=("tables",), optional=("optional",)),
}
SECRETIVE = ("canary", "query")  # their expected and found values are never shown


@dataclass(frozen=True, slots=True)
class Table:
    """The name of a table. Its case matters, because it is always quoted."""

    name: str
    schema: str | None = None

    def __str__(self) -> str:
        return f"{self.schema}.{self.name}" if self.schema else self.name


@dataclass(frozen=True, slots=True)
class Check:
    """One check of a restored database: its kind, what it looks at, and what it expects."""

    kind: str
    tables: tuple[Table, ...] = ()
    column: str = ""
    minimum: int = 0
    maximum: int | None = None
    max_age: timedelta = timedelta()
    at: datetime | None = None
    where: Mapping[str, Any] = field(default_factory=dict)
    columns: Mapping[str, str] = field(default_factory=dict)  # structure: type by name; an empty type accepts any
    indexes: Mapping[str, str] = field(default_factory=dict)  # structure: description by name; an empty one accepts any
    digest: str = ""  # checksum: the expected one
    query: str = ""
    secret: Any = field(default=None, repr=False)  # canary: the expected value; query: the expected rows
    is_optional: bool = False  # do not object when the engine does not offer this check
    is_open: bool = False  # expects nothing, only records
    reads_views: bool = False  # the relations are views, as the user declared

    @property
    def table(self) -> Table:
        """Return the first table, for checks of one table."""
        return self.tables[0]

    @property
    def target(self) -> str:
        """Describe what the check looks at."""
        if self.query:
            return printable(" ".join(self.query.split()), MAX_TITLE)
        names = ", ".join(str(table) for table in self.tables)
        return printable(f"{names}.{self.column}" if self.column else names)

    @property
    def wanted(self) -> str:
        """Describe what the check expects."""
        if self.is_open:
            return "nothing yet"
        if self.kind == "rows":
            return f"at least {self.minimum}" if self.maximum is None else f"{self.minimum} to {self.maximum}"
        if self.kind == "freshness":
            return f"at most {self.max_age.total_seconds():g} s before {iso(self.at) or 'now'}"
        if self.kind == "structure":
            return counted(self.columns, self.indexes)
        return {
            "tables": f"{len(self.tables)} present",
            "checksum": self.digest,
            "integrity": "sound",
            **dict.fromkeys(SECRETIVE, "withheld"),
        }.get(self.kind, "accepted")


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of a check. It never contains the values that a canary or a query found."""

    check: Check
    status: Status
    found: str | None = None
    reason: str = ""
    seconds: float = 0.0
    newest: datetime | None = None  # freshness: the time of the newest row
    missing: frozenset[Table] = frozenset()  # tables: the missing ones
    lost: bool = False  # whether the connection was lost
    record: Mapping[str, Any] | None = None  # the check that would have expected exactly what was found

    def as_result(self) -> dict[str, Any]:
        """Build the entry of the result. Its values are safe to show."""
        return {
            "check": self.check.kind,
            "target": self.check.target,
            "status": self.status,
            "expected": self.check.wanted,
            "found": self.found,
            "reason": self.reason,
            "seconds": round(self.seconds, 3),
            **({"optional": True} if self.check.is_optional else {}),
        }


def counted(columns: Mapping[str, str], indexes: Mapping[str, str]) -> str:
    """Write the numbers of columns and indexes."""
    return f"{len(columns)} columns, {len(indexes)} indexes"


def brief(text: str) -> str:
    """Shorten a long text such as a type. A hash keeps long texts with the same beginning apart."""
    if len(text) <= MAX_REASON // 2:
        return printable(text)
    digest = hashlib.sha256(text.encode("utf-8", "backslashreplace")).hexdigest()[:16]
    return f"{printable(text, MAX_REASON // 2)} sha256:{digest}"


def why_skipped(check: Check, outcomes: Iterable[Outcome]) -> str | None:
    """Explain why a check cannot be run after these outcomes, or return None if it can."""
    for outcome in outcomes:
        if outcome.check.kind == "connection" and outcome.status != "passed":
            return "there is no connection"
        if outcome.lost:
            return f"the connection was lost during the check of {outcome.check.kind}"
        if check.kind != "tables" and (gone := outcome.missing & frozenset(check.tables)):
            return printable(f"{', '.join(sorted(str(table) for table in gone))} is not there")
    return None


def left_out(checks: Iterable[Check], status: Status, reason: str) -> list[Outcome]:
    """Give checks that are not run the same outcome."""
    return [Outcome(check, status, reason=reason) for check in checks]


def timed(outcome: Outcome, seconds: float) -> Outcome:
    """Set how many seconds a check took."""
    return replace(outcome, seconds=seconds)


def verdict_of(rows: Sequence[Mapping[str, Any]]) -> tuple[Verdict, str]:
    """Judge a database by its checks as they are in the result, and explain the verdict.

    ``failed`` if a check failed; ``verified`` if all passed and one of them looked at data; otherwise ``unverified``.
    """
    failed = [row for row in rows if row.get("status") == "failed"]
    open_ones = [row for row in rows if row.get("status") not in ("passed", "failed") and not is_harmless(row)]
    if failed or open_ones:
        return ("failed" if failed else "unverified"), objections(failed or open_ones)
    if not any(looks_at_data(row) for row in rows if row.get("status") == "passed"):
        return "unverified", "no check looked at its data"
    return "verified", ""


def is_harmless(row: Mapping[str, Any]) -> bool:
    """Tell whether a check was skipped because the engine does not offer it, and the user had marked it as optional."""
    return row.get("status") == "skipped" and row.get("optional") is True


def looks_at_data(row: Mapping[str, Any]) -> bool:
    """Tell whether a check of this kind looks at data."""
    rung = LADDER.get(str(row.get("check")))
    return rung is not None and rung.looks_at_data


def objections(rows: Sequence[Mapping[str, Any]]) -> str:
    """Write the first objection, and how many more there are."""
    first = rows[0]
    where = " ".join(str(first[key]) for key in ("check", "target") if first.get(key))
    more = f" (and {len(rows) - 1} more)" if len(rows) > 1 else ""
    return printable(f"{where}: {first.get('reason') or first.get('status')}", MAX_REASON - len(more)) + more


def summary(name: str, outcomes: Sequence[Outcome], seconds: float, connected: float | None = None) -> dict[str, Any]:
    """Build the result for one database.

    :param connected: seconds until the connection was made, or None when there never was one.
    """
    rows = [outcome.as_result() for outcome in outcomes]
    verdict, reason = verdict_of(rows)
    newest = max((outcome.newest for outcome in outcomes if outcome.newest), default=None)
    return {
        "name": name,
        "verdict": verdict,
        "reason": reason,
        "checks_passed": sum(row["status"] == "passed" for row in rows),
        "checks_total": len(rows),
        "seconds": round(seconds, 3),
        "connected_seconds": None if connected is None else round(connected, 3),
        "newest_row": iso(newest),
        "checks": rows,
    }


def records(outcomes: Iterable[Outcome]) -> list[dict[str, Any]]:
    """List the recorded checks, each of which expects exactly what was found."""
    return [dict(outcome.record) for outcome in outcomes if outcome.record]
